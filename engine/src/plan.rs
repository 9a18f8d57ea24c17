//! The best combination of measures a firm can apply for (申报方案): exclusion groups, what must come first, caps, and
//! what the firm has had already.
//!
//! Certain are measures that the firm qualifies for and that are open; a visitor may leave some out and put others in,
//! also those that a person must confirm or that open later. What was put in comes before any sum.
//!
//! The objective is lexicographic: Σ lower ends, Σ upper ends, both of the certain measures alone (they are not given up
//! for the rest of a cap that another one may never use), sums that the text leaves open, fewer applications, then the first in this order: certain ones, upper end descending, lower end descending, id. Measures that share neither a
//! group nor a prerequisite are solved apart; each part by branch and bound, which is exact unless it needs more than
//! [`STEP_LIMIT`] steps.

use std::cmp::{Ordering, Reverse};

use litemap::LiteMap;

use crate::catalogue::Catalogue;
use crate::date::Date;
use crate::eval::{Amount, Evaluator, Outcome, Truth, Verdict};
use crate::firm::Firm;
use crate::measure::{CapScope, Detail, ExclusionRule, Measure, Window};

/// Steps of the search in one connected part. 40 measures in one part stay far below it unless they are made to defeat
/// the bound.
pub const STEP_LIMIT: usize = 2_000_000;

/// What a plan is made for: a firm and what was decided for it on a day.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The table.
    pub measures: &'a [Measure],
    /// Outcome per measure, as [`crate::report::report`] has them.
    pub outcomes: &'a [Option<Outcome>],
    /// The tables that rules speak of.
    pub catalogue: &'a Catalogue,
    /// The firm.
    pub firm: &'a Firm,
    /// The day.
    pub today: Date,
}

/// What a visitor put into the plan and took out of it, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Put in. Where two exclude each other, the later one stays.
    pub add: Vec<String>,
    /// Taken out; this holds for ids that are in both lists.
    pub leave: Vec<String>,
}

impl Wishes {
    /// Puts a measure in, as the latest wish.
    pub fn put_in(&mut self, id: &str) {
        self.forget(id);
        self.add.push(id.to_owned());
    }

    /// Takes a measure out.
    pub fn take_out(&mut self, id: &str) {
        self.forget(id);
        self.leave.push(id.to_owned());
    }

    /// Leaves it to the plan again.
    pub fn forget(&mut self, id: &str) {
        self.add.retain(|known| known != id);
        self.leave.retain(|known| known != id);
    }

    /// Whether nothing was wished.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.leave.is_empty()
    }
}

/// How sure a measure of the plan is; the most certain first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// 符合, and open now: what the headline counts.
    Sure,
    /// 符合, but not open yet.
    Later,
    /// 待人工核实, open now or later.
    Likely,
}

impl Standing {
    /// Of an outcome; `None` for what cannot be part of a plan.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let later = matches!(outcome.window, Window::Upcoming | Window::Unannounced);
        match outcome.verdict {
            Verdict::Eligible if outcome.window.counts() => Some(Self::Sure),
            Verdict::Eligible if later => Some(Self::Later),
            Verdict::Likely if later || outcome.window.counts() => Some(Self::Likely),
            _ => None,
        }
    }
}

/// What some measures of a plan make together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many.
    pub count: usize,
    /// Σ lower ends in fen.
    pub low: i128,
    /// Σ upper ends in fen.
    pub high: i128,
    /// How many of them have a sum that is left open: counted, not added.
    pub open: usize,
}

/// What is good about a set of measures, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Score {
    /// Σ lower ends in fen.
    pub low: i128,
    /// Σ upper ends in fen.
    pub high: i128,
    /// Σ lower ends of the certain measures.
    pub sure_low: i128,
    /// Σ upper ends of the certain measures.
    pub sure_high: i128,
    /// Measures whose sum the text, or a missing figure, leaves open.
    pub open: usize,
    /// Number of applications; fewer are better.
    pub applications: Reverse<usize>,
}

/// A measure of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Number of the measure.
    pub measure: usize,
    /// What it adds when every sum comes out at its lower end, in fen, after the caps of its groups and what was had
    /// this year. Under a cap in money this can be more than `high`: both ends use the cap up on their own.
    pub low: i128,
    /// What it adds when every sum comes out at its upper end.
    pub high: i128,
    /// Its sum is left open; `low` and `high` are what is sure.
    pub open: bool,
    /// How sure it is.
    pub standing: Standing,
    /// Measures of the plan that must be applied for before.
    pub after: Vec<usize>,
}

