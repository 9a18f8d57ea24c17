//! Bytes in, values out: the one encoding used by every binary part of a bundle.
//!
//! Integers are LEB128 varints, signed ones zig-zag; strings are a length and
//! UTF-8. A reader never trusts a length: every count is checked against the
//! bytes that are left, so a hostile part can neither allocate without bound
//! nor read outside itself. It keeps its first failure for whoever asked for the
//! whole, so that no step in between has to look.

use std::fmt;

use litemap::LiteMap;

use crate::federation::Renumbering;

/// Why a part could not be read. Shown to people, hence in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Byte offset at which reading failed.
    pub at: usize,
    /// What was expected there.
    pub what: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "第 {} 字节处应为{}", self.at, self.what)
    }
}

impl std::error::Error for DecodeError {}

/// The result of decoding a whole value.
pub type Decoded<T> = Result<T, DecodeError>;

/// Appends values to a byte vector.
#[derive(Debug, Default, Clone)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Raw bytes, without a length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// An unsigned integer as a varint.
    pub fn uint(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.bytes.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A count or an index.
    pub fn size(&mut self, value: usize) {
        self.uint(value as u128);
    }

    /// A signed integer as a zig-zag varint.
    pub fn int(&mut self, value: i128) {
        self.uint(((value << 1) ^ (value >> 127)) as u128);
    }

    /// A length and UTF-8 bytes.
    pub fn str(&mut self, value: &str) {
        self.size(value.len());
        self.raw(value.as_bytes());
    }

    /// A length and bytes.
    pub fn blob(&mut self, value: &[u8]) {
        self.size(value.len());
        self.raw(value);
    }

    /// 0 for `None`, else 1 and the value.
    pub fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        match value {
            None => self.u8(0),
            Some(value) => {
                self.u8(1);
                write(self, value);
            }
        }
    }

    /// A count and the items.
    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.size(items.len());
        for item in items {
            write(self, item);
        }
    }
}

