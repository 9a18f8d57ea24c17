//! A search index that was built and published in a folder, and what a browser would fetch of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use huiqi::parts::{self, Parts, Written};
use huiqi::text_index::{self, SearchDocument, TextIndex};
use huiqi::web_index::{self, Previous, Shared};
use huiqi_engine::bundle::{self, PartKind};
use huiqi_engine::search::{Index, Manifest, Query, Root, Vocabulary};

/// The published index.
#[expect(missing_debug_implementations, reason = "tantivy's readers have none")]
pub struct Site {
    /// The offline index.
    pub text: TextIndex,
    /// Area and part with its root.
    pub roots: BTreeMap<String, String>,
    /// Names of all parts.
    pub names: Vec<String>,
    /// Names of the parts that were not there before.
    pub fresh: Vec<String>,
    /// Stored bytes of each part.
    pub sizes: HashMap<String, usize>,
    /// Number and stored bytes of parts by kind.
    pub by_kind: BTreeMap<&'static str, (usize, usize)>,
    dir: PathBuf,
}

impl Site {
    /// Builds the offline index in `dir/index` and publishes it in `dir/site`; `before` is what was published there the
    /// last time.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn build(
        dir: &Path,
        documents: impl Iterator<Item = SearchDocument>,
        threads: usize,
        before: Option<&Self>,
    ) -> Result<Self> {
        let text =
            text_index::update_and_open(&dir.join("index"), documents, &BTreeSet::new(), threads, |_| {})?;
        let dir = dir.join("site");
        std::fs::create_dir_all(&dir)?;
        let parts = Parts::new(&dir);
        let words = Vocabulary { synonyms: Vec::new(), words: text.words()? };
        let shared = Shared {
            simplifier: parts.add(PartKind::Simplifier, &bundle::encode_simplifier(text.simplifier()))?,
            vocabulary: parts.add(PartKind::Words, &bundle::encode_vocabulary(&words))?,
            sounds: parts.add(PartKind::Sounds, &bundle::encode_sounds(&text_index::sounds()))?,
        };
        let mut areas: Vec<(String, Range<u32>)> = Vec::new();
        for (number, entry) in (0u32..).zip(text.entries()) {
            match areas.last_mut() {
                Some((area, range)) if *area == entry.area => range.end = number + 1,
                _ => areas.push((entry.area.clone(), number..number + 1)),
            }
        }
        let mut wanted = Vec::new();
        for (area, range) in &areas {
            let previous = match before.and_then(|site| site.roots.get(area)) {
                Some(name) => {
                    let root = Root::decode(&parts::read(&dir, name)?)?;
                    let manifest = Manifest::decode(&parts::read(&dir, &root.manifest)?)?;
                    Some(Previous { root, manifest })
                }
                None => None,
            };
            wanted.push((range.clone(), previous));
        }
        let projected = web_index::project(&text, wanted, &shared, &|kind, raw| parts.add(kind, raw))?;
        let mut roots = BTreeMap::new();
        for ((area, _), projected) in areas.into_iter().zip(projected) {
            parts.keep(&projected.parts)?;
            roots.insert(area, parts.add(PartKind::SearchRoot, &projected.root.encode())?);
        }
        let names = parts.names();
        let Written { parts, fresh, by_kind } = parts.finish()?;
        let stem = |path: &PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
        let fresh = fresh.iter().filter_map(stem).collect();
        Ok(Self { text, roots, names, fresh, sizes: parts.into_iter().collect(), by_kind, dir })
    }

    /// The root of the only area.
    ///
    /// # Errors
    /// When there is none.
    pub fn root(&self) -> Result<&str> {
        Ok(self.roots.values().next().context("an area")?)
    }

    /// The index of some areas, of which only the roots are known.
    ///
    /// # Errors
    /// When a root is damaged.
    pub fn index_of(&self, areas: &[String]) -> Result<Index> {
        let roots = areas.iter().filter_map(|area| self.roots.get(area));
        Ok(Index::new(roots.map(|name| Ok(Root::decode(&self.part(name)?)?)).collect::<Result<_>>()?))
    }

    /// The index of all areas.
    ///
    /// # Errors
    /// When a root is damaged.
    pub fn index(&self) -> Result<Index> {
        self.index_of(&self.roots.keys().cloned().collect::<Vec<_>>())
    }

    /// The raw bytes of a part.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn part(&self, name: &str) -> Result<Vec<u8>> {
        parts::read(&self.dir, name)
    }

    /// Fetches parts; returns their stored bytes.
    ///
    /// # Errors
    /// When one is missing or damaged.
    pub fn fetch(&self, index: &mut Index, names: &[String]) -> Result<usize> {
        for name in names {
            index.provide(name, &self.part(name)?)?;
        }
        Ok(names.iter().filter_map(|name| self.sizes.get(name)).sum())
    }

    /// Fetches all that a query takes; returns stored bytes.
    ///
    /// # Errors
    /// When a part is missing or damaged.
    pub fn fetch_all(&self, index: &mut Index, query: &Query) -> Result<usize> {
        let mut bytes = 0;
        fetch_all(index, query, |name| {
            bytes += self.sizes.get(name).copied().unwrap_or_default();
            self.part(name)
        })?;
        Ok(bytes)
    }
}

/// Gives an index all that a query takes; `read` returns the raw bytes of a part.
///
/// # Errors
/// When a part is missing or damaged.
pub fn fetch_all(
    index: &mut Index,
    query: &Query,
    mut read: impl FnMut(&str) -> Result<Vec<u8>>,
) -> Result<()> {
    loop {
        let names = index.needs(query);
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            index.provide(&name, &read(&name)?)?;
        }
    }
}
