//! The plan against every subset, tried on random groups, prerequisites, caps and payments already had.

use std::cmp::Reverse;

use huiqi_engine::catalogue::Catalogue;
use huiqi_engine::date::Date;
use huiqi_engine::eval::{Amount, Outcome, evaluate};
use huiqi_engine::firm::{Firm, Received};
use huiqi_engine::measure::{
    BenefitKind, CapScope, Condition, Detail, ExclusionRule, Material, Measure, RowKind,
};
use huiqi_engine::num::Ratio;
use huiqi_engine::plan::{
    Case as Firms, Event, LeftOut, Plan, Score, Standing, Wishes, alternatives, calendar, materials, plan,
    plan_with,
};
use huiqi_engine::rule::Expr;
use huiqi_engine::unit::Dimension;
use proptest::prelude::*;

fn today() -> Date {
    Date::parse("2026-11-22").expect("a day")
}

fn yuan(fen: i128) -> Expr {
    Expr::Const(Ratio::int(fen), Dimension::YUAN)
}

/// A measure that pays `low` to `high`, every year if `yearly`.
fn pays(id: &str, low: i128, high: i128) -> Measure {
    let mut m = Measure::new(id);
    m.benefit.kind = BenefitKind::Grant;
    m.benefit.amount =
        Some(if low == high { yuan(low) } else { Expr::Range(Box::new(yuan(low)), Box::new(yuan(high))) });
    m
}

fn decide(measures: &[Measure]) -> Vec<Option<Outcome>> {
    let firm = Firm::default();
    measures.iter().map(|m| evaluate(m, &Catalogue::default(), &firm, today()).ok()).collect()
}

fn planned(measures: &[Measure], received: &[Received]) -> Plan {
    let mut firm = Firm::default();
    firm.received = received.to_vec();
    plan(measures, &decide(measures), &Catalogue::default(), &firm, today())
}

fn chosen(plan: &Plan, measures: &[Measure]) -> Vec<String> {
    plan.chosen.iter().map(|c| measures[c.measure].id.clone()).collect()
}

/// Makes it one that a person must confirm.
fn confirm(m: &mut Measure) {
    let rule = Expr::Verify(0);
    m.conditions.push(Condition { kind: RowKind::Verify, rule, guard: None, basis: 0, note: None });
}

/// The plan under wishes, and what its groups leave open.
fn wished(
    measures: &[Measure],
    received: &[Received],
    wishes: &Wishes,
) -> (Plan, Vec<huiqi_engine::plan::Group>) {
    let mut firm = Firm::default();
    firm.received = received.to_vec();
    let (outcomes, catalogue) = (decide(measures), Catalogue::default());
    let case = Firms { measures, outcomes: &outcomes, catalogue: &catalogue, firm: &firm, today: today() };
    let plan = plan_with(case, wishes);
    let groups = alternatives(case, wishes, &plan);
    (plan, groups)
}

/// One of a few amounts, so that ties are common.
fn sum() -> impl Strategy<Value = (i128, i128)> {
    (0i128..6, 0i128..4).prop_map(|(low, more)| (low * 100, (low + more) * 100))
}

#[derive(Debug, Clone)]
struct Case {
    measures: Vec<Measure>,
    received: Vec<Received>,
    wishes: Wishes,
}

const RULES: [ExclusionRule; 4] =
    [ExclusionRule::Best, ExclusionRule::AtMost(2), ExclusionRule::Cap(500), ExclusionRule::Cap(900)];