/// Why a measure that the firm may apply for is not in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// Had this year already.
    Received,
    /// Another one of this group was had this year: its id.
    GroupReceived(String, String),
    /// The group has no room beside these.
    Group(String, Vec<usize>),
    /// This one must be won first and cannot be.
    Needs(String),
    /// 前置 leads back to itself.
    Circle,
    /// It adds nothing.
    Nothing,
    /// The visitor took it out.
    Wish,
    /// The visitor put it in, but its conditions are not met or it is not to be had any more.
    Closed,
}

/// The plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Chosen measures in the order in which they can be applied for.
    pub chosen: Vec<Choice>,
    /// Measures that the firm may apply for and that are not chosen, with the reason.
    pub left: Vec<(usize, LeftOut)>,
    /// What is good about it.
    pub score: Score,
    /// Whether it is proved to be the best.
    pub exact: bool,
    /// Nothing can be better than this; equals `score` (but for the applications) when exact.
    pub bound: Score,
}

impl Plan {
    /// What the measures of one standing make. A cap in money is used up by the certain ones first.
    pub fn sum(&self, standing: Standing) -> Sum {
        let mut sum = Sum::default();
        for choice in self.chosen.iter().filter(|c| c.standing == standing) {
            sum.count += 1;
            sum.low = sum.low.saturating_add(choice.low);
            sum.high = sum.high.saturating_add(choice.high);
            sum.open += usize::from(choice.open);
        }
        // The rest of a cap can be less at the upper ends, see `Choice::low`.
        Sum { low: sum.low.min(sum.high), high: sum.low.max(sum.high), ..sum }
    }

    /// What all of them make.
    pub fn total(&self) -> Sum {
        let Score { low, high, open, .. } = self.score;
        Sum { count: self.chosen.len(), low, high, open }
    }

    /// Whether a measure is in it.
    pub fn has(&self, measure: usize) -> bool {
        self.chosen.iter().any(|c| c.measure == measure)
    }
}

/// One way to use the room of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The measure that is had.
    pub measure: usize,
    /// Whether the plan has it.
    pub chosen: bool,
    /// Measures of the plan that are given up for it.
    pub instead_of: Vec<usize>,
    /// What the whole plan makes with it, at the lower ends.
    pub low: i128,
    /// At the upper ends.
    pub high: i128,
    /// How much that is more than the plan, mostly below zero.
    pub more_low: i128,
    /// At the upper ends.
    pub more_high: i128,
}

/// A group that leaves something out, with what each of its measures would make of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many measures it lets in; `None` where it caps money.
    pub places: Option<usize>,
    /// The best first.
    pub options: Vec<Alternative>,
}

/// A measure that takes part, reduced to what the search needs.
#[derive(Debug, Clone)]
struct Item {
    measure: usize,
    low: i128,
    high: i128,
    open: bool,
    standing: Standing,
    /// Numbers of its groups.
    groups: Vec<usize>,
    /// Items that must be chosen as well.
    needs: Vec<usize>,
}

impl Item {
    /// What it adds to a score when it pays so much; applications are counted apart.
    fn score(&self, low: i128, high: i128) -> Score {
        let (sure_low, sure_high) = if self.standing == Standing::Sure { (low, high) } else { (0, 0) };
        Score { low, high, sure_low, sure_high, open: usize::from(self.open), applications: Reverse(0) }
    }
}

/// A group with what is left of it.
#[derive(Debug, Clone)]
struct Pot {
    name: String,
    room: Room,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// So many measures.
    Places(usize),
    /// So much money, at the lower and at the upper ends.
    Money(i128, i128),
}

/// How plans order measures that are otherwise alike: high descending, low descending, id.
fn order(a: (i128, i128, &str), b: (i128, i128, &str)) -> Ordering {
    (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| a.2.cmp(b.2))
}

/// The best plan for a firm on a day, from the outcomes of [`crate::report::report`].
///
/// The order of `measures` makes no difference but for the numbers in the result.
pub fn plan(
    measures: &[Measure],
    outcomes: &[Option<Outcome>],
    catalogue: &Catalogue,
    firm: &Firm,
    today: Date,
) -> Plan {
    plan_with(Case { measures, outcomes, catalogue, firm, today }, &Wishes::default())
}

