//! How long work takes, how much memory this process has, and what several samples come to.

use std::time::Instant;

/// Processor time of this thread so far in milliseconds, where the system tells it.
fn on_processor() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e6)
}

/// Does the work and says how many milliseconds it took: wall time below 10 ms, and above that processor time of this
/// thread where the system tells it, since other programs may use the machine.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let (before, start) = (on_processor(), Instant::now());
    let result = work();
    let wall = start.elapsed().as_secs_f64() * 1_000.0;
    if wall < 10.0 {
        return (result, wall);
    }
    let processor = before.zip(on_processor()).map(|(before, after)| after - before);
    (result, processor.map_or(wall, |processor| processor.min(wall)))
}

/// No more samples are taken once they took so long together.
const ENOUGH_MS: f64 = 20_000.0;

/// Several measurements of one thing, in milliseconds unless said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, sample: f64) {
        let place = self.0.partition_point(|known| *known < sample);
        self.0.insert(place, sample);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether so many samples took so long that what they say is enough: a slow machine shall not make a run endless.
    pub(crate) fn are_enough(&self) -> bool {
        self.0.len() >= 3 && self.0.iter().sum::<f64>() > ENOUGH_MS
    }

    /// The smallest sample that this share of the samples does not exceed.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let place = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn most(&self) -> f64 {
        self.at(1.0)
    }

    /// As a line of the table says it.
    pub(crate) fn words(&self) -> String {
        let (half, most) = (self.at(0.5), self.most());
        format!(
            "p50 {half:9.3}  p95 {:9.3}  p99 {:9.3}  max {most:9.3}  ({} samples)",
            self.at(0.95),
            self.at(0.99),
            self.len()
        )
    }
}

/// Resident memory of this process now, and the most it ever was, in MiB.
pub(crate) fn memory() -> Option<(f64, f64)> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1_024.0)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}
