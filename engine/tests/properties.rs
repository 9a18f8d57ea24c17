//! What must hold for every rule, amount and firm, tried on random ones.

use huiqi_engine::LiteMap;
use huiqi_engine::catalogue::{
    Catalogue, CatalogueItem, Code, Fact, FactType, ItemClass, NamedList, Param, Scope,
};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::decide::{Builder, Decider, Memory};
use huiqi_engine::eval::{Evaluator, Truth, evaluate};
use huiqi_engine::firm::{Answer, Firm, Held, Key, Records, Span};
use huiqi_engine::measure::{Benefit, CapScope, Card, Condition, Measure, RowKind};
use huiqi_engine::num::{Interval, Ratio};
use huiqi_engine::profile;
use huiqi_engine::report::{Draft, report};
use huiqi_engine::rule::{
    Aggregate, Aliases, Arith, Expr, Func, Head, Item, Members, Mode, Names, Op, Period, Quantifier, Quota,
    When, Year, Years, compile_amount, compile_rule, print_expr,
};
use huiqi_engine::unit::Dimension;
use proptest::prelude::*;

const REVENUE: u16 = 0;
const PROFIT: u16 = 1;
const STAFF: u16 = 2;
const LEGAL: u16 = 3;
const KIND: u16 = 4;
const SEAT: u16 = 5;
const TITLES: u16 = 6;
/// Stands in for every 核实 when a rule is decided with confirmations taken one way.
const CONFIRMED: u16 = 7;
const FOUNDED: u16 = 8;
const AGE: u16 = 9;
const INVESTMENT: u16 = 10;
const STARTED: u16 = 11;
const PAID: u16 = 12;
const ROSTERS: u16 = 13;

const PROGRAMME: u16 = 20_000;
const ROSTER: u16 = 30_000;

fn fact(id: &str, name: &str, kind: FactType, unit: &str, flags: (bool, bool), options: &[&str]) -> Fact {
    Fact {
        id: id.to_owned(),
        name: name.to_owned(),
        scope: Scope::Firm,
        kind,
        unit: unit.to_owned(),
        yearly: flags.0,
        signed: flags.1,
        core: false,
        derived: None,
        question: String::new(),
        help: String::new(),
        options: options.iter().map(|o| (*o).to_owned()).collect(),
    }
}

fn catalogue() -> Catalogue {
    let mut c = Catalogue::default();
    let plain = (false, false);
    let project = |f: Fact| Fact { scope: Scope::Project, ..f };
    let age = huiqi_engine::catalogue::Derived::Age;
    let facts = [
        fact("revenue", "营业收入", FactType::Money, "万元", (true, false), &[]),
        fact("profit", "净利润", FactType::Money, "万元", (true, true), &[]),
        fact("staff", "职工总数", FactType::Count, "人", plain, &[]),
        fact("legal", "独立法人", FactType::Flag, "", plain, &[]),
        fact("kind", "主体类型", FactType::Choice, "", plain, &["企业", "合伙企业", "个体工商户"]),
        fact("reg_region", "注册地", FactType::Region, "", plain, &[]),
        fact("titles", "资质", FactType::Qualifications, "", plain, &[]),
        fact("confirmed", "已确认", FactType::Flag, "", plain, &[]),
        fact("found_date", "成立日期", FactType::Date, "", plain, &[]),
        Fact { derived: Some(age), ..fact("age", "成立年限", FactType::Duration, "年", plain, &[]) },
        project(fact("investment", "总投资", FactType::Money, "万元", plain, &[])),
        project(fact("started", "已开工", FactType::Flag, "", plain, &[])),
        fact("paid", "已获支持", FactType::Programmes, "", plain, &[]),
        fact("rosters", "名单", FactType::Rosters, "", plain, &[]),
    ];
    c.facts = facts.into_iter().enumerate().map(|(no, f)| (no as u16, f)).collect();
    let levels = ["国家级", "省级", "市级"].map(str::to_owned).to_vec();
    let row = |class, name: &str, levels: Vec<String>, valid_years, implies| CatalogueItem {
        class,
        id: name.to_owned(),
        name: name.to_owned(),
        levels,
        valid_years,
        implies,
    };
    for (no, name) in ["甲资质", "乙资质", "丙资质"].into_iter().enumerate() {
        let implies = if no == 0 { vec![1] } else { Vec::new() };
        c.items.insert(no as u16, row(ItemClass::Qualification, name, levels.clone(), 3, implies));
    }
    c.items.insert(PROGRAMME, row(ItemClass::Programme, "上云补助", Vec::new(), 0, Vec::new()));
    c.items.insert(ROSTER, row(ItemClass::Roster, "培育库（2025年）", Vec::new(), 0, Vec::new()));
    for (code, name) in REGIONS {
        c.regions.insert(Code::region(code).expect("six digits"), name);
    }
    let codes =
        vec![Code::region("130800").expect("six digits"), Code::region("140000").expect("six digits")];
    c.lists.insert(0, NamedList { name: "重点县".to_owned(), industries: false, codes });
    let day = |text| Date::parse(text).expect("a day");
    let rate = |n| Ratio::new(n, 1000).expect("not zero");
    let rows = vec![(day("2019-08-20"), Code::ALL, rate(42)), (day("2026-05-20"), Code::ALL, rate(30))];
    c.params.insert(0, Param { name: "LPR".to_owned(), dimension: Dimension::Share, rows });
    c
}

