//! Exact numbers and intervals of them.
//!
//! Amounts are compared and multiplied as fractions of integers; nothing is
//! rounded until money is cut to whole fen at the very end, and no float is
//! involved (14.96 % is not 15 %). An overflow is an error value, not a wrap.

use std::cmp::Ordering;

use crate::codec::{Reader, Writer};

/// A fraction in lowest terms with a positive denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i128,
    den: i128,
}

/// The number left the range that can be computed exactly (about ±1.7·10³⁸).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// The result of exact arithmetic.
pub type Exact<T> = Result<T, Overflow>;

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[expect(clippy::should_implement_trait, reason = "exact arithmetic can overflow and says so")]
impl Ratio {
    /// Zero.
    pub const ZERO: Self = Self { num: 0, den: 1 };
    /// One.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// A whole number.
    pub const fn int(value: i128) -> Self {
        Self { num: value, den: 1 }
    }

    /// `num / den`; `None` when the denominator is zero or the pair cannot be
    /// brought to lowest terms with a positive denominator.
    pub fn new(num: i128, den: i128) -> Option<Self> {
        if den == 0 || num == i128::MIN || den == i128::MIN {
            return None;
        }
        let g = gcd(num.abs(), den.abs()).max(1);
        let sign = den.signum();
        Some(Self { num: sign * (num / g), den: (den / g).abs() })
    }

    /// Numerator in lowest terms.
    pub fn numerator(self) -> i128 {
        self.num
    }

    /// Denominator, positive.
    pub fn denominator(self) -> i128 {
        self.den
    }

    fn reduced(num: i128, den: i128) -> Exact<Self> {
        Self::new(num, den).ok_or(Overflow)
    }

    /// Appends to `w`.
    pub fn encode(self, w: &mut Writer) {
        w.int(self.num);
        w.int(self.den);
    }

    /// Reads what [`Ratio::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let (num, den) = (r.int(), r.int());
        r.require(Self::new(num, den), "分数", Self::ZERO)
    }

    /// Sum.
    pub fn add(self, other: Self) -> Exact<Self> {
        let g = gcd(self.den, other.den);
        let a = self.num.checked_mul(other.den / g).ok_or(Overflow)?;
        let b = other.num.checked_mul(self.den / g).ok_or(Overflow)?;
        let den = (self.den / g).checked_mul(other.den).ok_or(Overflow)?;
        Self::reduced(a.checked_add(b).ok_or(Overflow)?, den)
    }

    /// Difference.
    pub fn sub(self, other: Self) -> Exact<Self> {
        self.add(other.neg()?)
    }

    /// Product.
    pub fn mul(self, other: Self) -> Exact<Self> {
        let g1 = gcd(self.num.unsigned_abs() as i128, other.den).max(1);
        let g2 = gcd(other.num.unsigned_abs() as i128, self.den).max(1);
        let num = (self.num / g1).checked_mul(other.num / g2).ok_or(Overflow)?;
        let den = (self.den / g2).checked_mul(other.den / g1).ok_or(Overflow)?;
        Self::reduced(num, den)
    }

    /// `1 / self`, `None` for zero.
    pub fn recip(self) -> Option<Self> {
        Self::new(self.den, self.num)
    }

    /// Negation.
    pub fn neg(self) -> Exact<Self> {
        Ok(Self { num: self.num.checked_neg().ok_or(Overflow)?, den: self.den })
    }

    /// -1, 0 or 1.
    pub fn signum(self) -> i128 {
        self.num.signum()
    }

    /// Largest integer not above.
    pub fn floor(self) -> i128 {
        self.num.div_euclid(self.den)
    }

    /// Smallest integer not below.
    pub fn ceil(self) -> i128 {
        -((-self.num).div_euclid(self.den))
    }

    /// Cut toward zero: how money becomes whole fen.
    pub fn trunc(self) -> i128 {
        self.num / self.den
    }

    /// Whether it has no fractional part.
    pub fn is_integer(self) -> bool {
        self.den == 1
    }

    /// Reads `12`, `0.5`, `-3`. At most 30 digits; no exponent, no comma.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        if digits.ends_with('.') || whole.len() + fraction.len() > 30 {
            return None;
        }
        let num: i128 = format!("{whole}{fraction}").parse().ok()?;
        let den = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        Self::new(if negative { -num } else { num }, den)
    }

    /// Decimal text with at most `places` digits after the point, trailing
    /// zeros dropped, cut toward zero.
    pub fn decimal(self, places: u32) -> String {
        let scale = 10i128.pow(places);
        let Ok(scaled) = self.mul(Self::int(scale)) else {
            return "很大".to_owned();
        };
        let value = scaled.trunc();
        let sign = if value < 0 { "−" } else { "" };
        let value = value.unsigned_abs();
        let scale = scale.unsigned_abs();
        let whole = value / scale;
        let fraction = format!("{:0width$}", value % scale, width = places as usize);
        let fraction = fraction.trim_end_matches('0');
        if places == 0 || fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_fractions(self.num, self.den, other.num, other.den)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares `a/b` with `c/d` (`b`, `d` positive) without overflow: by products
/// when they fit, else by continued fractions.
fn compare_fractions(mut a: i128, mut b: i128, mut c: i128, mut d: i128) -> Ordering {
    loop {
        if let (Some(left), Some(right)) = (a.checked_mul(d), c.checked_mul(b)) {
            return left.cmp(&right);
        }
        let (qa, qc) = (a.div_euclid(b), c.div_euclid(d));
        if qa != qc {
            return qa.cmp(&qc);
        }
        let (ra, rc) = (a.rem_euclid(b), c.rem_euclid(d));
        match (ra, rc) {
            (0, 0) => return Ordering::Equal,
            (0, _) => return Ordering::Less,
            (_, 0) => return Ordering::Greater,
            // a/b < c/d with equal whole parts is the reverse for the inverses.
            _ => (a, b, c, d) = (d, rc, b, ra),
        }
    }
}

/// A closed interval; `None` is unbounded. `lo` never exceeds `hi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Lower bound.
    pub lo: Option<Ratio>,
    /// Upper bound.
    pub hi: Option<Ratio>,
}

