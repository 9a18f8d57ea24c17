//! Calendar dates, Beijing time, without a clock.

use std::fmt;

use crate::codec::Reader;
use crate::words::{Words, word};

/// A day, counted from 1970-01-01. Years 1900 to 2199, as no policy and no
/// firm lies outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// 2199-12-31, the last day there is.
    pub const LAST: Self = Self(84_005);

    /// The day `year-month-day`, if it exists.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1900..2200).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if day < 1 || day > days_in_month(year, month) {
            return None;
        }
        // Howard Hinnant's days_from_civil, valid for all years.
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let mp = (month as i32 + 9) % 12;
        let doy = (153 * mp + 2) / 5 + day as i32 - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        Some(Self(era * 146_097 + doe - 719_468))
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// From days since 1970-01-01, if within range.
    pub fn from_days(days: i32) -> Option<Self> {
        // 1900-01-01 to 2199-12-31.
        (-25_567..=Self::LAST.0).contains(&days).then_some(Self(days))
    }

    /// Reads a day number.
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let days = r.i32();
        r.require(Self::from_days(days), "日期", Self(0))
    }

    /// `(year, month, day)`.
    pub fn ymd(self) -> (i32, u32, u32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let year = yoe + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }

    /// The calendar year.
    pub fn year(self) -> i32 {
        self.ymd().0
    }

    /// Whole months from `self` to `later` by the calendar and the days that are left, at most 30; nothing if `later`
    /// is earlier. 2024-01-31 to 2024-02-29 is 0 months and 29 days, to 2024-03-31 is 2 months (《民法典》 第二百零二条).
    pub fn until(self, later: Self) -> (i32, i32) {
        if later <= self {
            return (0, 0);
        }
        let (y1, m1, d1) = self.ymd();
        let (y2, m2, d2) = later.ymd();
        let months = (y2 - y1) * 12 + m2 as i32 - m1 as i32;
        if d2 >= d1 {
            return (months, (d2 - d1) as i32);
        }
        // A month without that day ends on its last one.
        let (.., last) = Self(later.0 - d2 as i32).ymd();
        (months - 1, (d2 + last - d1.min(last)) as i32)
    }

    /// 周一 to 周日.
    pub fn weekday(self) -> &'static str {
        // 1970-01-01 was a Thursday.
        const NAMES: [&str; 7] = [
            word("周四"),
            word("周五"),
            word("周六"),
            word("周日"),
            word("周一"),
            word("周二"),
            word("周三"),
        ];
        NAMES[self.0.rem_euclid(7) as usize]
    }

    /// `2026年4月30日`.
    pub fn chinese(self) -> String {
        Words::default().day(self)
    }

    /// Reads `2026-04-30` or `2026年4月30日`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let parts: Vec<&str> = if text.contains('年') {
            text.strip_suffix('日')?.split(['年', '月']).collect()
        } else {
            text.split('-').collect()
        };
        let [y, m, d] = parts[..] else { return None };
        let number = |s: &str| -> Option<u32> {
            let digits = !s.is_empty() && s.len() <= 4 && s.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| s.parse().ok()).flatten()
        };
        if y.len() != 4 {
            return None;
        }
        Self::new(number(y)? as i32, number(m)?, number(d)?)
    }
}

/// Months as they stand in dates.
const MONTHS: [&str; 12] = [
    word("1月"),
    word("2月"),
    word("3月"),
    word("4月"),
    word("5月"),
    word("6月"),
    word("7月"),
    word("8月"),
    word("9月"),
    word("10月"),
    word("11月"),
    word("12月"),
];

impl Words {
    /// `2026年4月30日`.
    pub fn day(&self, day: Date) -> String {
        let (y, m, d) = day.ymd();
        self.say("{}年{}{}日", &[&y, &self.month(m), &d])
    }

    /// `4月30日`, with the year unless it is this one.
    pub fn day_in(&self, day: Date, this_year: i32) -> String {
        let (y, m, d) = day.ymd();
        if y == this_year { self.say("{}{}日", &[&self.month(m), &d]) } else { self.day(day) }
    }

    /// 周一 to 周日.
    pub fn weekday(&self, day: Date) -> &str {
        self.get(day.weekday())
    }

    /// The short name of a month, 1 to 12: `11月`, `Nov`.
    pub fn month(&self, month: u32) -> &str {
        self.get(MONTHS[(month as usize + 11) % 12])
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.ymd();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_three_centuries_round_trips() {
        let first = Date::new(1900, 1, 1).unwrap();
        let last = Date::new(2199, 12, 31).unwrap();
        for days in first.days()..=last.days() {
            let date = Date::from_days(days).unwrap();
            let (y, m, d) = date.ymd();
            assert_eq!(Date::new(y, m, d), Some(date));
            assert_eq!(Date::parse(&date.to_string()), Some(date));
        }
        assert_eq!(Date::from_days(first.days() - 1), None);
        assert_eq!(Date::from_days(last.days() + 1), None);
    }

    #[test]
    fn weekday_and_months() {
        let day = Date::parse("2026-11-22").unwrap();
        assert_eq!(day.weekday(), "周日");
        assert_eq!(Words::default().day_in(day, 2026), "11月22日");
        assert_eq!(Words::default().day_in(day, 2027), "2026年11月22日");
        let d = |s| Date::parse(s).unwrap();
        assert_eq!(d("2024-01-31").until(d("2024-02-29")), (0, 29));
        assert_eq!(d("2024-01-31").until(d("2024-03-30")), (1, 30));
        assert_eq!(d("2024-01-31").until(d("2024-03-31")), (2, 0));
        assert_eq!(d("2020-05-01").until(d("2022-05-01")), (24, 0));
        assert_eq!(d("2020-05-01").until(d("2022-04-30")), (23, 29));
        assert_eq!(d("2020-05-01").until(d("2020-04-30")), (0, 0));
    }

    #[test]
    fn rejects_what_is_not_a_date() {
        for text in
            ["", "2026", "2026-13-01", "2026-02-30", "26-01-01", "2026-1-x", "0000-01-01", "2026年1月1"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
