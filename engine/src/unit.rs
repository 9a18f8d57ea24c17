//! Units and currencies of quantities, and how amounts are printed.

use crate::codec::{Reader, Writer};
use crate::num::Ratio;
use crate::words::{Words, word};

/// Units of counts. The position is the number used in compiled rules, so
/// rows are only ever appended.
pub const COUNT_UNITS: [&str; 51] = [
    "人",
    "件",
    "项",
    "家",
    "个",
    "张",
    "台",
    "次",
    "人次",
    "吨标准煤",
    "吨",
    "篇",
    "名",
    "户",
    "套",
    "床",
    "所",
    "门",
    "场",
    "分",
    "平方米",
    "千瓦",
    "千瓦时",
    "辆",
    "艘",
    "只",
    "种",
    "批",
    "册",
    "部",
    "集",
    "公里",
    "立方米",
    "亩",
    "笔",
    "处",
    "天",
    "工作日",
    "学时",
    "课时",
    "期",
    "座",
    "间",
    "条",
    "本",
    "株",
    "头",
    "位",
    "款",
    "班",
    "小时",
];

/// Currencies. Only 元 is ever summed; nothing is converted silently.
pub const CURRENCIES: [&str; 5] = ["元", "美元", "欧元", "港元", "日元"];

/// The dimension of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// A share: 1 is 100 %.
    Share,
    /// A bare number, fits any factor.
    Number,
    /// A day, counted from 1970-01-01.
    Date,
    /// Money, a count, a duration, or a product of them such as 元/平方米/月.
    Of(Units),
}

/// Powers of the units of a quantity, each −1, 0 or 1; at least one is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Units {
    /// Power of money, in hundredths of the currency.
    pub money: i8,
    /// Row of [`CURRENCIES`], 0 without money.
    pub currency: u8,
    /// Power of the count.
    pub count: i8,
    /// Row of [`COUNT_UNITS`], 0 without a count.
    pub unit: u8,
    /// Power of time, in months.
    pub months: i8,
}

impl Dimension {
    /// Chinese money, in fen.
    pub const YUAN: Self = Self::money(0);
    /// A duration in months.
    pub const MONTHS: Self = Self::Of(Units { months: 1, ..Units::NONE });

    /// Money of a currency, in its hundredth.
    pub const fn money(currency: u8) -> Self {
        Self::Of(Units { money: 1, currency, ..Units::NONE })
    }

    /// A count in a unit.
    pub const fn count(unit: u8) -> Self {
        Self::Of(Units { count: 1, unit, ..Units::NONE })
    }

    /// Whether it is money, and of which currency.
    pub fn currency(self) -> Option<u8> {
        match self {
            Self::Of(Units { money: 1, currency, count: 0, months: 0, .. }) => Some(currency),
            _ => None,
        }
    }

    /// Whether it is a count, and in which unit.
    pub fn counted(self) -> Option<u8> {
        match self {
            Self::Of(Units { money: 0, count: 1, unit, months: 0, .. }) => Some(unit),
            _ => None,
        }
    }

