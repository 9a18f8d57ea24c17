//! The best combination of measures a firm can apply for (申报方案): exclusion groups, what must come first, caps, and
//! what the firm has had already.
//!
//! The objective is lexicographic: Σ lower ends, Σ upper ends, sums that the text leaves open, fewer applications, then
//! the first in this order: upper end descending, lower end descending, id. Measures that share neither a group nor a prerequisite are solved apart; each
//! part by branch and bound, which is exact unless it needs more than [`STEP_LIMIT`] steps.

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

/// What is good about a set of measures, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Score {
    /// Σ lower ends in fen.
    pub low: i128,
    /// Σ upper ends in fen.
    pub high: i128,
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

/// A measure that takes part, reduced to what the search needs.
#[derive(Debug, Clone)]
struct Item {
    measure: usize,
    low: i128,
    high: i128,
    open: bool,
    /// Numbers of its groups.
    groups: Vec<usize>,
    /// Items that must be chosen as well.
    needs: Vec<usize>,
}

/// A group with what is left of it.
#[derive(Debug, Clone)]
struct Group {
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
    let mut planner = Planner::new(measures, outcomes, catalogue, firm, today);
    planner.values();
    planner.drop_what_cannot_be();
    planner.solve()
}

struct Planner<'a> {
    measures: &'a [Measure],
    outcomes: &'a [Option<Outcome>],
    catalogue: &'a Catalogue,
    firm: &'a Firm,
    today: Date,
    groups: Vec<Group>,
    items: Vec<Item>,
    left: Vec<(usize, LeftOut)>,
}

impl<'a> Planner<'a> {
    fn new(
        measures: &'a [Measure],
        outcomes: &'a [Option<Outcome>],
        catalogue: &'a Catalogue,
        firm: &'a Firm,
        today: Date,
    ) -> Self {
        let (groups, items, left) = (Vec::new(), Vec::new(), Vec::new());
        Self { measures, outcomes, catalogue, firm, today, groups, items, left }
    }

