//! Reads `catalogue/`: facts, qualifications, materials, regions, industries,
//! size classes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use huiqi_engine::catalogue::{
    Catalogue, CatalogueItem, Code, Derived, Fact, FactNo, FactType, ItemClass, ItemNo, ListNo, NamedList,
    Param, ParamNo, SIZE_NAMES, Scope, SizeClass, ThemeNo,
};
use huiqi_engine::date::Date;
use huiqi_engine::english::{English, EnglishFact};
use huiqi_engine::rule::{Aliases, Expr, Period, dimension, find_industry, find_region, read_quantity};

use crate::diagnostic::{Diagnostic, Place, io_words};
use crate::fields::{Fields, Sink};
use crate::yaml;

/// The tables with everything that only staff need.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// What the engine knows.
    pub catalogue: Catalogue,
    /// Other words for its names.
    pub aliases: Aliases,
    /// Material name or alias to the canonical name.
    pub materials: BTreeMap<String, String>,
    /// Materials that the firm fills in: an empty form and a sample belong to them.
    pub forms: BTreeSet<String>,
    /// Materials that the office can look up itself (电子证照).
    pub spared: BTreeSet<String>,
    /// Words people type.
    pub lexicon: Vec<Synonym>,
    /// English names; those of measures stand in the policies.
    pub english: English,
    /// Words that show a theme (主题).
    pub theme_words: Vec<(ThemeNo, String)>,
}

impl Tables {
    /// Themes of which a word stands in one of `texts`, in the order of the table.
    pub fn themes_of(&self, texts: &[&str]) -> Vec<ThemeNo> {
        let stands = |word: &str| texts.iter().any(|text| text.contains(word));
        let mut found: Vec<ThemeNo> =
            self.theme_words.iter().filter(|(_, word)| stands(word)).map(|(no, _)| *no).collect();
        found.dedup();
        found
    }

    /// Whether a material, by its name or another word for it, is one that the firm fills in.
    pub fn is_form(&self, material: &str) -> bool {
        self.materials.get(material).is_some_and(|name| self.forms.contains(name))
    }
}

/// The catalogue that every publisher shares, built into the program. Its ids are global and owned by the version of
/// the format: a publisher adds rows of its own and changes none of these.
const CORE: [(&str, &str); 14] = [
    ("facts.yaml", include_str!("../../policies/catalogue/facts.yaml")),
    ("qualifications.yaml", include_str!("../../policies/catalogue/qualifications.yaml")),
    ("programmes.yaml", include_str!("../../policies/catalogue/programmes.yaml")),
    ("rosters.yaml", include_str!("../../policies/catalogue/rosters.yaml")),
    ("materials.yaml", include_str!("../../policies/catalogue/materials.yaml")),
    ("params.yaml", include_str!("../../policies/catalogue/params.yaml")),
    ("regions.tsv", include_str!("../../policies/catalogue/regions.tsv")),
    ("industries.tsv", include_str!("../../policies/catalogue/industries.tsv")),
    ("enterprise-sizes.tsv", include_str!("../../policies/catalogue/enterprise-sizes.tsv")),
    ("industry-groups.tsv", include_str!("../../policies/catalogue/industry-groups.tsv")),
    ("lists.tsv", include_str!("../../policies/catalogue/lists.tsv")),
    ("lexicon.tsv", include_str!("../../policies/catalogue/lexicon.tsv")),
    ("themes.tsv", include_str!("../../policies/catalogue/themes.tsv")),
    ("english.tsv", include_str!("../../policies/catalogue/english.tsv")),
];

fn core(file: &str) -> &'static str {
    CORE.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text)
}