fn case(most: usize) -> impl Strategy<Value = Case> {
    let one = (
        sum(),
        proptest::collection::vec(0usize..5, 0..3),
        proptest::option::weighted(0.25, 0usize..12),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    );
    let had = proptest::collection::vec((0usize..12, 0i128..400, prop::bool::weighted(0.7)), 0..3);
    (proptest::collection::vec(one, 1..=most), had, proptest::collection::vec(0usize..4, 5)).prop_map(
        |(rows, had, rules)| {
            let count = rows.len();
            let mut measures = Vec::new();
            for (at, ((low, high), groups, needs, open, title)) in rows.into_iter().enumerate() {
                let mut m = pays(&format!("m{at:02}"), low, high);
                if open {
                    m.benefit.amount = Some(Expr::Undecided);
                }
                if title {
                    m.benefit.kind = BenefitKind::Recognition;
                    m.benefit.amount = None;
                }
                let mut names: Vec<usize> = groups;
                names.sort_unstable();
                names.dedup();
                m.exclusions = names.into_iter().map(|g| (format!("组{g}"), RULES[rules[g]])).collect();
                if let Some(needs) = needs.filter(|n| *n < count && *n != at) {
                    m.prerequisites.push(format!("m{needs:02}"));
                }
                if at % 5 == 4 {
                    m.benefit.caps.push((CapScope::FirmYear, yuan(600)));
                }
                measures.push(m);
            }
            let received = had
                .into_iter()
                .filter(|(at, ..)| *at < count)
                .map(|(at, fen, now)| Received {
                    measure: format!("m{at:02}"),
                    year: if now { 2026 } else { 2024 },
                    fen,
                })
                .collect();
            Case { measures, received, wishes: Wishes::default() }
        },
    )
}

/// With measures that a person must confirm or that open later, and with wishes.
fn wishful(most: usize) -> impl Strategy<Value = Case> {
    let kinds = proptest::collection::vec(0usize..8, most);
    let ids = || proptest::collection::vec(0..most, 0..4);
    (case(most), kinds, ids(), ids()).prop_map(|(mut case, kinds, add, leave)| {
        for (m, kind) in case.measures.iter_mut().zip(kinds) {
            match kind {
                0 | 1 => confirm(m),
                2 => m.schedule.opens = Date::parse("2027-02-01"),
                3 => m.schedule.closes = Date::parse("2026-11-21"),
                _ => {}
            }
        }
        for at in add {
            case.wishes.put_in(&format!("m{at:02}"));
        }
        // Both lists at once is no way to use it, and has an answer all the same.
        case.wishes.leave = leave.into_iter().map(|at| format!("m{at:02}")).collect();
        case
    })
}

/// What a set of candidates pays by the words of the specification, or that it is not allowed. `candidates` are in the
/// order of the plan.
fn worth(case: &Case, candidates: &[Candidate], set: u32) -> Option<Score> {
    let inside = |at: usize| set >> at & 1 == 1;
    let mut score = Score { applications: Reverse(set.count_ones() as usize), ..Score::default() };
    let mut rooms: Vec<(String, ExclusionRule, i128, i128, usize)> = Vec::new();
    for candidate in candidates.iter().enumerate().filter(|(at, _)| inside(*at)).map(|(_, c)| c) {
        let measure = &case.measures[candidate.measure];
        for id in &measure.prerequisites {
            let had = case.received.iter().any(|r| r.measure == *id);
            let beside =
                candidates.iter().enumerate().any(|(i, c)| inside(i) && case.measures[c.measure].id == *id);
            if !had && !beside {
                return None;
            }
        }
        let (mut low, mut high) = (candidate.low, candidate.high);
        for (name, rule) in &measure.exclusions {
            if !rooms.iter().any(|(n, ..)| n == name) {
                let had = had_in_group(case, name);
                let spent: i128 = had.iter().map(|(_, fen)| fen).sum();
                rooms.push(match rule {
                    ExclusionRule::Best => (name.clone(), *rule, 0, 0, 1usize.saturating_sub(had.len())),
                    ExclusionRule::AtMost(n) => {
                        (name.clone(), *rule, 0, 0, usize::from(*n).saturating_sub(had.len()))
                    }
                    ExclusionRule::Cap(fen) => {
                        let rest = (fen - spent).max(0);
                        (name.clone(), *rule, rest, rest, usize::MAX)
                    }
                });
            }
            let room = rooms.iter_mut().find(|(n, ..)| n == name)?;
            room.4 = room.4.checked_sub(1)?;
            if matches!(rule, ExclusionRule::Cap(_)) {
                (low, high) = (low.min(room.2), high.min(room.3));
            }
        }
        for (name, rule) in &measure.exclusions {
            if let (ExclusionRule::Cap(_), Some(room)) = (rule, rooms.iter_mut().find(|(n, ..)| n == name)) {
                room.2 -= low;
                room.3 -= high;
            }
        }
        score.low += low;
        score.high += high;
        if candidate.sure {
            score.sure_low += low;
            score.sure_high += high;
        }
        score.open += usize::from(candidate.open);
    }
    Some(score)
}

