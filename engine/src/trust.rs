//! Who may publish what: a root key in the page, signing keys that change, and a signed catalog.
//!
//! A publisher keeps a *root key* offline; its public half stands in the page. It signs `keys.txt`: the *signing keys* of
//! the day, for which regions and ids this publisher may speak, and which keys are revoked. A signing key signs
//! `catalog.txt`, which names everything else by hash. So keys can be changed every few weeks and no page is touched.
//!
//! Both files are lines of text, and their last line is `signature <algorithm> <key id> <hexadecimal>`, over all bytes
//! before it. They begin with their kind, so one can never be taken for the other. Signatures themselves are checked by
//! whoever calls: `verify(algorithm, public key, message, signature)`. See SECURITY.md for what this protects from.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::bundle::{CATALOG_NAME, Catalog};
use crate::catalogue::{Code, Nesting};
use crate::codec::{Reader, Writer};
use crate::date::Date;
use crate::measure::Measure;

/// Name of the file with the signing keys, beside the catalog.
pub const KEYS_NAME: &str = "keys.txt";
/// Version of its format.
pub const KEYS_VERSION: u32 = 1;
/// Largest one that is read.
pub const KEYS_LIMIT: usize = 4096;
/// Days that a signing key may be used: who steals one has it for a season at most.
pub const KEY_DAYS: i32 = 90;
/// Days by which a catalog may outlive the key that signed it.
pub const GRACE_DAYS: i32 = 30;

/// Signature algorithms with the numbers they have in files, which never change.
pub const ALGORITHMS: [(u8, &str); 2] = [(1, "ed25519"), (2, "sm2")];
/// Ed25519 (RFC 8032), the one that this version signs and checks with. SM2 (GB/T 32918) has its number and is refused:
/// an unknown signature is never a good one.
pub const ED25519: u8 = 1;

/// Why a publisher is not believed. Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustError(pub String);

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TrustError {}

fn fail<T>(text: impl Into<String>) -> Result<T, TrustError> {
    Err(TrustError(text.into()))
}

/// A public key: `ed25519:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Number in [`ALGORITHMS`].
    pub algorithm: u8,
    /// 32 bytes for Ed25519.
    pub bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads the text of a key.
    ///
    /// # Errors
    /// When it has another form or an algorithm that this version does not check.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let (name, hex) = text.split_once(':').unwrap_or(("", text));
        match ALGORITHMS.iter().find(|(_, n)| *n == name) {
            Some((ED25519, _)) => {}
            Some((_, name)) => return fail(format!("这一版不支持 {name} 签名")),
            None => return fail("公钥应写成 ed25519: 加 64 位十六进制数字"),
        }
        match from_hex(hex).filter(|bytes| bytes.len() == 32) {
            Some(bytes) => Ok(Self { algorithm: ED25519, bytes }),
            None => fail("公钥应写成 ed25519: 加 64 位十六进制数字"),
        }
    }

    /// What files name it by: the first 8 bytes of the SHA-256 of its text, in hexadecimal.
    pub fn id(&self) -> String {
        hex(&Sha256::digest(self.to_string())[..8])
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ALGORITHMS.iter().find(|(no, _)| *no == self.algorithm).map_or("", |(_, name)| name);
        write!(f, "{name}:{}", hex(&self.bytes))
    }
}

/// Lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let half = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [half(byte >> 4), half(byte & 15)]).collect()
}

/// Bytes of hexadecimal digits.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let digits = text.bytes().all(|b| b.is_ascii_hexdigit()) && text.len().is_multiple_of(2);
    digits.then(|| text.as_bytes().chunks(2).map(pair).collect()).flatten()
}

/// A key that may sign catalogs for some weeks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The key.
    pub key: PublicKey,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

impl SigningKey {
    /// Whether it may sign a catalog of this day and term. An old key must not sign for ever: neither a later day nor a
    /// term that never ends.
    pub fn may_sign(&self, catalog: &Catalog) -> bool {
        let days = self.from..=self.until;
        days.contains(&catalog.published) && catalog.expires.days() <= self.until.days() + GRACE_DAYS
    }
}

/// For which measures a publisher may speak.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authority {
    /// Regions; a measure may name these and what lies in them.
    pub regions: Vec<Code>,
    /// Beginnings of ids; any id where there are none.
    pub ids: Vec<String>,
}

