//! Several publishers in one page: one catalogue for all of them, and what each may say.
//!
//! Every publisher numbers the rows of its catalogue by itself; ids and names mean the same everywhere
//! (`policies/README.md`). So rows are matched by these, and tables are read with the numbers of the catalogue that
//! absorbed the other one. A row that two publishers understand differently is an error: an answer would mean two
//! things.

use litemap::LiteMap;

use crate::catalogue::{Catalogue, FactNo};

/// What the row numbers of an absorbed catalogue have become.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renumbering {
    /// Facts.
    pub facts: LiteMap<u16, u16>,
    /// Qualifications, programmes and rosters.
    pub items: LiteMap<u16, u16>,
    /// Named lists.
    pub lists: LiteMap<u16, u16>,
    /// Dated parameters.
    pub params: LiteMap<u16, u16>,
    /// Themes.
    pub themes: LiteMap<u16, u16>,
    /// Facts, by their old numbers, whose items are rows of the catalogue.
    pub sets: Vec<FactNo>,
}

/// Puts a row at its own number, or behind the last one if that is taken.
fn place<T>(rows: &mut LiteMap<u16, T>, number: u16, row: T) -> Result<u16, String> {
    let number = if rows.contains_key(&number) {
        let last = rows.keys().next_back().copied().unwrap_or_default();
        last.checked_add(1).ok_or_else(|| "目录的行太多".to_owned())?
    } else {
        number
    };
    rows.insert(number, row);
    Ok(number)
}

/// Rows that are the same as a whole, or new.
fn absorb<T: PartialEq>(
    own: &mut LiteMap<u16, T>,
    other: LiteMap<u16, T>,
) -> Result<LiteMap<u16, u16>, String> {
    let mut numbers = LiteMap::new();
    for (number, row) in other {
        let same = own.iter().find(|(_, r)| **r == row).map(|(no, _)| *no);
        let now = match same {
            Some(no) => no,
            None => place(own, number, row)?,
        };
        numbers.insert(number, now);
    }
    Ok(numbers)
}

impl Catalogue {
    /// Takes over the rows of another publisher's catalogue, and says what their numbers are here. Wording (questions,
    /// help) stays that of the first; names of regions and industries as well.
    ///
    /// # Errors
    /// In Chinese, when a row means something else there. The catalogue may then hold rows of the other already, which
    /// no rule uses.
    pub fn absorb(&mut self, other: Self) -> Result<Renumbering, String> {
        let differs = |name: &str| format!("目录里的“{name}”和前一个发布单位的不一样");
        if !self.sizes.is_empty() && !other.sizes.is_empty() && self.sizes != other.sizes {
            return Err(differs("企业规模划型"));
        }
        let mut numbers = Renumbering::default();
        for (number, fact) in other.facts {
            if fact.kind.item_class().is_some() {
                numbers.sets.push(number);
            }
            let now = match self.fact_by_id(&fact.id) {
                Some((no, own)) => {
                    let meaning = |f: &crate::catalogue::Fact| {
                        (f.scope, f.kind, f.yearly, f.signed, f.derived, f.unit.clone(), f.options.clone())
                    };
                    if meaning(own) != meaning(&fact) {
                        return Err(differs(&fact.name));
                    }
                    no
                }
                None => place(&mut self.facts, number, fact)?,
            };
            numbers.facts.insert(number, now);
        }
        let mut implied = Vec::new();
        for (number, mut item) in other.items {
            let implies = std::mem::take(&mut item.implies);
            let same = self.items.iter().find(|(_, own)| own.id == item.id).map(|(no, _)| *no);
            let now = match same.and_then(|no| Some((no, self.items.get(&no)?))) {
                Some((no, own)) => {
                    let same = (own.class, own.valid_years, &own.levels)
                        == (item.class, item.valid_years, &item.levels);
                    if !same {
                        return Err(differs(&item.name));
                    }
                    no
                }
                None => place(&mut self.items, number, item)?,
            };
            numbers.items.insert(number, now);
            implied.push((now, implies));
        }
        // A row that is implied may follow later.
        for (now, implies) in implied {
            let implies = implies.iter().filter_map(|no| numbers.items.get(no)).copied();
            if let Some(item) = self.items.get_mut(&now) {
                for no in implies {
                    if !item.implies.contains(&no) {
                        item.implies.push(no);
                    }
                }
            }
        }
        numbers.lists = absorb(&mut self.lists, other.lists)?;
        numbers.params = absorb(&mut self.params, other.params)?;
        numbers.themes = absorb(&mut self.themes, other.themes)?;
        if self.sizes.is_empty() {
            self.sizes = other.sizes;
        }
        let mut regions = other.regions;
        regions.extend(std::mem::take(&mut self.regions));
        self.regions = regions;
        Ok(numbers)
    }
}