const REGIONS: [(&str, &str); 4] =
    [("130000", "河北省"), ("130100", "石家庄市"), ("130800", "承德市"), ("140000", "山西省")];

fn measure() -> Measure {
    Measure { base_year: Some(2026), subject: Scope::Project, ..Measure::new("m") }
}

fn names<'a>(catalogue: &'a Catalogue, aliases: &'a Aliases) -> Names<'a> {
    Names { catalogue, aliases, subject: Scope::Project }
}

fn texts() -> Vec<String> {
    vec!["设备先进".to_owned(), "团队稳定".to_owned()]
}

fn today() -> Date {
    Date::parse("2026-11-22").expect("a day")
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![Just(Op::Ge), Just(Op::Le), Just(Op::Gt), Just(Op::Lt), Just(Op::Eq), Just(Op::Ne)]
}

fn wan(n: i128) -> Expr {
    Expr::Const(Ratio::int(n * 1_000_000), Dimension::YUAN)
}

fn percent(n: i128) -> Expr {
    Expr::Const(Ratio::new(n, 100).expect("not zero"), Dimension::Share)
}

fn years() -> impl Strategy<Value = Years> {
    prop_oneof![
        (2u8..4).prop_map(Years::Last),
        Just(Years::Fixed(2023, 2025)),
        Just(Years::Fixed(2024, 2025))
    ]
}

/// The window that two sides of one comparison share.
const WINDOW: Years = Years::Last(3);

fn days() -> Period {
    let day = |text| Date::parse(text).expect("a day");
    Period::Days(day("2024-07-01"), day("2025-06-30"))
}

/// Periods whose value is one number.
fn period() -> impl Strategy<Value = Period> {
    let sums =
        prop_oneof![Just(Aggregate::Sum), Just(Aggregate::Mean), Just(Aggregate::Max), Just(Aggregate::Min)];
    prop_oneof![
        4 => (0u8..4).prop_map(|n| Period::Year(Year::Back(n))),
        1 => Just(Period::Year(Year::Fixed(2024))),
        1 => (1u8..3).prop_map(|n| Period::Delta(Year::Back(n))),
        2 => (years(), sums, any::<bool>()).prop_map(|(y, a, e)| Period::Over(y, a, e)),
        1 => Just(days()),
        1 => any::<bool>().prop_map(|mean| Period::Months(12, mean)),
        1 => Just(Period::Until(Date::parse("2025-12-31").expect("a day"))),
        1 => Just(Period::Peak),
    ]
}

/// Amounts, where the authority may decide within a range.
fn amount() -> impl Strategy<Value = Expr> {
    let range = (0i128..20, 0i128..20).prop_map(|(a, b)| Expr::Range(Box::new(wan(a)), Box::new(wan(a + b))));
    money(prop_oneof![3 => figure(), 1 => range].boxed())
}

fn figure() -> BoxedStrategy<Expr> {
    prop_oneof![
        2 => (0i128..50).prop_map(wan),
        3 => period().prop_map(|p| Expr::Fact(REVENUE, p)),
        3 => period().prop_map(|p| Expr::Fact(PROFIT, p)),
        1 => Just(Expr::Fact(INVESTMENT, Period::None)),
        1 => Just(Expr::Arith(
            Arith::Mul,
            Box::new(Expr::Fact(INVESTMENT, Period::None)),
            Box::new(Expr::Param(0, None)),
        )),
    ]
    .boxed()
}