impl Authority {
    /// Whether this publisher may publish the measure.
    pub fn covers(&self, measure: &Measure) -> bool {
        let near = |code: &Code| self.regions.iter().any(|own| code.nesting(*own) == Nesting::Inside);
        let named = self.ids.is_empty() || self.ids.iter().any(|id| measure.id.starts_with(id.as_str()));
        named && !measure.regions.is_empty() && measure.regions.iter().all(near)
    }

    /// Appends to `w`.
    pub fn encode(&self, w: &mut Writer) {
        w.list(&self.regions, |w, code| code.encode(w));
        w.list(&self.ids, |w, id| w.str(id));
    }

    /// Reads what [`Authority::encode`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Self {
        Self { regions: r.list(Code::read), ids: r.list(Reader::string) }
    }

    /// Withholds the measures that are not covered; returns how many.
    pub fn withhold(&self, measures: &mut [Measure]) -> usize {
        let foreign = measures.iter_mut().filter(|m| !self.covers(m));
        foreign.map(|m| m.withheld = true).count()
    }
}

/// What `keys.txt` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// When it was issued, in seconds since 1970; never decreases.
    pub sequence: u64,
    /// The keys of the day.
    pub keys: Vec<SigningKey>,
    /// For what.
    pub authority: Authority,
    /// Ids of keys that are no longer believed, whatever they signed.
    pub revoked: Vec<String>,
}

impl Keys {
    /// The text of the file, to be signed.
    pub fn print(&self) -> String {
        let mut out = format!("huiqi-keys {KEYS_VERSION}\nsequence {}\n", self.sequence);
        let mut line = |key: &str, value: String| {
            if !value.is_empty() {
                out.push_str(&format!("{key} {value}\n"));
            }
        };
        for SigningKey { key, from, until } in &self.keys {
            line("key", format!("{key} {from} {until}"));
        }
        line("regions", self.authority.regions.iter().map(Code::region_text).collect::<Vec<_>>().join(" "));
        line("ids", self.authority.ids.join(" "));
        for id in &self.revoked {
            line("revoked", id.clone());
        }
        out
    }

    /// Reads the file, signed or not.
    ///
    /// # Errors
    /// When a line is wrong, naming it. Unknown lines are errors here: one may restrict what a key is for.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= KEYS_LIMIT);
        let Some(text) = text else {
            return fail(format!("{KEYS_NAME} 应是不超过 {KEYS_LIMIT} 字节的 UTF-8 文字"));
        };
        let mut keys = Self::default();
        let mut lines = text.lines();
        let version = lines.next().and_then(|first| first.strip_prefix("huiqi-keys ")?.parse::<u32>().ok());
        match version {
            Some(KEYS_VERSION) => {}
            Some(found) => {
                return fail(format!("{KEYS_NAME} 的格式是第 {found} 版，本程序读第 {KEYS_VERSION} 版"));
            }
            None => return fail(format!("{KEYS_NAME} 应以 huiqi-keys 开头")),
        }
        for (at, line) in (2..).zip(lines) {
            let wrong = |what: &str| fail(format!("{KEYS_NAME} 第 {at} 行：{what}"));
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let mut words = value.split(' ');
            match key {
                "sequence" => match value.parse() {
                    Ok(sequence) => keys.sequence = sequence,
                    Err(_) => return wrong("sequence 应是整数"),
                },
                "key" => {
                    let public = words.next().map_or_else(|| fail(""), PublicKey::parse);
                    let mut day = || words.next().and_then(Date::parse);
                    match (public, day(), day()) {
                        (Ok(key), Some(from), Some(until))
                            if (0..=KEY_DAYS).contains(&(until.days() - from.days())) =>
                        {
                            keys.keys.push(SigningKey { key, from, until });
                        }
                        (Err(error), ..) => return wrong(&error.0),
                        _ => return wrong(&format!("key 应写公钥、起、止，最长 {KEY_DAYS} 天")),
                    }
                }
                "regions" => match words.map(Code::region).collect() {
                    Some(regions) => keys.authority.regions = regions,
                    None => return wrong("regions 应是六位地区代码"),
                },
                "ids" => keys.authority.ids = words.map(str::to_owned).collect(),
                "revoked" => keys.revoked.push(value.to_owned()),
                "signature" => {}
                _ => return wrong(&format!("不认识 {key}，请更新组件")),
            }
        }
        Ok(keys)
    }
}