    /// Whether it is a bare figure without a unit: a share or a number.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Share | Self::Number)
    }

    /// Dimension of a product; `None` where it has no meaning (money times money, 人 times 件, a date).
    pub fn times(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Date, _) | (_, Self::Date) => None,
            (Self::Number, Self::Number) => Some(Self::Number),
            (Self::Share | Self::Number, Self::Share | Self::Number) => Some(Self::Share),
            (Self::Share | Self::Number, of) | (of, Self::Share | Self::Number) => Some(of),
            (Self::Of(a), Self::Of(b)) => a.times(b).map(|u| u.dimension(Self::Number)),
        }
    }

    /// Dimension of a quotient; like by like is a share.
    pub fn per(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Date, _) | (_, Self::Date) => None,
            (Self::Number, Self::Number) => Some(Self::Share),
            (of, Self::Share | Self::Number) => Some(of),
            (Self::Share | Self::Number, Self::Of(_)) => None,
            (Self::Of(a), Self::Of(b)) => a.times(b.inverse()).map(|u| u.dimension(Self::Share)),
        }
    }

    /// Appends to `w`.
    pub fn encode(self, w: &mut Writer) {
        match self {
            Self::Share => w.u8(0),
            Self::Number => w.u8(1),
            Self::Date => w.u8(2),
            Self::MONTHS => w.u8(3),
            Self::YUAN => w.u8(4),
            Self::Of(u) => {
                w.u8(5);
                for part in [u.money as u8, u.currency, u.count as u8, u.unit, u.months as u8] {
                    w.u8(part);
                }
            }
        }
    }

    /// Reads what [`Dimension::encode`] wrote.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        match r.u8() {
            0 => Self::Share,
            1 => Self::Number,
            2 => Self::Date,
            3 => Self::MONTHS,
            4 => Self::YUAN,
            5 => {
                let units = Units {
                    money: r.u8() as i8,
                    currency: r.u8(),
                    count: r.u8() as i8,
                    unit: r.u8(),
                    months: r.u8() as i8,
                };
                let small = [units.money, units.count, units.months].iter().all(|p| (-1..=1).contains(p));
                if !small || units == Units::NONE {
                    r.fail("单位");
                }
                Self::Of(units)
            }
            _ => {
                r.fail("单位");
                Self::Share
            }
        }
    }

    /// A word for error messages.
    pub fn describe(self) -> String {
        match self {
            Self::Share => "比例".to_owned(),
            Self::Number => "数".to_owned(),
            Self::Date => "日期".to_owned(),
            Self::MONTHS => "时长".to_owned(),
            Self::YUAN => "金额".to_owned(),
            Self::Of(u) if self.currency().is_some() => format!("金额（{}）", currency_name(u.currency)),
            Self::Of(u) if self.counted().is_some() => format!("个数（{}）", count_name(u.unit)),
            Self::Of(u) if u.money == 1 && u.count <= 0 && u.months <= 0 => format!("单价（{}）", u.text()),
            Self::Of(u) => format!("单位是{}的数", u.text()),
        }
    }

    /// The unit as written behind a number: 元, 人, 元/人/月; empty for shares and bare numbers.
    pub fn describe_unit(self) -> String {
        match self {
            Self::Of(u) => u.text(),
            _ => String::new(),
        }
    }

    /// A value of this dimension with its unit, as people read it.
    pub fn show(self, value: Ratio) -> String {
        Words::default().show(self, value)
    }
}

impl Units {
    const NONE: Self = Self { money: 0, currency: 0, count: 0, unit: 0, months: 0 };

    fn inverse(self) -> Self {
        Self { money: -self.money, count: -self.count, months: -self.months, ..self }
    }

    fn times(self, other: Self) -> Option<Self> {
        let clash = |a: i8, b: i8, same: bool| a != 0 && b != 0 && !same;
        if clash(self.money, other.money, self.currency == other.currency)
            || clash(self.count, other.count, self.unit == other.unit)
        {
            return None;
        }
        let power = |a: i8, b: i8| Some(a + b).filter(|p| (-1..=1).contains(p));
        let (money, count) = (power(self.money, other.money)?, power(self.count, other.count)?);
        let row = |power: i8, a: (i8, u8), b: (i8, u8)| match power {
            0 => 0,
            _ if a.0 != 0 => a.1,
            _ => b.1,
        };
        Some(Self {
            money,
            currency: row(money, (self.money, self.currency), (other.money, other.currency)),
            count,
            unit: row(count, (self.count, self.unit), (other.count, other.unit)),
            months: power(self.months, other.months)?,
        })
    }

    fn dimension(self, empty: Dimension) -> Dimension {
        if self == Self::NONE { empty } else { Dimension::Of(self) }
    }