fn had_in_group(case: &Case, name: &str) -> Vec<(String, i128)> {
    let members = case.measures.iter().filter(|m| m.exclusions.iter().any(|(g, _)| g == name));
    members
        .filter_map(|m| {
            let this_year: Vec<i128> =
                case.received.iter().filter(|r| r.measure == m.id && r.year == 2026).map(|r| r.fen).collect();
            (!this_year.is_empty()).then(|| (m.id.clone(), this_year.iter().sum()))
        })
        .collect()
}

#[derive(Debug, Clone)]
struct Candidate {
    measure: usize,
    low: i128,
    high: i128,
    open: bool,
    sure: bool,
}

/// Candidates after 已享受 and the wishes, in the order of the plan.
fn candidates(case: &Case) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (at, m) in case.measures.iter().enumerate() {
        let later = m.schedule.opens.is_some();
        let closed = m.schedule.closes.is_some();
        let sure = m.conditions.is_empty() && !later;
        if closed || case.wishes.leave.contains(&m.id) || !(sure || case.wishes.add.contains(&m.id)) {
            continue;
        }
        let (mut low, mut high, open) = match &m.benefit.amount {
            None => (0, 0, false),
            Some(Expr::Const(fen, _)) => (fen.trunc(), fen.trunc(), false),
            Some(Expr::Range(a, b)) => {
                let fen = |end: &Expr| if let Expr::Const(fen, _) = end { fen.trunc() } else { 0 };
                (fen(a), fen(b), false)
            }
            _ => (0, 0, true),
        };
        if !m.benefit.caps.is_empty() {
            (low, high) = (low.min(600), high.min(600));
        }
        let own: Vec<i128> =
            case.received.iter().filter(|r| r.measure == m.id && r.year == 2026).map(|r| r.fen).collect();
        if !own.is_empty() {
            let rest = if m.benefit.caps.is_empty() { 0 } else { (600 - own.iter().sum::<i128>()).max(0) };
            if rest == 0 {
                continue;
            }
            (low, high) = (low.min(rest), high.min(rest));
        }
        let gone = m.exclusions.iter().any(|(name, rule)| {
            let had = had_in_group(case, name);
            let spent: i128 = had.iter().map(|(_, fen)| fen).sum();
            !had.is_empty()
                && match rule {
                    ExclusionRule::Best => true,
                    ExclusionRule::AtMost(n) => had.len() >= usize::from(*n),
                    ExclusionRule::Cap(fen) => spent >= *fen,
                }
        });
        if !gone {
            found.push(Candidate { measure: at, low, high, open, sure });
        }
    }
    found.sort_by(|a, b| {
        let id = |c: &Candidate| case.measures[c.measure].id.clone();
        (b.sure, b.high, b.low, id(a)).cmp(&(a.sure, a.high, a.low, id(b)))
    });
    found
}

/// The best of all subsets: the latest wish first, then the one before, then what is good about it, then the order.
fn best(case: &Case, candidates: &[Candidate]) -> Option<(Score, u32)> {
    let mut best: Option<(Vec<bool>, Score, u32)> = None;
    for set in 0..1u32 << candidates.len() {
        let reachable = |_: &Score| reachable(case, candidates, set);
        let Some(score) = worth(case, candidates, set).filter(reachable) else { continue };
        let has = |id: &String| {
            let mut inside = candidates.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            inside.any(|(_, c)| case.measures[c.measure].id == *id)
        };
        let wishes: Vec<bool> = case.wishes.add.iter().rev().map(has).collect();
        // Earlier candidates are the lower bits: the set that has the first one that differs goes first.
        if best
            .as_ref()
            .is_none_or(|(w, s, kept)| (&wishes, score, set.reverse_bits()) > (w, *s, kept.reverse_bits()))
        {
            best = Some((wishes, score, set));
        }
    }
    best.map(|(_, score, set)| (score, set))
}

fn ids<'a>(case: &'a Case, candidates: &[Candidate], set: u32) -> Vec<&'a str> {
    let inside = candidates.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
    let mut ids: Vec<&str> = inside.map(|(_, c)| case.measures[c.measure].id.as_str()).collect();
    ids.sort_unstable();
    ids
}

