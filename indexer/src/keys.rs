//! Keys and signatures of a publisher, on the disk. What they mean stands in [`huiqi_engine::trust`].

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use ed25519_compact::{KeyPair, Noise, Seed, Signature};
use huiqi_engine::bundle::{CATALOG_NAME, Catalog};
use huiqi_engine::catalogue::Code;
use huiqi_engine::date::Date;
use huiqi_engine::measure::Measure;
use huiqi_engine::trust::{
    self, Authority, ED25519, GRACE_DAYS, KEY_DAYS, KEYS_NAME, Keys, PublicKey, Seen, SigningKey, Trusted,
    from_hex, hex,
};

use crate::diagnostic::io_words;
use crate::parts::write_whole;

/// First line of a file with a secret key.
const HEAD: &str = "huiqi-key 1";

/// A key that can sign.
pub struct Secret {
    pair: KeyPair,
    /// What others know of it.
    pub public: PublicKey,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the key itself: logs are kept.
        write!(f, "Secret({})", self.public.id())
    }
}

impl Secret {
    fn new(seed: Seed) -> Self {
        let pair = KeyPair::from_seed(seed);
        let public = PublicKey { algorithm: ED25519, bytes: pair.pk.to_vec() };
        Self { pair, public }
    }

    /// Makes a key and writes it to a file that nobody else may read.
    ///
    /// # Errors
    /// When the file is there already: an overwritten root key could never be had again.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let secret = Self::new(Seed::generate());
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let failed = |e: &std::io::Error| match e.kind() {
            std::io::ErrorKind::AlreadyExists => {
                format!("{} 已经有了，不会覆盖：密钥丢了就再也签不了", path.display())
            }
            _ => format!("写不进 {}：{}", path.display(), io_words(e)),
        };
        let mut file = options.open(path).map_err(|e| anyhow::anyhow!(failed(&e)))?;
        let text = format!("{HEAD}\nsecret {}\npublic {}\n", hex(&secret.pair.sk.seed()[..]), secret.public);
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|e| anyhow::anyhow!(failed(&e)))?;
        Ok(secret)
    }

    /// Reads a file that [`Secret::create`] wrote.
    ///
    /// # Errors
    /// When it is none. The message never shows its content.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| anyhow::anyhow!("读不了密钥 {}：{}", path.display(), io_words(&e)))?;
        let wrong = || format!("{} 不是 huiqi key new 写的密钥文件", path.display());
        let mut lines = text.lines();
        let seed = lines
            .next()
            .filter(|first| *first == HEAD)
            .and_then(|_| from_hex(lines.next()?.strip_prefix("secret ")?))
            .and_then(|bytes| Seed::from_slice(&bytes).ok())
            .with_context(wrong)?;
        let secret = Self::new(seed);
        // A slip of the pen in one of the two halves would sign what nobody can check.
        if lines.next() != Some(&format!("public {}", secret.public)) {
            bail!("{} 里的两半不是一对，文件可能被改过", path.display());
        }
        Ok(secret)
    }

    /// The text with a signature line.
    pub fn sign(&self, text: &str) -> String {
        trust::signed(text, &self.public, &*self.pair.sk.sign(text, Some(Noise::generate())))
    }
}

/// Whether a signature is good; never for an algorithm other than Ed25519.
pub fn verify(algorithm: u8, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    algorithm == ED25519
        && match (ed25519_compact::PublicKey::from_slice(key), Signature::from_slice(signature)) {
            (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
            _ => false,
        }
}

/// What is to be changed in `keys.txt`.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Keys that may sign from `today` on.
    pub add: Vec<PublicKey>,
    /// For how many days, the first included.
    pub days: i32,
    /// Ids of keys that are no longer believed.
    pub revoke: Vec<String>,
    /// Regions that the publisher may speak for; as before where there are none.
    pub regions: Vec<Code>,
    /// Beginnings of ids; as before where there are none.
    pub ids: Vec<String>,
}

/// Reads `keys.txt` of a published folder, if there is one, and checks that the root signed it.
fn read_keys(data: &Path, root: &PublicKey) -> anyhow::Result<Option<Keys>> {
    let path = data.join(KEYS_NAME);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let keys = trust::open_keys(root, &bytes, verify);
            Ok(Some(keys.with_context(|| format!("{} 没有改动", path.display()))?))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => bail!("读不了 {}：{}", path.display(), io_words(&e)),
    }
}

