//! Other values of single facts against deciding everything anew.

use huiqi_engine::catalogue::{Catalogue, Fact, FactType, Scope};
use huiqi_engine::date::Date;
use huiqi_engine::decide::Decider;
use huiqi_engine::eval::{Verdict, evaluate};
use huiqi_engine::firm::{Answer, Firm, Key, Span, read_line};
use huiqi_engine::measure::{BenefitKind, Condition, ExclusionRule, Measure, RowKind};
use huiqi_engine::num::{Interval, Ratio};
use huiqi_engine::plan::{Case, Standing, Sum, Wishes, plan_with};
use huiqi_engine::report::{Group, report};
use huiqi_engine::rule::{Aliases, Names, compile_amount, compile_rule};
use huiqi_engine::whatif::{Gain, MOST, Threshold, Trial};
use proptest::prelude::*;

fn today() -> Date {
    Date::parse("2026-11-22").expect("a day")
}

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    let rows = [
        ("staff_total", "职工总数", FactType::Count, "人", false),
        ("revenue", "营业收入", FactType::Money, "万元", true),
        ("rd", "研发费用", FactType::Money, "万元", true),
        ("laid_off", "裁员率", FactType::Share, "%", true),
        ("patents", "发明专利数", FactType::Count, "件", false),
        ("lawful", "独立法人", FactType::Flag, "", false),
    ];
    for (no, (id, name, kind, unit, yearly)) in rows.into_iter().enumerate() {
        let text = str::to_owned;
        catalogue.facts.insert(
            no as u16,
            Fact {
                id: text(id),
                name: text(name),
                scope: Scope::Firm,
                kind,
                unit: text(unit),
                yearly,
                signed: false,
                core: false,
                derived: None,
                question: String::new(),
                help: String::new(),
                options: Vec::new(),
            },
        );
    }
    catalogue
}

fn measure(catalogue: &Catalogue, id: &str, rules: &[&str], amount: &str) -> Measure {
    let aliases = Aliases::default();
    let names = Names { catalogue, aliases: &aliases, subject: Scope::Firm };
    let mut m = Measure::new(id);
    m.name = format!("事项{id}");
    for rule in rules {
        let rule = compile_rule(rule, names, &mut Vec::new()).into_result().expect(rule);
        m.conditions.push(Condition { kind: RowKind::Rule, rule, guard: None, basis: 0, note: None });
    }
    m.benefit.kind = BenefitKind::Grant;
    m.benefit.amount = Some(compile_amount(amount, names, &mut Vec::new()).into_result().expect(amount));
    m
}

fn firm(catalogue: &Catalogue, lines: &[(&str, &str)]) -> Firm {
    let mut firm = Firm::default();
    for (key, value) in lines {
        read_line(&mut firm, key, value, today(), catalogue, &Aliases::default()).expect(value);
    }
    firm
}

/// The total of the best plan, everything decided anew.
fn total(
    decider: &Decider,
    measures: &[Measure],
    catalogue: &Catalogue,
    firm: &Firm,
    wishes: &Wishes,
) -> Sum {
    let report = report(decider, measures, catalogue, firm);
    let case = Case { measures, outcomes: &report.outcomes, catalogue, firm, today: today() };
    plan_with(case, wishes).total()
}

