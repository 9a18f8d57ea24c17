//! A firm's answers as bytes, for the time of one visit: a module that has to be replaced goes on where it was. Facts go
//! by number, so this is worth something beside the same catalogue only; what is to last is a
//! [profile](crate::profile).

use litemap::LiteMap;

use crate::catalogue::{Code, Scope};
use crate::codec::{Decoded, Reader, Writer};
use crate::date::Date;
use crate::firm::{Answer, Firm, Held, Key, Received, Records, Span};
use crate::num::Interval;

/// All answers of a firm.
pub fn encode(firm: &Firm) -> Vec<u8> {
    let mut w = Writer::new();
    let answers: Vec<(Key, &Answer)> = firm.iter().collect();
    w.list(&answers, |w, (key, answer)| {
        w.size(usize::from(key.fact));
        w.u8(key.record);
        span(w, key.span);
        self::answer(w, answer);
    });
    let records = Scope::ALL.map(|(scope, ..)| firm.records(scope));
    for Records { count, closed } in records {
        w.u8(count);
        w.u8(u8::from(closed));
    }
    w.list(&firm.received, |w, Received { measure, year, fen }| {
        w.str(measure);
        w.size(usize::from(*year));
        w.int(*fen);
    });
    w.into_bytes()
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// When the bytes are none of it.
pub fn decode(bytes: &[u8]) -> Decoded<Firm> {
    let mut r = Reader::new(bytes);
    let mut firm = Firm::default();
    let answers = r.list(|r| {
        let (fact, record) = (r.u16(), r.u8());
        (Key { fact, span: read_span(r), record }, read_answer(r))
    });
    for (key, answer) in answers {
        firm.set(key, answer);
    }
    for (scope, ..) in Scope::ALL {
        let records = Records { count: r.u8(), closed: r.flag() };
        if scope != Scope::Firm && records != Records::default() {
            firm.set_records(scope, records);
        }
    }
    firm.received = r.list(|r| Received { measure: r.string(), year: r.u16(), fen: r.int() });
    r.end().map(|()| firm)
}

fn span(w: &mut Writer, span: Span) {
    let day = |w: &mut Writer, day: Date| w.int(i128::from(day.days()));
    match span {
        Span::Always => w.u8(0),
        Span::Year(year) => {
            w.u8(1);
            w.size(usize::from(year));
        }
        Span::Days(from, to) => {
            w.u8(2);
            day(w, from);
            day(w, to);
        }
        Span::Until(on) => {
            w.u8(3);
            day(w, on);
        }
        Span::PeakBefore(year) => {
            w.u8(4);
            w.size(usize::from(year));
        }
    }
}

fn read_span(r: &mut Reader<'_>) -> Span {
    match r.index(5, "时间") {
        0 => Span::Always,
        1 => Span::Year(r.u16()),
        2 => Span::Days(Date::read(r), Date::read(r)),
        3 => Span::Until(Date::read(r)),
        _ => Span::PeakBefore(r.u16()),
    }
}

fn answer(w: &mut Writer, answer: &Answer) {
    match answer {
        Answer::Unsure => w.u8(0),
        Answer::Number(interval) => {
            w.u8(1);
            interval.encode(w);
        }
        Answer::Flag(yes) => w.u8(2 + u8::from(*yes)),
        Answer::Choice(mask) => {
            w.u8(4);
            w.uint(u128::from(*mask));
        }
        Answer::Code(code) => {
            w.u8(5);
            code.encode(w);
        }
        Answer::Set { items, closed } => {
            w.u8(6 + u8::from(*closed));
            w.size(items.len());
            for (no, held) in items {
                w.size(usize::from(*no));
                w.u8(u8::from(held.yes));
                w.option(held.level.as_ref(), |w, level| w.u8(*level));
                w.option(held.year.as_ref(), |w, year| w.size(usize::from(*year)));
                w.option(held.rank.as_ref(), |w, rank| w.u8(*rank));
                w.option(held.first.as_ref(), |w, first| w.u8(u8::from(*first)));
            }
        }
    }
}

fn read_answer(r: &mut Reader<'_>) -> Answer {
    let kind = r.index(8, "答案");
    match kind {
        0 => Answer::Unsure,
        1 => Answer::Number(Interval::read(r)),
        2 | 3 => Answer::Flag(kind == 3),
        4 => Answer::Choice(r.uint() as u64),
        5 => Answer::Code(Code::read(r)),
        _ => {
            let items: LiteMap<u16, Held> = r.map(Reader::u16, |r| Held {
                yes: r.flag(),
                level: r.option(Reader::u8),
                year: r.option(Reader::u16),
                rank: r.option(Reader::u8),
                first: r.option(Reader::flag),
            });
            Answer::Set { items, closed: kind == 7 }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::num::Ratio;

    #[test]
    fn every_kind_of_answer_comes_back() {
        let day = |text: &str| Date::parse(text).unwrap();
        let mut firm = Firm::default();
        let half = Ratio::new(1, 2).unwrap();
        let held = Held { yes: true, level: Some(0), year: Some(2024), rank: Some(3), first: Some(false) };
        let set = |closed: bool| {
            let mut items = LiteMap::new();
            items.insert(30_001, held);
            items.insert(30_007, Held::default());
            Answer::Set { items, closed }
        };
        let spans = [
            Span::Always,
            Span::Year(2025),
            Span::Days(day("2025-01-01"), day("2025-06-30")),
            Span::Until(day("2025-12-31")),
            Span::PeakBefore(2025),
        ];
        let answers = [
            Answer::Unsure,
            Answer::Number(Interval::point(half)),
            Answer::Number(Interval::NON_NEGATIVE),
            Answer::Number(Interval::ANY),
            Answer::Flag(true),
            Answer::Flag(false),
            Answer::Choice(5),
            Answer::Code(Code::region("130102").unwrap()),
            set(true),
            set(false),
        ];
        for (fact, answer) in (0..).zip(answers) {
            for (record, span) in (0..).zip(spans) {
                firm.set(Key { fact, span, record }, answer.clone());
            }
        }
        firm.set_records(Scope::Project, Records { count: 2, closed: true });
        firm.received.push(Received { measure: "hebei-2023-01".to_owned(), year: 2026, fen: 100_000 });
        assert_eq!(decode(&encode(&firm)), Ok(firm));
        assert_eq!(decode(&encode(&Firm::default())), Ok(Firm::default()));
    }

    proptest! {
        #[test]
        fn other_bytes_are_errors_or_firms(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(firm) = decode(&bytes) {
                prop_assert_eq!(decode(&encode(&firm)), Ok(firm));
            }
        }
    }
}
