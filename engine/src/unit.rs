//! Units and currencies of quantities, and how amounts are printed.

use crate::num::Ratio;

/// Units of counts. The position is the number used in compiled rules, so
/// rows are only ever appended.
pub const COUNT_UNITS: [&str; 34] = [
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
];

/// Currencies. Only 元 is ever summed; nothing is converted silently.
pub const CURRENCIES: [&str; 5] = ["元", "美元", "欧元", "港元", "日元"];

/// The dimension of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Money of a currency, in its hundredth.
    Money(u8),
    /// A count in a unit.
    Count(u8),
    /// Money per unit: 元/人, in hundredths of the currency.
    Price(u8),
    /// A share: 1 is 100 %.
    Share,
    /// A duration in months.
    Months,
    /// A day, counted from 1970-01-01.
    Date,
    /// A bare number, fits any factor.
    Number,
}

impl Dimension {
    /// Chinese money.
    pub const YUAN: Self = Self::Money(0);

    /// A word for error messages.
    pub fn describe(self) -> String {
        match self {
            Self::Money(0) => "金额".to_owned(),
            Self::Money(c) => format!("金额（{}）", currency_name(c)),
            Self::Count(u) => format!("个数（{}）", count_name(u)),
            Self::Price(u) => format!("单价（元/{}）", count_name(u)),
            Self::Share => "比例".to_owned(),
            Self::Months => "时长".to_owned(),
            Self::Date => "日期".to_owned(),
            Self::Number => "数".to_owned(),
        }
    }

    /// A value of this dimension with its unit, as people read it.
    pub fn show(self, value: Ratio) -> String {
        match self {
            Self::Money(c) => money(value, c),
            Self::Count(u) => format!("{}{}", grouped(value, 2), count_name(u)),
            Self::Price(u) => format!("{}/{}", money(value, 0), count_name(u)),
            Self::Share => share(value),
            Self::Months => months(value),
            Self::Date => {
                let day = i32::try_from(value.floor()).ok().and_then(crate::date::Date::from_days);
                day.map_or_else(|| "日期超出范围".to_owned(), crate::date::Date::chinese)
            }
            Self::Number => grouped(value, 4),
        }
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

/// A duration: 年 when whole, else 个月.
pub fn months(value: Ratio) -> String {
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