fn tried<T>(
    measures: &[Measure],
    catalogue: &Catalogue,
    firm: &Firm,
    wishes: &Wishes,
    with: impl Fn(&Trial<'_>, &Decider) -> T,
) -> T {
    let decider = Decider::new(measures, catalogue, today());
    let report = report(&decider, measures, catalogue, firm);
    let case = Case { measures, outcomes: &report.outcomes, catalogue, firm, today: today() };
    with(&Trial::new(&decider, case, wishes), &decider)
}

const WAN: i128 = 1_000_000;

/// The example of the page: staff, research costs as a share of revenue, patents, a band of a sum.
#[test]
fn thresholds_of_a_firm() {
    let c = catalogue();
    let mut upgrade = measure(&c, "upgrade", &["职工总数 ≥ 1人"], "8万元");
    let mut hiring = measure(&c, "hiring", &["职工总数 ≥ 90人"], "10万元");
    for m in [&mut upgrade, &mut hiring] {
        m.exclusions.push(("就业".to_owned(), ExclusionRule::Best));
    }
    let mut confirmed = measure(&c, "confirmed", &["裁员率[上年] ≤ 5%"], "3万元");
    confirmed.conditions.push(Condition {
        kind: RowKind::Verify,
        rule: huiqi_engine::rule::Expr::Verify(0),
        guard: None,
        basis: 0,
        note: None,
    });
    let measures = [
        upgrade,
        hiring,
        measure(
            &c,
            "centre",
            &["研发费用[上年] ÷ 营业收入[上年] ≥ 5% 且 研发费用[上年] ≥ 315万元"],
            "30万元",
        ),
        measure(&c, "costs", &["独立法人"], "研发费用[上年] × 5%"),
        measure(&c, "patents", &["发明专利数 ≥ 3件"], "10万元"),
        measure(&c, "bands", &["独立法人"], "按 职工总数： ≥100人→20万元, 其余→5万元"),
        measure(&c, "small", &["职工总数 < 95人"], "15万元"),
        // Two facts would have to change, or one that a firm cannot change, or too far.
        measure(&c, "two", &["发明专利数 ≥ 2件", "职工总数 ≥ 100人"], "99万元"),
        measure(&c, "flag", &["非 独立法人"], "99万元"),
        measure(&c, "far", &["营业收入[上年] ≥ 50000万元"], "99万元"),
        measure(&c, "smaller", &["营业收入[上年] ≤ 6000万元"], "99万元"),
        confirmed,
    ];
    let firm = firm(
        &c,
        &[
            ("职工总数", "86人"),
            ("营业收入[2025年]", "6420万元"),
            ("研发费用[2025年]", "312万元"),
            ("裁员率[2025年]", "5.5%"),
            ("发明专利数", "1件"),
            ("独立法人", "是"),
        ],
    );
    let wishes = Wishes::default();
    let found = tried(&measures, &c, &firm, &wishes, |trial, _| trial.thresholds());
    let told: Vec<(String, i128)> =
        found.iter().map(|t| (t.sentence(&measures, &c), t.gain_low * 100 / WAN)).collect();
    let expected = [
        // 30 and 5 % of 9 more.
        ("2025年研发费用再多9万元，够“事项centre”", 3045),
        ("再招4人，够“事项hiring”", 200),
        ("2025年裁员率再少0.5%，够“事项confirmed”", 300),
        // 15 more by the band, 2 by the other one, but 15 of the small firms are lost.
        ("再招14人，“事项bands”多拿一些", 200),
        ("发明专利数再多2件，够“事项patents”", 1000),
    ];
    assert_eq!(told, expected.map(|(text, gain)| (text.to_owned(), gain)));
    let flags: Vec<(bool, bool, Standing)> =
        found.iter().map(|t| (t.past, t.pays_more, t.standing)).collect();
    use Standing::{Likely, Sure};
    let expected = [
        (true, false, Sure),
        (false, false, Sure),
        (true, false, Likely),
        (false, true, Sure),
        (false, false, Sure),
    ];
    assert_eq!(flags, expected);
    assert_eq!(found[0].difference, Ratio::int(9 * WAN));

    // The page: drag the research costs to there.
    let gain = tried(&measures, &c, &firm, &wishes, |trial, _| {
        trial.try_values(&[(found[0].key, Answer::Number(Interval::point(found[0].at)))])
    });
    assert_eq!(gain.more(), (3045 * WAN / 100, 3045 * WAN / 100));
    let changed: Vec<_> =
        gain.changed.iter().map(|change| (change.measure, change.before, change.after)).collect();
    let (near, eligible) = (Some(Group::Ineligible), Some(Group::Eligible));
    assert_eq!(changed, [(2, near, eligible), (3, eligible, eligible)]);
    let sums = gain.changed[1].amount_before.zip(gain.changed[1].amount_after);
    assert_eq!(sums.map(|(a, b)| (a.low, b.low)), Some((1560 * WAN / 100, 1605 * WAN / 100)));
}

const RULES: [&str; 9] = [
    "职工总数 ≥ {}人",
    "职工总数 > {}人",
    "职工总数 ≤ {}人",
    "研发费用[上年] ≥ {}万元",
    "研发费用[上年] ÷ 营业收入[上年] ≥ {}%",
    "研发费用[上年] ÷ 营业收入[上年] > {}%",
    "研发费用[上年同比增长] ≥ {}%",
    "职工总数 ≥ {}人 且 研发费用[上年] ≥ 40万元",
    "职工总数 ≥ {}人 或 发明专利数 ≥ 3件",
];
const AMOUNTS: [&str; 4] = [
    "{}万元",
    "研发费用[上年] × {}%",
    "按 职工总数： ≥60人→{}万元, ≥30人→5万元, 其余→1万元",
    "若 研发费用[上年] > 50万元 则 {}万元 否则 2万元",
];

fn world() -> impl Strategy<Value = (Vec<Measure>, Firm, Wishes)> {
    let one = (
        proptest::collection::vec((0..RULES.len(), 1u32..90), 0..3),
        (0..AMOUNTS.len(), 1u32..40),
        proptest::option::weighted(0.4, 0u8..3),
        prop::bool::weighted(0.15),
    );
    let facts = (1u32..100, 10u32..100, 1u32..100, 1u32..100, 0u32..4);
    (proptest::collection::vec(one, 1..10), facts, proptest::collection::vec(0usize..10, 0..3)).prop_map(
        |(rows, (staff, revenue, rd, before, patents), add)| {
            let c = catalogue();
            let filled = |text: &str, n: u32| text.replace("{}", &n.to_string());
            let mut measures = Vec::new();
            for (at, (rules, (amount, n), group, confirm)) in rows.into_iter().enumerate() {
                let rules: Vec<String> = rules.iter().map(|(rule, n)| filled(RULES[*rule], *n)).collect();
                let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
                let mut m = measure(&c, &format!("m{at}"), &rules, &filled(AMOUNTS[amount], n));
                m.exclusions.extend(group.map(|g| (format!("组{g}"), ExclusionRule::Best)));
                if confirm {
                    let rule = huiqi_engine::rule::Expr::Verify(0);
                    let kind = RowKind::Verify;
                    m.conditions.push(Condition { kind, rule, guard: None, basis: 0, note: None });
                }
                measures.push(m);
            }
            let firm = firm(
                &c,
                &[
                    ("职工总数", &format!("{staff}人")),
                    ("营业收入[2025年]", &format!("{revenue}万元")),
                    ("研发费用[2025年]", &format!("{rd}万元")),
                    ("研发费用[2024年]", &format!("{before}万元")),
                    ("发明专利数", &format!("{patents}件")),
                ],
            );
            let mut wishes = Wishes::default();
            add.iter().for_each(|at| wishes.put_in(&format!("m{at}")));
            (measures, firm, wishes)
        },
    )
}

proptest! {
    /// A threshold is where something changes and not before, and its gain is that of deciding everything anew.
    #[test]
    fn thresholds_are_true((measures, firm, wishes) in world()) {
        let c = catalogue();
        let (found, before) = tried(&measures, &c, &firm, &wishes, |trial, decider| {
            (trial.thresholds(), total(decider, &measures, &c, &firm, &wishes))
        });
        prop_assert!(found.len() <= MOST);
        let share = |t: &Threshold| {
            let (low, high) = (t.now.min(t.at), t.now.max(t.at));
            high.sub(low).ok().zip(high.recip()).and_then(|(d, r)| d.mul(r).ok())
        };
        prop_assert!(found.is_sorted_by_key(share));
        for t in &found {
            let with = |value: Ratio| {
                let mut other = firm.clone();
                other.set(t.key, Answer::Number(Interval::point(value)));
                other
            };
            let step = Ratio::int(if c.facts[&t.key.fact].kind == FactType::Count { 1 } else { 10_000 });
            let short = t.at.sub(step).expect("no overflow");
            for at in &t.measures {
                let outcome = |firm: &Firm| evaluate(&measures[*at], &c, firm, today()).expect("small numbers");
                let met = |firm: &Firm| outcome(firm).verdict != Verdict::Ineligible;
                prop_assert!(met(&with(t.at)));
                if t.pays_more {
                    let low = |firm: &Firm| outcome(firm).amount.map(|a| a.low);
                    prop_assert!(low(&with(t.at)) > low(&firm));
                } else {
                    prop_assert!(!met(&firm) && !met(&with(short)), "{:?}", t);
                }
            }
            let mut wishes = wishes.clone();
            if t.standing != Standing::Sure {
                t.measures.iter().for_each(|at| wishes.put_in(&measures[*at].id));
            }
            let decider = Decider::new(&measures, &c, today());
            let after = total(&decider, &measures, &c, &with(t.at), &wishes);
            prop_assert_eq!((t.gain_low, t.gain_high), (after.low - before.low, after.high - before.high));
        }
    }

    /// Whatever is changed: the plan before and after, and every change of a measure, as decided anew.
    #[test]
    fn other_values_are_decided_anew((measures, firm, wishes) in world(), staff in 1i128..100, rd in 1i128..100) {
        let c = catalogue();
        let key = |name: &str, span| Key { fact: c.fact_by_name(name).expect(name).0, span, record: 0 };
        let number = |n: i128| Answer::Number(Interval::point(Ratio::int(n)));
        let changes = [
            (key("职工总数", Span::Always), number(staff)),
            (key("研发费用", Span::Year(2025)), number(rd * WAN)),
        ];
        let mut other = firm.clone();
        changes.iter().for_each(|(key, answer)| other.set(*key, answer.clone()));
        for changes in [&changes[..], &changes[..1], &changes[1..], &[]] {
            let mut other = firm.clone();
            changes.iter().for_each(|(key, answer)| other.set(*key, answer.clone()));
            let gain: Gain = tried(&measures, &c, &firm, &wishes, |trial, _| trial.try_values(changes));
            let decider = Decider::new(&measures, &c, today());
            prop_assert_eq!(gain.before, total(&decider, &measures, &c, &firm, &wishes));
            prop_assert_eq!(gain.after, total(&decider, &measures, &c, &other, &wishes));
            let (old, new) = (report(&decider, &measures, &c, &firm), report(&decider, &measures, &c, &other));
            for (at, (before, after)) in old.outcomes.iter().zip(&new.outcomes).enumerate() {
                let (Some(before), Some(after)) = (before, after) else { panic!("all are for this firm") };
                let met = |v: Verdict| matches!(v, Verdict::Eligible | Verdict::Likely);
                let sums = [before, after].map(|o| o.amount.filter(|_| met(o.verdict)));
                let verdicts = before.verdict != after.verdict;
                let expected = verdicts || sums[0] != sums[1];
                let told = gain.changed.iter().find(|change| change.measure == at);
                prop_assert_eq!(told.is_some(), expected);
                if let Some(told) = told {
                    prop_assert_eq!((told.before, told.after), (Some(Group::of(before)), Some(Group::of(after))));
                    prop_assert_eq!([told.amount_before, told.amount_after], sums);
                }
            }
        }
    }
}

/// A large table has no more thresholds than a small one.
#[test]
fn ten_thousand_measures() {
    let c = catalogue();
    let measures: Vec<Measure> = (0..10_000)
        .map(|n| {
            let rule = format!("职工总数 ≥ {}人 且 研发费用[上年] ≥ {}万元", 1 + n % 300, 1 + n % 77);
            measure(&c, &format!("m{n:05}"), &[&rule], "研发费用[上年] × 1%")
        })
        .collect();
    let facts = [("职工总数", "86人"), ("营业收入[2025年]", "6420万元"), ("研发费用[2025年]", "60万元")];
    let firm = firm(&c, &facts);
    let wishes = Wishes::default();
    let found = tried(&measures, &c, &firm, &wishes, |trial, _| trial.thresholds());
    assert_eq!(found.len(), MOST);
    assert!(found.iter().all(|t| t.gain_low > 0 && !t.measures.is_empty()), "{found:?}");
}