/// The best plan under the wishes of a visitor; without any, that of [`plan`].
///
/// A measure that was put in is in the plan wherever its groups have room for it, at the cost of others; of several
/// that exclude each other the latest wish counts.
pub fn plan_with(case: Case<'_>, wishes: &Wishes) -> Plan {
    Planner::new(case, wishes).solve()
}

/// For each group that left something out of `plan`, which was made with the same case and wishes: its measures, with
/// what the whole plan would make with each.
pub fn alternatives(case: Case<'_>, wishes: &Wishes, plan: &Plan) -> Vec<Group> {
    Planner::new(case, wishes).alternatives(plan)
}

struct Planner<'a> {
    measures: &'a [Measure],
    outcomes: &'a [Option<Outcome>],
    catalogue: &'a Catalogue,
    firm: &'a Firm,
    today: Date,
    wishes: &'a Wishes,
    groups: Vec<Pot>,
    items: Vec<Item>,
    left: Vec<(usize, LeftOut)>,
}

impl<'a> Planner<'a> {
    fn new(case: Case<'a>, wishes: &'a Wishes) -> Self {
        let Case { measures, outcomes, catalogue, firm, today } = case;
        let (groups, items, left) = (Vec::new(), Vec::new(), Vec::new());
        let mut planner = Self { measures, outcomes, catalogue, firm, today, wishes, groups, items, left };
        planner.values();
        planner.drop_what_cannot_be();
        planner
    }