/// Money from these leaves: sums, shares, bands, choices.
fn money(leaf: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    leaf.prop_recursive(3, 12, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(a, b)| Expr::Arith(Arith::Add, Box::new(a), Box::new(b))),
            pair.clone().prop_map(|(a, b)| Expr::Arith(Arith::Sub, Box::new(a), Box::new(b))),
            (inner.clone(), 1i128..100).prop_map(|(a, n)| Expr::Arith(
                Arith::Mul,
                Box::new(a),
                Box::new(percent(n))
            )),
            pair.clone().prop_map(|(a, b)| Expr::Call(Func::Min, vec![a, b])),
            pair.clone().prop_map(|(a, b)| Expr::Call(Func::Max, vec![a, b])),
            inner.clone().prop_map(|a| Expr::Call(Func::NonNegative, vec![a])),
            (inner.clone(), 1i128..40, inner.clone(), inner.clone()).prop_map(|(key, n, a, b)| {
                let bound = Ratio::int(n * 1_000_000);
                Expr::Pick(Box::new(key), vec![(Head::Compare(Op::Lt, bound), a), (Head::Otherwise, b)])
            }),
            (1i128..40, 0i128..90, 0i128..90).prop_map(|(n, a, b)| {
                // The same figure chooses the rate and is multiplied by it.
                let key = Expr::Fact(INVESTMENT, Period::None);
                let bound = Ratio::int(n * 1_000_000);
                let rows = vec![(Head::Compare(Op::Lt, bound), percent(a)), (Head::Otherwise, percent(b))];
                Expr::Arith(Arith::Mul, Box::new(key.clone()), Box::new(Expr::Pick(Box::new(key), rows)))
            }),
            (inner.clone(), 1i128..40, 0i128..30, 0i128..30).prop_map(|(key, n, a, b)| {
                let bound = Ratio::int(n * 1_000_000);
                let key = Expr::Call(Func::NonNegative, vec![key]);
                let rows = vec![(Head::Compare(Op::Le, bound), percent(a)), (Head::Otherwise, percent(b))];
                Expr::Slices(Box::new(key), rows)
            }),
            (pair.0, pair.1).prop_map(|(a, b)| Expr::If(
                Box::new(Expr::Flag(LEGAL)),
                Box::new(a),
                Box::new(b)
            )),
        ]
    })
}

fn item() -> impl Strategy<Value = Item> {
    let when = prop_oneof![
        Just(When::Valid),
        Just(When::Ever),
        (0u8..3).prop_map(|n| When::In(Year::Back(n))),
        (1u8..6).prop_map(When::Within),
    ];
    let levels = prop_oneof![Just(0u8), Just(1), Just(2), Just(4), Just(3), Just(6), Just(7)];
    let rank = prop_oneof![3 => Just(0u8), 1 => 1u8..5];
    let first = prop::option::weighted(0.2, any::<bool>());
    (0u16..3, levels, when, rank, first).prop_map(|(item, levels, when, rank, first)| Item {
        item,
        levels,
        when,
        rank,
        first,
    })
}

fn has() -> impl Strategy<Value = Expr> {
    (proptest::collection::vec(item(), 1..4), 0u8..4).prop_map(|(items, mode)| {
        let mode = match (mode, items.len()) {
            (0, _) | (_, 1) if mode != 2 => Mode::Any,
            (1, _) => Mode::All,
            (2, _) => Mode::None,
            (_, n) => Mode::AtLeast((n as u8).min(2)),
        };
        Expr::Has(TITLES, mode, items)
    })
}

fn compared(op: Op, a: Expr, b: Expr) -> Expr {
    Expr::Compare(op, Box::new(a), Box::new(b))
}

fn leaf(verify: bool) -> BoxedStrategy<Expr> {
    let each = prop_oneof![Just(Aggregate::Each), Just(Aggregate::Any)];
    let plain = prop_oneof![
        Just(Expr::Flag(LEGAL)),
        Just(Expr::Flag(STARTED)),
        (ops(), money(figure()), 0i128..50).prop_map(|(op, a, n)| compared(op, a, wan(n))),
        (0i128..300, ops()).prop_map(|(n, op)| {
            let bound = Expr::Const(Ratio::int(n), Dimension::count(0));
            compared(op, Expr::Fact(STAFF, Period::None), bound)
        }),
        (ops(), each, any::<bool>(), 0i128..40).prop_map(|(op, each, existing, n)| {
            compared(op, Expr::Fact(REVENUE, Period::Over(WINDOW, each, existing)), wan(n))
        }),
        (ops(), 0i128..40).prop_map(|(op, n)| {
            let growth = Period::Growth(Year::Back(1));
            compared(op, Expr::Fact(REVENUE, growth), percent(n))
        }),
        (prop_oneof![Just(Op::Ge), Just(Op::Gt), Just(Op::Le), Just(Op::Lt)], 0i128..40).prop_map(
            |(op, n)| {
                let rate = Period::Over(Years::Last(2), Aggregate::Compound, false);
                compared(op, Expr::Fact(REVENUE, rate), percent(n))
            }
        ),
        (years(), any::<bool>()).prop_map(|(y, existing)| Expr::Rising(PROFIT, y, existing)),
        (1i128..120, ops()).prop_map(|(n, op)| {
            compared(op, Expr::Fact(AGE, Period::None), Expr::Const(Ratio::int(n), Dimension::MONTHS))
        }),
        (1i128..120, ops()).prop_map(|(n, op)| {
            let since = Expr::Call(Func::Since, vec![Expr::Fact(FOUNDED, Period::None)]);
            compared(op, since, Expr::Const(Ratio::int(n), Dimension::MONTHS))
        }),
        (0i128..20, 0i128..20).prop_map(|(a, b)| {
            let x = Expr::Fact(REVENUE, Period::Year(Year::Back(1)));
            Expr::Between(Box::new(x), Box::new(wan(a)), Box::new(wan(a + b)))
        }),
        (0u16..3, any::<bool>()).prop_map(|(o, no)| Expr::In(KIND, Members::Options(vec![o]), no)),
        (0usize..4, any::<bool>()).prop_map(|(i, no)| {
            let code = Code::region(REGIONS[i].0).expect("six digits");
            Expr::In(SEAT, Members::Codes(Vec::new(), vec![code]), no)
        }),
        any::<bool>().prop_map(|no| Expr::In(SEAT, Members::Codes(vec![0], Vec::new()), no)),
        has(),
        any::<bool>().prop_map(|no| {
            let mode = if no { Mode::None } else { Mode::Any };
            Expr::Has(ROSTERS, mode, vec![Item::any(ROSTER)])
        }),
        prop_oneof![Just(When::Ever), Just(When::In(Year::Back(1))), Just(When::Within(3))]
            .prop_map(|when| { Expr::Has(PAID, Mode::None, vec![Item { when, ..Item::any(PROGRAMME) }]) }),
        (any::<bool>(), 0i128..40, any::<bool>()).prop_map(|(every, n, both)| {
            let quantifier = if every { Quantifier::Every } else { Quantifier::Some };
            let rule = compared(Op::Ge, Expr::Fact(INVESTMENT, Period::None), wan(n));
            let rule = if both { and(vec![rule, Expr::Flag(STARTED)]) } else { rule };
            Expr::Records(quantifier, Scope::Project, Box::new(rule))
        }),
        (ops(), 0i128..4).prop_map(|(op, n)| {
            let unit = huiqi_engine::unit::COUNT_UNITS.iter().position(|u| *u == "个").expect("个 is a unit");
            let bound = Expr::Const(Ratio::int(n), Dimension::count(unit as u8));
            compared(op, Expr::Tally(Scope::Project, Box::new(Expr::Flag(STARTED))), bound)
        }),
        (0u16..2).prop_map(Expr::Promise),
    ];
    if verify {
        prop_oneof![4 => plain, 2 => (0u16..2).prop_map(Expr::Verify)].boxed()
    } else {
        plain.boxed()
    }
}