/// The text with its signature line: `signature` is over the text.
pub fn signed(text: &str, key: &PublicKey, signature: &[u8]) -> String {
    format!("{text}signature {} {} {}\n", key.algorithm, key.id(), hex(signature))
}

/// A file cut at its last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// What was signed.
    pub text: &'a [u8],
    /// Number in [`ALGORITHMS`].
    pub algorithm: u8,
    /// Id of the key.
    pub key: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Cuts off the signature line; `None` when the last line is none.
pub fn unseal(bytes: &[u8]) -> Option<Sealed<'_>> {
    let end = bytes.strip_suffix(b"\n")?;
    let start = end.iter().rposition(|b| *b == b'\n')? + 1;
    let mut words = std::str::from_utf8(&end[start..]).ok()?.strip_prefix("signature ")?.split(' ');
    let algorithm = words.next()?.parse().ok()?;
    let (key, signature) = (words.next()?, from_hex(words.next()?)?);
    words.next().is_none().then_some(Sealed { text: &bytes[..start], algorithm, key, signature })
}

/// What a reader remembers of a publisher between visits, so that nobody can show it an older state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// `sequence` of `keys.txt`.
    pub keys: u64,
    /// `sequence` of the catalog.
    pub catalog: u64,
}

/// A publisher that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// For what.
    pub authority: Authority,
    /// Id of the key that signed the catalog.
    pub key: String,
    /// What to remember.
    pub seen: Seen,
}

/// Whether a file is signed by this key.
fn is_signed(
    sealed: &Sealed<'_>,
    key: &PublicKey,
    verify: &impl Fn(u8, &[u8], &[u8], &[u8]) -> bool,
) -> bool {
    // The algorithm is the key's, not the one that the file would like.
    sealed.algorithm == key.algorithm
        && sealed.key == key.id()
        && verify(key.algorithm, &key.bytes, sealed.text, &sealed.signature)
}

/// The signing keys, if the root key signed them.
///
/// # Errors
/// When they are not signed by it, or a line is wrong.
pub fn open_keys(
    root: &PublicKey,
    keys: &[u8],
    verify: impl Fn(u8, &[u8], &[u8], &[u8]) -> bool,
) -> Result<Keys, TrustError> {
    match unseal(keys) {
        Some(sealed) if is_signed(&sealed, root, &verify) => Keys::parse(keys),
        _ => fail(format!("{KEYS_NAME} 不是网页里写的那个公钥签的，可能被换过")),
    }
}

/// Decides whether a catalog comes from the publisher whose root key stands in the page.
///
/// # Errors
/// In Chinese, why not. Whoever gets one uses nothing of the bundle.
pub fn check(
    root: &PublicKey,
    keys: &[u8],
    catalog: &[u8],
    seen: Seen,
    verify: impl Fn(u8, &[u8], &[u8], &[u8]) -> bool,
) -> Result<Trusted, TrustError> {
    let keys = open_keys(root, keys, &verify)?;
    let Some(sealed) = unseal(catalog) else {
        return fail(format!("{CATALOG_NAME} 没有签名"));
    };
    if keys.revoked.iter().any(|id| id == sealed.key) {
        return fail(format!("签 {CATALOG_NAME} 的密钥 {} 已经作废", sealed.key));
    }
    let Some(signer) = keys.keys.iter().find(|k| k.key.id() == sealed.key) else {
        return fail(format!("签 {CATALOG_NAME} 的密钥 {} 不在 {KEYS_NAME} 里", sealed.key));
    };
    if !is_signed(&sealed, &signer.key, &verify) {
        return fail(format!("{CATALOG_NAME} 的签名不对，可能被改动"));
    }
    let content = Catalog::parse(catalog).map_err(|error| TrustError(error.to_string()))?;
    if !signer.may_sign(&content) {
        return fail(format!("密钥 {} 只能签 {} 至 {} 发布的数据", sealed.key, signer.from, signer.until));
    }
    if keys.sequence < seen.keys || content.sequence < seen.catalog {
        return fail("这份数据比你上次看到的旧，可能有人用旧数据冒充新的");
    }
    Ok(Trusted {
        authority: keys.authority,
        key: sealed.key.to_owned(),
        seen: Seen { keys: keys.sequence, catalog: content.sequence },
    })
}

#[cfg(test)]
mod tests {
    use ed25519_compact::{KeyPair, Seed, Signature};

    use super::*;

