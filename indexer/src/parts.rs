//! Parts of a bundle on the disk.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use huiqi_engine::bundle::{self, PART_EXTENSION, PartKind};

/// Parts on their way to a folder. They are written as they are made: a name
/// that no catalog knows yet harms nobody, and the parts of a large bundle do
/// not fit into memory.
#[derive(Debug)]
pub struct Parts<'a> {
    dir: &'a Path,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    parts: BTreeMap<String, usize>,
    by_kind: BTreeMap<&'static str, (usize, usize)>,
    fresh: Vec<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Stored bytes of every part by name.
    pub parts: BTreeMap<String, usize>,
    /// Number and stored bytes of the parts made, by kind.
    pub by_kind: BTreeMap<&'static str, (usize, usize)>,
    /// Parts that were not there before.
    pub fresh: Vec<PathBuf>,
}

impl<'a> Parts<'a> {
    /// Parts for the folder `dir`, which exists.
    pub fn new(dir: &'a Path) -> Self {
        Self { dir, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every step under the lock is complete in itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compresses, names and writes a part; returns its name.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn add(&self, kind: PartKind, raw: &[u8]) -> anyhow::Result<String> {
        // No time and no name in the header: same content, same bytes.
        let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        encoder.write_all(raw)?;
        let stored = encoder.finish()?;
        let name = bundle::part_name(&stored);
        let path = self.path(&name);
        let fresh = !std::fs::read(&path).is_ok_and(|old| old == stored);
        if fresh {
            write_whole(&path, &stored, false)?;
        }
        let mut state = self.state();
        if state.parts.insert(name.clone(), stored.len()).is_none() {
            let count = state.by_kind.entry(kind.name()).or_default();
            count.0 += 1;
            count.1 += stored.len();
            state.fresh.extend(fresh.then_some(path));
        }
        Ok(name)
    }

    /// Keeps parts of an earlier bundle in the same folder.
    ///
    /// # Errors
    /// When one is missing.
    pub fn keep(&self, names: &[String]) -> anyhow::Result<()> {
        for name in names {
            let path = self.path(name);
            let size = std::fs::metadata(&path).with_context(|| format!("读不到 {}", path.display()))?.len();
            self.state().parts.insert(name.clone(), size as usize);
        }
        Ok(())
    }

    /// Names of all parts so far, in order.
    pub fn names(&self) -> Vec<String> {
        self.state().parts.keys().cloned().collect()
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(self) -> anyhow::Result<Written> {
        let State { parts, by_kind, fresh } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        for path in &fresh {
            let synced = std::fs::File::open(path).and_then(|f| f.sync_all());
            synced.with_context(|| format!("写不进 {}", path.display()))?;
        }
        Ok(Written { parts, by_kind, fresh })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.{PART_EXTENSION}"))
    }
}

/// The raw bytes of a part in a folder, checked against its name.
///
/// # Errors
/// When it is missing or damaged.
pub fn read(dir: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    let path = dir.join(format!("{name}.{PART_EXTENSION}"));
    let stored = std::fs::read(&path).with_context(|| format!("读不到 {}", path.display()))?;
    bundle::verify_part(name, &stored)?;
    let mut raw = Vec::new();
    GzDecoder::new(&stored[..])
        .read_to_end(&mut raw)
        .with_context(|| format!("解不开 {}", path.display()))?;
    Ok(raw)
}

/// Writes a file that appears whole or not at all. `sync`: it is on the disk
/// when this returns.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8], sync: bool) -> anyhow::Result<()> {
    let failed = || format!("写不进 {}", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir).with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    if sync {
        file.as_file().sync_all().with_context(failed)?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A web server runs as another user than the officer.
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).with_context(failed)?;
    }
    file.persist(path).with_context(failed)?;
    Ok(())
}
