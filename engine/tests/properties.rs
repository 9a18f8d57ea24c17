//! What must hold for every rule, amount and firm, tried on random ones.

use huiqi_engine::LiteMap;
use huiqi_engine::catalogue::{Catalogue, Code, Fact, FactType, Qualification};
use huiqi_engine::codec::{Reader, Writer};
use huiqi_engine::date::Date;
use huiqi_engine::eval::{Evaluator, Truth};
use huiqi_engine::firm::{Answer, Firm, Held, Key};
use huiqi_engine::measure::Measure;
use huiqi_engine::num::{Interval, Ratio};
use huiqi_engine::rule::{
    Aliases, Arith, Expr, Func, Head, Item, Members, Mode, Op, Period, Quota, When, Year, check_amount,
    check_rule, parse, print_expr,
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

fn fact(name: &str, kind: FactType, unit: &str, yearly: bool, signed: bool, options: &[&str]) -> Fact {
    Fact {
        id: name.to_owned(),
        name: name.to_owned(),
        kind,
        unit: unit.to_owned(),
        yearly,
        signed,
        core: false,
        derived: None,
        question: String::new(),
        help: String::new(),
        options: options.iter().map(|o| (*o).to_owned()).collect(),
    }
}

fn catalogue() -> Catalogue {
    let mut c = Catalogue::default();
    let facts = [
        fact("营业收入", FactType::Money, "万元", true, false, &[]),
        fact("净利润", FactType::Money, "万元", true, true, &[]),
        fact("职工总数", FactType::Count, "人", false, false, &[]),
        fact("独立法人", FactType::Flag, "", false, false, &[]),
        fact("主体类型", FactType::Choice, "", false, false, &["企业", "合伙企业", "个体工商户"]),
        fact("注册地", FactType::Region, "", false, false, &[]),
        fact("资质", FactType::Qualifications, "", false, false, &[]),
        fact("已确认", FactType::Flag, "", false, false, &[]),
    ];
    c.facts = facts.into_iter().enumerate().map(|(no, f)| (no as u16, f)).collect();
    let levels = ["国家级", "省级", "市级"].map(str::to_owned).to_vec();
    for (no, name) in ["甲资质", "乙资质", "丙资质"].into_iter().enumerate() {
        let implies = if no == 0 { vec![1] } else { Vec::new() };
        let row = Qualification {
            id: name.to_owned(),
            name: name.to_owned(),
            levels: levels.clone(),
            valid_years: 3,
            implies,
        };
        c.qualifications.insert(no as u16, row);
    }
    for (code, name) in REGIONS {
        c.regions.insert(Code::region(code).expect("six digits"), name);
    }
    c
}

const REGIONS: [(&str, &str); 4] =
    [("130000", "河北省"), ("130100", "石家庄市"), ("130800", "承德市"), ("140000", "山西省")];

fn measure() -> Measure {
    Measure { base_year: Some(2026), ..Measure::new("m") }
}

fn texts() -> Vec<String> {
    vec!["设备先进".to_owned(), "团队稳定".to_owned()]
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

fn period() -> impl Strategy<Value = Period> {
    (0u8..4).prop_map(|n| Period::Year(Year::Back(n)))
}

/// Amounts, where the authority may decide within a range.
fn amount() -> impl Strategy<Value = Expr> {
    let range = (0i128..20, 0i128..20).prop_map(|(a, b)| Expr::Range(Box::new(wan(a)), Box::new(wan(a + b))));
    money(prop_oneof![3 => figure(), 1 => range].boxed())
}

fn figure() -> BoxedStrategy<Expr> {
    prop_oneof![
        (0i128..50).prop_map(wan),
        period().prop_map(|p| Expr::Fact(REVENUE, p)),
        period().prop_map(|p| Expr::Fact(PROFIT, p)),
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
    let levels = prop_oneof![Just(0u8), Just(1), Just(2), Just(4), Just(3), Just(7)];
    (0u16..3, levels, when).prop_map(|(item, levels, when)| Item { item, levels, when })
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

fn leaf(verify: bool) -> BoxedStrategy<Expr> {
    let plain = prop_oneof![
        Just(Expr::Flag(LEGAL)),
        (ops(), money(figure()), 0i128..50).prop_map(|(op, a, n)| Expr::Compare(
            op,
            Box::new(a),
            Box::new(wan(n))
        )),
        (0i128..300, ops()).prop_map(|(n, op)| {
            let unit = Dimension::Count(0);
            let bound = Box::new(Expr::Const(Ratio::int(n), unit));
            Expr::Compare(op, Box::new(Expr::Fact(STAFF, Period::None)), bound)
        }),
        (0u16..3, any::<bool>()).prop_map(|(o, no)| Expr::In(KIND, Members::Options(vec![o]), no)),
        (0usize..4, any::<bool>()).prop_map(|(i, no)| {
            let code = Code::region(REGIONS[i].0).expect("six digits");
            Expr::In(SEAT, Members::Codes(vec![code]), no)
        }),
        has(),
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

/// A firm of which every fact is known; its seat no coarser than any rule asks.
fn full_firm() -> impl Strategy<Value = Vec<(Key, Answer)>> {
    let point = |n: i128| Answer::Number(Interval::point(Ratio::int(n)));
    let money = proptest::collection::vec(-30i128..60, 8);
    let held = proptest::collection::vec((any::<bool>(), 0u8..3, 2020u16..2027), 3);
    (money, 0i128..400, any::<bool>(), 0u64..3, 1usize..4, held).prop_map(
        move |(money, staff, legal, kind, seat, held)| {
            let mut answers = Vec::new();
            for back in 0..4u16 {
                let at = usize::from(back);
                answers.push(((REVENUE, 2026 - back), point(money[at].max(0) * 1_000_000)));
                answers.push(((PROFIT, 2026 - back), point(money[at + 4] * 1_000_000)));
            }
            answers.push(((STAFF, 0), point(staff)));
            answers.push(((LEGAL, 0), Answer::Flag(legal)));
            answers.push(((KIND, 0), Answer::Choice(1 << kind)));
            answers.push(((SEAT, 0), Answer::Code(Code::region(REGIONS[seat].0).expect("six digits"))));
            let items: LiteMap<u16, Held> = held
                .into_iter()
                .enumerate()
                .map(|(no, (yes, level, year))| {
                    (no as u16, Held { yes, level: Some(level), year: Some(year) })
                })
                .collect();
            answers.push(((TITLES, 0), Answer::Set { items, closed: true }));
            answers
        },
    )
}

fn firm(answers: &[(Key, Answer)], keep: &[bool]) -> Firm {
    let mut firm = Firm::default();
    for ((key, answer), keep) in answers.iter().zip(keep) {
        if *keep {
            firm.set(key.0, key.1, answer.clone());
        }
    }
    firm
}

fn truth(expr: &Expr, firm: &Firm) -> Truth {
    let (catalogue, measure) = (catalogue(), measure());
    let today = Date::parse("2026-11-22").expect("a day");
    Evaluator::new(&measure, &catalogue, firm, today).truth(expr).expect("small numbers do not overflow")
}

fn number(expr: &Expr, firm: &Firm) -> Interval {
    let (catalogue, measure) = (catalogue(), measure());
    let today = Date::parse("2026-11-22").expect("a day");
    Evaluator::new(&measure, &catalogue, firm, today).number(expr).expect("small numbers do not overflow")
}

/// The rule with every 核实 replaced by a plain fact.
fn without_verify(expr: &Expr) -> Expr {
    let all = |list: &[Expr]| list.iter().map(without_verify).collect();
    match expr {
        Expr::Verify(_) => Expr::Flag(CONFIRMED),
        Expr::And(list) => Expr::And(all(list)),
        Expr::Or(list) => Expr::Or(all(list)),
        Expr::KOf(quota, k, list) => Expr::KOf(*quota, *k, all(list)),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn printed_rules_read_back(expr in rule()) {
        let catalogue = catalogue();
        let text = print_expr(&expr, &catalogue, &texts());
        let node = parse(&text).map_err(|e| TestCaseError::fail(format!("{text}: {}", e.message)))?;
        let again = check_rule(&node, &catalogue, &Aliases::default(), &mut texts());
        let again = again.map_err(|e| TestCaseError::fail(format!("{text}: {}", e.message)))?;
        prop_assert_eq!(&again, &expr, "{}", text);
    }

    #[test]
    fn printed_amounts_read_back(expr in amount()) {
        let catalogue = catalogue();
        let text = print_expr(&expr, &catalogue, &texts());
        let node = parse(&text).map_err(|e| TestCaseError::fail(format!("{text}: {}", e.message)))?;
        let again = check_amount(&node, &catalogue, &Aliases::default(), &mut texts());
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
    fn damaged_rules_never_panic(expr in rule(), at in any::<prop::sample::Index>(), bit in 0u8..8, answers in full_firm()) {
        let mut w = Writer::new();
        expr.encode(&mut w);
        let mut bytes = w.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(damaged) = Expr::decode(&mut Reader::new(&bytes)) {
            let firm = firm(&answers, &vec![true; answers.len()]);
            let (catalogue, measure) = (catalogue(), measure());
            let today = Date::parse("2026-11-22").expect("a day");
            let mut e = Evaluator::new(&measure, &catalogue, &firm, today);
            let _ = e.truth(&damaged);
            let _ = e.number(&damaged);
            let _ = print_expr(&damaged, &catalogue, &texts());
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\PC「」\\[\\](){}、，：；≥≤→~0-9万元年且或非 ]{0,60}") {
        if let Ok(node) = parse(&text) {
            let _ = check_rule(&node, &catalogue(), &Aliases::default(), &mut Vec::new());
        }
    }

    /// What is decided stays decided, whatever else becomes known.
    #[test]
    fn more_facts_never_undo_a_verdict(
        expr in rule(),
        answers in full_firm(),
        keep in proptest::collection::vec(any::<bool>(), 13),
    ) {
        let less = truth(&expr, &firm(&answers, &keep));
        let more = truth(&expr, &firm(&answers, &[true; 13]));
        match less {
            Truth::True | Truth::False => prop_assert_eq!(more, less),
            Truth::Confirm => prop_assert!(more >= Truth::Confirm, "{:?}", more),
            Truth::Unknown => {}
        }
        prop_assert_ne!(more, Truth::Unknown, "nothing is missing in {}", print_expr(&expr, &catalogue(), &texts()));
    }

    /// F < H < T is exactly evaluation with every confirmation taken both ways.
    #[test]
    fn the_chain_equals_evaluation_by_cuts(expr in rule(), answers in full_firm()) {
        let mut firm = firm(&answers, &[true; 13]);
        let chain = truth(&expr, &firm);
        let plain = without_verify(&expr);
        firm.set(CONFIRMED, 0, Answer::Flag(false));
        let refused = truth(&plain, &firm);
        firm.set(CONFIRMED, 0, Answer::Flag(true));
        let confirmed = truth(&plain, &firm);
        let expected = match (confirmed, refused) {
            (_, Truth::True) => Truth::True,
            (Truth::True, _) => Truth::Confirm,
            _ => Truth::False,
        };
        prop_assert_eq!(chain, expected);
    }

    #[test]
    fn the_interval_contains_every_result(
        expr in amount(),
        answers in full_firm(),
        keep in proptest::collection::vec(any::<bool>(), 13),
    ) {
        let wide = number(&expr, &firm(&answers, &keep));
        let narrow = number(&expr, &firm(&answers, &[true; 13]));
        let below = wide.lo.is_none_or(|lo| narrow.lo.is_some_and(|n| lo <= n));
        let above = wide.hi.is_none_or(|hi| narrow.hi.is_some_and(|n| n <= hi));
        prop_assert!(below && above, "{:?} does not contain {:?}", wide, narrow);
    }
}