    fn pair(number: u8) -> (KeyPair, PublicKey) {
        let pair = KeyPair::from_seed(Seed::new([number; 32]));
        let key = PublicKey { algorithm: ED25519, bytes: pair.pk.to_vec() };
        (pair, key)
    }

    fn seal(text: &str, (pair, key): &(KeyPair, PublicKey)) -> String {
        signed(text, key, &*pair.sk.sign(text, None))
    }

    fn verify(algorithm: u8, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let key = ed25519_compact::PublicKey::from_slice(key);
        let signature = Signature::from_slice(signature);
        algorithm == ED25519 && matches!((key, signature), (Ok(k), Ok(s)) if k.verify(message, &s).is_ok())
    }

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn keys(signer: &PublicKey) -> Keys {
        Keys {
            sequence: 5,
            keys: vec![SigningKey { key: signer.clone(), from: day("2026-11-01"), until: day("2027-01-29") }],
            authority: Authority {
                regions: vec![Code::region("130100").unwrap()],
                ids: vec!["sjz-".to_owned()],
            },
            revoked: Vec::new(),
        }
    }

    fn catalog() -> Catalog {
        Catalog { sequence: 100, ..Catalog::sample() }
    }

    const NEW: Seen = Seen { keys: 0, catalog: 0 };

    #[test]
    fn a_signed_catalog_is_believed() {
        let (root, signer) = (pair(1), pair(2));
        let keys = seal(&keys(&signer.1).print(), &root);
        let catalog = seal(&catalog().print(), &signer);
        let trusted = check(&root.1, keys.as_bytes(), catalog.as_bytes(), NEW, verify).unwrap();
        assert_eq!(trusted.seen, Seen { keys: 5, catalog: 100 });
        assert_eq!(trusted.key, signer.1.id());
        assert_eq!(Catalog::parse(catalog.as_bytes()), Ok(self::catalog()));
        let again = check(&root.1, keys.as_bytes(), catalog.as_bytes(), trusted.seen, verify).unwrap();
        assert_eq!(again, trusted);
        assert_eq!(PublicKey::parse(&root.1.to_string()), Ok(root.1));
    }

    #[test]
    fn whatever_was_altered_is_refused() {
        let (root, signer) = (pair(1), pair(2));
        let keys = seal(&keys(&signer.1).print(), &root);
        let catalog = seal(&catalog().print(), &signer);
        for at in 0..catalog.len() {
            let mut other = catalog.clone().into_bytes();
            other[at] ^= 1;
            assert!(check(&root.1, keys.as_bytes(), &other, NEW, verify).is_err(), "catalog byte {at}");
        }
        for at in 0..keys.len() {
            let mut other = keys.clone().into_bytes();
            other[at] ^= 1;
            assert!(check(&root.1, &other, catalog.as_bytes(), NEW, verify).is_err(), "keys byte {at}");
        }
        for cut in 0..catalog.len() {
            assert!(check(&root.1, keys.as_bytes(), &catalog.as_bytes()[..cut], NEW, verify).is_err());
        }
        // Lines behind the signature, and one file in the place of the other.
        let longer = format!("{catalog}area 000000 x x\n");
        assert!(check(&root.1, keys.as_bytes(), longer.as_bytes(), NEW, verify).is_err());
        assert!(check(&root.1, catalog.as_bytes(), keys.as_bytes(), NEW, verify).is_err());
    }

    #[test]
    fn reasons_are_named() {
        let (root, signer, other) = (pair(1), pair(2), pair(3));
        let said = |keys: &Keys, catalog: &Catalog, signer: &(KeyPair, PublicKey), seen: Seen| {
            let keys = seal(&keys.print(), &root);
            let catalog = seal(&catalog.print(), signer);
            check(&root.1, keys.as_bytes(), catalog.as_bytes(), seen, verify).unwrap_err().0
        };
        let (good, plain) = (keys(&signer.1), catalog());
        assert!(said(&good, &plain, &other, NEW).contains("不在 keys.txt 里"));
        // The root key signs keys only, so that it can stay offline.
        assert!(said(&good, &plain, &root, NEW).contains("不在 keys.txt 里"));
        let revoked = Keys { revoked: vec![signer.1.id()], ..good.clone() };
        assert!(said(&revoked, &plain, &signer, NEW).contains("已经作废"));
        let old = "这份数据比你上次看到的旧";
        assert!(said(&good, &plain, &signer, Seen { keys: 6, catalog: 0 }).contains(old));
        assert!(said(&good, &plain, &signer, Seen { keys: 5, catalog: 101 }).contains(old));
        let late = Catalog { published: day("2027-01-30"), expires: day("2027-02-10"), ..plain.clone() };
        assert!(said(&good, &late, &signer, NEW).contains("只能签 2026-11-01 至 2027-01-29"));
        let endless = Catalog { expires: day("2027-03-01"), ..plain.clone() };
        assert!(said(&good, &endless, &signer, NEW).contains("只能签"));
        let unsigned =
            check(&root.1, seal(&good.print(), &root).as_bytes(), plain.print().as_bytes(), NEW, verify);
        assert_eq!(unsigned.unwrap_err().0, "catalog.txt 没有签名");
        let foreign = seal(&good.print(), &other);
        let error = check(&root.1, foreign.as_bytes(), plain.print().as_bytes(), NEW, verify).unwrap_err();
        assert!(error.0.contains("不是网页里写的那个公钥签的"));
    }