/// Prerequisites that lead back to themselves can be fulfilled by no set that grows one measure at a time.
fn reachable(case: &Case, candidates: &[Candidate], set: u32) -> bool {
    let mut done: Vec<&str> = case.received.iter().map(|r| r.measure.as_str()).collect();
    let mut rest: Vec<&Candidate> =
        candidates.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, c)| c).collect();
    while !rest.is_empty() {
        let before = rest.len();
        rest.retain(|c| {
            let m = &case.measures[c.measure];
            let ready = m.prerequisites.iter().all(|id| done.contains(&id.as_str()));
            if ready {
                done.push(&m.id);
            }
            !ready
        });
        if rest.len() == before {
            return false;
        }
    }
    true
}

proptest! {
    /// Up to 12 measures: the best of all subsets, and the first in order among equally good ones.
    #[test]
    fn as_good_as_every_subset(case in case(12)) {
        let plan = planned(&case.measures, &case.received);
        prop_assert!(plan.exact);
        let candidates = candidates(&case);
        let (score, set) = best(&case, &candidates).expect("the empty set is allowed");
        prop_assert_eq!(plan.score, score);
        let mut found = chosen(&plan, &case.measures);
        found.sort();
        prop_assert_eq!(found, ids(&case, &candidates, set));
        let low: i128 = plan.chosen.iter().map(|c| c.low).sum();
        let high: i128 = plan.chosen.iter().map(|c| c.high).sum();
        prop_assert_eq!((low, high), (score.low, score.high));
        // What must come first stands first.
        for (at, choice) in plan.chosen.iter().enumerate() {
            prop_assert!(choice.after.iter().all(|m| plan.chosen[..at].iter().any(|c| c.measure == *m)));
        }
    }

    /// The same with wishes: the best of all subsets that hold the latest wishes.
    #[test]
    fn wishes_as_good_as_every_subset(case in wishful(10)) {
        let (plan, groups) = wished(&case.measures, &case.received, &case.wishes);
        let candidates = candidates(&case);
        let (score, set) = best(&case, &candidates).expect("the empty set is allowed");
        prop_assert!(plan.exact);
        prop_assert_eq!(plan.score, score);
        let mut found = chosen(&plan, &case.measures);
        found.sort();
        prop_assert_eq!(found, ids(&case, &candidates, set));
        // The sums of the standings make the whole.
        let sums = [Standing::Sure, Standing::Later, Standing::Likely].map(|s| plan.sum(s));
        prop_assert_eq!(sums.iter().map(|s| s.count).sum::<usize>(), plan.chosen.len());
        prop_assert_eq!(sums.iter().map(|s| s.low + s.high).sum::<i128>(), score.low + score.high);
        for choice in &plan.chosen {
            let m = &case.measures[choice.measure];
            let standing = match (m.conditions.is_empty(), m.schedule.opens.is_none()) {
                (true, true) => Standing::Sure,
                (true, false) => Standing::Later,
                (false, _) => Standing::Likely,
            };
            prop_assert_eq!(choice.standing, standing);
            prop_assert!(!case.wishes.leave.contains(&m.id));
        }
        // What the visitor decided is told as his decision.
        for (at, why) in &plan.left {
            let id = &case.measures[*at].id;
            if case.wishes.leave.contains(id) {
                prop_assert_eq!(why, &LeftOut::Wish);
            } else if case.measures[*at].schedule.closes.is_some() {
                prop_assert!(*why == LeftOut::Closed && case.wishes.add.contains(id));
            }
        }
        // An alternative is what a plan with that wish really makes.
        for group in &groups {
            prop_assert!(group.options.iter().any(|o| !o.chosen), "{:?}", group);
            for option in &group.options {
                prop_assert_eq!(option.chosen, plan.has(option.measure));
                prop_assert_eq!(option.more_low, option.low - plan.score.low);
                if option.chosen {
                    prop_assert_eq!((option.low, option.high), (plan.score.low, plan.score.high));
                    continue;
                }
                let mut wishes = case.wishes.clone();
                wishes.put_in(&case.measures[option.measure].id);
                let (other, _) = wished(&case.measures, &case.received, &wishes);
                prop_assert_eq!((option.low, option.high), (other.score.low, other.score.high));
                let gone: Vec<usize> =
                    plan.chosen.iter().map(|c| c.measure).filter(|m| !other.has(*m)).collect();
                prop_assert_eq!(&option.instead_of, &gone);
            }
            let order: Vec<(i128, i128)> = group.options.iter().map(|o| (o.low, o.high)).collect();
            prop_assert!(order.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", order);
        }
    }

    /// Whatever the order of the table, the same measures with the same sums.
    #[test]
    fn the_order_of_the_table_makes_no_difference(case in wishful(14), seed in any::<u64>()) {
        let (plan, groups) = wished(&case.measures, &case.received, &case.wishes);
        let mut shuffled = case.measures.clone();
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let (other, others) = wished(&shuffled, &case.received, &case.wishes);
        let options = |groups: &[huiqi_engine::plan::Group], measures: &[Measure]| -> Vec<String> {
            let option = |o: &huiqi_engine::plan::Alternative| {
                let mut gone: Vec<&str> = o.instead_of.iter().map(|at| measures[*at].id.as_str()).collect();
                gone.sort_unstable();
                format!("{} {} {}..{} {gone:?}", measures[o.measure].id, o.chosen, o.low, o.high)
            };
            groups.iter().map(|g| format!("{} {:?} {:?}", g.name, g.places, g.options.iter().map(option).collect::<Vec<_>>())).collect()
        };
        prop_assert_eq!(options(&others, &shuffled), options(&groups, &case.measures));
        prop_assert_eq!(chosen(&other, &shuffled), chosen(&plan, &case.measures));
        prop_assert_eq!(other.score, plan.score);
        let reasons = |plan: &Plan, measures: &[Measure]| -> Vec<(String, String)> {
            let name = |at: &usize| measures[*at].id.clone();
            plan.left.iter().map(|(at, why)| (name(at), match why {
                LeftOut::Group(group, by) => {
                    let mut by: Vec<String> = by.iter().map(name).collect();
                    by.sort();
                    format!("{group} {by:?}")
                }
                other => format!("{other:?}"),
            })).collect()
        };
        prop_assert_eq!(reasons(&other, &shuffled), reasons(&plan, &case.measures));
    }

    /// Never worse than taking one after the other while there is room; nobody is forgotten.
    #[test]
    fn never_worse_than_greedy(case in case(20)) {
        let plan = planned(&case.measures, &case.received);
        let candidates = candidates(&case);
        let mut set = 0u32;
        for at in 0..candidates.len() {
            let more = set | 1 << at;
            if worth(&case, &candidates, more).is_some() && reachable(&case, &candidates, more) {
                set = more;
            }
        }
        let greedy = worth(&case, &candidates, set).expect("every step was allowed");
        prop_assert!((plan.score.low, plan.score.high) >= (greedy.low, greedy.high), "{:?} {:?}", plan.score, greedy);
        for (at, m) in case.measures.iter().enumerate() {
            let chosen = plan.chosen.iter().any(|c| c.measure == at);
            let left = plan.left.iter().any(|(l, _)| *l == at);
            prop_assert!(chosen != left || m.benefit.kind == BenefitKind::Recognition && !chosen, "{}", m.id);
        }
    }
}

/// 40 measures in one connected part are still solved exactly.
#[test]
fn forty_connected_measures_are_exact() {
    for seed in 0..20u64 {
        let mut state = seed + 1;
        let mut random = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut measures = Vec::new();
        for at in 0..40 {
            let low = i128::from(random(500)) * 100;
            let mut m = pays(&format!("m{at:02}"), low, low + i128::from(random(100)) * 100);
            // A chain of groups, so that all are one part.
            m.exclusions.push((format!("链{}", at / 2), ExclusionRule::Best));
            m.exclusions.push((format!("链{}", (at + 1) / 2 + 100), ExclusionRule::AtMost(2)));
            m.exclusions.push((format!("组{}", random(6)), RULES[random(2) as usize]));
            if random(5) == 0 {
                m.exclusions.push(("全部".to_owned(), ExclusionRule::Cap(200_000)));
            }
            measures.push(m);
        }
        let plan = planned(&measures, &[]);
        assert!(plan.exact, "seed {seed}");
        assert!(plan.bound.low == plan.score.low && plan.bound.high == plan.score.high);
        assert!(!plan.chosen.is_empty() && plan.left.len() + plan.chosen.len() == 40);
    }
}

/// What a visitor does on the plan page, one step after the other.
#[test]
fn wishes_step_by_step() {
    let best = ExclusionRule::Best;
    let mut measures: Vec<Measure> = [("update", 7200), ("upgrade", 1200), ("loan", 300), ("green", 2000)]
        .map(|(id, fen)| pays(id, fen, fen))
        .into();
    for m in &mut measures[..2] {
        m.exclusions.push(("技改".to_owned(), best));
    }
    confirm(&mut measures[0]);
    confirm(&mut measures[3]);
    measures[3].schedule.opens = Date::parse("2027-02-01");
    let mut wishes = Wishes::default();
    let (plan, groups) = wished(&measures, &[], &wishes);
    assert_eq!(chosen(&plan, &measures), ["upgrade", "loan"]);
    assert!(groups.is_empty() && wishes.is_empty());
    // What is not sure is only had when it is asked for, and its sum stands apart.
    wishes.put_in("update");
    wishes.put_in("green");
    let (plan, groups) = wished(&measures, &[], &wishes);
    assert_eq!(chosen(&plan, &measures), ["loan", "update", "green"]);
    let (sure, likely) = (plan.sum(Standing::Sure), plan.sum(Standing::Likely));
    assert_eq!((sure.count, sure.low, likely.count, likely.low), (1, 300, 2, 9200));
    assert_eq!((plan.total().count, plan.total().low), (3, 9500));
    let [group] = &groups[..] else { panic!("{groups:?}") };
    assert_eq!((group.name.as_str(), group.places), ("技改", Some(1)));
    let options: Vec<(usize, bool, i128, i128)> =
        group.options.iter().map(|o| (o.measure, o.chosen, o.low, o.more_low)).collect();
    assert_eq!(options, [(0, true, 9500, 0), (1, false, 3500, -6000)]);
    assert_eq!(group.options[1].instead_of, [0]);
    // The latest wish counts; taking it back lets the one before stand.
    wishes.put_in("upgrade");
    let (plan, _) = wished(&measures, &[], &wishes);
    assert_eq!(chosen(&plan, &measures), ["upgrade", "loan", "green"]);
    wishes.forget("upgrade");
    wishes.take_out("loan");
    let (plan, _) = wished(&measures, &[], &wishes);
    assert_eq!(chosen(&plan, &measures), ["update", "green"]);
    assert!(plan.left.contains(&(2, LeftOut::Wish)));
}

/// Papers once each with those that need them; days in order.
#[test]
fn papers_and_days() {
    let mut first = pays("first", 100, 100);
    first.schedule.closes = Date::parse("2026-12-31");
    first.schedule.valid_to = Date::parse("2027-06-30");
    let second = pays("second", 200, 200);
    let mut later = pays("later", 300, 300);
    later.schedule.opens = Date::parse("2026-12-01");
    let measures = [first, second, later];
    let plan = planned(&measures, &[]);
    // What closes first is applied for first.
    assert_eq!(chosen(&plan, &measures), ["first", "second"]);
    let details: Vec<Detail> = [&["营业执照", "审计报告"][..], &["营业执照"], &["申请表"]]
        .iter()
        .map(|names| Detail {
            materials: names
                .iter()
                .map(|n| Material { name: (*n).to_owned(), ..Material::default() })
                .collect(),
            ..Detail::default()
        })
        .collect();
    let papers = materials(&plan, |at| details.get(at));
    assert_eq!(papers, [("营业执照".to_owned(), vec![0, 1]), ("审计报告".to_owned(), vec![0])]);
    let days = calendar(&plan, &measures, &decide(&measures), today());
    let expected = [
        ("2026-12-01", Event::Opens, 2),
        ("2026-12-31", Event::Closes, 0),
        ("2027-06-30", Event::Expires, 0),
    ];
    assert_eq!(days, expected.map(|(day, event, at)| (Date::parse(day).expect("a day"), event, at)));
    assert_eq!(
        Amount::payments(
            100,
            &[Ratio::new(1, 3), Ratio::new(1, 3), Ratio::new(1, 3)].map(|r| r.expect("a share"))
        ),
        [33, 33, 34]
    );
}
