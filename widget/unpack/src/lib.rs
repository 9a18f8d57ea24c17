//! Opens what the widget's modules are packed with. LZMA takes a sixth less than gzip, which every visitor downloads, and
//! no browser knows it; this decoder lies in `app.js` and has less than 2 kB.
//!
//! The stream is that of the LZMA specification (Igor Pavlov, LZMA SDK, public domain) with lc = 4, lp = 0, pb = 0 and no
//! end mark: how long the result is, is known beforehand. Whatever the bytes are, nothing outside the result is written;
//! a damaged stream gives wrong bytes, and hashes are checked before it comes here.

#![cfg_attr(target_arch = "wasm32", no_std)]

/// Starts of the tables of probabilities, named as in the specification where it names them.
const IS_MATCH: usize = 0;
const IS_REP: usize = 12;
const IS_REP_G0: usize = 24;
const IS_REP_G1: usize = 36;
const IS_REP_G2: usize = 48;
const IS_REP0_LONG: usize = 60;
const POS_SLOT: usize = 72;
const POS_SPECIAL: usize = 328;
const ALIGN: usize = 443;
const LEN: usize = 459;
const REP_LEN: usize = 733;
const LITERAL: usize = 1007;
const ALL: usize = LITERAL + 768 * 16;

/// The range decoder with its probabilities.
struct Decoder<'a> {
    packed: &'a [u8],
    next: usize,
    range: u32,
    code: u32,
    chances: [u16; ALL],
}

impl Decoder<'_> {
    fn normalize(&mut self) {
        if self.range < 1 << 24 {
            self.range <<= 8;
            self.code = self.code << 8 | u32::from(self.packed.get(self.next).copied().unwrap_or(0));
            self.next += 1;
        }
    }

    fn bit(&mut self, at: usize) -> usize {
        let Some(chance) = self.chances.get_mut(at) else { return 0 };
        let bound = (self.range >> 11) * u32::from(*chance);
        let one = self.code >= bound;
        if one {
            self.range -= bound;
            self.code -= bound;
            *chance -= *chance >> 5;
        } else {
            self.range = bound;
            *chance += (2048 - *chance) >> 5;
        }
        self.normalize();
        usize::from(one)
    }

    /// A number of so many bits, the highest first.
    fn tree(&mut self, table: usize, bits: u32) -> usize {
        let mut node = 1;
        for _ in 0..bits {
            node = node << 1 | self.bit(table + node);
        }
        node - (1 << bits)
    }

    /// The same, the lowest first.
    fn reverse(&mut self, table: usize, bits: usize) -> usize {
        let (mut node, mut value) = (1, 0);
        for n in 0..bits {
            let one = self.bit(table + node);
            node = node << 1 | one;
            value |= one << n;
        }
        value
    }

    /// Bits that are as often 0 as 1.
    fn direct(&mut self, bits: usize) -> usize {
        let mut value = 0;
        for _ in 0..bits {
            self.range >>= 1;
            value <<= 1;
            if self.code >= self.range {
                self.code -= self.range;
                value |= 1;
            }
            self.normalize();
        }
        value
    }

    fn length(&mut self, table: usize) -> usize {
        if self.bit(table) == 0 {
            self.tree(table + 2, 3)
        } else if self.bit(table + 1) == 0 {
            8 + self.tree(table + 10, 3)
        } else {
            16 + self.tree(table + 18, 8)
        }
    }

    /// A distance that was not used lately, for a match of this length less 2.
    fn distance(&mut self, length: usize) -> usize {
        let slot = self.tree(POS_SLOT + 64 * length.min(3), 6);
        if slot < 4 {
            return slot;
        }
        let bits = (slot >> 1) - 1;
        let high = (2 | slot & 1) << bits;
        if slot < 14 {
            high + self.reverse(POS_SPECIAL + high - slot, bits)
        } else {
            high + (self.direct(bits - 4) << 4) + self.reverse(ALIGN, 4)
        }
    }
}

/// Moves one of the distances to the front. (Of the library, this is 300 bytes.)
fn to_front(last: &mut [usize; 4], mut at: usize) {
    let moved = last[at & 3];
    while at > 0 {
        last[at & 3] = last[(at - 1) & 3];
        at -= 1;
    }
    last[0] = moved;
}

/// Fills `out` with what `packed` holds.
pub fn unpack(packed: &[u8], out: &mut [u8]) {
    let mut d = Decoder { packed, next: 5, range: u32::MAX, code: 0, chances: [1024; ALL] };
    for byte in packed.iter().take(5) {
        d.code = d.code << 8 | u32::from(*byte);
    }
    let (mut at, mut state) = (0_usize, 0_usize);
    // Distances of the last four matches, less 1.
    let mut last = [0_usize; 4];
    while at < out.len() {
        let back = |out: &[u8], distance: usize| {
            out.get(at.wrapping_sub(distance.wrapping_add(1))).copied().unwrap_or(0)
        };
        if d.bit(IS_MATCH + state) == 0 {
            let table = LITERAL + 768 * usize::from(back(out, 0) >> 4);
            let mut symbol = 1;
            if state > 6 {
                // The byte that a match would have copied is a hint until it is wrong.
                let mut hint = usize::from(back(out, last[0]));
                while symbol < 256 {
                    let wanted = hint >> 7 & 1;
                    hint <<= 1;
                    symbol = symbol << 1 | d.bit(table + ((1 + wanted) << 8) + symbol);
                    if symbol & 1 != wanted {
                        break;
                    }
                }
            }
            while symbol < 256 {
                symbol = symbol << 1 | d.bit(table + symbol);
            }
            out[at] = symbol as u8;
            at += 1;
            state = match state {
                0..4 => 0,
                4..10 => state - 3,
                _ => state - 6,
            };
            continue;
        }
        let after_literal = state < 7;
        let mut count = 1;
        if d.bit(IS_REP + state) == 1 {
            let mut which = 0;
            let mut short = false;
            if d.bit(IS_REP_G0 + state) == 0 {
                short = d.bit(IS_REP0_LONG + state) == 0;
            } else if d.bit(IS_REP_G1 + state) == 0 {
                which = 1;
            } else {
                which = 2 + d.bit(IS_REP_G2 + state);
            }
            to_front(&mut last, which);
            if !short {
                count = 2 + d.length(REP_LEN);
            }
            state = match (short, after_literal) {
                (true, true) => 9,
                (false, true) => 8,
                _ => 11,
            };
        } else {
            let length = d.length(LEN);
            count = 2 + length;
            state = if after_literal { 7 } else { 10 };
            to_front(&mut last, 3);
            last[0] = d.distance(length);
        }
        for _ in 0..count {
            let byte = out.get(at.wrapping_sub(last[0].wrapping_add(1))).copied().unwrap_or(0);
            let Some(place) = out.get_mut(at) else { return };
            *place = byte;
            at += 1;
        }
    }
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the page says where bytes lie, in room that it got from here")]
mod door {
    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        core::arch::wasm32::unreachable()
    }

    /// Room for so many bytes more; returns where it begins.
    #[unsafe(no_mangle)]
    pub extern "C" fn grow(bytes: usize) -> usize {
        core::arch::wasm32::memory_grow(0, bytes.div_ceil(65_536)) << 16
    }

    /// Unpacks `length` bytes at `packed` to `size` bytes at `out`.
    ///
    /// # Safety
    /// Both lie in room of [`grow`] and do not overlap.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn open(packed: *const u8, length: usize, out: *mut u8, size: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            super::unpack(
                core::slice::from_raw_parts(packed, length),
                core::slice::from_raw_parts_mut(out, size),
            );
        }
    }
}