    #[test]
    fn another_algorithm_is_no_way_around() {
        let (root, signer) = (pair(1), pair(2));
        let keys = seal(&keys(&signer.1).print(), &root);
        let catalog = seal(&catalog().print(), &signer).replace("signature 1 ", "signature 2 ");
        // Even where whoever checks would say yes to everything of another kind.
        let lax = |algorithm: u8, key: &[u8], message: &[u8], signature: &[u8]| {
            algorithm != ED25519 || verify(algorithm, key, message, signature)
        };
        assert!(check(&root.1, keys.as_bytes(), catalog.as_bytes(), NEW, lax).is_err());
        assert!(PublicKey::parse(&format!("sm2:{}", "0".repeat(64))).unwrap_err().0.contains("不支持 sm2"));
        for text in ["", "ed25519:", "ed25519:00", "rsa:00", &"0".repeat(64), "ed25519:＋＋"] {
            assert!(PublicKey::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_round_trip_and_strange_lines_are_refused() {
        let signer = pair(2);
        let keys = Keys { revoked: vec!["0011223344556677".to_owned()], ..keys(&signer.1) };
        assert_eq!(Keys::parse(keys.print().as_bytes()), Ok(keys.clone()));
        let long = keys.print().replace("2027-01-29", "2027-02-01");
        assert!(
            Keys::parse(long.as_bytes()).unwrap_err().0.contains("第 3 行：key 应写公钥、起、止，最长 90 天")
        );
        let new = keys.print() + "only sundays\n";
        assert!(Keys::parse(new.as_bytes()).unwrap_err().0.contains("不认识 only"));
        for bytes in [&b""[..], b"\xff", b"huiqi-keys 9\n", b"huiqi-catalog 1\n", &[b'a'; 5000]] {
            assert!(Keys::parse(bytes).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_files_are_refused(
            keys in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            lines in "(huiqi-keys 1\n)?((key|regions|ids|revoked|sequence|signature) [0-9a-z: -]{0,90}\n){0,6}",
        ) {
            let root = pair(1).1;
            for bytes in [&keys[..], lines.as_bytes()] {
                let _ = Keys::parse(bytes);
                proptest::prop_assert!(check(&root, bytes, bytes, NEW, verify).is_err());
            }
        }
    }

    #[test]
    fn a_publisher_speaks_for_its_own_regions() {
        let authority = keys(&pair(2).1).authority;
        let measure = |id: &str, regions: &[&str]| {
            let regions = regions.iter().map(|r| Code::region(r).unwrap()).collect();
            Measure { regions, ..Measure::new(id) }
        };
        assert!(authority.covers(&measure("sjz-2026-01", &["130102"])));
        assert!(authority.covers(&measure("sjz-2026-01", &["130100"])));
        let mut all = [
            measure("sjz-2026-01", &["000000"]),
            measure("sjz-2026-02", &["130102", "130200"]),
            measure("hebei-2026-01", &["130102"]),
            measure("sjz-2026-03", &[]),
            measure("sjz-2026-04", &["130102"]),
        ];
        assert_eq!(authority.withhold(&mut all), 4);
        assert_eq!(all.map(|m| m.withheld), [true, true, true, true, false]);
        let anywhere = Authority { regions: vec![Code::ALL], ids: Vec::new() };
        assert!(anywhere.covers(&measure("x", &["000000"])));
    }
}