    fn outcome(&self, at: usize) -> Option<&'a Outcome> {
        self.outcomes.get(at).and_then(Option::as_ref)
    }

    /// How sure a measure is that takes part; why it does not, where that is worth telling.
    fn standing(&self, at: usize, id: &str) -> Result<Standing, Option<LeftOut>> {
        let among = |list: &[String]| list.iter().any(|known| known == id);
        let added = among(&self.wishes.add);
        let standing = self.outcome(at).and_then(Standing::of);
        match standing.filter(|s| *s == Standing::Sure || added) {
            Some(_) if among(&self.wishes.leave) => Err(Some(LeftOut::Wish)),
            Some(standing) => Ok(standing),
            None => Err((added && !among(&self.wishes.leave)).then_some(LeftOut::Closed)),
        }
    }

    fn had_this_year(&self, id: &str) -> i128 {
        let this_year = |year: u16| i32::from(year) == self.today.year();
        let sums = self.firm.received.iter().filter(|r| r.measure == id && this_year(r.year)).map(|r| r.fen);
        sums.fold(0, i128::saturating_add)
    }

    /// Whether nothing has to be done any more for what needs `id` first: it was received, or its title is held.
    fn is_done(&self, id: &str) -> bool {
        self.firm.received.iter().any(|r| r.measure == id)
            || self.measures.iter().any(|m| {
                m.id == id
                    && m.grants.as_ref().is_some_and(|title| {
                        let mut e = Evaluator::new(m, self.catalogue, self.firm, self.today);
                        e.truth(title) == Ok(Truth::True)
                    })
            })
    }

    fn was_had_this_year(&self, id: &str) -> bool {
        let this_year = |year: u16| i32::from(year) == self.today.year();
        self.firm.received.iter().any(|r| r.measure == id && this_year(r.year))
    }

    /// Candidates with what they can add, and the groups with what is left of them.
    fn values(&mut self) {
        for (at, measure) in self.measures.iter().enumerate() {
            let standing = match self.standing(at, &measure.id) {
                Ok(standing) => standing,
                Err(why) => {
                    self.left.extend(why.map(|why| (at, why)));
                    continue;
                }
            };
            let Some(outcome) = self.outcome(at) else { continue };
            let money = measure.benefit.kind.counts_as_money();
            let (mut low, mut high, open) = match outcome.amount.filter(|_| money) {
                Some(Amount { low, high: Some(high), undecided: false, .. }) => (low, high, false),
                Some(Amount { low, .. }) => (low, low, true),
                None => (0, 0, money),
            };
            let had = self.had_this_year(&measure.id);
            if self.was_had_this_year(&measure.id) {
                let yearly = measure.benefit.caps.iter().find(|(scope, _)| *scope == CapScope::FirmYear);
                let cap = yearly.and_then(|(_, cap)| {
                    let mut e = Evaluator::new(measure, self.catalogue, self.firm, self.today);
                    e.number(cap).ok()?.exact().map(|cap| cap.trunc())
                });
                let rest = cap.map_or(0, |cap| (cap - had).max(0));
                (low, high) = (low.min(rest), high.min(rest));
                if rest == 0 {
                    self.left.push((at, LeftOut::Received));
                    continue;
                }
            }
            let mut groups = Vec::new();
            let mut taken = None;
            for (name, rule) in &measure.exclusions {
                match self.group(name, *rule) {
                    Ok(no) if !groups.contains(&no) => groups.push(no),
                    Ok(_) => {}
                    Err(id) => taken = Some(LeftOut::GroupReceived(name.clone(), id)),
                }
            }
            if let Some(reason) = taken {
                self.left.push((at, reason));
                continue;
            }
            self.items.push(Item { measure: at, low, high, open, standing, groups, needs: Vec::new() });
        }
        let measures = self.measures;
        self.items.sort_by(|a, b| {
            let key = |i: &Item| (i.high, i.low, measures[i.measure].id.as_str());
            let certain = |i: &Item| i.standing != Standing::Sure;
            certain(a).cmp(&certain(b)).then_with(|| order(key(a), key(b)))
        });
    }

    /// Number of a group; the id of what was had of it when nothing is left.
    fn group(&mut self, name: &str, rule: ExclusionRule) -> Result<usize, String> {
        // Most firms have had nothing, and every member of every group comes here.
        let table = if self.firm.received.is_empty() { &[] } else { self.measures };
        let had: Vec<&Measure> = table
            .iter()
            .filter(|m| self.was_had_this_year(&m.id) && m.exclusions.iter().any(|(g, _)| g == name))
            .collect();
        let room = match rule {
            ExclusionRule::Best => Room::Places(1usize.saturating_sub(had.len())),
            ExclusionRule::AtMost(n) => Room::Places(usize::from(n).saturating_sub(had.len())),
            ExclusionRule::Cap(fen) => {
                let spent = had.iter().map(|m| self.had_this_year(&m.id)).fold(0, i128::saturating_add);
                let rest = (fen - spent).max(0);
                Room::Money(rest, rest)
            }
        };
        let first = had.iter().min_by_key(|m| m.id.as_str());
        if let (Room::Places(0) | Room::Money(0, 0), Some(first)) = (room, first) {
            return Err(first.id.clone());
        }
        // Where members disagree about their group, the narrower rule holds.
        if let Some(no) = self.groups.iter().position(|g| g.name == name && same_kind(g.room, room)) {
            self.groups[no].room = narrower(self.groups[no].room, room);
            return Ok(no);
        }
        self.groups.push(Pot { name: name.to_owned(), room });
        Ok(self.groups.len() - 1)
    }

    /// Finds what must come first, and drops items that can never have it: again and again, as each may have been
    /// another one's.
    fn drop_what_cannot_be(&mut self) {
        let measures = self.measures;
        // What some item needs: its number, and whether nothing has to be done for it any more.
        let mut needed: LiteMap<&str, (Option<usize>, bool)> = LiteMap::new();
        for id in self.items.iter().flat_map(|item| &measures[item.measure].prerequisites) {
            needed.entry(id.as_str()).or_insert_with(|| (None, self.is_done(id)));
        }
        for (at, measure) in measures.iter().enumerate() {
            if let Some((number, _)) = needed.get_mut(measure.id.as_str()) {
                *number = Some(at);
            }
        }
        let open = |measure: usize| {
            let ids = measures[measure].prerequisites.iter();
            ids.filter_map(|id| Some((id, needed.get(id.as_str()).copied()?))).filter(|(_, (_, done))| !done)
        };
        loop {
            let mut dropped = Vec::new();
            for (no, item) in self.items.iter().enumerate() {
                let among = |at: Option<usize>| self.items.iter().any(|i| Some(i.measure) == at);
                let lacks = open(item.measure).find(|(_, (at, _))| !among(*at));
                dropped.extend(lacks.map(|(id, _)| (no, LeftOut::Needs(id.clone()))));
            }
            if dropped.is_empty() {
                break;
            }
            for (no, reason) in dropped.into_iter().rev() {
                let item = self.items.remove(no);
                self.left.push((item.measure, reason));
            }
        }
        for no in 0..self.items.len() {
            let place = |at: Option<usize>| self.items.iter().position(|i| Some(i.measure) == at);
            self.items[no].needs =
                open(self.items[no].measure).filter_map(|(_, (at, _))| place(at)).collect();
        }
        let circles: Vec<usize> = (0..self.items.len()).filter(|no| self.in_circle(*no)).collect();
        if circles.is_empty() {
            return;
        }
        for no in circles.into_iter().rev() {
            let item = self.items.remove(no);
            self.left.push((item.measure, LeftOut::Circle));
        }
        // Numbers have moved, and others may have needed what is gone.
        for item in &mut self.items {
            item.needs.clear();
        }
        self.drop_what_cannot_be();
    }

    fn in_circle(&self, start: usize) -> bool {
        let mut seen = vec![false; self.items.len()];
        let mut next = self.items[start].needs.clone();
        while let Some(no) = next.pop() {
            if no == start {
                return true;
            }
            if !std::mem::replace(&mut seen[no], true) {
                next.extend(&self.items[no].needs);
            }
        }
        false
    }

    /// Items that share a group or a prerequisite, directly or through others.
    fn components(&self) -> Vec<Vec<usize>> {
        let mut component: Vec<usize> = (0..self.items.len()).collect();
        let mut join = |a: usize, b: usize| {
            let (from, to) = (component[a].max(component[b]), component[a].min(component[b]));
            for c in &mut component {
                if *c == from {
                    *c = to;
                }
            }
        };
        let mut owner: LiteMap<usize, usize> = LiteMap::new();
        for (no, item) in self.items.iter().enumerate() {
            for group in &item.groups {
                match owner.get(group) {
                    Some(first) => join(*first, no),
                    None => {
                        owner.insert(*group, no);
                    }
                }
            }
            for need in &item.needs {
                join(*need, no);
            }
        }
        let mut parts: LiteMap<usize, Vec<usize>> = LiteMap::new();
        for (no, c) in component.iter().enumerate() {
            parts.entry(*c).or_default().push(no);
        }
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// Items that must be in: the wishes from the last one on, each with what it needs, while there is room for all
    /// of them; `first` comes before.
    fn forced(&self, first: Option<usize>) -> Vec<bool> {
        let number = |id: &String| self.items.iter().position(|i| self.measures[i.measure].id == *id);
        let mut forced = vec![false; self.items.len()];
        for no in first.into_iter().chain(self.wishes.add.iter().rev().filter_map(number)) {
            let mut more = forced.clone();
            let mut next = vec![no];
            while let Some(no) = next.pop() {
                if !std::mem::replace(&mut more[no], true) {
                    next.extend(&self.items[no].needs);
                }
            }
            let mut taken = vec![0; self.groups.len()];
            let inside = self.items.iter().zip(&more).filter(|(_, more)| **more);
            inside.flat_map(|(item, _)| &item.groups).for_each(|group| taken[*group] += 1);
            let fits = self.groups.iter().zip(taken).all(|(pot, taken)| match pot.room {
                Room::Places(places) => taken <= places,
                Room::Money(..) => true,
            });
            if fits {
                forced = more;
            }
        }
        forced
    }

    fn solve(mut self) -> Plan {
        let mut plan = Plan { exact: true, ..Plan::default() };
        let mut chosen: Vec<(usize, i128, i128)> = Vec::new();
        let forced = self.forced(None);
        for part in self.components() {
            let mut search = Search::new(&self.items, &self.groups, &part, &forced);
            let best = search.run();
            let exact = search.steps <= STEP_LIMIT;
            plan.exact &= exact;
            plan.score = add(plan.score, best.score);
            plan.bound = add(plan.bound, if exact { best.score } else { search.bound });
            chosen.extend(best.chosen);
        }
        self.reasons(&chosen);
        plan.chosen = self.sequence(&chosen);
        let measures = self.measures;
        self.left.sort_by(|a, b| measures[a.0].id.cmp(&measures[b.0].id));
        plan.left = self.left;
        plan
    }

    fn alternatives(&self, plan: &Plan) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let parts = self.components();
        for (at, why) in &plan.left {
            let LeftOut::Group(name, beside) = why else { continue };
            let Some(no) = self.items.iter().position(|i| i.measure == *at) else { continue };
            let Some(part) = parts.iter().find(|part| part.contains(&no)) else { continue };
            let forced = self.forced(Some(no));
            let found = Search::new(&self.items, &self.groups, part, &forced).run();
            // Only this part is chosen anew.
            let here = |measure: usize| part.iter().find(|no| self.items[**no].measure == measure);
            let (mut low, mut high) = (found.score.low, found.score.high);
            let mut instead_of = Vec::new();
            for choice in &plan.chosen {
                match here(choice.measure) {
                    Some(no) if found.chosen.iter().any(|(c, ..)| c == no) => {}
                    Some(_) => instead_of.push(choice.measure),
                    None => (low, high) = (low.saturating_add(choice.low), high.saturating_add(choice.high)),
                }
            }
            let option = |measure, chosen, instead_of, low: i128, high: i128| Alternative {
                measure,
                chosen,
                instead_of,
                low,
                high,
                more_low: low.saturating_sub(plan.score.low),
                more_high: high.saturating_sub(plan.score.high),
            };
            if !groups.iter().any(|g| g.name == *name) {
                let pots = self.groups.iter().filter(|pot| pot.name == *name);
                let places = pots.filter_map(|pot| match pot.room {
                    Room::Places(places) => Some(places),
                    Room::Money(..) => None,
                });
                let (places, options) = (places.min(), Vec::new());
                groups.push(Group { name: name.clone(), places, options });
            }
            let Some(group) = groups.iter_mut().find(|g| g.name == *name) else { continue };
            let mut add = |option: Alternative| {
                if group.options.iter().any(|o| o.measure == option.measure) {
                    return;
                }
                let id = |o: &Alternative| self.measures[o.measure].id.as_str();
                let key = |o: &Alternative| (o.low, o.high, o.chosen, Reverse(id(o).to_owned()));
                let at = group.options.partition_point(|other| key(other) >= key(&option));
                group.options.insert(at, option);
            };
            add(option(*at, false, instead_of, low, high));
            for measure in beside {
                add(option(*measure, true, Vec::new(), plan.score.low, plan.score.high));
            }
        }
        groups
    }

    /// Why items were not chosen.
    fn reasons(&mut self, chosen: &[(usize, i128, i128)]) {
        let is_chosen = |no: usize| chosen.iter().any(|(c, ..)| *c == no);
        for (no, item) in self.items.iter().enumerate() {
            if is_chosen(no) {
                continue;
            }
            let beside = |group: &usize| -> Vec<usize> {
                let inside = chosen.iter().filter(|(c, ..)| self.items[*c].groups.contains(group));
                let mut beside: Vec<usize> = inside.map(|(c, ..)| self.items[*c].measure).collect();
                beside.sort_unstable();
                beside
            };
            // A group whose places are taken says more than one that only has company.
            let full = |group: &&usize| matches!(self.groups[**group].room, Room::Places(places) if beside(group).len() >= places);
            let shared = |group: &&usize| !beside(group).is_empty();
            let group = item.groups.iter().find(full).or_else(|| item.groups.iter().find(shared));
            let full = group.map(|group| LeftOut::Group(self.groups[*group].name.clone(), beside(group)));
            let reason = full.unwrap_or_else(|| {
                let missing = item.needs.iter().find(|need| !is_chosen(**need));
                missing.map_or(LeftOut::Nothing, |need| {
                    LeftOut::Needs(self.measures[self.items[*need].measure].id.clone())
                })
            });
            // What is only recognised and not needed was never meant to be chosen.
            if reason != LeftOut::Nothing || self.measures[item.measure].benefit.kind.counts_as_money() {
                self.left.push((item.measure, reason));
            }
        }
    }

    /// What must come first comes first; then by the last day, then by what it brings.
    fn sequence(&self, chosen: &[(usize, i128, i128)]) -> Vec<Choice> {
        let mut waiting: Vec<&(usize, i128, i128)> = chosen.iter().collect();
        let last_day = |no: usize| {
            let measure = &self.measures[self.items[no].measure];
            measure.schedule.closes.unwrap_or(Date::LAST)
        };
        waiting.sort_by_key(|(no, ..)| (last_day(*no), *no));
        let mut done: Vec<usize> = Vec::new();
        let mut sequence = Vec::new();
        while !waiting.is_empty() {
            let ready =
                waiting.iter().position(|(no, ..)| self.items[*no].needs.iter().all(|n| done.contains(n)));
            let (no, low, high) = *waiting.remove(ready.unwrap_or(0));
            done.push(no);
            let item = &self.items[no];
            let after = item.needs.iter().map(|need| self.items[*need].measure).collect();
            let (measure, open, standing) = (item.measure, item.open, item.standing);
            sequence.push(Choice { measure, low, high, open, standing, after });
        }
        sequence
    }
}

