//! From a sample to the whole: never a number without its interval.

use serde::{Deserialize, Serialize};

/// Standard deviations to each side for 95 of 100.
const Z: f64 = 1.959_964;

/// Of fewer documents no spread can be told.
const SPREAD_MIN: u64 = 4;

/// From where to where a number lies, and how sure that is.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// At least so many.
    pub low: u64,
    /// At most so many.
    pub high: u64,
}

/// How much of a class a store holds.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Estimate {
    /// Records that were seen.
    pub seen: u64,
    /// Records in all, by what was seen.
    pub records: u64,
    /// Between which numbers the records lie, at 95 of 100 (by the spread between the documents that were read).
    pub records_between: Interval,
    /// Between which numbers the documents lie that hold the class, at 95 of 100 (Wilson's interval).
    pub documents_between: Interval,
}

impl Estimate {
    /// The estimate from `counts`, the records in each document that was read and holds some, of `read` documents out of `all`.
    pub fn of(counts: &[u64], read: u64, all: u64) -> Estimate {
        let seen: u64 = counts.iter().sum();
        let holding = counts.len() as u64;
        if read >= all || read == 0 {
            let exact = |number| Interval { low: number, high: if read == 0 && all > 0 { u64::MAX } else { number } };
            return Estimate { seen, records: seen, records_between: exact(seen), documents_between: exact(holding) };
        }
        let (sample, whole) = (read as f64, all as f64);
        let mean = seen as f64 / sample;
        let squares: f64 = counts.iter().map(|count| (*count as f64 - mean).powi(2)).sum();
        let empty = (read - holding) as f64 * mean * mean;
        let variance = (squares + empty) / (sample - 1.0).max(1.0);
        // What was read is known: only the rest is guessed.
        let spread = student(read) * whole * (variance / sample * (1.0 - sample / whole)).sqrt();
        let total = mean * whole;
        let documents = wilson(holding, read, all);
        // Where none or few were seen the spread says too little: as many may be in each that was not read as in the fullest.
        let few = documents.high.saturating_sub(holding) as f64 * mean.max(1.0);
        let (low, high) = if read < SPREAD_MIN {
            let fullest = counts.iter().copied().max().unwrap_or_default();
            (seen as f64, seen as f64 + ((all - read) as f64 * fullest as f64).max(few))
        } else {
            ((total - spread).floor().max(seen as f64), (total + spread).max(seen as f64 + few))
        };
        Estimate {
            seen,
            records: total.round() as u64,
            records_between: Interval { low: low as u64, high: high.ceil() as u64 },
            documents_between: documents,
        }
    }
}

/// As many standard deviations as Student's distribution asks for at 95 of 100, where `read` documents were read (Cornish and Fisher's series).
fn student(read: u64) -> f64 {
    let free = read.saturating_sub(1).max(1) as f64;
    let first = (Z.powi(3) + Z) / 4.0;
    let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    Z + first / free + second / free.powi(2)
}

/// Wilson's interval for the documents in all of which `holding` of `read` hold something.
fn wilson(holding: u64, read: u64, all: u64) -> Interval {
    let (sample, part) = (read as f64, holding as f64 / read as f64);
    let below = 1.0 + Z * Z / sample;
    let middle = (part + Z * Z / (2.0 * sample)) / below;
    let half = Z / below * (part * (1.0 - part) / sample + Z * Z / (4.0 * sample * sample)).sqrt();
    let documents = |part: f64| part.clamp(0.0, 1.0) * all as f64;
    Interval {
        low: (documents(middle - half).floor() as u64).max(holding),
        high: (documents(middle + half).ceil() as u64).min(all - (read - holding)).max(holding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_whole_is_exact() {
        let estimate = Estimate::of(&[3, 4], 10, 10);
        assert_eq!((estimate.records, estimate.records_between), (7, Interval { low: 7, high: 7 }));
        assert_eq!(estimate.documents_between, Interval { low: 2, high: 2 });
    }

    #[test]
    fn none_in_a_sample_is_not_none() {
        let estimate = Estimate::of(&[], 100, 10_000);
        assert_eq!(estimate.records_between.low, 0);
        // Wilson's bound for 0 of 100 is 3.7%.
        assert_eq!(estimate.documents_between, Interval { low: 0, high: 370 });
        assert!(estimate.records_between.high >= 370);
        assert_eq!(Estimate::of(&[], 0, 5).records_between.high, u64::MAX);
    }

    #[test]
    fn one_document_says_nothing_of_the_spread() {
        let estimate = Estimate::of(&[500], 1, 10);
        assert_eq!((estimate.records, estimate.records_between), (5_000, Interval { low: 500, high: 5_000 }));
        // Student's table for 4 and 29 degrees of freedom.
        for (read, wanted) in [(5, 2.776), (30, 2.045)] {
            assert!((student(read) - wanted).abs() < 0.05, "{}", student(read));
        }
    }

    #[test]
    fn the_interval_holds_the_truth_about_as_often_as_it_says() {
        // 2,000 documents, every tenth with 1 to 20 records; samples of 400 by a fixed sequence.
        let truth: Vec<u64> = (0..2_000_u64).map(|at| if at % 10 == 3 { 1 + at % 20 } else { 0 }).collect();
        let (total, holding) = (truth.iter().sum::<u64>(), truth.iter().filter(|count| **count > 0).count() as u64);
        let (mut records, mut documents, mut state) = (0, 0, 7_u64);
        for _ in 0..500 {
            let mut order: Vec<(u64, u64)> = truth
                .iter()
                .map(|count| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 20, *count)
                })
                .collect();
            order.sort_unstable();
            let counts: Vec<u64> = order.iter().take(400).map(|(_, count)| *count).filter(|count| *count > 0).collect();
            let estimate = Estimate::of(&counts, 400, 2_000);
            let holds = |interval: Interval, number| (interval.low..=interval.high).contains(&number);
            records += u32::from(holds(estimate.records_between, total));
            documents += u32::from(holds(estimate.documents_between, holding));
        }
        assert!(records >= 465 && documents >= 465, "{records} and {documents} of 500");
    }
}
