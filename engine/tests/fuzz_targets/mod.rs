//! What the fuzz targets do with their bytes: one function each, which returns or panics.
//!
//! They need neither libFuzzer nor instrumentation, so the programs of `fuzz/` call them with new inputs and
//! `corpus.rs` with the ones that were kept.

use std::fmt::Debug;
use std::sync::LazyLock;

use huiqi_engine::LiteMap;
use huiqi_engine::bundle::{
    Table, TableReader, decode_cards, decode_catalogue, decode_details, decode_full_text, decode_simplifier,
    decode_sounds, decode_vocabulary, encode_cards, encode_catalogue, encode_details, encode_full_text,
    encode_simplifier, encode_sounds, encode_vocabulary,
};
use huiqi_engine::catalogue::{
    Catalogue, CatalogueItem, Code, CodeNames, Derived, Fact, FactType, ItemClass, NamedList, Param,
    SIZE_NAMES, Scope, SizeClass,
};
use huiqi_engine::codec::{Decoded, Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::decide::{Decider, Memory};
use huiqi_engine::eval::{Amount, EvalError, Evaluator, Outcome, Truth, Verdict, evaluate};
use huiqi_engine::explain::{amount_text, answer_text, explain, formula_line, key_name, size_steps, steps};
use huiqi_engine::firm::Firm;
use huiqi_engine::fold::Simplifier;
use huiqi_engine::measure::{
    Benefit, BenefitKind, Card, Condition, Detail, FullText, Material, Measure, RowKind,
};
use huiqi_engine::num::{Interval, Ratio};
use huiqi_engine::profile;
use huiqi_engine::report::report;
use huiqi_engine::rule::{Aliases, Compiled, Expr, Names, compile_amount, compile_rule, print_expr};
use huiqi_engine::search::{
    Added, Block, Delta, FIELDS, Gram, Head, Heads, Index, Places, PlacesAt, Query, Root, Row, Sounds,
    Symbol, TermBlock, TermList, Vocabulary, Word, cut, decode_page, decode_places_part, decode_texts,
    encode_page, encode_places, encode_places_part, encode_texts, excerpt, length_class, month_of,
};
use huiqi_engine::unit::Dimension;

/// Text of one rule or amount.
pub(crate) fn rule(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for (compile, is_amount) in [(compile_rule as Compile, false), (compile_amount, true)] {
        let mut texts = Vec::new();
        let Some(expr) = compiled(compile, &text, &mut texts) else { continue };
        reads_back(&expr, compile, &texts);
        same_again(&expr, |e| written(|w| e.encode(w)), |bytes| whole(bytes, Expr::decode));
        let numbers = WORLD.firms.each_ref().map(|firm| evaluator(firm).number(&expr));
        let truths = WORLD.firms.each_ref().map(|firm| evaluator(firm).truth(&expr));
        if is_amount {
            narrows(&numbers);
        } else {
            stays_decided(&truths);
        }
        let card = Card { summary: String::new(), texts };
        let measures = if is_amount { paying(&expr) } else { asking(&expr) };
        decide_all(&measures, &card, &WORLD.catalogue);
    }
}

/// A visit to the search index: what is typed, then the parts in the order in which they are asked for, each behind its
/// length. A part that is missing is empty.
pub(crate) fn search(data: &[u8]) {
    let mut r = Reader::new(data);
    let typed = r.string();
    let mut next = || r.blob().to_vec();
    let root = Root::decode(&next());
    if let Ok(root) = &root {
        same_again(root, Root::encode, Root::decode);
    }
    let vocabulary = decode_vocabulary(&next());
    if let Ok(vocabulary) = &vocabulary {
        same_again(vocabulary, encode_vocabulary, decode_vocabulary);
    }
    let sounds = decode_sounds(&next());
    if let Ok(sounds) = &sounds {
        same_again(sounds, encode_sounds, decode_sounds);
    }
    let simplifier = decode_simplifier(&next());
    if let Ok(simplifier) = &simplifier {
        same_again(simplifier, encode_simplifier, decode_simplifier);
    }
    let simplifier = simplifier.unwrap_or_default();
    let vocabulary = vocabulary.unwrap_or_default();
    let mut index = Index::new(vec![root.unwrap_or_default()]);
    let mut query = Query::new(&typed, &simplifier);
    query.expand(&vocabulary);
    assert!(vocabulary.suggest(&typed, &simplifier, 8).len() <= 8);
    // Every round names something that was not there before, or the search is over.
    for _ in 0..MOST_ROUNDS {
        let names = index.needs(&query);
        let mut given = false;
        for name in names {
            given |= provide(&mut index, &name, &next());
        }
        if !given {
            break;
        }
        let _ = index.search(&query).total();
    }
    let mut hits = index.search(&query);
    let all = hits.all().len();
    let best: Vec<u32> = hits.first(10).iter().map(|hit| hit.doc).collect();
    assert!(best.len() == all.min(10));
    assert!(best.iter().all(|doc| index.row(*doc).is_some()), "a hit that was removed");
    for name in index.needs_heads(&best) {
        provide(&mut index, &name, &next());
    }
    for name in index.needs_texts(&best) {
        provide(&mut index, &name, &next());
    }
    for doc in best {
        let name = index.head(doc).map(|head| head.name.clone()).unwrap_or_default();
        let texts = index.texts(doc).map(|texts| texts.map(str::to_owned)).unwrap_or_default();
        for text in texts.iter().chain([&name]) {
            let length = text.chars().count();
            assert!(query.highlights(text, &simplifier).iter().all(|mark| mark.end <= length));
            let piece = excerpt(&query, text, 20, &simplifier);
            let length = piece.text.chars().count();
            assert!(piece.marks.iter().all(|mark| mark.end <= length));
        }
    }
    if index.lacks(&query)
        && let Some(meant) = vocabulary.correct(&typed, &simplifier, &sounds.unwrap_or_default(), &index)
    {
        let _ = index.search(&Query::new(&meant, &simplifier));
    }
}

/// More rounds than any search takes: pages, terms, places.
const MOST_ROUNDS: usize = 8;

/// Gives the index a part, and writes again what reads; whether it was taken.
fn provide(index: &mut Index, name: &str, raw: &[u8]) -> bool {
    if let Ok(block) = TermBlock::decode(raw) {
        same_again(&block, TermBlock::encode, TermBlock::decode);
    }
    if let Ok(page) = decode_page(raw) {
        same_again(&page, |p| encode_page(p), decode_page);
    }
    if let Ok(places) = decode_places_part(raw) {
        same_again(&places, |p| encode_places_part(p), decode_places_part);
    }
    if let Ok(heads) = Heads::decode(raw) {
        same_again(&heads, Heads::encode, Heads::decode);
    }
    if let Ok(texts) = decode_texts(raw) {
        same_again(&texts, |t| encode_texts(t), decode_texts);
    }
    index.provide(name, raw).is_ok()
}

/// Visits to a small index that finds something.
pub(crate) fn search_seeds() -> Vec<(String, Vec<u8>)> {
    let plain = Simplifier::default();
    let simplifier = Simplifier::new([('補', '补'), ('貼', '贴')]);
    let documents: [[&str; FIELDS.len()]; 2] = [
        ["设备更新补贴", "若干措施 示例〔2026〕1号", "买新设备给补贴", "第一条 购置设备，按投入补贴两成。"],
        ["稳岗返还", "就业通知", "少裁员返还失业保险费", "第二条 裁员率不高于城镇调查失业率。"],
    ];
    let mut lists: LiteMap<Gram, Vec<(u32, Places)>> = LiteMap::new();
    for (doc, fields) in (0u32..).zip(&documents) {
        for (field, text) in fields.iter().enumerate() {
            for (gram, at) in cut(text, &plain) {
                let list = lists.entry(gram).or_default();
                if list.last().is_none_or(|(last, _)| *last != doc) {
                    list.push((doc, Default::default()));
                }
                if let Some((_, places)) = list.last_mut() {
                    places[field].push(at);
                }
            }
        }
    }
    let mut block = TermBlock::default();
    let mut apart = Vec::new();
    let mut first = None;
    for (gram, list) in &lists {
        first.get_or_insert(*gram);
        let docs = list.iter().map(|(doc, p)| (*doc, Symbol::new(p.each_ref().map(Vec::len)))).collect();
        let places = written(|w| {
            list.iter().for_each(|(_, places)| encode_places(w, &places.each_ref().map(Vec::as_slice)));
        });
        let places = if gram.is_single() {
            PlacesAt::None
        } else if places.len() > 2 {
            apart.push(places);
            PlacesAt::Part(0)
        } else {
            PlacesAt::Inline(places)
        };
        block.terms.push(TermList { gram: *gram, docs, places });
    }
    let name = |letter: &str| letter.repeat(24);
    block.parts = vec![name("b")];
    let head = |at: usize| Head { id: at.to_string(), name: documents[at][0].to_owned(), ..Head::default() };
    let root = Root {
        rows: vec![Row { class: length_class(40), month: Some(month_of(WORLD.today)) }; 2],
        heads: vec![name("c")],
        blocks: first.map(|first| Block { first, part: name("a") }).into_iter().collect(),
        simplifier: name("e"),
        vocabulary: name("e"),
        sounds: name("e"),
        manifest: name("e"),
        ..Root::default()
    };
    let pages = Root { paged: true, ..root.clone() };
    let changed = Root {
        delta: Delta {
            removed: vec![1],
            added: vec![Added {
                before: 0,
                head: head(1),
                fields: ["設備補貼", "", "", "补贴"].map(str::to_owned),
            }],
            simplifier: simplifier.clone(),
        },
        ..root.clone()
    };
    let vocabulary = Vocabulary {
        synonyms: vec![("补助".to_owned(), vec!["补贴".to_owned()])],
        words: vec![Word { text: "设备更新".to_owned(), count: 9 }],
    };
    let sounds = Sounds::new([('设', 1), ('社', 1), ('备', 2), ('被', 2)]);
    let heads = Heads { heads: vec![head(0), head(1)], texts: vec![name("d")] };
    let texts = documents.map(|fields| [fields[2], fields[3]].map(str::to_owned));
    let visit = |typed: &str, root: &Root, parts: &[Vec<u8>]| {
        written(|w| {
            w.str(typed);
            let shared = [
                root.encode(),
                encode_vocabulary(&vocabulary),
                encode_sounds(&sounds),
                encode_simplifier(&simplifier),
            ];
            shared.iter().chain(parts).for_each(|part| w.blob(part));
        })
    };
    let (terms, places) = (block.encode(), encode_places_part(&apart));
    let (heads, texts) = (heads.encode(), encode_texts(&texts));
    let page = encode_page(&root.blocks);
    let rest = [terms.clone(), places.clone(), heads.clone(), texts.clone()];
    [
        ("phrase", visit("设备更新", &root, &rest)),
        ("quoted", visit("“投入补贴”", &root, &rest)),
        ("question", visit("失业了有什么补贴", &root, &rest)),
        ("traditional", visit("補貼", &root, &rest)),
        ("synonym", visit("补助", &root, &rest)),
        ("typo", visit("社备", &root, &rest)),
        ("single", visit("补", &root, &rest)),
        ("number", visit("示例[2026]1号", &root, &rest)),
        ("changed", visit("补贴", &changed, &rest)),
        ("pages", visit("设备更新", &pages, &[page, terms, places, heads, texts])),
        ("nothing", visit("", &root, &[])),
    ]
    .map(|(name, bytes)| (format!("visit-{name}.bin"), bytes))
    .to_vec()
}

/// Bytes of one part of a bundle, or of what parts are made of.
pub(crate) fn table(data: &[u8]) {
    let mut reader = TableReader::default();
    let steps = loop {
        match reader.step(data, None, 1) {
            Ok(false) => {}
            Ok(true) => break Ok(reader.finish()),
            Err(error) => break Err(error),
        }
    };
    assert_eq!(steps, Table::decode(data), "measure by measure");
    if let Ok(table) = Table::decode(data) {
        same_again(&table, Table::encode, Table::decode);
        decide_all(&table.measures, &WORLD.card, &WORLD.catalogue);
    }
    if let Ok(catalogue) = decode_catalogue(data) {
        same_again(&catalogue, encode_catalogue, decode_catalogue);
        // Rules and tables of one bundle are published together; a damaged one may still meet the other.
        decide_all(&WORLD.measures, &WORLD.card, &catalogue);
        for text in PROFILES {
            if let Ok((firm, _)) = profile::read(text, &catalogue) {
                saved_again(&firm, &catalogue);
            }
        }
    }
    if let Ok(cards) = decode_cards(data) {
        same_again(&cards, |c| encode_cards(c), decode_cards);
    }
    if let Ok(details) = decode_details(data) {
        same_again(&details, |d| encode_details(d), decode_details);
    }
    if let Ok(expr) = whole(data, Expr::decode) {
        same_again(&expr, |e| written(|w| e.encode(w)), |bytes| whole(bytes, Expr::decode));
        for firm in &WORLD.firms {
            let _ = evaluator(firm).number(&expr);
        }
        decide_all(&asking(&expr), &WORLD.card, &WORLD.catalogue);
        decide_all(&paying(&expr), &WORLD.card, &WORLD.catalogue);
    }
    if let Ok(measure) = whole(data, Measure::decode) {
        same_again(&measure, |m| written(|w| m.encode(w)), |bytes| whole(bytes, Measure::decode));
        decide_all(&[measure], &WORLD.card, &WORLD.catalogue);
    }
    if let Ok(card) = whole(data, Card::decode) {
        same_again(&card, |c| written(|w| c.encode(w)), |bytes| whole(bytes, Card::decode));
    }
    if let Ok(full) = whole(data, FullText::decode) {
        same_again(&full, |f| written(|w| f.encode(w)), |bytes| whole(bytes, FullText::decode));
        full.quotes("第一条");
    }
    if let Ok(full) = decode_full_text(data) {
        full.quotes("第一条");
    }
    if let Ok(detail) = whole(data, Detail::decode) {
        same_again(&detail, |d| written(|w| d.encode(w)), |bytes| whole(bytes, Detail::decode));
    }
}

/// Text of one saved profile.
pub(crate) fn profile(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let catalogue = &WORLD.catalogue;
    let Ok((firm, _)) = profile::read(&text, catalogue) else { return };
    let again = saved_again(&firm, catalogue);
    for (told, saved) in firm.iter().zip(again.iter()) {
        assert_eq!(told, saved, "{text}");
    }
    assert_eq!((firm.len(), &firm.received), (again.len(), &again.received));
    for (scope, ..) in Scope::ALL {
        assert_eq!(firm.records(scope), again.records(scope));
    }
    for measure in &WORLD.measures {
        decide(measure, &WORLD.card, catalogue, &firm);
    }
    report(&WORLD.decider, &WORLD.measures, catalogue, &firm);
}

/// Inputs of the table target that no mutation finds by itself, with the names of their files: every kind of part
/// and value, and each of `texts` as byte code.
pub(crate) fn table_seeds(texts: &[(String, String)]) -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| seeds.push((format!("{name}.bin"), bytes));
    let table = |measures| Table { measures, cards: vec!["ab".repeat(12)], details: Vec::new() }.encode();
    let catalogue = encode_catalogue(&WORLD.catalogue);
    let detail = Detail {
        document: "通知".to_owned(),
        number: "1号".to_owned(),
        issued: Some(WORLD.today),
        source: "https://example.com/".to_owned(),
        materials: vec![Material {
            name: "申请表".to_owned(),
            how: "原件 2 份".to_owned(),
            spared: true,
            ..Material::default()
        }],
        handling: vec![("方式".to_owned(), "网上".to_owned())],
        benefit_note: String::new(),
        text: "ab".repeat(12),
    };
    let full =
        FullText { text: "第一条 补助。".to_owned(), clauses: vec![("第一条".to_owned(), 0, 7)] };
    add("part-table", table(WORLD.measures.clone()));
    add("part-table-empty", table(Vec::new()));
    add("part-catalogue-cut", catalogue[..catalogue.len() / 2].to_vec());
    add("part-catalogue", catalogue);
    add("part-catalogue-empty", encode_catalogue(&Catalogue::default()));
    add("part-cards", encode_cards(&[WORLD.card.clone(), Card::default()]));
    add("part-details", encode_details(&[detail.clone(), Detail::default()]));
    add("value-card", written(|w| WORLD.card.encode(w)));
    add("value-detail", written(|w| detail.encode(w)));
    add("part-text", encode_full_text(&full));
    add("value-text", written(|w| full.encode(w)));
    add("value-measure", written(|w| everything().encode(w)));
    for (name, text) in texts {
        for compile in [compile_rule as Compile, compile_amount] {
            if let Some(expr) = compile(text, names(), &mut Vec::new()).expr {
                add(&format!("expr-{name}"), written(|w| expr.encode(w)));
            }
        }
    }
    seeds
}

