//! Reads `catalogue/`: facts, qualifications, materials, regions, industries,
//! size classes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use huiqi_engine::catalogue::{
    Catalogue, CatalogueItem, Code, CodeNames, Derived, Fact, FactNo, FactType, ItemClass, ItemNo, ListNo,
    NamedList, Param, ParamNo, SIZE_NAMES, Scope, SizeClass,
};
use huiqi_engine::date::Date;
use huiqi_engine::rule::{Aliases, find_industry, find_region, read_quantity};

use crate::diagnostic::{Diagnostic, Place};
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
}

/// Reads the folder. Problems go to `sink`.
pub fn load(dir: &Path, sink: &mut Sink) -> Tables {
    let mut tables = Tables::default();
    read_yaml(&dir.join("facts.yaml"), sink, |rows, sink| read_facts(rows, &mut tables, sink));
    let files = ["qualifications.yaml", "programmes.yaml", "rosters.yaml"];
    for ((class, _, first), file) in ItemClass::ALL.into_iter().zip(files) {
        let path = dir.join(file);
        // Only the first is needed by every publisher.
        if class == ItemClass::Qualification || path.exists() {
            read_yaml(&path, sink, |rows, sink| read_items(rows, class, first, &mut tables, sink));
        }
    }
    read_yaml(&dir.join("materials.yaml"), sink, |rows, sink| read_materials(rows, &mut tables, sink));
    read_codes(&dir.join("regions.tsv"), sink, &mut tables.catalogue.regions, Code::region);
    read_codes(&dir.join("industries.tsv"), sink, &mut tables.catalogue.industries, Code::new);
    read_tsv(&dir.join("industry-groups.tsv"), 3, sink, |cells| {
        let codes = codes(cells[1])?;
        tables.aliases.industries.push((cells[0].to_owned(), codes));
        Ok(())
    });
    let lists = dir.join("lists.tsv");
    if lists.exists() {
        read_tsv(&lists, 4, sink, |cells| read_list(cells, &mut tables.catalogue));
    }
    let params = dir.join("params.yaml");
    if params.exists() {
        read_yaml(&params, sink, |rows, sink| read_params(rows, &mut tables.catalogue, sink));
    }
    read_tsv(&dir.join("enterprise-sizes.tsv"), 6, sink, |cells| {
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
    tables
}

fn read(path: &Path, sink: &mut Sink) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            sink.push(
                Diagnostic::new("P010", Place::new(1, 1), format!("读不到目录文件：{error}")).at(path),
            );
            None
        }
    }
}

fn read_yaml(path: &Path, sink: &mut Sink, rows: impl FnOnce(Vec<yaml::Node>, &mut Sink)) {
    let Some(text) = read(path, sink) else { return };
    sink.enter(path, &text);
    match yaml::parse(&text) {
        Ok(yaml::Node { kind: yaml::Kind::List(list), .. }) => rows(list, sink),
        Ok(node) => sink.report(Diagnostic::new("P004", node.place, "这里应是一个列表")),
        Err(diagnostic) => sink.report(*diagnostic),
    }
}

fn read_tsv(
    path: &Path,
    columns: usize,
    sink: &mut Sink,
    mut row: impl FnMut(&[&str]) -> Result<(), String>,
) {
    let Some(text) = read(path, sink) else { return };
    sink.enter(path, &text);
    for (at, line) in text.lines().enumerate().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let result = if cells.len() == columns {
            row(&cells)
        } else {
            Err(format!("应有 {columns} 列，这行有 {} 列", cells.len()))
        };
        if let Err(message) = result {
            sink.report(Diagnostic::new("P010", Place::new(at + 1, 1), message));
        }
    }
}

fn read_codes(path: &Path, sink: &mut Sink, names: &mut CodeNames, code: impl Fn(&str) -> Option<Code>) {
    read_tsv(path, 4, sink, |cells| {
        let code = code(cells[0]).ok_or_else(|| format!("“{}”不是代码", cells[0]))?;
        names.insert(code, cells[1]);
        Ok(())
    });
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

fn read_facts(rows: Vec<yaml::Node>, tables: &mut Tables, sink: &mut Sink) {
    let mut seen = BTreeSet::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(mut f) = Fields::new(row, "要素", sink) else { continue };
        let no = at as FactNo;
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
        unique(&mut seen, &id, f.place("id"), sink);
        let full = if scope == Scope::Firm { name.clone() } else { format!("{}.{name}", scope.name()) };
        unique(&mut seen, &full, f.place("名称"), sink);
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
        f.finish(sink);
        tables.catalogue.facts.insert(no, fact);
    }
}

fn read_items(rows: Vec<yaml::Node>, class: ItemClass, first: ItemNo, tables: &mut Tables, sink: &mut Sink) {
    let mut seen = BTreeSet::new();
    let mut implies: Vec<(ItemNo, Vec<String>, Place)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(mut f) = Fields::new(row, "目录", sink) else { continue };
        let no = first + at as ItemNo;
        let (Some(id), Some(name)) = (f.text("id", sink), f.text("名称", sink)) else { continue };
        unique(&mut seen, &id, f.place("id"), sink);
        unique(&mut seen, &name, f.place("名称"), sink);
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
fn read_list(cells: &[&str], catalogue: &mut Catalogue) -> Result<(), String> {
    let industries = match cells[1] {
        "地区" => false,
        "行业" => true,
        other => return Err(format!("第 2 列应是 地区 或 行业，写的是“{other}”")),
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

fn read_params(rows: Vec<yaml::Node>, catalogue: &mut Catalogue, sink: &mut Sink) {
    for (at, row) in rows.iter().enumerate() {
        let Some(mut f) = Fields::new(row, "参数", sink) else { continue };
        f.text("id", sink);
        let name = f.text("名称", sink);
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
                catalogue.params.insert(at as ParamNo, Param { name, dimension, rows: values });
            }
            _ => sink.report(Diagnostic::new("P003", row.place, "参数要有 名称 和至少一行 取值")),
        }
    }
}

fn read_materials(rows: Vec<yaml::Node>, tables: &mut Tables, sink: &mut Sink) {
    for row in &rows {
        let Some(mut f) = Fields::new(row, "材料", sink) else { continue };
        f.text("id", sink);
        let Some(name) = f.text("名称", sink) else { continue };
        f.flag("电子证照", sink);
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