fn same_kind(a: Room, b: Room) -> bool {
    matches!((a, b), (Room::Places(_), Room::Places(_)) | (Room::Money(..), Room::Money(..)))
}

fn narrower(a: Room, b: Room) -> Room {
    match (a, b) {
        (Room::Places(a), Room::Places(b)) => Room::Places(a.min(b)),
        (Room::Money(a, c), Room::Money(b, d)) => Room::Money(a.min(b), c.min(d)),
        (a, _) => a,
    }
}

fn add(a: Score, b: Score) -> Score {
    Score {
        low: a.low.saturating_add(b.low),
        high: a.high.saturating_add(b.high),
        sure_low: a.sure_low.saturating_add(b.sure_low),
        sure_high: a.sure_high.saturating_add(b.sure_high),
        open: a.open + b.open,
        applications: Reverse(a.applications.0 + b.applications.0),
    }
}

/// The best set found so far: items with what each pays.
#[derive(Debug, Clone, Default)]
struct Found {
    score: Score,
    chosen: Vec<(usize, i128, i128)>,
}

/// Branch and bound over one connected part, in the order of the items, taking before leaving: of equally good sets the
/// first one found is the first in that order.
struct Search<'a> {
    items: &'a [Item],
    part: &'a [usize],
    /// Items that must be chosen. Their places are taken from the start.
    forced: &'a [bool],
    rooms: Vec<Room>,
    /// How many chosen items need this one.
    wanted: Vec<usize>,
    /// Items decided to be left.
    refused: Vec<bool>,
    chosen: Vec<(usize, i128, i128)>,
    score: Score,
    best: Option<Found>,
    bound: Score,
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(items: &'a [Item], groups: &[Pot], part: &'a [usize], forced: &'a [bool]) -> Self {
        let mut rooms: Vec<Room> = groups.iter().map(|g| g.room).collect();
        for no in part.iter().filter(|no| forced[**no]) {
            for group in &items[*no].groups {
                if let Room::Places(places) = rooms[*group] {
                    rooms[*group] = Room::Places(places.saturating_sub(1));
                }
            }
        }
        let mut search = Self {
            items,
            part,
            forced,
            rooms,
            wanted: vec![0; items.len()],
            refused: vec![false; items.len()],
            chosen: Vec::new(),
            score: Score::default(),
            best: None,
            bound: Score::default(),
            steps: 0,
        };
        search.bound = search.limit(0);
        search
    }

    fn run(&mut self) -> Found {
        self.step(0);
        self.best.take().unwrap_or_default()
    }

    fn step(&mut self, at: usize) {
        self.steps += 1;
        if self.steps > STEP_LIMIT {
            return;
        }
        let Some(&no) = self.part.get(at) else {
            // Everything wanted was taken: it was never refused.
            if self.best.as_ref().is_none_or(|best| self.score > best.score) {
                self.best = Some(Found { score: self.score, chosen: self.chosen.clone() });
            }
            return;
        };
        if self.best.as_ref().is_some_and(|best| self.limit(at) <= best.score) {
            return;
        }
        if self.may_take(no) {
            let before = (self.score, self.rooms.clone());
            let paid = self.take(no);
            self.chosen.push((no, paid.0, paid.1));
            for need in &self.items[no].needs {
                self.wanted[*need] += 1;
            }
            self.step(at + 1);
            for need in &self.items[no].needs {
                self.wanted[*need] -= 1;
            }
            self.chosen.pop();
            (self.score, self.rooms) = before;
        }
        if self.wanted[no] == 0 && !self.forced[no] {
            self.refused[no] = true;
            self.step(at + 1);
            self.refused[no] = false;
        }
    }

    fn may_take(&self, no: usize) -> bool {
        if self.forced[no] {
            return true;
        }
        let item = &self.items[no];
        let room = item.groups.iter().all(|g| self.rooms[*g] != Room::Places(0));
        // What it needs must still be possible, with everything that in turn needs.
        room && item.needs.iter().all(|need| !self.refused[*need])
    }

    /// Takes an item: what it pays after the caps of its groups.
    fn take(&mut self, no: usize) -> (i128, i128) {
        let item = &self.items[no];
        let (mut low, mut high) = (item.low, item.high);
        for group in &item.groups {
            if let Room::Money(rest_low, rest_high) = self.rooms[*group] {
                (low, high) = (low.min(rest_low), high.min(rest_high));
            }
        }
        for group in &item.groups {
            self.rooms[*group] = match self.rooms[*group] {
                Room::Places(n) => Room::Places(n.saturating_sub(usize::from(!self.forced[no]))),
                Room::Money(rest_low, rest_high) => Room::Money(rest_low - low, rest_high - high),
            };
        }
        self.score = add(self.score, item.score(low, high));
        self.score.applications.0 += 1;
        (low, high)
    }

    /// No completion from item `at` on is better: every item counts where it meets the least room, each such group
    /// with its best members or its rest of money.
    fn limit(&self, at: usize) -> Score {
        let mut sum = self.score;
        let mut by_group: LiteMap<usize, Vec<&Item>> = LiteMap::new();
        for no in &self.part[at.min(self.part.len())..] {
            let item = &self.items[*no];
            if !self.may_take(*no) {
                continue;
            }
            let is_places = |g: &&usize| matches!(self.rooms[**g], Room::Places(_));
            let places = item.groups.iter().find(|g| is_places(g) && !self.forced[*no]);
            match places.or_else(|| item.groups.iter().find(|g| !is_places(g))) {
                Some(group) => by_group.entry(*group).or_default().push(item),
                None => sum = add(sum, item.score(item.low, item.high)),
            }
        }
        for (group, members) in &by_group {
            let (low, high, n) = match self.rooms[*group] {
                Room::Places(n) => (i128::MAX, i128::MAX, n),
                Room::Money(low, high) => (low, high, usize::MAX),
            };
            let best = |value: fn(Score) -> i128, most: i128| {
                let scores = members.iter().map(|i| value(i.score(i.low, i.high)));
                let mut values: Vec<i128> = scores.collect();
                values.sort_unstable_by(|a, b| b.cmp(a));
                values.into_iter().take(n).fold(0, i128::saturating_add).min(most)
            };
            let best = Score {
                low: best(|s| s.low, low),
                high: best(|s| s.high, high),
                sure_low: best(|s| s.sure_low, low),
                sure_high: best(|s| s.sure_high, high),
                open: members.iter().filter(|i| i.open).count().min(n),
                applications: Reverse(0),
            };
            sum = add(sum, best);
        }
        sum
    }
}