type Compile = fn(&str, Names<'_>, &mut Vec<String>) -> Compiled;

/// The rule of a text. A rule or a reason, and every place lies in the line.
fn compiled(compile: Compile, text: &str, texts: &mut Vec<String>) -> Option<Expr> {
    let Compiled { expr, problems } = compile(text, names(), texts);
    assert_eq!(expr.is_none(), problems.iter().any(|p| !p.warning), "{problems:?}");
    let length = text.chars().count();
    for problem in &problems {
        assert!(problem.span.start <= problem.span.end && problem.span.end <= length, "{problem:?}");
    }
    expr
}

/// The canonical text of a rule is the same rule.
fn reads_back(expr: &Expr, compile: Compile, texts: &[String]) {
    let printed = print_expr(expr, &WORLD.catalogue, texts);
    // Short names are printed in full, which may make a line too long to be read.
    if printed.chars().count() > 2_000 {
        return;
    }
    let again = compile(&printed, names(), &mut texts.to_vec());
    assert!(again.expr.is_some(), "{printed}: {:?}", again.problems);
    assert_eq!(again.expr.as_ref(), Some(expr), "{printed}");
}

/// What was read is written such that it is read the same again.
fn same_again<T: PartialEq + Debug, E: PartialEq + Debug>(
    value: &T,
    write: impl Fn(&T) -> Vec<u8>,
    read: impl Fn(&[u8]) -> Result<T, E>,
) {
    let bytes = write(value);
    let again = read(&bytes);
    assert_eq!(again.as_ref(), Ok(value));
    assert_eq!(again.as_ref().map(write), Ok(bytes));
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes()
}

/// A value that takes up all of the bytes.
fn whole<T>(bytes: &[u8], read: fn(&mut Reader<'_>) -> Decoded<T>) -> Decoded<T> {
    let mut r = Reader::new(bytes);
    let value = read(&mut r)?;
    r.end().map(|()| value)
}

/// The firm of a saved profile, which is saved the same again.
fn saved_again(firm: &Firm, catalogue: &Catalogue) -> Firm {
    let text = profile::write(firm, catalogue);
    match profile::read(&text, catalogue) {
        Ok((again, problems)) => {
            assert!(problems.is_empty(), "{problems:?} in {text}");
            assert_eq!(profile::write(&again, catalogue), text);
            again
        }
        Err(error) => {
            assert_eq!(error.to_string(), "", "{text}");
            Firm::default()
        }
    }
}

fn evaluator(firm: &Firm) -> Evaluator<'_> {
    Evaluator::new(&WORLD.measure, &WORLD.catalogue, firm, WORLD.today)
}

/// What is decided of a firm stays decided when more becomes known: of each firm, more is known than of the one
/// before.
fn stays_decided(truths: &[Result<Truth, EvalError>]) {
    for pair in truths.windows(2) {
        match pair {
            [Ok(less @ (Truth::True | Truth::False)), Ok(more)] => assert_eq!(less, more),
            [Ok(Truth::Confirm), Ok(more)] => assert!(*more >= Truth::Confirm, "{more:?}"),
            _ => {}
        }
    }
}

/// A number lies where it was said to lie when less was known.
fn narrows(numbers: &[Result<Interval, EvalError>]) {
    for pair in numbers.windows(2) {
        if let [Ok(wide), Ok(narrow)] = pair {
            let above = wide.lo.is_none_or(|lo| narrow.lo.is_some_and(|n| lo <= n));
            let below = wide.hi.is_none_or(|hi| narrow.hi.is_some_and(|n| n <= hi));
            assert!(above && below, "{wide:?} does not contain {narrow:?}");
        }
    }
}

/// All measures for all firms. Whatever is decided at speed is what is decided one by one.
fn decide_all(measures: &[Measure], card: &Card, catalogue: &Catalogue) {
    let decider = Decider::new(measures, catalogue, WORLD.today);
    let mut memory = Memory::default();
    for firm in &WORLD.firms {
        report(&decider, measures, catalogue, firm);
        let fast = decider.verdicts(measures, catalogue, firm, &mut memory);
        for (measure, fast) in measures.iter().zip(fast) {
            if let Some(verdict) = decide(measure, card, catalogue, firm) {
                assert_eq!(fast, Some(verdict), "{measure:?}");
            }
        }
    }
    let parts = measures.iter().flat_map(|m| m.conditions.iter().map(|c| &c.rule).chain(&m.benefit.amount));
    for expr in parts {
        print_expr(expr, catalogue, &card.texts);
    }
}

/// One measure for one firm, with everything that is shown of it.
fn decide(measure: &Measure, card: &Card, catalogue: &Catalogue, firm: &Firm) -> Option<Verdict> {
    let today = WORLD.today;
    let _ = explain(measure, card, catalogue, firm, today);
    let _ = steps(measure, card, catalogue, firm, today);
    let _ = formula_line(measure, card, catalogue, firm, today);
    let Outcome { verdict, amount, missing, .. } = evaluate(measure, catalogue, firm, today).ok()?;
    if let Some(amount) = amount {
        assert!(amount.low >= 0 && amount.high.is_none_or(|high| amount.low <= high), "{amount:?}");
        amount_text(&amount);
        let shares = &measure.benefit.payments;
        let paid = Amount::payments(amount.low, shares);
        assert!(shares.is_empty() || paid.iter().sum::<i128>() == amount.low, "{paid:?} of {amount:?}");
    }
    let year = measure.base_year_on(today);
    for key in missing {
        key_name(catalogue, key);
        answer_text(catalogue, firm, key, year);
    }
    size_steps(catalogue, firm, year);
    Some(verdict)
}

/// Measures with one condition: for projects, and for firms.
fn asking(rule: &Expr) -> [Measure; 2] {
    let row = Condition { kind: RowKind::Rule, rule: rule.clone(), guard: None, basis: 0, note: None };
    of_both_kinds(&Measure { conditions: vec![row], ..WORLD.measure.clone() })
}

/// Measures with one sum.
fn paying(amount: &Expr) -> [Measure; 2] {
    let amount = Some(amount.clone());
    let benefit = Benefit { kind: BenefitKind::Award, amount, ..WORLD.measure.benefit.clone() };
    of_both_kinds(&Measure { benefit, ..WORLD.measure.clone() })
}

fn of_both_kinds(measure: &Measure) -> [Measure; 2] {
    [Scope::Project, Scope::Firm].map(|subject| Measure { subject, ..measure.clone() })
}

/// A measure that has all there is to have.
fn everything() -> Measure {
    let expr = |text: &str| amount_of(&WORLD.catalogue, &WORLD.aliases, text);
    let first = &WORLD.measures[0];
    let guarded = |c: &Condition| Condition { guard: Some(c.rule.clone()), note: Some(1), ..c.clone() };
    use huiqi_engine::measure::{CapScope, ExclusionRule, Schedule};
    Measure {
        regions: vec![Code::ALL],
        base_year: Some(2026),
        reference: Some(WORLD.today),
        conditions: first.conditions.iter().map(guarded).collect(),
        benefit: Benefit {
            kind: BenefitKind::Grant,
            amount: Some(expr(AMOUNTS[0])),
            caps: CapScope::ALL.iter().map(|(_, scope)| (*scope, expr("500万元"))).collect(),
            floor: Some(expr("1万元")),
            reducible: true,
            basis: Some(0),
            payments: vec![ratio(1, 2), ratio(1, 2)],
        },
        schedule: Schedule {
            opens: Some(WORLD.today),
            closes: Some(WORLD.today),
            valid_from: Some(WORLD.today),
            valid_to: Some(WORLD.today),
            ..first.schedule
        },
        exclusions: vec![
            ("甲".to_owned(), ExclusionRule::Best),
            ("乙".to_owned(), ExclusionRule::AtMost(2)),
            ("丙".to_owned(), ExclusionRule::Cap(100)),
        ],
        prerequisites: vec!["first".to_owned()],
        grants: Some(first.conditions[0].rule.clone()),
        ..first.clone()
    }
}

/// What every input meets: made once, the same in every run.
struct World {
    today: Date,
    catalogue: Catalogue,
    aliases: Aliases,
    /// Nothing known, something known, much known.
    firms: [Firm; 3],
    /// A measure for projects without condition and sum.
    measure: Measure,
    /// Measures that together use every kind of fact.
    measures: Vec<Measure>,
    decider: Decider,
    card: Card,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (catalogue, aliases) = (catalogue(), aliases());
    let firms = PROFILES.map(|text| {
        let (firm, problems) = profile::read(text, &catalogue).expect("a profile");
        assert!(problems.is_empty(), "{problems:?}");
        firm
    });
    let measure = Measure { subject: Scope::Project, ..Measure::new("m") };
    let measures = measures(&catalogue, &aliases, &measure);
    let texts = ["设备先进", "不欠税"].map(str::to_owned).to_vec();
    let card = Card { summary: "一句话".to_owned(), texts };
    let today = day("2026-11-22");
    let decider = Decider::new(&measures, &catalogue, today);
    World { today, catalogue, aliases, firms, measure, measures, decider, card }
});

