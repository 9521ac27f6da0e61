//! Time: what one thread spent computing, and races in which every contestant runs in every round.
//!
//! The machine may be busy with other work. CPU time of the thread leaves out what others took; that all contestants run in
//! each round, and only rates of one round are compared, keeps a noisy moment from hitting one of them alone.

use std::time::{Duration, Instant};

/// Rounds of a race, of which the median counts.
pub(crate) const ROUNDS: usize = 5;
/// What each contestant computes at least in a round.
pub(crate) const ROUND: Duration = Duration::from_millis(700);
/// Records between two looks at the clock.
const STRIDE: usize = 128;

/// The CPU time of this thread, and what it waited for a processor meanwhile.
fn schedule() -> (Duration, Duration) {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells the time of a thread");
    let mut nanos = text.split(' ').map(|nanos| Duration::from_nanos(nanos.trim().parse().unwrap_or(0)));
    (nanos.next().unwrap_or_default(), nanos.next().unwrap_or_default())
}

/// The CPU time that `work` takes on this thread.
pub(crate) fn cpu<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = schedule().0;
    let result = std::hint::black_box(work());
    (result, schedule().0.saturating_sub(before))
}

/// The time that `work` takes by the wall, less what this thread waited for a processor that others used: waiting for
/// locks counts, other programs do not.
pub(crate) fn undisturbed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let (start, before) = (Instant::now(), schedule().1);
    let result = std::hint::black_box(work());
    (result, start.elapsed().saturating_sub(schedule().1.saturating_sub(before)))
}

/// A contestant: its name, and what it does with one record.
pub(crate) struct Contestant<'a> {
    pub(crate) name: &'static str,
    pub(crate) work: Box<dyn FnMut(&str) -> usize + 'a>,
}

impl<'a> Contestant<'a> {
    pub(crate) fn new(name: &'static str, work: impl FnMut(&str) -> usize + 'a) -> Contestant<'a> {
        Contestant { name, work: Box::new(work) }
    }
}

/// Records a second of each contestant in each round.
pub(crate) struct Results(Vec<(&'static str, Vec<f64>)>);

/// Runs all contestants over `records`, each going on where it stopped.
pub(crate) fn race(records: &[String], mut contestants: Vec<Contestant<'_>>) -> Results {
    let mut places = vec![0; contestants.len()];
    let mut rates: Vec<(&'static str, Vec<f64>)> = contestants.iter().map(|one| (one.name, Vec::new())).collect();
    for round in 0..=ROUNDS {
        for ((contestant, place), (_, rates)) in contestants.iter_mut().zip(&mut places).zip(&mut rates) {
            // The first round warms caches and branch predictors, and does not count.
            let least = if round == 0 { ROUND / 7 } else { ROUND };
            let (mut spent, mut done) = (Duration::ZERO, 0);
            while spent < least {
                let next = &records[*place..records.len().min(*place + STRIDE)];
                *place = (*place + next.len()) % records.len();
                let (_, took) = cpu(|| next.iter().map(|record| (contestant.work)(record)).sum::<usize>());
                spent += took;
                done += next.len();
            }
            if round > 0 {
                rates.push(done as f64 / spent.as_secs_f64());
            }
        }
    }
    Results(rates)
}

impl Results {
    /// Results that were measured in rounds elsewhere.
    pub(crate) fn of(rates: Vec<(&'static str, Vec<f64>)>) -> Results {
        Results(rates)
    }

    fn rates(&self, name: &str) -> &[f64] {
        &self.0.iter().find(|(own, _)| *own == name).unwrap_or_else(|| panic!("no contestant {name}")).1
    }

    /// The median rate.
    pub(crate) fn rate(&self, name: &str) -> f64 {
        median(self.rates(name).to_vec())
    }

    /// The median over the rounds of one rate over the other.
    pub(crate) fn ratio(&self, name: &str, to: &str) -> f64 {
        median(self.rates(name).iter().zip(self.rates(to)).map(|(one, other)| one / other).collect())
    }

    /// Prints every median.
    pub(crate) fn print(&self, title: &str, unit: &str, base: &str) {
        println!("\n{title}");
        for (name, _) in &self.0 {
            println!("  {name:<42}{:>12.0} {unit}   {:>6.3} of {base}", self.rate(name), self.ratio(name, base));
        }
    }
}

/// The one in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