/// Changes `keys.txt`, or writes the first one.
///
/// # Errors
/// When it is not the root's, when nothing is to be changed, or when the result would be of no use.
pub fn issue(root: &Secret, data: &Path, changes: &Changes, today: Date, now: u64) -> anyhow::Result<Keys> {
    let before = read_keys(data, &root.public)?;
    let mut keys = before.unwrap_or_default();
    if changes.add.is_empty()
        && changes.revoke.is_empty()
        && changes.regions.is_empty()
        && changes.ids.is_empty()
    {
        bail!("没有要改的：加密钥写 --add，作废写 --revoke，改范围写 --regions、--ids");
    }
    if !(1..=KEY_DAYS).contains(&changes.days) {
        bail!("--days 应是 1 至 {KEY_DAYS}：签名密钥要勤换，被偷了也用不久");
    }
    // Catalogs outlive their key by some weeks and no more, so a key is of no use after that.
    keys.keys.retain(|k| k.until.days() + GRACE_DAYS >= today.days());
    for key in &changes.add {
        if *key == root.public {
            bail!("根密钥不能同时用来签数据：它要离线保存");
        }
        if keys.revoked.contains(&key.id()) {
            bail!("密钥 {} 已经作废，不能再用；用 huiqi key new 做一个新的", key.id());
        }
        keys.keys.retain(|k| k.key != *key);
        let until = Date::from_days(today.days() + changes.days - 1).context("日期超出范围")?;
        keys.keys.push(SigningKey { key: key.clone(), from: today, until });
    }
    for id in &changes.revoke {
        if !keys.keys.iter().any(|k| k.key.id() == *id) && !keys.revoked.contains(id) {
            bail!("{KEYS_NAME} 里没有密钥 {id}");
        }
        keys.keys.retain(|k| k.key.id() != *id);
        if !keys.revoked.contains(id) {
            keys.revoked.push(id.clone());
        }
    }
    if !changes.regions.is_empty() {
        keys.authority.regions.clone_from(&changes.regions);
    }
    if !changes.ids.is_empty() {
        keys.authority.ids.clone_from(&changes.ids);
    }
    if keys.authority.regions.is_empty() {
        bail!("要写 --regions：这个发布单位能发布哪些地区的政策（全国写 000000）");
    }
    keys.sequence = now.max(keys.sequence + 1);
    let text = root.sign(&keys.print());
    // What was written must be what is read: the same check as in the browser.
    let read = trust::open_keys(&root.public, text.as_bytes(), verify)?;
    anyhow::ensure!(read == keys, "{KEYS_NAME} 写不下：密钥、地区或编号太多");
    std::fs::create_dir_all(data).with_context(|| format!("建不了目录 {}", data.display()))?;
    write_whole(&data.join(KEYS_NAME), text.as_bytes(), true)?;
    Ok(keys)
}

/// Decides about a published folder as a page with this key would.
///
/// # Errors
/// Why it is not believed.
pub fn check(data: &Path, root: &PublicKey) -> anyhow::Result<Trusted> {
    let read = |name: &str| {
        let path = data.join(name);
        std::fs::read(&path).map_err(|e| anyhow::anyhow!("读不了 {}：{}", path.display(), io_words(&e)))
    };
    let (keys, catalog) = (read(KEYS_NAME)?, read(CATALOG_NAME)?);
    Ok(trust::check(root, &keys, &catalog, Seen::default(), verify)?)
}

/// Refuses to publish what no page would believe. Whose root signed `keys.txt` is not known here, and not asked: that
/// is for `huiqi key show`.
///
/// # Errors
/// When the key is not in `keys.txt`, or may not sign on this day or for one of the measures.
pub fn may_publish(
    data: &Path,
    key: Option<&Secret>,
    catalog: &Catalog,
    measures: &[Measure],
) -> anyhow::Result<()> {
    let path = data.join(KEYS_NAME);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => match key {
            None => return Ok(()),
            Some(key) => bail!(
                "{} 里没有 {KEYS_NAME}：先用根密钥运行 huiqi key issue --root … --data {} --add {} --regions …",
                data.display(),
                data.display(),
                key.public
            ),
        },
        Err(e) => bail!("读不了 {}：{}", path.display(), io_words(&e)),
    };
    let Some(key) = key else {
        bail!("{} 里有 {KEYS_NAME}，不签名的数据网页不会用：加 --key 签名密钥", data.display());
    };
    let keys = Keys::parse(&bytes).with_context(|| path.display().to_string())?;
    let id = key.public.id();
    let Some(signer) = keys.keys.iter().find(|k| k.key == key.public) else {
        bail!("{} 里没有密钥 {id}（或已作废）：用根密钥运行 huiqi key issue", path.display());
    };
    if !signer.may_sign(catalog) {
        bail!(
            "密钥 {id} 只能签 {} 至 {} 发布的数据：做一个新的，用根密钥运行 huiqi key issue",
            signer.from,
            signer.until
        );
    }
    foreign(&keys.authority, measures)
}

/// Names the measures that a publisher may not publish.
fn foreign(authority: &Authority, measures: &[Measure]) -> anyhow::Result<()> {
    let foreign: Vec<&str> =
        measures.iter().filter(|m| !authority.covers(m)).map(|m| m.id.as_str()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let more = if foreign.len() > 5 { "……" } else { "" };
    bail!(
        "{} 个事项不在 {KEYS_NAME} 写的地区或编号范围内，网页不会列出：{}{more}",
        foreign.len(),
        foreign[..foreign.len().min(5)].join("、")
    )
}