fn names() -> Names<'static> {
    Names { catalogue: &WORLD.catalogue, aliases: &WORLD.aliases, subject: Scope::Project }
}

/// Each firm says what the one before says, and more. Figures agree with each other.
const PROFILES: [&str; 3] = [
    r#"{"huiqi": 1, "facts": {}}"#,
    r#"{"huiqi": 1, "facts": {
        "revenue@2025": "6420", "profit@2025": "-120.5", "staff_total": "86~120", "reg_region": "130000",
        "found_date": "2018-05-10", "legal": true, "kind": ["企业", "合伙企业"],
        "titles": {"closed": false, "items": {"gxjs": true, "zjtx": false}}},
      "records": {"项目": {"closed": false, "list": [{"investment": "3000~5000"}]}}}"#,
    r#"{"huiqi": 1, "facts": {
        "revenue@2026": "7000", "revenue@2025": "6420", "revenue@2024": "5000", "revenue@2023": "4100.25",
        "revenue@2022": "0", "revenue@<2025": "5000", "revenue@2024-07-01..2025-06-30": "5800",
        "revenue@2025-11-01..2026-10-31": "6900", "revenue@..2025-12-31": "6420",
        "profit@2025": "-120.5", "profit@2024": "88", "staff_total": "96", "reg_region": "130802",
        "found_date": "2018-05-10", "legal": true, "kind": "企业", "industry": "C348", "total_assets@2025": "9000",
        "debt_ratio@2025": "54.3", "export@2025": "120", "forms": {"closed": true, "items": {"电商": true}},
        "titles": {"closed": true, "items": {"gxjs": {"year": 2024, "rank": 3, "first": true}, "zjtx": false,
                   "sjzx": {"level": "省级", "year": 2025}}},
        "paid": {"closed": true, "items": {"sybz": {"year": 2025}}},
        "rosters": {"closed": true, "items": {"pyk": true}}, "legal_person_rosters": {"closed": true, "items": {}}},
      "records": {
        "项目": {"closed": true, "list": [{"investment": "3200", "started": true, "equipment@2025": "800"},
                                          {"investment": "100", "started": false}]},
        "产品": {"closed": true, "list": [{"first_sold": "2025-03-01"}]},
        "人员": {"closed": true, "list": [{"degree": "博士", "born_years": "35"}, {"degree": "硕士"}]},
        "贷款": {"closed": false, "list": [{"principal": "500", "rate": "4.35"}]},
        "场地": {"closed": true, "list": []}},
      "received": [{"measure": "hebei-2023-01", "year": 2025, "fen": 100000000}]}"#,
];