#[expect(clippy::should_implement_trait, reason = "exact arithmetic can overflow and says so")]
impl Interval {
    /// Everything.
    pub const ANY: Self = Self { lo: None, hi: None };
    /// Zero and above.
    pub const NON_NEGATIVE: Self = Self { lo: Some(Ratio::ZERO), hi: None };

    /// Appends to `w`.
    pub fn encode(self, w: &mut Writer) {
        for bound in [self.lo, self.hi] {
            w.option(bound.as_ref(), |w, ratio| ratio.encode(w));
        }
    }

    /// Reads what [`Interval::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let (lo, hi) = (r.option(Ratio::read), r.option(Ratio::read));
        if lo.zip(hi).is_some_and(|(lo, hi)| lo > hi) {
            r.fail("下限不大于上限的范围");
        }
        Self { lo, hi }
    }

    /// A single number.
    pub fn point(value: Ratio) -> Self {
        Self { lo: Some(value), hi: Some(value) }
    }

    /// From `a` to `b`, in either order.
    pub fn between(a: Ratio, b: Ratio) -> Self {
        Self { lo: Some(a.min(b)), hi: Some(a.max(b)) }
    }

    /// The number, if there is only one.
    pub fn exact(self) -> Option<Ratio> {
        (self.lo == self.hi).then_some(self.lo).flatten()
    }

    /// The smallest interval that holds both.
    pub fn join(self, other: Self) -> Self {
        Self {
            lo: self.lo.zip(other.lo).map(|(a, b)| a.min(b)),
            hi: self.hi.zip(other.hi).map(|(a, b)| a.max(b)),
        }
    }

    /// Sum.
    pub fn add(self, other: Self) -> Exact<Self> {
        Ok(Self { lo: pair(self.lo, other.lo, Ratio::add)?, hi: pair(self.hi, other.hi, Ratio::add)? })
    }

    /// Negation.
    pub fn neg(self) -> Exact<Self> {
        Ok(Self { lo: self.hi.map(Ratio::neg).transpose()?, hi: self.lo.map(Ratio::neg).transpose()? })
    }

    /// Difference.
    pub fn sub(self, other: Self) -> Exact<Self> {
        self.add(other.neg()?)
    }

    /// Product.
    pub fn mul(self, other: Self) -> Exact<Self> {
        let zero = Self::point(Ratio::ZERO);
        if self == zero || other == zero {
            return Ok(zero);
        }
        let corners = [
            product(self.lo, -1, other.lo, -1)?,
            product(self.lo, -1, other.hi, 1)?,
            product(self.hi, 1, other.lo, -1)?,
            product(self.hi, 1, other.hi, 1)?,
        ];
        let mut lo = corners[0];
        let mut hi = corners[0];
        for corner in &corners[1..] {
            lo = lo.min(*corner);
            hi = hi.max(*corner);
        }
        Ok(Self { lo: lo.finite(), hi: hi.finite() })
    }

    /// Quotient; unbounded when the divisor may be zero.
    pub fn div(self, other: Self) -> Exact<Self> {
        let positive = other.lo.is_some_and(|lo| lo.signum() > 0);
        let negative = other.hi.is_some_and(|hi| hi.signum() < 0);
        if !positive && !negative {
            return Ok(Self::ANY);
        }
        // An unbounded end of the divisor becomes zero in the inverse.
        let inverse = |bound: Option<Ratio>| bound.map_or(Some(Ratio::ZERO), Ratio::recip);
        self.mul(Self { lo: inverse(other.hi), hi: inverse(other.lo) })
    }

    /// The smaller of the two, whatever the true values are.
    pub fn min(self, other: Self) -> Self {
        Self {
            lo: self.lo.zip(other.lo).map(|(a, b)| a.min(b)),
            hi: match (self.hi, other.hi) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        }
    }

    /// The larger of the two.
    pub fn max(self, other: Self) -> Self {
        Self {
            lo: match (self.lo, other.lo) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            },
            hi: self.hi.zip(other.hi).map(|(a, b)| a.max(b)),
        }
    }

    /// Applies a non-decreasing function to both ends.
    pub fn map(self, f: impl Fn(Ratio) -> Ratio) -> Self {
        Self { lo: self.lo.map(&f), hi: self.hi.map(f) }
    }
}