/// The built-in catalogue and what the publisher adds in `dir`, which may be missing. Problems go to `sink`.
pub fn load(dir: &Path, sink: &mut Sink) -> Tables {
    let mut loader = Loader { dir, tables: Tables::default(), seen: BTreeSet::new() };
    loader.yaml("facts.yaml", sink, read_facts);
    for (class, _, first) in ItemClass::ALL {
        let file = match class {
            ItemClass::Qualification => "qualifications.yaml",
            ItemClass::Programme => "programmes.yaml",
            ItemClass::Roster => "rosters.yaml",
        };
        loader
            .yaml(file, sink, |rows, tables, seen, sink| read_items(rows, class, first, tables, seen, sink));
    }
    loader.yaml("materials.yaml", sink, read_materials);
    loader.tsv("regions.tsv", 4, sink, |cells, tables| {
        let code = Code::region(cells[0]).ok_or_else(|| format!("“{}”不是代码", cells[0]))?;
        tables.catalogue.regions.insert(code, cells[1]);
        Ok(())
    });
    loader.tsv("industries.tsv", 4, sink, |cells, tables| {
        let code = Code::new(cells[0]).ok_or_else(|| format!("“{}”不是代码", cells[0]))?;
        tables.catalogue.industries.insert(code, cells[1]);
        Ok(())
    });
    loader.tsv("industry-groups.tsv", 3, sink, |cells, tables| {
        tables.aliases.industries.push((cells[0].to_owned(), codes(cells[1])?));
        Ok(())
    });
    loader.tsv("lists.tsv", 4, sink, |cells, tables| read_list(cells, &mut tables.catalogue));
    loader.yaml("params.yaml", sink, read_params);
    loader.tsv("enterprise-sizes.tsv", 6, sink, |cells, tables| {
        tables.catalogue.sizes.push(SizeClass {
            name: cells[0].to_owned(),
            include: codes(cells[1])?,
            exclude: codes(cells[2])?,
            staff: bounds(cells[3])?,
            revenue: bounds(cells[4])?,
            assets: bounds(cells[5])?,
        });
        Ok(())
    });
    loader.tsv("themes.tsv", 2, sink, |cells, tables| {
        let no = tables.catalogue.themes.len() as ThemeNo;
        if tables.catalogue.themes.values().any(|name| name == cells[0]) {
            return Err(format!("主题“{}”重复了", cells[0]).into());
        }
        tables.catalogue.themes.insert(no, cells[0].to_owned());
        let words = cells[1].split('、').filter(|word| !word.is_empty());
        tables.theme_words.extend(words.map(|word| (no, word.to_owned())));
        Ok(())
    });
    loader.tsv("english.tsv", 4, sink, read_english);
    loader.tsv("lexicon.tsv", 3, sink, |cells, tables| read_synonym(cells, &mut tables.lexicon));
    loader.tables
}

struct Loader<'d> {
    dir: &'d Path,
    tables: Tables,
    /// Ids and names of the file that is read.
    seen: BTreeSet<String>,
}

impl Loader<'_> {
    /// The publisher's file, unless it is missing or the built-in one.
    fn own(&self, file: &str, sink: &mut Sink) -> Option<String> {
        let path = self.dir.join(file);
        match std::fs::read_to_string(&path) {
            Ok(text) if text == core(file) => None,
            Ok(text) => {
                sink.enter(&path, &text);
                Some(text)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let message = format!("读不了目录文件：{}", io_words(&error));
                sink.push(Diagnostic::new("P010", Place::new(1, 1), message).at(&path));
                None
            }
        }
    }

    fn yaml(
        &mut self,
        file: &str,
        sink: &mut Sink,
        read: impl Fn(&[yaml::Node], &mut Tables, &mut BTreeSet<String>, &mut Sink),
    ) {
        self.seen.clear();
        sink.enter(&self.dir.join(file), core(file));
        let shared = rows_of(core(file), sink);
        read(&shared, &mut self.tables, &mut self.seen, sink);
        let Some(text) = self.own(file, sink) else { return };
        let mut own = rows_of(&text, sink);
        own.retain(|row| is_own_row(row, &shared, sink));
        read(&own, &mut self.tables, &mut self.seen, sink);
    }

    fn tsv(
        &mut self,
        file: &str,
        columns: usize,
        sink: &mut Sink,
        mut row: impl FnMut(&[&str], &mut Tables) -> Result<(), Problem>,
    ) {
        let shared = core(file);
        sink.enter(&self.dir.join(file), shared);
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        for (at, line) in shared.lines().enumerate().skip(1) {
            known.insert(key_of(file, line), line);
            read_line(at, line, columns, &mut self.tables, &mut row, sink);
        }
        let Some(text) = self.own(file, sink) else { return };
        for (at, line) in text.lines().enumerate().skip(1) {
            match known.get(key_of(file, line)) {
                Some(same) if *same == line => {}
                Some(same) => {
                    let message = format!("改动了核心目录的一行，原来是“{}”", same.replace('\t', "  "));
                    let place = Place::new(at + 1, 1).span(0, line.chars().count());
                    sink.report(Diagnostic::new("P341", place, message).hint("改回原样；自己的内容另加一行"));
                }
                None => read_line(at, line, columns, &mut self.tables, &mut row, sink),
            }
        }
    }
}