const RULES: [&str; 12] = [
    "营业收入[上年] ≥ 2000万元 且 净利润[近2年每年] > 0元",
    "营业收入[上年同比增长] ≥ 10% 或 营业收入[近2年复合增长] ≥ 5% 或 营业收入[近3年连续增长]",
    "营业收入[历史最高] > 1000万元 且 营业收入[近12个月合计] > 1000万元 且 营业收入[截至2025-12-31] > 1万元",
    "职工总数 ≥ 100人 且 独立法人 且 主体类型 属于 (企业, 合伙企业) 且 企业规模 属于 (小型, 微型)",
    "注册地 属于 (河北省, 《重点县》) 且 行业 不属于 (C34, 《数字产业》)",
    "成立年限 ≥ 3年 且 距今(成立日期) ≤ 10年 且 资产负债率[上年] < 70%",
    "资质 含 任一 (高新技术企业(近3年认定), 设计中心(省级以上, 排名≤3, 首次)) 且 资质 不含 专精特新",
    "已获支持 不含 上云补助(上年) 且 在名单 《培育库》 且 法定代表人 不在名单 《失信名单》",
    "经营方式 含 电商 且 出口额[上年] ≥ 100万美元 且 资产总额[上年] > 0元",
    "项目.总投资 ≥ 3000万元 且 项目.已开工 且 项目.设备投入[上年] ≥ 500万元",
    "有 人员 (人员.学位 属于 博士 且 人员.年龄 ≤ 40周岁) 或 每个 产品 (距今(产品.首次销售日期) ≤ 2年)",
    "至少 2项 (独立法人; 核实「设备先进」; 承诺「不欠税」; 个数 贷款 (贷款.利率 ≤ LPR) ≥ 1笔)",
];