fn pair(a: Option<Ratio>, b: Option<Ratio>, f: fn(Ratio, Ratio) -> Exact<Ratio>) -> Exact<Option<Ratio>> {
    match (a, b) {
        (Some(a), Some(b)) => f(a, b).map(Some),
        _ => Ok(None),
    }
}

/// A bound that may be infinite, ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Below,
    At(Ratio),
    Above,
}

impl End {
    fn finite(self) -> Option<Ratio> {
        match self {
            Self::At(value) => Some(value),
            Self::Below | Self::Above => None,
        }
    }
}

/// The product of two bounds; `None` is infinity of the given sign. Zero times
/// infinity is zero: a firm with a rate of exactly zero gets nothing.
fn product(a: Option<Ratio>, a_sign: i128, b: Option<Ratio>, b_sign: i128) -> Exact<End> {
    if let (Some(a), Some(b)) = (a, b) {
        return a.mul(b).map(End::At);
    }
    let sign = a.map_or(a_sign, Ratio::signum) * b.map_or(b_sign, Ratio::signum);
    Ok(match sign {
        1 => End::Above,
        -1 => End::Below,
        _ => End::At(Ratio::ZERO),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio() -> impl Strategy<Value = Ratio> {
        (-1000i128..1000, 1i128..50).prop_map(|(n, d)| Ratio::new(n, d).unwrap())
    }

    fn interval() -> impl Strategy<Value = (Interval, Ratio)> {
        (ratio(), ratio(), 0u8..4, 0i128..=10).prop_map(|(a, b, open, t)| {
            let (lo, hi) = (a.min(b), a.max(b));
            let step = hi.sub(lo).unwrap().mul(Ratio::new(t, 10).unwrap()).unwrap();
            let inside = lo.add(step).unwrap();
            let interval = Interval { lo: (open & 1 == 0).then_some(lo), hi: (open & 2 == 0).then_some(hi) };
            (interval, inside)
        })
    }

    fn holds(i: Interval, x: Ratio) -> bool {
        i.lo.is_none_or(|lo| lo <= x) && i.hi.is_none_or(|hi| x <= hi)
    }

    proptest! {
        #[test]
        fn intervals_contain_every_point_result((i, x) in interval(), (j, y) in interval()) {
            prop_assert!(holds(i.add(j).unwrap(), x.add(y).unwrap()));
            prop_assert!(holds(i.sub(j).unwrap(), x.sub(y).unwrap()));
            prop_assert!(holds(i.mul(j).unwrap(), x.mul(y).unwrap()));
            prop_assert!(holds(i.min(j), x.min(y)));
            prop_assert!(holds(i.max(j), x.max(y)));
            prop_assert!(holds(i.join(j), x) && holds(i.join(j), y));
            if let Some(inverse) = y.recip() {
                prop_assert!(holds(i.div(j).unwrap(), x.mul(inverse).unwrap()));
            }
        }

        #[test]
        fn order_agrees_with_products(a in ratio(), b in ratio()) {
            prop_assert_eq!(a.cmp(&b), (a.num * b.den).cmp(&(b.num * a.den)));
        }

        #[test]
        fn decimal_text_round_trips(n in -10_000_000i128..10_000_000) {
            let r = Ratio::new(n, 100).unwrap();
            prop_assert_eq!(Ratio::parse(&r.decimal(2)), Some(r));
        }
    }

    #[test]
    fn huge_fractions_compare_without_overflow() {
        let big = i128::MAX / 2;
        let a = Ratio::new(big, big - 1).unwrap();
        let b = Ratio::new(big - 1, big - 2).unwrap();
        assert!(a < b);
        assert!(a.mul(Ratio::int(big)).and_then(|x| x.mul(x)).is_err());
    }

    #[test]
    fn reads_only_plain_numbers() {
        assert_eq!(Ratio::parse("1.50"), Ratio::new(3, 2));
        for text in ["", ".", "1.", ".5", "1e30", "1,000", "１", "--1", "0x10"] {
            assert_eq!(Ratio::parse(text), None, "{text}");
        }
    }
}