/// Materials of all chosen measures, each once, with the measures that need it: the most wanted first, then as listed.
pub fn materials<'d>(
    plan: &Plan,
    mut detail: impl FnMut(usize) -> Option<&'d Detail>,
) -> Vec<(String, Vec<usize>)> {
    let mut merged: Vec<(String, Vec<usize>)> = Vec::new();
    for choice in &plan.chosen {
        for material in detail(choice.measure).map(|d| d.materials.as_slice()).unwrap_or_default() {
            match merged.iter_mut().find(|(known, _)| *known == material.name) {
                Some((_, users)) if !users.contains(&choice.measure) => users.push(choice.measure),
                Some(_) => {}
                None => merged.push((material.name.clone(), vec![choice.measure])),
            }
        }
    }
    merged.sort_by_key(|(_, users)| Reverse(users.len()));
    merged
}

/// What happens on a day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// 截止: the last day to apply.
    Closes,
    /// 开始: the first day to apply.
    Opens,
    /// 失效: the last day of the document.
    Expires,
}

/// Days that matter from `today` on, in order: of chosen measures when they close and lapse, of measures that are not
/// open yet and that the firm may qualify for when they open.
pub fn calendar(
    plan: &Plan,
    measures: &[Measure],
    outcomes: &[Option<Outcome>],
    today: Date,
) -> Vec<(Date, Event, usize)> {
    let mut days = Vec::new();
    for choice in &plan.chosen {
        let schedule = &measures[choice.measure].schedule;
        days.extend(schedule.closes.map(|day| (day, Event::Closes, choice.measure)));
        days.extend(schedule.valid_to.map(|day| (day, Event::Expires, choice.measure)));
    }
    for (at, outcome) in outcomes.iter().enumerate() {
        let soon = outcome
            .as_ref()
            .is_some_and(|o| o.window == Window::Upcoming && o.verdict != Verdict::Ineligible);
        if soon {
            days.extend(measures[at].schedule.opens.map(|day| (day, Event::Opens, at)));
        }
    }
    days.retain(|(day, ..)| *day >= today);
    days.sort();
    days
}