const AMOUNTS: [&str; 6] = [
    "取小(项目.总投资 × 20%, 500万元)",
    "分段 项目.总投资： ≤1000万元→5%, ≤5000万元→3%, 其余→1%",
    "按 营业收入[上年]： ≥1亿元→100万元, ≥2000万元→50万元~80万元, 其余→0元",
    "按 注册地： (承德市, 石家庄市)→20万元, 其余→至多 10万元",
    "若 资质 含 高新技术企业 则 不低于零(营业收入[上年] − 营业收入[前年]) × 1% 否则 未定",
    "取整(职工总数 ÷ 10人) × 最低工资 × 12个月",
];

/// One measure per rule and sum; the first has one of each.
fn measures(catalogue: &Catalogue, aliases: &Aliases, empty: &Measure) -> Vec<Measure> {
    let names = Names { catalogue, aliases, subject: empty.subject };
    let rows = (0..RULES.len()).map(|at| {
        let rule = compile_rule(RULES[at], names, &mut vec!["设备先进".to_owned(), "不欠税".to_owned()]);
        let condition = Condition {
            kind: RowKind::Rule,
            rule: rule.into_result().expect(RULES[at]),
            guard: None,
            basis: 0,
            note: None,
        };
        let amount = AMOUNTS.get(at).map(|text| amount_of(catalogue, aliases, text));
        Measure {
            id: format!("m-{at}"),
            // Those are decided at speed.
            subject: if RULES[at].contains("项目") { Scope::Project } else { Scope::Firm },
            name: RULES[at].to_owned(),
            regions: vec![Code::ALL],
            conditions: vec![condition],
            benefit: Benefit { kind: BenefitKind::Award, amount, ..empty.benefit.clone() },
            ..empty.clone()
        }
    });
    rows.collect()
}

