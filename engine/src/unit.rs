//! Units and currencies of quantities, and how amounts are printed.

use crate::codec::{Reader, Writer};
use crate::num::Ratio;

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
        match self {
            Self::Share => share(value),
            Self::Number => grouped(value, 4),
            Self::Date => {
                let day = i32::try_from(value.floor()).ok().and_then(crate::date::Date::from_days);
                day.map_or_else(|| "日期超出范围".to_owned(), crate::date::Date::chinese)
            }
            Self::MONTHS => months(value),
            Self::Of(u) if u.money == 1 => format!("{}{}", money(value, u.currency), u.denominators()),
            Self::Of(u) if self.counted().is_some() => format!("{}{}", grouped(value, 2), count_name(u.unit)),
            Self::Of(u) => format!("{}{}", grouped(value, 4), u.text()),
        }
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
        let mut text = String::new();
        if self.count < 0 {
            text.push('/');
            text.push_str(count_name(self.unit));
        }
        if self.months < 0 {
            text.push_str("/月");
        }
        text
    }

    /// `元/人/月`, `元·月`
    fn text(self) -> String {
        let mut over = Vec::new();
        if self.money > 0 {
            over.push(currency_name(self.currency));
        }
        if self.count > 0 {
            over.push(count_name(self.unit));
        }
        if self.months > 0 {
            over.push("月");
        }
        let under = if self.money < 0 { format!("/{}", currency_name(self.currency)) } else { String::new() };
        format!("{}{under}{}", over.join("·"), self.denominators())
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

/// Money as a person says it: 亿元 from 1 亿, 万元 from 1 万, else 元; at most
/// two decimals, cut toward zero.
pub fn money(fen: Ratio, currency: u8) -> String {
    let name = currency_name(currency);
    let yuan = |scale: i128| fen.mul(Ratio::new(1, 100 * scale).unwrap_or(Ratio::ZERO));
    let size = fen.trunc().unsigned_abs() / 100;
    let (scale, prefix) = match size {
        0..10_000 => (1, ""),
        10_000..100_000_000 => (10_000, "万"),
        _ => (100_000_000, "亿"),
    };
    match yuan(scale) {
        // 12345.6 万 stays exact in 万元 rather than losing digits in 亿元.
        Ok(value) if prefix == "亿" && Ratio::parse(&value.decimal(2)) != Some(value) => {
            yuan(10_000).map_or_else(|_| "很大".to_owned(), |v| format!("{}万{name}", grouped(v, 2)))
        }
        Ok(value) => format!("{}{prefix}{name}", grouped(value, 2)),
        Err(_) => "很大".to_owned(),
    }
}

/// A share as a percentage with at most two decimals.
pub fn share(value: Ratio) -> String {
    value.mul(Ratio::int(100)).map_or_else(|_| "很大".to_owned(), |v| format!("{}%", v.decimal(2)))
}

/// A duration: 年 when whole, else 个月; thirty-firsts of a month are days.
pub fn months(value: Ratio) -> String {
    if value.denominator() == 31 && value.signum() > 0 {
        let whole = Ratio::int(value.trunc());
        let days = value.numerator() - value.trunc() * 31;
        let before = if value.trunc() == 0 { String::new() } else { format!("{}零", months(whole)) };
        return format!("{before}{days}天");
    }
    match value.mul(Ratio::new(1, 12).unwrap_or(Ratio::ONE)) {
        Ok(years) if years.is_integer() => format!("{}年", years.decimal(0)),
        _ => format!("{}个月", value.decimal(1)),
    }
}

/// A number with thousands separators: `1,200`, `96.5`.
pub fn grouped(value: Ratio, places: u32) -> String {
    let text = value.decimal(places);
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let (sign, digits) = whole.strip_prefix('−').map_or(("", whole), |d| ("−", d));
    let mut out = String::from(sign);
    for (i, c) in digits.chars().enumerate() {
        // 6420 reads better bare; five digits and more are grouped.
        if i > 0 && digits.len() > 4 && (digits.len() - i) % 3 == 0 {
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
        assert_eq!(share(Ratio::new(486, 10_000).unwrap()), "4.86%");
        assert_eq!(months(Ratio::int(24)), "2年");
        assert_eq!(months(Ratio::int(30)), "30个月");
    }
}
