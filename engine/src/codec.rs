//! Bytes in, values out: the one encoding used by every binary part of a bundle.
//!
//! Integers are LEB128 varints, signed ones zig-zag; strings are a length and
//! UTF-8. A reader never trusts a length: every count is checked against the
//! bytes that are left, so a hostile part can neither allocate without bound
//! nor read outside itself.

use std::fmt;

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

/// The result of every decoding function.
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
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A failure at the current place.
    pub fn fail<T>(&self, what: &'static str) -> Decoded<T> {
        Err(DecodeError { at: self.at, what })
    }

    /// Bytes not yet read.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// One byte.
    pub fn u8(&mut self) -> Decoded<u8> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => self.fail("更多数据"),
        }
    }

    /// `n` raw bytes.
    pub fn raw(&mut self, n: usize) -> Decoded<&'a [u8]> {
        if n > self.left() {
            return self.fail("更多数据");
        }
        let slice = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(slice)
    }

    /// An unsigned varint of at most 128 bits.
    pub fn uint(&mut self) -> Decoded<u128> {
        let mut value = 0u128;
        for shift in (0..).step_by(7) {
            let byte = self.u8()?;
            let bits = u128::from(byte & 0x7f);
            if shift > 126 || (shift == 126 && bits > 3) {
                return self.fail("不超过 128 位的整数");
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok(value)
    }

    /// A `u32`.
    pub fn u32(&mut self) -> Decoded<u32> {
        let value = self.uint()?;
        u32::try_from(value).or_else(|_| self.fail("32 位整数"))
    }

    /// A `u16`.
    pub fn u16(&mut self) -> Decoded<u16> {
        let value = self.uint()?;
        u16::try_from(value).or_else(|_| self.fail("16 位整数"))
    }

    /// A signed integer.
    pub fn int(&mut self) -> Decoded<i128> {
        let value = self.uint()?;
        Ok(((value >> 1) as i128) ^ -((value & 1) as i128))
    }

    /// An `i32`.
    pub fn i32(&mut self) -> Decoded<i32> {
        let value = self.int()?;
        i32::try_from(value).or_else(|_| self.fail("32 位整数"))
    }

    /// A count of items that each take at least one byte.
    pub fn size(&mut self) -> Decoded<usize> {
        let value = self.uint()?;
        if value > self.left() as u128 {
            return self.fail("不超过剩余长度的个数");
        }
        Ok(value as usize)
    }

    /// A length and UTF-8 bytes.
    pub fn str(&mut self) -> Decoded<&'a str> {
        let n = self.size()?;
        let bytes = self.raw(n)?;
        std::str::from_utf8(bytes).or_else(|_| self.fail("UTF-8 文字"))
    }

    /// An owned string.
    pub fn string(&mut self) -> Decoded<String> {
        Ok(self.str()?.to_owned())
    }

    /// A length and bytes.
    pub fn blob(&mut self) -> Decoded<&'a [u8]> {
        let n = self.size()?;
        self.raw(n)
    }

    /// An optional value.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Decoded<T>) -> Decoded<Option<T>> {
        match self.u8()? {
            0 => Ok(None),
            1 => Ok(Some(read(self)?)),
            _ => self.fail("0 或 1"),
        }
    }

    /// A count and items.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Decoded<T>) -> Decoded<Vec<T>> {
        let n = self.size()?;
        let mut items = Vec::with_capacity(n.min(1024));
        for _ in 0..n {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Fails unless every byte was read.
    pub fn end(&self) -> Decoded<()> {
        if self.left() == 0 { Ok(()) } else { self.fail("文件结尾") }
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
            prop_assert_eq!(r.int(), Ok(a));
            prop_assert_eq!(r.uint(), Ok(b));
            prop_assert_eq!(r.end(), Ok(()));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut r = Reader::new(&bytes);
            let _ = r.list(|r| r.string());
            let mut r = Reader::new(&bytes);
            let _ = r.uint();
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_an_error() {
        let mut w = Writer::new();
        w.size(1_000_000);
        let bytes = w.into_bytes();
        assert!(Reader::new(&bytes).str().is_err());
    }
}