/// Reads values from a byte slice.
///
/// The first failure is kept: whatever is read after it is 0 or empty and takes no bytes. So a value is read field
/// by field without looking back, and is worth nothing before [`Reader::finish`] or [`Reader::end`] was asked.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    failed: Option<DecodeError>,
    renumbering: Option<&'a Renumbering>,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, failed: None, renumbering: None }
    }

    /// The same reader for bytes whose catalogue was absorbed by another one: numbers of rows are read as those of the
    /// other.
    pub fn renumbered(self, renumbering: Option<&'a Renumbering>) -> Self {
        Self { renumbering, ..self }
    }

    /// Number of a row, as it stands in the catalogue that is used.
    pub(crate) fn row(&mut self, rows: impl FnOnce(&Renumbering) -> &LiteMap<u16, u16>) -> u16 {
        let number = self.u16();
        match self.renumbering {
            None => number,
            Some(renumbering) => {
                let now = rows(renumbering).get(&number).copied();
                self.require(now, "目录里有的编号", 0)
            }
        }
    }

    /// Number of a fact, and whether its items are rows of the catalogue; otherwise they are choices of its own.
    pub(crate) fn fact(&mut self) -> (u16, bool) {
        let before = self.u16();
        let Some(renumbering) = self.renumbering else { return (before, false) };
        let now = renumbering.facts.get(&before).copied();
        (self.require(now, "目录里有的编号", 0), renumbering.sets.contains(&before))
    }

    /// Keeps a failure at the current place, if it is the first. Nothing is left to be read.
    #[cold]
    #[inline(never)]
    pub fn fail(&mut self, what: &'static str) {
        self.failed.get_or_insert(DecodeError { at: self.at, what });
        self.bytes = &self.bytes[..self.at];
    }

    /// `value`, or a failure and `instead`.
    pub fn require<T>(&mut self, value: Option<T>, what: &'static str, instead: T) -> T {
        value.unwrap_or_else(|| {
            self.fail(what);
            instead
        })
    }

    /// Bytes not yet read.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// One byte.
    pub fn u8(&mut self) -> u8 {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                byte
            }
            None => {
                self.fail("更多数据");
                0
            }
        }
    }

    /// `n` raw bytes.
    pub fn raw(&mut self, n: usize) -> &'a [u8] {
        if n > self.left() {
            self.fail("更多数据");
            return &[];
        }
        let slice = &self.bytes[self.at..self.at + n];
        self.at += n;
        slice
    }

    /// An unsigned varint of at most 128 bits.
    pub fn uint(&mut self) -> u128 {
        let mut value = 0u128;
        for shift in (0..).step_by(7) {
            let byte = self.u8();
            let bits = u128::from(byte & 0x7f);
            if shift > 126 || (shift == 126 && bits > 3) {
                self.fail("不超过 128 位的整数");
            }
            if self.failed.is_some() {
                return 0;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }

    /// A `u32`.
    pub fn u32(&mut self) -> u32 {
        let value = u32::try_from(self.uint()).ok();
        self.require(value, "32 位整数", 0)
    }

    /// A `u16`.
    pub fn u16(&mut self) -> u16 {
        let value = u16::try_from(self.uint()).ok();
        self.require(value, "16 位整数", 0)
    }

    /// A signed integer.
    pub fn int(&mut self) -> i128 {
        let value = self.uint();
        ((value >> 1) as i128) ^ -((value & 1) as i128)
    }

    /// An `i32`.
    pub fn i32(&mut self) -> i32 {
        let value = i32::try_from(self.int()).ok();
        self.require(value, "32 位整数", 0)
    }

    /// A count of items that each take at least one byte.
    pub fn size(&mut self) -> usize {
        let value = self.uint();
        if value > self.left() as u128 {
            self.fail("不超过剩余长度的个数");
            return 0;
        }
        value as usize
    }

    /// A length and UTF-8 bytes.
    pub fn str(&mut self) -> &'a str {
        let text = std::str::from_utf8(self.blob()).ok();
        self.require(text, "UTF-8 文字", "")
    }

    /// An owned string.
    pub fn string(&mut self) -> String {
        self.str().to_owned()
    }

    /// A length and bytes.
    pub fn blob(&mut self) -> &'a [u8] {
        let n = self.size();
        self.raw(n)
    }

    /// One byte, whether it is not 0.
    pub fn flag(&mut self) -> bool {
        self.u8() != 0
    }

    /// One byte that is less than `count`.
    pub fn index(&mut self, count: usize, what: &'static str) -> usize {
        let index = usize::from(self.u8());
        if index < count {
            return index;
        }
        self.fail(what);
        0
    }

    /// What stands in `all` at the position that one byte gives.
    pub fn one_of<T: Copy>(&mut self, all: &[(&str, T)], what: &'static str) -> T {
        all[self.index(all.len(), what)].1
    }

    /// An optional value.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.index(2, "0 或 1") == 1).then(|| read(self))
    }

    /// A count and items.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let n = self.size();
        let mut items = Vec::with_capacity(n.min(1024));
        // What a damaged list lacks is not made up.
        while items.len() < n && self.failed.is_none() {
            items.push(read(self));
        }
        items
    }

    /// A count and rows with their keys, which rise as a map is written. Any other order is a failure: sorting
    /// would be code for damaged parts alone.
    pub fn map<K: Ord + Copy, V>(
        &mut self,
        key: impl Fn(&mut Self) -> K,
        read: impl Fn(&mut Self) -> V,
    ) -> LiteMap<K, V> {
        let mut last = None;
        let rows = self.list(|r| {
            let key = key(r);
            if last.replace(key) >= Some(key) {
                r.fail("递增的编号或代码");
            }
            (key, read(r))
        });
        LiteMap::from_sorted_store_unchecked(rows)
    }

    /// `value` that was read, unless something failed.
    pub fn finish<T>(&self, value: T) -> Decoded<T> {
        self.failed.clone().map_or(Ok(value), Err)
    }

    /// Fails when something has failed or bytes are left.
    pub fn end(&self) -> Decoded<()> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None if self.left() > 0 => Err(DecodeError { at: self.at, what: "文件结尾" }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_round_trip(a in any::<i128>(), b in any::<u128>()) {
            let mut w = Writer::new();
            w.int(a);
            w.uint(b);
            let bytes = w.into_bytes();
            let mut r = Reader::new(&bytes);
            prop_assert_eq!(r.int(), a);
            prop_assert_eq!(r.uint(), b);
            prop_assert_eq!(r.end(), Ok(()));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut r = Reader::new(&bytes);
            let _ = r.list(Reader::string);
            let mut r = Reader::new(&bytes);
            let _ = r.uint();
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_an_error() {
        let mut w = Writer::new();
        w.size(1_000_000);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        assert_eq!(r.str(), "");
        assert_eq!(r.end(), Err(DecodeError { at: 3, what: "不超过剩余长度的个数" }));
    }

    #[test]
    fn the_first_failure_stays() {
        // A list of three of which the second is no text, and a number.
        let mut r = Reader::new(&[3, 1, b'a', 1, 0xff, 1, b'c', 7]);
        assert_eq!(r.list(Reader::string), ["a", ""]);
        let failed = DecodeError { at: 5, what: "UTF-8 文字" };
        assert_eq!((r.left(), r.u8(), r.uint(), r.raw(1), r.flag()), (0, 0, 0, &[][..], false));
        assert_eq!((r.option(Reader::u16), r.list(Reader::u8)), (None, Vec::new()));
        r.fail("规则");
        assert_eq!(r.finish(1), Err(failed.clone()));
        assert_eq!(r.end(), Err(failed));
    }

    #[test]
    fn keys_of_a_map_rise() {
        for (second, sound) in [(4, false), (5, false), (6, true)] {
            let bytes = [2, 5, 1, second, 2];
            let mut r = Reader::new(&bytes);
            let map = r.map(Reader::u16, Reader::u8);
            assert_eq!(r.end().is_ok(), sound);
            if sound {
                assert_eq!(map, LiteMap::from_iter([(5, 1), (6, 2)]));
            } else {
                assert_eq!(r.end(), Err(DecodeError { at: 4, what: "递增的编号或代码" }));
            }
        }
    }

    #[test]
    fn a_number_that_breaks_off_is_none() {
        let mut r = Reader::new(&[0xff]);
        assert_eq!(r.u32(), 0);
        assert_eq!(r.end(), Err(DecodeError { at: 1, what: "更多数据" }));
        let mut r = Reader::new(&[0xff; 19]);
        assert_eq!(r.uint(), 0);
        assert_eq!(r.end(), Err(DecodeError { at: 19, what: "不超过 128 位的整数" }));
    }
}