    fn outcome(&self, at: usize) -> Option<&'a Outcome> {
        self.outcomes.get(at).and_then(Option::as_ref)
    }

    /// Whether the firm may apply for it now.
    fn open_to(&self, at: usize) -> bool {
        self.outcome(at).is_some_and(|o| o.verdict == Verdict::Eligible && o.window.counts())
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
            if !self.open_to(at) {
                continue;
            }
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
            self.items.push(Item { measure: at, low, high, open, groups, needs: Vec::new() });
        }
        let measures = self.measures;
        self.items.sort_by(|a, b| {
            let key = |i: &Item| (i.high, i.low, measures[i.measure].id.as_str());
            order(key(a), key(b))
        });
    }

    /// Number of a group; the id of what was had of it when nothing is left.
    fn group(&mut self, name: &str, rule: ExclusionRule) -> Result<usize, String> {
        let had: Vec<&Measure> = self
            .measures
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
        self.groups.push(Group { name: name.to_owned(), room });
        Ok(self.groups.len() - 1)
    }

    /// Finds what must come first, and drops items that can never have it: again and again, as each may have been
    /// another one's.
    fn drop_what_cannot_be(&mut self) {
        let mut numbers: LiteMap<&str, usize> = LiteMap::new();
        for (at, measure) in self.measures.iter().enumerate() {
            numbers.insert(&measure.id, at);
        }
        loop {
            let mut dropped = Vec::new();
            for (no, item) in self.items.iter().enumerate() {
                for id in &self.measures[item.measure].prerequisites {
                    let at = numbers.get(id.as_str()).copied();
                    let among = self.items.iter().any(|i| Some(i.measure) == at);
                    if !self.is_done(id) && !among {
                        dropped.push((no, LeftOut::Needs(id.clone())));
                        break;
                    }
                }
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
            let needs =
                self.measures[self.items[no].measure].prerequisites.iter().filter(|id| !self.is_done(id));
            let at = |id: &String| numbers.get(id.as_str()).copied();
            let needs: Vec<usize> =
                needs.filter_map(|id| self.items.iter().position(|i| Some(i.measure) == at(id))).collect();
            self.items[no].needs = needs;
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

    fn solve(mut self) -> Plan {
        let mut plan = Plan { exact: true, ..Plan::default() };
        let mut chosen: Vec<(usize, i128, i128)> = Vec::new();
        for part in self.components() {
            let mut search = Search::new(&self.items, &self.groups, &part);
            search.run();
            plan.exact &= search.steps <= STEP_LIMIT;
            plan.score = add(plan.score, search.best.score);
            plan.bound =
                add(plan.bound, if search.steps <= STEP_LIMIT { search.best.score } else { search.bound });
            chosen.extend(search.best.chosen);
        }
        self.reasons(&chosen);
        plan.chosen = self.sequence(&chosen);
        let measures = self.measures;
        self.left.sort_by(|a, b| measures[a.0].id.cmp(&measures[b.0].id));
        plan.left = self.left;
        plan
    }

    /// Why items were not chosen.
    fn reasons(&mut self, chosen: &[(usize, i128, i128)]) {
        let is_chosen = |no: usize| chosen.iter().any(|(c, ..)| *c == no);
        for (no, item) in self.items.iter().enumerate() {
            if is_chosen(no) {
                continue;
            }
            let full = item.groups.iter().find_map(|group| {
                let mut beside: Vec<usize> = chosen
                    .iter()
                    .filter(|(c, ..)| self.items[*c].groups.contains(group))
                    .map(|(c, ..)| self.items[*c].measure)
                    .collect();
                beside.sort_unstable();
                (!beside.is_empty()).then(|| LeftOut::Group(self.groups[*group].name.clone(), beside))
            });
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
            sequence.push(Choice { measure: item.measure, low, high, open: item.open, after });
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
    rooms: Vec<Room>,
    /// How many chosen items need this one.
    wanted: Vec<usize>,
    /// Items decided to be left.
    refused: Vec<bool>,
    chosen: Vec<(usize, i128, i128)>,
    score: Score,
    best: Found,
    bound: Score,
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(items: &'a [Item], groups: &[Group], part: &'a [usize]) -> Self {
        let mut search = Self {
            items,
            part,
            rooms: groups.iter().map(|g| g.room).collect(),
            wanted: vec![0; items.len()],
            refused: vec![false; items.len()],
            chosen: Vec::new(),
            score: Score::default(),
            best: Found::default(),
            bound: Score::default(),
            steps: 0,
        };
        search.bound = search.limit(0);
        search
    }

    fn run(&mut self) {
        self.step(0);
    }

    fn step(&mut self, at: usize) {
        self.steps += 1;
        if self.steps > STEP_LIMIT {
            return;
        }
        let Some(&no) = self.part.get(at) else {
            // Everything wanted was taken: it was never refused.
            if self.score > self.best.score {
                self.best = Found { score: self.score, chosen: self.chosen.clone() };
            }
            return;
        };
        if self.limit(at) <= self.best.score {
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
        if self.wanted[no] == 0 {
            self.refused[no] = true;
            self.step(at + 1);
            self.refused[no] = false;
        }
    }

    fn may_take(&self, no: usize) -> bool {
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
                Room::Places(n) => Room::Places(n.saturating_sub(1)),
                Room::Money(rest_low, rest_high) => Room::Money(rest_low - low, rest_high - high),
            };
        }
        self.score.low = self.score.low.saturating_add(low);
        self.score.high = self.score.high.saturating_add(high);
        self.score.open += usize::from(item.open);
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
            let places = item.groups.iter().find(|g| matches!(self.rooms[**g], Room::Places(_)));
            match places.or_else(|| item.groups.first()) {
                Some(group) => by_group.entry(*group).or_default().push(item),
                None => {
                    sum.low = sum.low.saturating_add(item.low);
                    sum.high = sum.high.saturating_add(item.high);
                    sum.open += usize::from(item.open);
                }
            }
        }
        for (group, members) in &by_group {
            let best = |value: fn(&Item) -> i128, n: usize| {
                let mut values: Vec<i128> = members.iter().map(|i| value(i)).collect();
                values.sort_unstable_by(|a, b| b.cmp(a));
                values.into_iter().take(n).fold(0, i128::saturating_add)
            };
            let (low, high, n) = match self.rooms[*group] {
                Room::Places(n) => (best(|i| i.low, n), best(|i| i.high, n), n),
                Room::Money(low, high) => {
                    (best(|i| i.low, usize::MAX).min(low), best(|i| i.high, usize::MAX).min(high), usize::MAX)
                }
            };
            sum.low = sum.low.saturating_add(low);
            sum.high = sum.high.saturating_add(high);
            sum.open += members.iter().filter(|i| i.open).count().min(n);
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
