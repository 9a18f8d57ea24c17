//! English names of what a catalogue and its measures are called. For display only: ids and numbers stay, and with
//! them every decision; what has no English name keeps its Chinese one.

use litemap::LiteMap;

use crate::bundle::{BundleError, PartKind, part_writer, read_part};
use crate::catalogue::{Catalogue, CodeNames};
use crate::codec::Reader;

/// English of a fact; what is empty stays Chinese.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnglishFact {
    /// Name, with a small letter as it stands within sentences.
    pub name: String,
    /// Question.
    pub question: String,
    /// Help.
    pub help: String,
}

/// English names of one bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct English {
    /// Facts by id.
    pub facts: LiteMap<String, EnglishFact>,
    /// Qualifications, programmes and rosters by id.
    pub items: LiteMap<String, String>,
    /// Whatever goes by its Chinese name: options, levels, themes, size classes, lists, parameters, materials.
    pub terms: LiteMap<String, String>,
    /// Regions.
    pub regions: CodeNames,
    /// Industries.
    pub industries: CodeNames,
    /// 英文名 of measures by id.
    pub measures: LiteMap<String, String>,
}

impl English {
    /// Raw bytes of the part.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = part_writer(PartKind::English);
        w.size(self.facts.len());
        for (id, fact) in &self.facts {
            [id, &fact.name, &fact.question, &fact.help].into_iter().for_each(|text| w.str(text));
        }
        for list in [&self.items, &self.terms, &self.measures] {
            w.size(list.len());
            for (key, name) in list {
                w.str(key);
                w.str(name);
            }
        }
        self.regions.encode(&mut w);
        self.industries.encode(&mut w);
        w.into_bytes()
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When it is of another kind or version, or damaged.
    pub fn decode(raw: &[u8]) -> Result<Self, BundleError> {
        let names = |r: &mut Reader<'_>| r.list(|r| (r.string(), r.string())).into_iter().collect();
        read_part(PartKind::English, raw, |r| {
            let fact = |r: &mut Reader<'_>| {
                (r.string(), EnglishFact { name: r.string(), question: r.string(), help: r.string() })
            };
            Self {
                facts: r.list(fact).into_iter().collect(),
                items: names(r),
                terms: names(r),
                measures: names(r),
                regions: CodeNames::read(r),
                industries: CodeNames::read(r),
            }
        })
    }

    /// Takes over what this one does not name.
    pub fn absorb(&mut self, other: Self) {
        fn add<T>(own: &mut LiteMap<String, T>, other: LiteMap<String, T>) {
            for (key, value) in other {
                own.entry(key).or_insert(value);
            }
        }
        add(&mut self.facts, other.facts);
        add(&mut self.items, other.items);
        add(&mut self.terms, other.terms);
        add(&mut self.measures, other.measures);
        let (mut regions, mut industries) = (other.regions, other.industries);
        regions.extend(std::mem::take(&mut self.regions));
        industries.extend(std::mem::take(&mut self.industries));
        (self.regions, self.industries) = (regions, industries);
    }

    /// English of something that goes by its Chinese name, or that name.
    pub fn term<'a>(&'a self, name: &'a str) -> &'a str {
        self.terms.get(name).map_or(name, String::as_str)
    }

    /// 英文名 of a measure.
    pub fn name(&self, measure: &str) -> Option<&str> {
        self.measures.get(measure).map(String::as_str)
    }

    /// Shows English names in a catalogue. Again where more of it is loaded: what is English already stays. Not before
    /// [`Catalogue::absorb`], which compares Chinese names.
    pub fn apply(&self, catalogue: &mut Catalogue) {
        let term = |name: &mut String| {
            if let Some(english) = self.terms.get(name.as_str()) {
                english.clone_into(name);
            }
        };
        // What profiles write is kept before it is replaced.
        let terms = |names: &mut Vec<String>, written: &mut dyn FnMut(Vec<String>)| {
            if names.iter().any(|name| self.terms.contains_key(name.as_str())) {
                written(names.clone());
                names.iter_mut().for_each(term);
            }
        };
        for (no, fact) in catalogue.facts.iter_mut() {
            terms(&mut fact.options, &mut |options| {
                catalogue.written.options.insert(*no, options);
            });
            let Some(english) = self.facts.get(fact.id.as_str()) else { continue };
            let texts = [&mut fact.name, &mut fact.question, &mut fact.help];
            for (shown, english) in texts.into_iter().zip([&english.name, &english.question, &english.help]) {
                if !english.is_empty() {
                    english.clone_into(shown);
                }
            }
        }
        for (no, item) in catalogue.items.iter_mut() {
            terms(&mut item.levels, &mut |levels| {
                catalogue.written.levels.insert(*no, levels);
            });
            if let Some(english) = self.items.get(item.id.as_str()) {
                english.clone_into(&mut item.name);
            }
        }
        catalogue.lists.iter_mut().for_each(|(_, list)| term(&mut list.name));
        catalogue.params.iter_mut().for_each(|(_, param)| term(&mut param.name));
        catalogue.themes.iter_mut().for_each(|(_, name)| term(name));
        catalogue.sizes.iter_mut().for_each(|size| term(&mut size.name));
        catalogue.regions.rename(&self.regions);
        catalogue.industries.rename(&self.industries);
    }
}