fn amount_of(catalogue: &Catalogue, aliases: &Aliases, text: &str) -> Expr {
    let names = Names { catalogue, aliases, subject: Scope::Project };
    compile_amount(text, names, &mut Vec::new()).into_result().expect(text)
}

fn day(text: &str) -> Date {
    Date::parse(text).expect("a day")
}

fn ratio(num: i128, den: i128) -> Ratio {
    Ratio::new(num, den).expect("not zero")
}

fn region(text: &str) -> Code {
    Code::region(text).expect("six digits")
}

fn industry(text: &str) -> Code {
    Code::new(text).expect("a code")
}

fn aliases() -> Aliases {
    Aliases {
        facts: vec![("营收".to_owned(), 0)],
        items: vec![("高企".to_owned(), 0)],
        industries: vec![("工业".to_owned(), vec![industry("C34"), industry("C35")])],
    }
}

/// Facts of every type and scope, items of every class, lists of both kinds, parameters by day and by region.
fn catalogue() -> Catalogue {
    use FactType::{
        Choice, Count, Duration, Flag, Industry, Money, Options, Programmes, Qualifications, Region, Rosters,
        Share,
    };
    let fact = |scope, id: &str, name: &str, kind, unit: &str, options: &[&str]| Fact {
        id: id.to_owned(),
        name: name.to_owned(),
        scope,
        kind,
        unit: unit.to_owned(),
        yearly: false,
        signed: false,
        core: false,
        derived: None,
        question: String::new(),
        help: String::new(),
        options: options.iter().map(|o| (*o).to_owned()).collect(),
    };
    let yearly = |f: Fact| Fact { yearly: true, ..f };
    let derived = |f: Fact, derived| Fact { derived: Some(derived), ..f };
    let firm = |id, name, kind, unit, options| fact(Scope::Firm, id, name, kind, unit, options);
    let facts = [
        yearly(firm("revenue", "营业收入", Money, "万元", &[])),
        yearly(Fact { signed: true, ..firm("profit", "净利润", Money, "万元", &[]) }),
        firm("staff_total", "职工总数", Count, "人", &[]),
        firm("legal", "独立法人", Flag, "", &[]),
        firm("kind", "主体类型", Choice, "", &["企业", "合伙企业", "个体工商户"]),
        firm("reg_region", "注册地", Region, "", &[]),
        firm("titles", "资质", Qualifications, "", &[]),
        derived(firm("size", "企业规模", Choice, "", &SIZE_NAMES), Derived::Size),
        firm("found_date", "成立日期", FactType::Date, "", &[]),
        derived(firm("age", "成立年限", Duration, "年", &[]), Derived::Age),
        firm("paid", "已获支持", Programmes, "", &[]),
        firm("rosters", "名单", Rosters, "", &[]),
        firm("legal_person_rosters", "法定代表人名单", Rosters, "", &[]),
        firm("industry", "行业", Industry, "", &[]),
        yearly(firm("debt_ratio", "资产负债率", Share, "%", &[])),
        firm("forms", "经营方式", Options, "", &["电商", "门店", "直播 带货"]),
        yearly(firm("total_assets", "资产总额", Money, "万元", &[])),
        yearly(firm("export", "出口额", Money, "万美元", &[])),
        fact(Scope::Project, "investment", "总投资", Money, "万元", &[]),
        fact(Scope::Project, "started", "已开工", Flag, "", &[]),
        yearly(fact(Scope::Project, "equipment", "设备投入", Money, "万元", &[])),
        fact(Scope::Project, "project_rosters", "项目名单", Rosters, "", &[]),
        fact(Scope::Product, "first_sold", "首次销售日期", FactType::Date, "", &[]),
        fact(Scope::Person, "degree", "学位", Choice, "", &["博士", "硕士", "学士"]),
        fact(Scope::Person, "born_years", "年龄", Duration, "年", &[]),
        fact(Scope::Loan, "principal", "本金", Money, "万元", &[]),
        fact(Scope::Loan, "rate", "利率", Share, "%", &[]),
        fact(Scope::Site, "area", "面积", Count, "平方米", &[]),
        fact(Scope::Platform, "built_with_school", "校企共建", Flag, "", &[]),
    ];
    let item = |class, id: &str, name: &str, levels: &[&str], valid_years, implies: &[u16]| CatalogueItem {
        class,
        id: id.to_owned(),
        name: name.to_owned(),
        levels: levels.iter().map(|l| (*l).to_owned()).collect(),
        valid_years,
        implies: implies.to_vec(),
    };
    let title = ItemClass::Qualification;
    let items = [
        (0, item(title, "gxjs", "高新技术企业", &[], 3, &[1])),
        (1, item(title, "zjtx", "专精特新", &["国家级", "省级", "市级"], 3, &[])),
        (2, item(title, "sjzx", "设计中心", &["国家级", "省级", "市级"], 0, &[])),
        (20_000, item(ItemClass::Programme, "sybz", "上云补助", &[], 0, &[])),
        (20_001, item(ItemClass::Programme, "jg", "技改（2025年）", &[], 0, &[])),
        (30_000, item(ItemClass::Roster, "pyk", "培育库", &[], 0, &[])),
        (30_001, item(ItemClass::Roster, "sx", "失信名单", &[], 0, &[])),
    ];
    let list = |name: &str, industries, codes: &[Code]| NamedList {
        name: name.to_owned(),
        industries,
        codes: codes.to_vec(),
    };
    let lists = [
        (0, list("重点县", false, &[region("130802"), region("140000")])),
        (1, list("数字产业", true, &[industry("I64"), industry("C39")])),
    ];
    let monthly = Dimension::YUAN.per(Dimension::MONTHS).expect("a price per month");
    let param = |name: &str, dimension, rows: &[(&str, Code, Ratio)]| Param {
        name: name.to_owned(),
        dimension,
        rows: rows.iter().map(|(from, code, value)| (day(from), *code, *value)).collect(),
    };
    let lpr = [("2019-08-20", Code::ALL, ratio(425, 10_000)), ("2026-05-20", Code::ALL, ratio(3, 100))];
    let wage = [
        ("2020-01-01", Code::ALL, Ratio::int(150_000)),
        ("2023-01-01", region("130000"), Ratio::int(180_000)),
        ("2025-01-01", region("130800"), Ratio::int(200_000)),
    ];
    let params = [(0, param("LPR", Dimension::Share, &lpr)), (1, param("最低工资", monthly, &wage))];
    let size = |name: &str, include: &[&str], exclude: &[&str], assets| SizeClass {
        name: name.to_owned(),
        include: include.iter().map(|c| industry(c)).collect(),
        exclude: exclude.iter().map(|c| industry(c)).collect(),
        staff: Some([1000, 300, 20]),
        revenue: Some([40_000, 2_000, 300]),
        assets,
    };
    Catalogue {
        facts: facts.into_iter().enumerate().map(|(no, f)| (no as u16, f)).collect(),
        items: LiteMap::from_iter(items),
        lists: LiteMap::from_iter(lists),
        params: LiteMap::from_iter(params),
        regions: code_names(&REGIONS, Code::region),
        industries: code_names(&INDUSTRIES, Code::new),
        sizes: vec![
            size("工业", &["C"], &["C39"], None),
            size("其他", &["C39", "I"], &[], Some([120_000, 8_000, 100])),
        ],
        themes: LiteMap::from_iter([(0, "就业用工".to_owned()), (3, "融资".to_owned())]),
        words: huiqi_engine::words::Words::default(),
        written: huiqi_engine::catalogue::Written::default(),
    }
}

fn code_names(rows: &[(&str, &str)], read: fn(&str) -> Option<Code>) -> CodeNames {
    let mut names = CodeNames::default();
    for (code, name) in rows {
        names.insert(read(code).expect("a code"), *name);
    }
    names
}

/// Two districts share a name, as many do.
const REGIONS: [(&str, &str); 8] = [
    ("130000", "河北省"),
    ("130100", "石家庄市"),
    ("130102", "长安区"),
    ("130800", "承德市"),
    ("130802", "双桥区"),
    ("140000", "山西省"),
    ("140100", "太原市"),
    ("140102", "长安区"),
];

const INDUSTRIES: [(&str, &str); 8] = [
    ("C", "制造业"),
    ("C34", "通用设备制造业"),
    ("C348", "通用零部件制造"),
    ("C35", "专用设备制造业"),
    ("C39", "计算机、通信和其他电子设备制造业"),
    ("I", "信息传输、软件和信息技术服务业"),
    ("I64", "互联网和相关服务"),
    ("I65", "软件和信息技术服务业"),
];