/// Joins as reading does: no 且 directly inside 且.
fn and(parts: Vec<Expr>) -> Expr {
    let flat = parts.into_iter().flat_map(|p| match p {
        Expr::And(list) => list,
        other => vec![other],
    });
    Expr::And(flat.collect())
}

fn or(parts: Vec<Expr>) -> Expr {
    let flat = parts.into_iter().flat_map(|p| match p {
        Expr::Or(list) => list,
        other => vec![other],
    });
    Expr::Or(flat.collect())
}

fn rule() -> impl Strategy<Value = Expr> {
    leaf(true).prop_recursive(3, 16, 3, |inner| {
        let list = proptest::collection::vec(inner, 2..4);
        prop_oneof![
            list.clone().prop_map(and),
            list.clone().prop_map(or),
            (list, 1u8..3).prop_map(|(list, k)| Expr::KOf(Quota::AtLeast, k, list)),
            (leaf(false), leaf(false)).prop_map(|(a, b)| Expr::Not(Box::new(or(vec![a, b])))),
            (leaf(false), leaf(false), 1u8..3).prop_map(|(a, b, k)| Expr::KOf(
                if k == 1 { Quota::AtMost } else { Quota::Exactly },
                k,
                vec![a, b]
            )),
        ]
    })
}

/// Everything about a firm. Part of it makes a firm of which less is known.
#[derive(Debug, Clone)]
struct Known {
    answers: Vec<(Key, Answer)>,
    projects: u8,
}

/// Bits that choose what is known: one per answer, then one for 没有其他项目.
type Mask = Vec<bool>;

const BITS: usize = 64;

fn mask() -> impl Strategy<Value = Mask> {
    proptest::collection::vec(any::<bool>(), BITS)
}

impl Known {
    fn firm(&self, mask: &[bool]) -> Firm {
        let mut firm = Firm::default();
        let closed = mask[BITS - 1];
        let count = if closed || mask[BITS - 2] { self.projects } else { self.projects.saturating_sub(1) };
        firm.set_records(Scope::Project, Records { count, closed });
        for ((key, answer), keep) in self.answers.iter().zip(mask) {
            if *keep && key.record <= count {
                firm.set(*key, answer.clone());
            }
        }
        firm
    }

    fn all(&self) -> Firm {
        self.firm(&[true; BITS])
    }

    /// Whether every year that rules speak of has passed since the firm was founded.
    fn is_old(&self) -> bool {
        let limit = Ratio::int(i128::from(Date::parse("2020-01-01").expect("a day").days()));
        self.answers.iter().any(|(key, answer)| match answer {
            Answer::Number(day) => key.fact == FOUNDED && day.hi.is_some_and(|hi| hi <= limit),
            _ => false,
        })
    }
}