/// What tells two rows of a table apart: the first cell, of the lexicon the first two, of the English names three.
fn key_of<'l>(file: &str, line: &'l str) -> &'l str {
    let cells = match file {
        "lexicon.tsv" => 2,
        "english.tsv" => 3,
        _ => 1,
    };
    line.match_indices('\t').nth(cells - 1).map_or(line, |(at, _)| &line[..at])
}

/// Why a row of a table cannot be read: the code, and what is wrong.
struct Problem(&'static str, String);

impl From<String> for Problem {
    fn from(message: String) -> Self {
        Self("P010", message)
    }
}

fn read_line(
    at: usize,
    line: &str,
    columns: usize,
    tables: &mut Tables,
    row: &mut impl FnMut(&[&str], &mut Tables) -> Result<(), Problem>,
    sink: &mut Sink,
) {
    let cells: Vec<&str> = line.split('\t').collect();
    let result = if cells.len() == columns {
        row(&cells, tables)
    } else {
        Err(Problem::from(format!("应有 {columns} 列，这行有 {} 列", cells.len())))
    };
    if let Err(Problem(code, message)) = result {
        sink.report(Diagnostic::new(code, Place::new(at + 1, 1).span(0, line.chars().count()), message));
    }
}

fn rows_of(text: &str, sink: &mut Sink) -> Vec<yaml::Node> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    match yaml::parse(text) {
        Ok(yaml::Node { kind: yaml::Kind::List(list), .. }) => list,
        Ok(node) => {
            sink.report(Diagnostic::new("P004", node.place, "这里应是一个列表"));
            Vec::new()
        }
        Err(diagnostic) => {
            sink.report(*diagnostic);
            Vec::new()
        }
    }
}

/// Whether a row is the publisher's: it does not repeat a built-in one, and its id names the publisher.
fn is_own_row(row: &yaml::Node, shared: &[yaml::Node], sink: &mut Sink) -> bool {
    let id = row.get("id");
    let Some(text) = id.and_then(yaml::Node::text) else { return true };
    let place = id.map_or(row.place, |n| n.place.span(0, text.chars().count()));
    if let Some(same) = shared.iter().find(|r| r.get("id").and_then(yaml::Node::text) == Some(text)) {
        if let Some(key) = same.difference(row) {
            let message = format!("改动了核心目录的“{text}”（{key}）");
            let hint = format!("改回原样；要自己的说法，另加一行，编号写成 发布单位/{text}");
            sink.report(Diagnostic::new("P341", place, message).hint(hint));
        }
        return false;
    }
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
    };
    if !text.split_once('/').is_some_and(|(publisher, name)| part(publisher) && part(name)) {
        let message = format!("自己加的目录行，编号要写成 发布单位/编号，写的是“{text}”");
        sink.report(
            Diagnostic::new("P342", place, message)
                .hint(format!("如 shijiazhuang/{}", text.replace('/', "-"))),
        );
    }
    true
}

/// How a typed word lies to the word of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// 同义: either may stand for the other.
    Same,
    /// 俗称: typed, never written; stands for the other when typed.
    Colloquial,
    /// 上位: covers more than the other.
    Broader,
    /// 下位: a part of the other.
    Narrower,
}