    /// `/人/月`
    pub fn denominators(self) -> String {
        Words::default().denominators(self)
    }

    /// `元/人/月`, `元·月`
    fn text(self) -> String {
        Words::default().units(self)
    }
}

/// Name of a count unit.
pub fn count_name(unit: u8) -> &'static str {
    COUNT_UNITS.get(usize::from(unit)).copied().unwrap_or("")
}

/// Name of a currency.
pub fn currency_name(currency: u8) -> &'static str {
    CURRENCIES.get(usize::from(currency)).copied().unwrap_or("")
}

/// [`Words::money`] in Chinese.
pub fn money(fen: Ratio, currency: u8) -> String {
    Words::default().money(fen, currency)
}

/// [`Words::number`] in Chinese.
pub fn grouped(value: Ratio, places: u32) -> String {
    Words::default().number(value, places)
}

/// A scale of sums: from which size on, how much one is, whether only for sums that it says without loss, the text.
type Scale = (u128, i128, bool, &'static str);

const CHINESE_SCALES: [Scale; 3] = [
    // 12345.6 万 stays exact in 万元 rather than losing digits in 亿元.
    (100_000_000, 100_000_000, true, word("{}亿{}")),
    (10_000, 10_000, false, word("{}万{}")),
    (0, 1, false, word("{0}{1}")),
];

/// Of languages that count in thousands; the first two texts are keys only.
const OTHER_SCALES: [Scale; 3] = [
    (1_000_000_000, 1_000_000_000, true, word("{}十亿{}")),
    (10_000_000, 1_000_000, true, word("{}百万{}")),
    (0, 1, false, word("{0}{1}")),
];

impl Words {
    /// A value with its unit.
    pub fn show(&self, dimension: Dimension, value: Ratio) -> String {
        match dimension {
            Dimension::Share => self.share(value),
            Dimension::Number => self.number(value, 4),
            Dimension::Date => {
                let day = i32::try_from(value.floor()).ok().and_then(crate::date::Date::from_days);
                day.map_or_else(|| self.get("日期超出范围").to_owned(), |day| self.day(day))
            }
            Dimension::MONTHS => self.months(value),
            Dimension::Of(u) if u.money == 1 => self.money(value, u.currency) + &self.denominators(u),
            Dimension::Of(u) => match dimension.counted() {
                Some(unit) => {
                    let unit = self.form(count_name(unit), value == Ratio::ONE);
                    self.say("{}{}", &[&self.number(value, 2), &unit])
                }
                None => self.say("{}{}", &[&self.number(value, 4), &self.units(u)]),
            },
        }
    }

    /// Two values of which neither is above the other, with their unit.
    pub fn range(&self, dimension: Dimension, low: Ratio, high: Ratio) -> String {
        let (low, high) = (self.show(dimension, low), self.show(dimension, high));
        match dimension {
            // Where the currency stands first it is said once.
            Dimension::Of(Units { money: 1, currency, .. }) if !self.is_chinese() => {
                let name = self.get(currency_name(currency));
                let high = high.strip_prefix(name).map_or(high.as_str(), str::trim_start);
                self.say("{0}至{1}", &[&low, &high])
            }
            _ => self.say("{}至{}", &[&low, &high]),
        }
    }

    /// Money as a person says it. In Chinese: 亿元 from 1 亿, 万元 from 1 万, else 元; in other languages millions from
    /// ten of them on. At most two decimals, cut toward zero.
    pub fn money(&self, fen: Ratio, currency: u8) -> String {
        let size = fen.trunc().unsigned_abs() / 100;
        let scales = if self.is_chinese() { CHINESE_SCALES } else { OTHER_SCALES };
        for (from, scale, exact, text) in scales {
            if size < from {
                continue;
            }
            let Ok(value) = fen.mul(Ratio::new(1, 100 * scale).unwrap_or(Ratio::ZERO)) else { break };
            if !exact || Ratio::parse(&value.decimal(2)) == Some(value) {
                return self.say(text, &[&self.number(value, 2), &self.get(currency_name(currency))]);
            }
        }
        self.get("很大").to_owned()
    }

    /// A share as a percentage with at most two decimals.
    pub fn share(&self, value: Ratio) -> String {
        let percent = value.mul(Ratio::int(100));
        percent.map_or_else(|_| self.get("很大").to_owned(), |v| format!("{}%", v.decimal(2)))
    }

    /// A duration: 年 when whole, else 个月; thirty-firsts of a month are days.
    pub fn months(&self, value: Ratio) -> String {
        if value.denominator() == 31 && value.signum() > 0 {
            let whole = value.trunc();
            let days = self.say("{}天", &[&(value.numerator() - whole * 31)]);
            return if whole == 0 {
                days
            } else {
                self.say("{}零{}", &[&self.months(Ratio::int(whole)), &days])
            };
        }
        match value.mul(Ratio::new(1, 12).unwrap_or(Ratio::ONE)) {
            Ok(years) if years.is_integer() => self.say("{}年", &[&years.decimal(0)]),
            _ => self.say("{}个月", &[&value.decimal(1)]),
        }
    }

    /// A number with thousands separators: `1,200`, `96.5`.
    pub fn number(&self, value: Ratio, places: u32) -> String {
        let text = value.decimal(places);
        if !text.ends_with(|c: char| c.is_ascii_digit()) {
            return self.get("很大").to_owned();
        }
        // In Chinese 6420 reads better bare; five digits and more are grouped.
        let bare = if self.is_chinese() { 4 } else { 3 };
        let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
        let (sign, digits) = whole.strip_prefix('−').map_or(("", whole), |d| ("−", d));
        let mut out = String::from(sign);
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && digits.len() > bare && (digits.len() - i) % 3 == 0 {
                out.push(',');
            }
            out.push(c);
        }
        if let Some(fraction) = fraction {
            out.push('.');
            out.push_str(fraction);
        }
        out
    }

    /// `/人/月`
    pub fn denominators(&self, units: Units) -> String {
        let mut text = String::new();
        if units.count < 0 {
            text.push('/');
            text.push_str(self.form(count_name(units.unit), true));
        }
        if units.months < 0 {
            text.push('/');
            text.push_str(self.get("月"));
        }
        text
    }

    /// `元/人/月`, `元·月`
    pub fn units(&self, units: Units) -> String {
        let mut over = Vec::new();
        let currency = self.get(currency_name(units.currency));
        if units.money > 0 {
            over.push(currency);
        }
        if units.count > 0 {
            over.push(self.form(count_name(units.unit), true));
        }
        if units.months > 0 {
            over.push(self.get("月"));
        }
        let under = if units.money < 0 { format!("/{currency}") } else { String::new() };
        format!("{}{under}{}", over.join("·"), self.denominators(units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_said_as_people_say_it() {
        let yuan = |y: i128| Ratio::int(y * 100);
        assert_eq!(money(yuan(0), 0), "0元");
        assert_eq!(money(yuan(800), 0), "800元");
        assert_eq!(money(yuan(4_800_000), 0), "480万元");
        assert_eq!(money(yuan(156_000), 0), "15.6万元");
        assert_eq!(money(yuan(500_000_000), 0), "5亿元");
        assert_eq!(money(yuan(123_456_000), 0), "12,345.6万元");
        let words = Words::default();
        assert_eq!(words.share(Ratio::new(486, 10_000).unwrap()), "4.86%");
        assert_eq!(words.months(Ratio::int(24)), "2年");
        assert_eq!(words.months(Ratio::int(30)), "30个月");
        assert_eq!(words.months(Ratio::new(24 * 31 + 5, 31).unwrap()), "2年零5天");
        assert_eq!(words.range(Dimension::YUAN, yuan(30_000), yuan(75_000)), "3万元至7.5万元");
    }
}