/// A firm of which every fact is known; its seat no coarser than any rule asks, its figures no older than itself.
fn full_firm() -> impl Strategy<Value = Known> {
    let money = proptest::collection::vec(-30i128..60, 24);
    let held = proptest::collection::vec((any::<bool>(), 0u8..3, 2020u16..2027, 1u8..6, any::<bool>()), 3);
    let founded = prop_oneof![Just("2012-05-01"), Just("2024-01-01"), Just("2024-07-01"), Just("2026-02-01")];
    let projects = proptest::collection::vec((0i128..50, any::<bool>()), 1..4);
    let sets = (any::<bool>(), any::<bool>(), 2022u16..2027);
    (money, 0i128..400, any::<bool>(), 0u64..3, 1usize..4, held, founded, projects, sets).prop_map(
        |(money, staff, legal, kind, seat, held, founded, projects, sets)| {
            build(&money, staff, legal, kind, seat, &held, founded, &projects, sets)
        },
    )
}

type HeldRow = (bool, u8, u16, u8, bool);

#[expect(clippy::too_many_arguments, reason = "one per kind of fact")]
fn build(
    money: &[i128],
    staff: i128,
    legal: bool,
    kind: u64,
    seat: usize,
    held: &[HeldRow],
    founded: &str,
    projects: &[(i128, bool)],
    sets: (bool, bool, u16),
) -> Known {
    let point = |n: i128| Answer::Number(Interval::point(Ratio::int(n)));
    let founded = Date::parse(founded).expect("a day");
    let mut answers = Vec::new();
    for back in 0..6u16 {
        let at = usize::from(back);
        if founded.year() <= i32::from(2026 - back) {
            answers.push((Key::year(REVENUE, 2026 - back), point(money[at].max(0) * 1_000_000)));
            answers.push((Key::year(PROFIT, 2026 - back), point(money[at + 6] * 1_000_000)));
        }
    }
    let day = |text| Date::parse(text).expect("a day");
    let months = Span::Days(day("2025-11-01"), day("2026-10-31"));
    for (at, span) in [
        (12, Span::Days(day("2024-07-01"), day("2025-06-30"))),
        (13, months),
        (14, Span::Until(day("2025-12-31"))),
    ] {
        for (fact, least) in [(REVENUE, 0), (PROFIT, -30)] {
            answers.push((Key { fact, span, record: 0 }, point(money[at].max(least) * 1_000_000)));
        }
    }
    let earlier_years = founded.year() < 2025;
    for fact in [REVENUE, PROFIT].into_iter().filter(|_| earlier_years) {
        // No lower than any year before 2025.
        let earlier = answers.iter().filter_map(|(key, answer)| match (key.span, answer) {
            (Span::Year(year), Answer::Number(value)) if key.fact == fact && year < 2025 => value.lo,
            _ => None,
        });
        let peak = earlier.chain([Ratio::int(money[15].max(0) * 1_000_000)]).max().expect("one");
        let key = Key { fact, span: Span::PeakBefore(2025), record: 0 };
        answers.push((key, Answer::Number(Interval::point(peak))));
    }
    answers.push((Key::plain(STAFF), point(staff)));
    answers.push((Key::plain(LEGAL), Answer::Flag(legal)));
    answers.push((Key::plain(KIND), Answer::Choice(1 << kind)));
    answers.push((Key::plain(SEAT), Answer::Code(Code::region(REGIONS[seat].0).expect("six digits"))));
    let founded = Ratio::int(i128::from(founded.days()));
    answers.push((Key::plain(FOUNDED), Answer::Number(Interval::point(founded))));
    let items: LiteMap<u16, Held> = held
        .iter()
        .enumerate()
        .map(|(no, (yes, level, year, rank, first))| {
            let held = Held {
                yes: *yes,
                level: Some(*level),
                year: Some(*year),
                rank: Some(*rank),
                first: Some(*first),
            };
            (no as u16, held)
        })
        .collect();
    answers.push((Key::plain(TITLES), Answer::Set { items, closed: true }));
    let one = |no, yes, year| {
        let held = Held { yes, year, ..Held::default() };
        Answer::Set { items: [(no, held)].into_iter().collect(), closed: true }
    };
    answers.push((Key::plain(PAID), one(PROGRAMME, sets.0, Some(sets.2))));
    answers.push((Key::plain(ROSTERS), one(ROSTER, sets.1, None)));
    for (at, (investment, started)) in projects.iter().enumerate() {
        let record = at as u8 + 1;
        answers.push((Key::plain(INVESTMENT).of_record(record), point(*investment * 1_000_000)));
        answers.push((Key::plain(STARTED).of_record(record), Answer::Flag(*started)));
    }
    assert!(answers.len() <= BITS - 2, "more answers than bits");
    Known { answers, projects: projects.len() as u8 }
}

fn truth(expr: &Expr, firm: &Firm) -> Truth {
    let (catalogue, measure) = (catalogue(), measure());
    Evaluator::new(&measure, &catalogue, firm, today()).truth(expr).expect("small numbers do not overflow")
}