impl Relation {
    const ALL: [(&'static str, Self); 4] =
        [("同义", Self::Same), ("俗称", Self::Colloquial), ("上位", Self::Broader), ("下位", Self::Narrower)];
}

/// A word that people type for a word that policies use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synonym {
    /// What is typed.
    pub term: String,
    /// What stands in the texts.
    pub canonical: String,
    /// How they lie to each other.
    pub relation: Relation,
}

fn read_synonym(cells: &[&str], lexicon: &mut Vec<Synonym>) -> Result<(), Problem> {
    let wrong = |message: String| Err(Problem("P343", message));
    let [term, canonical, relation] = [cells[0].trim(), cells[1].trim(), cells[2].trim()];
    let Some((_, relation)) = Relation::ALL.iter().find(|(name, _)| *name == relation) else {
        return wrong(format!("第 3 列应是 同义、俗称、上位 或 下位，写的是“{relation}”"));
    };
    if term == canonical {
        return wrong(format!("“{term}”写成了自己的同义词"));
    }
    if term.chars().count() < 2 || canonical.chars().count() < 2 {
        return wrong(format!("“{term}”“{canonical}”：一个字的词会到处命中，不能作同义词"));
    }
    if let Some(before) = lexicon.iter().find(|s| {
        (s.term == term && s.canonical == canonical) || (s.term == canonical && s.canonical == term)
    }) {
        return wrong(format!("“{term}”和“{canonical}”前面已经写过（{}）", before.term));
    }
    lexicon.push(Synonym { term: term.to_owned(), canonical: canonical.to_owned(), relation: *relation });
    Ok(())
}

/// Longest English name, and longest question or help.
const ENGLISH_LIMITS: [usize; 2] = [100, 300];

/// What is wrong with a text that should be English.
pub(crate) fn english_problem(text: &str, limit: usize) -> Option<String> {
    let letter = |c: char| c.is_ascii_graphic() || c == ' ' || "éüçñ–—’‘“”×·°²³≥≤€£".contains(c);
    match text.chars().find(|c| !letter(*c)) {
        _ if text.trim() != text || !text.contains(|c: char| c.is_ascii_alphanumeric()) => {
            Some(format!("应是英文，前后没有空格，写的是“{text}”"))
        }
        Some(c) => Some(format!("英文里不能有“{c}”")),
        None if text.chars().count() > limit => {
            Some(format!("有 {} 个字符，最多 {limit} 个", text.chars().count()))
        }
        None => None,
    }
}

/// `fact`, `item`, `term`, `region` or `industry`; id, Chinese name or code; field; English.
fn read_english(cells: &[&str], tables: &mut Tables) -> Result<(), Problem> {
    let [kind, id, field, text] = [cells[0], cells[1], cells[2], cells[3]];
    let limit = ENGLISH_LIMITS[usize::from(matches!(field, "question" | "help"))];
    if let Some(problem) = english_problem(text, limit) {
        return Err(problem.into());
    }
    let (catalogue, english) = (&tables.catalogue, &mut tables.english);
    let none = || Err(Problem::from(format!("目录里没有“{id}”")));
    let text = text.to_owned();
    match (kind, field) {
        ("fact", "name" | "question" | "help") => {
            if catalogue.fact_by_id(id).is_none() {
                return none();
            }
            let fact = english.facts.entry(id.to_owned()).or_insert(EnglishFact::default());
            *match field {
                "name" => &mut fact.name,
                "question" => &mut fact.question,
                _ => &mut fact.help,
            } = text;
        }
        ("item", "name") => {
            if !catalogue.items.values().any(|item| item.id == id) {
                return none();
            }
            english.items.insert(id.to_owned(), text);
        }
        ("term", "name") => {
            english.terms.insert(id.to_owned(), text);
        }
        ("region", "name") => match Code::region(id).filter(|code| catalogue.regions.get(*code).is_some()) {
            Some(code) => english.regions.insert(code, text),
            None => return none(),
        },
        ("industry", "name") => match Code::new(id).filter(|c| catalogue.industries.get(*c).is_some()) {
            Some(code) => english.industries.insert(code, text),
            None => return none(),
        },
        _ => {
            let wanted =
                "第 1、3 列应是 fact 和 name、question 或 help，item、term、region、industry 和 name";
            return Err(format!("{wanted}，写的是“{kind}”“{field}”").into());
        }
    }
    Ok(())
}

fn codes(text: &str) -> Result<Vec<Code>, String> {
    let parts = text.split(',').filter(|p| !p.is_empty());
    parts.map(|p| Code::new(p).ok_or_else(|| format!("“{p}”不是代码"))).collect()
}

fn bounds(text: &str) -> Result<Option<[u32; 3]>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let numbers: Result<Vec<u32>, _> = text.split('/').map(str::parse).collect();
    match numbers.as_deref() {
        Ok([large, medium, small]) => Ok(Some([*large, *medium, *small])),
        _ => Err(format!("“{text}”应是 大/中/小 三个下限")),
    }
}

