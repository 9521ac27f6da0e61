//! When edges hold and for how long what they give stays, in four bytes for each edge.
//!
//! What has no end and begins at a whole second, or always was, is written out in the four bytes; everything else has a row
//! in a table. Rows lie in the order of the edges that need them first, so that a sweep over edges reads them one after
//! the other. Nothing is rounded.

use crate::net::{NEVER, NONE};
use crate::pool::{Slots, hash_of, slack};
use firebreak_model::time::MICROS_PER_SECOND;
use firebreak_model::{Interval, Persistence, Time};

/// When an edge holds, and for how long what it gives stays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Span {
    /// When the step is possible.
    pub(crate) valid: Interval,
    /// How long its result stays.
    pub(crate) persistence: Persistence,
}

const ROW: u32 = 1 << 31;
const SECONDS_MAX: i64 = (1 << 30) - 2;
const WHILE: u32 = u32::MAX;
const TAKE: u32 = u32::MAX - 1;

/// What the codes of one column of edges mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans {
    /// The second from which the starts of endless spans are counted, once it is fixed.
    base: Option<i64>,
    times: Vec<Interval>,
    /// `WHILE`, `TAKE`, or seconds to live (136 years at most).
    keeps: Vec<u32>,
    /// Rows that were added since the last [`Spans::lay`].
    slots: Slots,
}

impl Spans {
    pub(crate) fn code(&mut self, span: Span) -> u32 {
        if let Some(code) = inline(span, self.base) {
            return code;
        }
        let hash = hash_of(&span);
        if let Some(row) = self.slots.find(hash, |row| self.row(row) == Some(span)) {
            return ROW | row;
        }
        let row = self.push(span);
        self.slots.add(hash, row, |row| row_of(&self.times, &self.keeps, row).map_or(0, |span| hash_of(&span)));
        ROW | row
    }

    fn push(&mut self, span: Span) -> u32 {
        let row = self.times.len() as u32;
        self.times.push(span.valid);
        self.keeps.push(match span.persistence {
            Persistence::While => WHILE,
            Persistence::Take => TAKE,
            Persistence::Mint { ttl_seconds } => ttl_seconds.min(TAKE - 1),
        });
        row
    }

    /// The span of a code; `None` for no code.
    #[inline]
    pub(crate) fn get(&self, code: u32) -> Option<Span> {
        if code & ROW != 0 {
            return self.row(code & !ROW);
        }
        Some(Span { valid: self.valid(code), persistence: self.persistence(code) })
    }

    /// When what has this code is possible; never for no code. Without a branch, so that the reads of many overlap.
    #[inline]
    pub(crate) fn valid(&self, code: u32) -> Interval {
        let is_row = code & ROW != 0;
        let row = self.times.get(if is_row { code & !ROW } else { 0 } as usize);
        let since = self.base.unwrap_or_default() + i64::from(code >> 1) - 1;
        let from = if code >> 1 == 0 { Time::MIN } else { Time::from_seconds(since) };
        if is_row { row.copied().unwrap_or(NEVER) } else { Interval::since(from) }
    }

    /// How long what has this code stays.
    #[inline]
    pub(crate) fn persistence(&self, code: u32) -> Persistence {
        match code & ROW != 0 {
            true => self.keeps.get((code & !ROW) as usize).map_or(Persistence::While, |keeps| kept(*keeps)),
            false if code & 1 == 0 => Persistence::While,
            false => Persistence::Take,
        }
    }

    #[inline]
    fn row(&self, row: u32) -> Option<Span> {
        row_of(&self.times, &self.keeps, row)
    }

    /// The codes at `order`, after rows that no edge needs are gone and the others lie in this order.
    pub(crate) fn lay(&mut self, codes: &[u32], order: &[u32]) -> Vec<u32> {
        self.base = self.base.or_else(|| self.first_second());
        let old = std::mem::take(self);
        let mut laid = Spans { base: old.base, ..Spans::default() };
        let mut new = vec![NONE; old.times.len()];
        let mut now = |code: u32| {
            if code & ROW == 0 {
                return code;
            }
            let Some((known, span)) = new.get_mut((code & !ROW) as usize).zip(old.get(code)) else { return code };
            if *known == NONE {
                *known = inline(span, laid.base).unwrap_or_else(|| ROW | laid.push(span));
            }
            *known
        };
        let mut all = Vec::with_capacity(order.len() + slack(order.len()));
        all.extend(order.iter().map(|edge| codes.get(*edge as usize).map_or(NONE, |code| now(*code))));
        laid.times.shrink_to_fit();
        laid.keeps.shrink_to_fit();
        laid.times.reserve(slack(all.len()));
        laid.keeps.reserve(slack(all.len()));
        *self = laid;
        all
    }

    /// The first second at which an endless row begins.
    fn first_second(&self) -> Option<i64> {
        let endless = self.times.iter().filter(|valid| valid.to == Time::MAX && valid.from != Time::MIN);
        let whole = endless.filter(|valid| valid.from.0 % MICROS_PER_SECOND == 0);
        whole.map(|valid| valid.from.0 / MICROS_PER_SECOND).min()
    }
}

fn row_of(times: &[Interval], keeps: &[u32], row: u32) -> Option<Span> {
    let (valid, keeps) = times.get(row as usize).zip(keeps.get(row as usize))?;
    Some(Span { valid: *valid, persistence: kept(*keeps) })
}

fn kept(keeps: u32) -> Persistence {
    match keeps {
        WHILE => Persistence::While,
        TAKE => Persistence::Take,
        ttl_seconds => Persistence::Mint { ttl_seconds },
    }
}

/// The code of a span that needs no row.
fn inline(span: Span, base: Option<i64>) -> Option<u32> {
    let taken = match span.persistence {
        Persistence::While => 0,
        Persistence::Take => 1,
        Persistence::Mint { .. } => return None,
    };
    if span.valid.to != Time::MAX {
        return None;
    }
    if span.valid.from == Time::MIN {
        return Some(taken);
    }
    let micros = span.valid.from.0;
    let seconds = micros.checked_div(MICROS_PER_SECOND).filter(|_| micros % MICROS_PER_SECOND == 0)?;
    let since = seconds.checked_sub(base?)?;
    (0..=SECONDS_MAX).contains(&since).then(|| (since as u32 + 1) << 1 | taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_comes_back_as_it_was() {
        let times = [Time::MIN, Time(-1), Time(0), Time(1), Time::from_seconds(1_790_000_000), Time(i64::MAX - 1)];
        let ends = [Time(2), Time::from_seconds(1_790_000_001), Time::MAX];
        let keeps = [Persistence::While, Persistence::Take, Persistence::Mint { ttl_seconds: 3_600 }];
        let mut all = Vec::new();
        for valid in times.iter().flat_map(|from| ends.iter().map(|to| Interval::new(*from, *to))) {
            all.extend(keeps.iter().map(|persistence| Span { valid, persistence: *persistence }));
        }
        let mut spans = Spans::default();
        let mut codes: Vec<u32> = all.iter().map(|span| spans.code(*span)).collect();
        for _ in 0..3 {
            assert!(codes.iter().zip(&all).all(|(code, span)| spans.get(*code) == Some(*span)));
            let order: Vec<u32> = (0..codes.len() as u32).rev().collect();
            codes = spans.lay(&codes, &order);
            all.reverse();
            codes.push(spans.code(all[7]));
            all.push(all[7]);
            let odd = Span { valid: Interval::since(Time::from_seconds(-5)), persistence: Persistence::Take };
            codes.push(spans.code(odd));
            all.push(odd);
        }
        assert!(spans.times.len() < all.len());
    }
}