fn number(expr: &Expr, firm: &Firm) -> Interval {
    let (catalogue, measure) = (catalogue(), measure());
    Evaluator::new(&measure, &catalogue, firm, today()).number(expr).expect("small numbers do not overflow")
}

/// The rule with every confirmation replaced by a plain fact: 核实, and a title that was told with a later year or a
/// higher level than asked. In what is negated the fact is, too, so that a confirmation never harms. `None` where such
/// a title decides about a number.
fn cut(expr: &Expr, firm: &Firm, positive: bool) -> Option<Expr> {
    let confirmed = || Expr::Flag(CONFIRMED);
    let single = |fact: u16, item: Item| Expr::Has(fact, Mode::Any, vec![item]);
    let untold = |fact: u16, item: Item| truth(&single(fact, item), firm) == Truth::Confirm;
    let all =
        |list: &[Expr], positive| list.iter().map(|e| cut(e, firm, positive)).collect::<Option<Vec<_>>>();
    Some(match expr {
        Expr::Verify(_) => confirmed(),
        Expr::Has(fact, mode, items) if items.iter().any(|i| untold(*fact, *i)) => {
            let leaf = |item: &Item, positive: bool| match (untold(*fact, *item), positive) {
                (false, _) => single(*fact, *item),
                (true, true) => confirmed(),
                (true, false) => Expr::Not(Box::new(confirmed())),
            };
            let leaves = |positive| items.iter().map(|i| leaf(i, positive)).collect::<Vec<_>>();
            match mode {
                Mode::Any => Expr::Or(leaves(positive)),
                Mode::All => Expr::And(leaves(positive)),
                Mode::AtLeast(k) => Expr::KOf(Quota::AtLeast, *k, leaves(positive)),
                Mode::None => Expr::Not(Box::new(Expr::Or(leaves(!positive)))),
            }
        }
        Expr::Not(inner) => Expr::Not(Box::new(cut(inner, firm, !positive)?)),
        Expr::And(list) => Expr::And(all(list, positive)?),
        Expr::Or(list) => Expr::Or(all(list, positive)?),
        Expr::KOf(Quota::AtLeast, k, list) => Expr::KOf(Quota::AtLeast, *k, all(list, positive)?),
        Expr::KOf(Quota::AtMost, k, list) => Expr::KOf(Quota::AtMost, *k, all(list, !positive)?),
        Expr::KOf(Quota::Exactly, k, list) => Expr::And(vec![
            Expr::KOf(Quota::AtLeast, *k, all(list, positive)?),
            Expr::KOf(Quota::AtMost, *k, all(list, !positive)?),
        ]),
        Expr::Records(quantifier, scope, rule) => {
            Expr::Records(*quantifier, *scope, Box::new(cut(rule, firm, positive)?))
        }
        other => {
            let mut decides = false;
            other.walk(&mut |e| {
                if let Expr::Has(fact, _, items) = e {
                    decides |= items.iter().any(|i| untold(*fact, *i));
                }
            });
            if decides {
                return None;
            }
            other.clone()
        }
    })
}

/// Rules that stay open for some firms of which all is known: growth from nothing, no full year.
fn may_stay_open(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| {
        found |= matches!(e, Expr::Fact(_, Period::Growth(_) | Period::Over(_, Aggregate::Compound, _)));
    });
    found
}

/// Whether a rule speaks of all records of the firm, not of one.
fn quantified(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= matches!(e, Expr::Records(..) | Expr::Tally(..)));
    found
}

fn row(rule: Expr) -> Condition {
    Condition { kind: RowKind::Rule, rule, guard: None, basis: 0, note: None }
}