fn names_of(fields: &mut Fields<'_>, key: &str, sink: &mut Sink) -> Vec<String> {
    fields.list(key, sink).iter().filter_map(|n| n.text().map(str::to_owned)).collect()
}

/// Reports a name or id that an earlier row already has.
fn unique(seen: &mut BTreeSet<String>, text: &str, place: Place, sink: &mut Sink) {
    if !seen.insert(text.to_owned()) {
        sink.report(Diagnostic::new("P006", place, format!("“{text}”重复了")));
    }
}

fn read_facts(rows: &[yaml::Node], tables: &mut Tables, seen: &mut BTreeSet<String>, sink: &mut Sink) {
    let first = tables.catalogue.facts.len();
    for (at, row) in rows.iter().enumerate() {
        let Some(mut f) = Fields::new(row, "要素", sink) else { continue };
        let no = (first + at) as FactNo;
        let (Some(id), Some(name)) = (f.text("id", sink), f.text("名称", sink)) else { continue };
        let kind_name = f.text("类型", sink).unwrap_or_default();
        let Some((_, kind)) = FactType::NAMES.iter().find(|(n, _)| *n == kind_name) else {
            let names: Vec<&str> = FactType::NAMES.iter().map(|(n, _)| *n).collect();
            sink.report(
                Diagnostic::new("P005", f.place("类型"), format!("没有类型“{kind_name}”"))
                    .hint(format!("可写 {}", names.join("、"))),
            );
            continue;
        };
        let scope = match f.get("范围") {
            None => Scope::Firm,
            Some(_) => f.choice("范围", &Scope::ALL.map(|(s, n, _)| (n, s)), sink).unwrap_or_default(),
        };
        // A rule names it without quotation marks.
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '·');
        if !plain || name.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("要素名称只能用文字和数字，不能以数字开头，写的是“{name}”");
            sink.report(Diagnostic::new("P005", f.place("名称"), message).hint("去掉名称里的标点"));
        }
        unique(seen, &id, f.place("id"), sink);
        let full = if scope == Scope::Firm { name.clone() } else { format!("{}.{name}", scope.name()) };
        unique(seen, &full, f.place("名称"), sink);
        for alias in names_of(&mut f, "别名", sink) {
            tables.aliases.facts.push((alias, no));
        }
        let mut options = names_of(&mut f, "选项", sink);
        let derived = f.flag("推算", sink).then_some(if *kind == FactType::Duration {
            Derived::Age
        } else {
            Derived::Size
        });
        if derived == Some(Derived::Size) {
            options = SIZE_NAMES.map(str::to_owned).to_vec();
        }
        if matches!(kind, FactType::Choice | FactType::Options) && !(1..=64).contains(&options.len()) {
            sink.report(Diagnostic::new("P005", f.place("选项"), format!("“{name}”应有 1 至 64 个选项")));
        }
        let fact = Fact {
            id,
            name,
            scope,
            kind: *kind,
            unit: f.optional("单位", sink).unwrap_or_default(),
            yearly: f.flag("按年", sink),
            signed: f.flag("可负", sink),
            core: f.flag("核心", sink),
            derived,
            question: f.text("问", sink).unwrap_or_default(),
            help: f.optional("说明", sink).unwrap_or_default(),
            options,
        };
        if fact.yearly && !kind.is_numeric() {
            let message = format!("只有数能按年填，“{}”是{}", fact.name, kind.name());
            sink.report(Diagnostic::new("P005", f.place("按年"), message));
        }
        let unit = f.place("单位");
        f.finish(sink);
        let (numeric, given) = (kind.is_numeric(), fact.unit.clone());
        tables.catalogue.facts.insert(no, fact);
        if numeric && dimension(&Expr::Fact(no, Period::None), &tables.catalogue).is_none() {
            let message = format!("单位“{given}”不能用于计算");
            sink.report(
                Diagnostic::new("P137", unit, message)
                    .hint("可写 元、万元、亿元、%、人、项、件、家、天、个月、年 等，见 policies/README.md"),
            );
        }
    }
}

fn read_items(
    rows: &[yaml::Node],
    class: ItemClass,
    first: ItemNo,
    tables: &mut Tables,
    seen: &mut BTreeSet<String>,
    sink: &mut Sink,
) {
    let first = first + tables.catalogue.items.values().filter(|row| row.class == class).count() as ItemNo;
    let mut implies: Vec<(ItemNo, Vec<String>, Place)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(mut f) = Fields::new(row, "目录", sink) else { continue };
        let no = first + at as ItemNo;
        let (Some(id), Some(name)) = (f.text("id", sink), f.text("名称", sink)) else { continue };
        unique(seen, &id, f.place("id"), sink);
        unique(seen, &name, f.place("名称"), sink);
        for alias in names_of(&mut f, "别名", sink) {
            tables.aliases.items.push((alias, no));
        }
        let levels = names_of(&mut f, "级别", sink);
        if levels.len() > 8 {
            sink.report(Diagnostic::new("P005", f.place("级别"), "级别最多 8 个"));
        }
        let valid = f.optional("有效期年", sink).unwrap_or_else(|| "0".to_owned());
        let valid_years = valid.parse().unwrap_or_else(|_| {
            sink.report(Diagnostic::new("P005", f.place("有效期年"), format!("应是年数，写的是“{valid}”")));
            0
        });
        let implied = names_of(&mut f, "蕴含", sink);
        implies.push((no, implied, f.place("蕴含")));
        f.optional("认定部门", sink);
        f.optional("领域", sink);
        f.finish(sink);
        let row = CatalogueItem { class, id, name, levels, valid_years, implies: Vec::new() };
        tables.catalogue.items.insert(no, row);
    }
    for (no, ids, place) in implies {
        for id in ids {
            let found = tables.catalogue.items.iter().find(|(_, q)| q.id == id).map(|(no, _)| *no);
            match (found, tables.catalogue.items.get_mut(&no)) {
                (Some(other), Some(row)) => row.implies.push(other),
                _ => sink.report(Diagnostic::new("P007", place, format!("资质目录里没有编号“{id}”"))),
            }
        }
    }
}

/// `名称`, `地区` or `行业`, names or codes separated by `、`, source.
fn read_list(cells: &[&str], catalogue: &mut Catalogue) -> Result<(), Problem> {
    let industries = match cells[1] {
        "地区" => false,
        "行业" => true,
        other => return Err(format!("第 2 列应是 地区 或 行业，写的是“{other}”").into()),
    };
    let code = |name: &str| {
        let found =
            if industries { find_industry(catalogue, name) } else { find_region(catalogue, name).ok() };
        found.ok_or_else(|| format!("没有这个{}：“{name}”", cells[1]))
    };
    let codes = cells[2].split('、').map(code).collect::<Result<Vec<Code>, String>>()?;
    let no = catalogue.lists.len() as ListNo;
    catalogue.lists.insert(no, NamedList { name: cells[0].to_owned(), industries, codes });
    Ok(())
}