proptest! {
    #[test]
    fn printed_rules_read_back(expr in rule()) {
        let catalogue = catalogue();
        let text = print_expr(&expr, &catalogue, &texts());
        let again = compile_rule(&text, names(&catalogue, &Aliases::default()), &mut texts()).into_result();
        let again = again.map_err(|e| TestCaseError::fail(format!("{text}: {}", e.message)))?;
        prop_assert_eq!(&again, &expr, "{}", text);
    }

    #[test]
    fn printed_amounts_read_back(expr in amount()) {
        let catalogue = catalogue();
        let text = print_expr(&expr, &catalogue, &texts());
        let again = compile_amount(&text, names(&catalogue, &Aliases::default()), &mut texts()).into_result();
        let again = again.map_err(|e| TestCaseError::fail(format!("{text}: {}", e.message)))?;
        prop_assert_eq!(&again, &expr, "{}", text);
    }

    #[test]
    fn compiled_rules_read_back(expr in rule()) {
        let mut w = Writer::new();
        expr.encode(&mut w);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(Expr::decode(&mut r), Ok(expr));
        prop_assert_eq!(r.end(), Ok(()));
    }

    /// A flipped bit gives an error or another rule, which decides or fails, but never a panic.
    #[test]
    fn damaged_rules_never_panic(expr in rule(), at in any::<prop::sample::Index>(), bit in 0u8..8, known in full_firm()) {
        let mut w = Writer::new();
        expr.encode(&mut w);
        let mut bytes = w.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(damaged) = Expr::decode(&mut Reader::new(&bytes)) {
            let (firm, catalogue, mut measure) = (known.all(), catalogue(), measure());
            let mut e = Evaluator::new(&measure, &catalogue, &firm, today());
            let _ = e.truth(&damaged);
            let _ = e.number(&damaged);
            let _ = print_expr(&damaged, &catalogue, &texts());
            measure.benefit.amount = Some(damaged.clone());
            measure.conditions.push(row(damaged));
            let _ = evaluate(&measure, &catalogue, &firm, today());
            let card = Card { summary: String::new(), texts: texts() };
            let _ = huiqi_engine::explain::explain(&measure, &card, &catalogue, &firm, today());
            let _ = huiqi_engine::explain::steps(&measure, &card, &catalogue, &firm, today());
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\PC「」《》\\[\\](){}、，：；≥≤→~.0-9万元年且或非有 ]{0,60}") {
        let catalogue = catalogue();
        let aliases = Aliases::default();
        for compile in [compile_rule, compile_amount] {
            let compiled = compile(&text, names(&catalogue, &aliases), &mut Vec::new());
            // A rule or a reason, and every place lies in the line.
            prop_assert_eq!(compiled.expr.is_none(), compiled.problems.iter().any(|p| !p.warning));
            for problem in &compiled.problems {
                prop_assert!(problem.span.start <= problem.span.end && problem.span.end <= text.chars().count(), "{:?}", problem);
            }
        }
    }

    /// What is decided stays decided, whatever else becomes known.
    #[test]
    fn more_facts_never_undo_a_verdict(expr in rule(), known in full_firm(), keep in mask(), also in mask()) {
        let less = truth(&expr, &known.firm(&keep));
        let between: Mask = keep.iter().zip(&also).map(|(a, b)| *a || *b).collect();
        for more in [truth(&expr, &known.firm(&between)), truth(&expr, &known.all())] {
            match less {
                Truth::True | Truth::False => prop_assert_eq!(more, less),
                Truth::Confirm => prop_assert!(more >= Truth::Confirm, "{:?}", more),
                Truth::Unknown => {}
            }
        }
        if known.is_old() && !may_stay_open(&expr) {
            let all = truth(&expr, &known.all());
            prop_assert_ne!(all, Truth::Unknown, "nothing is missing in {}", print_expr(&expr, &catalogue(), &texts()));
        }
    }

    /// Facts that are said to be missing can change the rule; when none is, nothing else can.
    #[test]
    fn only_missing_facts_matter(expr in rule(), known in full_firm(), keep in mask()) {
        let (catalogue, measure) = (catalogue(), measure());
        let some = known.firm(&keep);
        let mut e = Evaluator::new(&measure, &catalogue, &some, today());
        let less = e.truth(&expr).expect("small numbers do not overflow");
        let missing = e.take_missing();
        if less == Truth::Unknown && known.is_old() && !may_stay_open(&expr) {
            prop_assert!(!missing.is_empty(), "{}", print_expr(&expr, &catalogue, &texts()));
        }
        if missing.is_empty() {
            prop_assert_eq!(truth(&expr, &known.all()), less, "{}", print_expr(&expr, &catalogue, &texts()));
        }
    }

    /// F < H < T is exactly evaluation with every confirmation taken both ways.
    #[test]
    fn the_chain_equals_evaluation_by_cuts(expr in rule(), known in full_firm()) {
        let mut firm = known.all();
        let chain = truth(&expr, &firm);
        let Some(plain) = cut(&expr, &firm, true) else { return Ok(()) };
        firm.set(Key::plain(CONFIRMED), Answer::Flag(false));
        let refused = truth(&plain, &firm);
        firm.set(Key::plain(CONFIRMED), Answer::Flag(true));
        let confirmed = truth(&plain, &firm);
        let expected = match (confirmed, refused) {
            (_, Truth::True) => Truth::True,
            (Truth::False, _) => Truth::False,
            (Truth::True, _) => Truth::Confirm,
            (_, Truth::False) => Truth::Unknown,
            (_, refused) => refused,
        };
        prop_assert_eq!(chain, expected);
    }

    #[test]
    fn the_interval_contains_every_result(expr in amount(), known in full_firm(), keep in mask()) {
        let wide = number(&expr, &known.firm(&keep));
        let narrow = number(&expr, &known.all());
        let below = wide.lo.is_none_or(|lo| narrow.lo.is_some_and(|n| lo <= n));
        let above = wide.hi.is_none_or(|hi| narrow.hi.is_some_and(|n| n <= hi));
        prop_assert!(below && above, "{:?} does not contain {:?}", wide, narrow);
    }

    /// The same for whole sums, cut at the edges of bands, capped and added over projects.
    #[test]
    fn the_sum_contains_every_result(
        formula in amount(),
        cap in 1i128..80,
        floor in prop::option::of(0i128..5),
        known in full_firm(),
        keep in mask(),
    ) {
        let (catalogue, mut measure) = (catalogue(), measure());
        // Of one project only: others may come on top.
        measure.subject = Scope::Firm;
        measure.benefit = Benefit {
            amount: Some(Expr::Call(Func::NonNegative, vec![formula])),
            caps: vec![(CapScope::Firm, wan(cap))],
            floor: floor.map(wan),
            ..measure.benefit
        };
        let mut partial = known.firm(&keep);
        let mut full = known.all();
        for firm in [&mut partial, &mut full] {
            let told = firm.records(Scope::Project);
            firm.set_records(Scope::Project, Records { count: told.count.max(1), ..told });
        }
        let of = |firm: &Firm| Evaluator::new(&measure, &catalogue, firm, today()).amount(&measure);
        let wide = of(&partial).expect("small numbers do not overflow").expect("it pays");
        let narrow = of(&full).expect("small numbers do not overflow").expect("it pays");
        prop_assert!(wide.low <= narrow.low, "{:?} {:?}", wide, narrow);
        prop_assert!(wide.high.is_none_or(|hi| narrow.high.is_some_and(|n| n <= hi)), "{:?} {:?}", wide, narrow);
        prop_assert!(wide.low >= 0 && wide.high.is_some_and(|hi| hi <= cap * 1_000_000));
    }

    /// The quick way through a whole table gives the verdicts of the slow one.
    #[test]
    fn a_table_decides_like_its_measures(
        rules in proptest::collection::vec((rule(), prop::option::of(leaf(false)), 0u8..3), 1..6),
        known in full_firm(),
        keep in mask(),
    ) {
        let catalogue = catalogue();
        let mut measures = Vec::new();
        for (at, (rule, guard, kind)) in rules.into_iter().enumerate() {
            let mut m = measure();
            // Other years, other last days, and firms as well as projects.
            m.subject = if kind == 0 { Scope::Project } else { Scope::Firm };
            m.base_year = Some(2025 + u16::from(kind == 1));
            m.schedule.closes = Date::new(2026, 12, 1 + at as u32);
            m.conditions.push(Condition { guard, ..row(rule.clone()) });
            m.conditions.push(row(or(vec![rule, Expr::Flag(LEGAL)])));
            measures.push(m);
        }
        let decider = Decider::new(&measures, &catalogue, today());
        let mut memory = Memory::default();
        for firm in [known.firm(&keep), known.all(), Firm::default()] {
            let found = decider.verdicts(&measures, &catalogue, &firm, &mut memory);
            for (measure, found) in measures.iter().zip(found) {
                let one = evaluate(measure, &catalogue, &firm, today()).map(|o| o.verdict);
                prop_assert_eq!(found, one.ok());
            }
        }
        // Measure by measure it is the same.
        let mut builder = Builder::new(today());
        for measure in &measures {
            builder.add(std::slice::from_ref(measure), &catalogue);
        }
        prop_assert_eq!(builder.taken(), measures.len());
        let (firm, slow) = (known.firm(&keep), builder.finish());
        let mut draft = Draft::new(&slow, &measures, &catalogue, &firm);
        while !draft.is_done() {
            draft.step(&measures, &catalogue, &firm, 1);
        }
        let whole = report(&decider, &measures, &catalogue, &firm);
        prop_assert_eq!(draft.finish(&measures, &catalogue, &firm), whole);
    }

    /// A saved profile decides like the firm it was saved from, and is saved the same again.
    #[test]
    fn saved_profiles_decide_alike(expr in rule(), known in full_firm(), keep in mask()) {
        let catalogue = catalogue();
        let firm = known.firm(&keep);
        let text = profile::write(&firm, &catalogue);
        let (again, problems) = profile::read(&text, &catalogue).expect("what was written");
        prop_assert!(problems.is_empty(), "{:?} in {}", problems, text);
        prop_assert_eq!(profile::write(&again, &catalogue), text.clone());
        prop_assert_eq!(truth(&expr, &again), truth(&expr, &firm), "{}", text);
    }

    /// A measure for projects: the best project decides, and one more project never makes it worse.
    #[test]
    fn another_project_never_hurts(
        expr in leaf(true).prop_filter("about one project", |expr| !quantified(expr)),
        known in full_firm(),
        keep in mask(),
    ) {
        let (catalogue, mut measure) = (catalogue(), measure());
        measure.conditions.push(row(expr));
        let mut fewer = keep.clone();
        (fewer[BITS - 1], fewer[BITS - 2]) = (false, false);
        let mut more = keep;
        (more[BITS - 1], more[BITS - 2]) = (false, true);
        let of = |firm: &Firm| evaluate(&measure, &catalogue, firm, today()).expect("small numbers").verdict;
        prop_assert!(of(&known.firm(&more)) <= of(&known.firm(&fewer)));
    }
}