fn read_params(rows: &[yaml::Node], tables: &mut Tables, seen: &mut BTreeSet<String>, sink: &mut Sink) {
    let catalogue = &mut tables.catalogue;
    let first = catalogue.params.len();
    for (at, row) in rows.iter().enumerate() {
        let Some(mut f) = Fields::new(row, "参数", sink) else { continue };
        f.text("id", sink);
        let name = f.text("名称", sink);
        if let Some(name) = &name {
            unique(seen, name, f.place("名称"), sink);
        }
        f.optional("来源", sink);
        let mut dimension = None;
        let mut values = Vec::new();
        for row in f.list("取值", sink) {
            let Some(mut v) = Fields::new(row, "取值", sink) else { continue };
            let from = v.date("起", sink);
            let place = v.place("地区");
            let region = match v.optional("地区", sink).map(|name| find_region(catalogue, &name)) {
                None => Some(Code::ALL),
                Some(Ok(code)) => Some(code),
                Some(Err(_)) => {
                    sink.report(Diagnostic::new("P103", place, "没有这个地区"));
                    None
                }
            };
            let place = v.place("值");
            let value = v.text("值", sink).and_then(|text| match read_quantity(&text) {
                Ok(value) => Some(value),
                Err(error) => {
                    sink.report(Diagnostic::new(error.code, place, error.message));
                    None
                }
            });
            v.finish(sink);
            if let (Some(from), Some(region), Some((value, unit))) = (from, region, value) {
                if *dimension.get_or_insert(unit) == unit {
                    values.push((from, region, value));
                } else {
                    sink.report(Diagnostic::new("P131", place, "一个参数的各行单位要一样"));
                }
            }
        }
        f.finish(sink);
        values.sort_by_key(|(from, code, _): &(Date, Code, _)| (*from, *code));
        match (name, dimension) {
            (Some(name), Some(dimension)) => {
                catalogue.params.insert((first + at) as ParamNo, Param { name, dimension, rows: values });
            }
            _ => sink.report(Diagnostic::new("P003", row.place, "参数要有 名称 和至少一行 取值")),
        }
    }
}

fn read_materials(rows: &[yaml::Node], tables: &mut Tables, seen: &mut BTreeSet<String>, sink: &mut Sink) {
    for row in rows {
        let Some(mut f) = Fields::new(row, "材料", sink) else { continue };
        let id = f.text("id", sink);
        let Some(name) = f.text("名称", sink) else { continue };
        if let Some(id) = id {
            unique(seen, &id, f.place("id"), sink);
        }
        unique(seen, &name, f.place("名称"), sink);
        if f.flag("电子证照", sink) {
            tables.spared.insert(name.clone());
        }
        if f.flag("表格", sink) {
            tables.forms.insert(name.clone());
        }
        for alias in names_of(&mut f, "别名", sink) {
            tables.materials.insert(alias, name.clone());
        }
        f.finish(sink);
        tables.materials.insert(name.clone(), name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A publisher adds rows, and changes none of the built-in ones.
    #[test]
    fn english_names_of_a_publisher() {
        let dir = tempfile::tempdir().unwrap();
        let load_with = |rows: &str| {
            std::fs::write(dir.path().join("english.tsv"), format!("kind\tid\tfield\tenglish\n{rows}"))
                .unwrap();
            let mut sink = Sink::default();
            let tables = load(dir.path(), &mut sink);
            let found: Vec<String> =
                sink.sorted().iter().map(|d| format!("{} {}", d.code, d.message)).collect();
            (tables.english, found)
        };
        let (english, found) = load_with("term\t自己的材料\tname\tOwn paper\n");
        assert_eq!((english.term("自己的材料"), found.as_slice()), ("Own paper", [].as_slice()));
        let (_, found) = load_with("fact\trevenue\tname\tturnover\n");
        assert!(found.len() == 1 && found[0].starts_with("P341"), "{found:?}");
        let wrong = [
            ("fact\tno-such-fact\tname\tx", "P010 目录里没有“no-such-fact”"),
            ("term\t材料\tname\t材料", "P010 应是英文，前后没有空格，写的是“材料”"),
            ("term\t材料\tname\tpaper 材", "P010 英文里不能有“材”"),
            ("region\t139900\tname\tNowhere", "P010 目录里没有“139900”"),
        ];
        for (row, problem) in wrong {
            assert_eq!(load_with(row).1, [problem], "{row}");
        }
        assert_eq!(load_with(&format!("term\t材料\tname\t{}", "x".repeat(101))).1.len(), 1);
        assert_eq!(load_with("word\t材料\tname\tpaper").1.len(), 1);
    }
}
