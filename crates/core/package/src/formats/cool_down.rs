//! Cool-downs: each tool has a unit of its own.

use super::duration;
use super::lister::shown;
use super::listing::{Age, CoolDown, Settings};
use firebreak_model::Text;

/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

/// A cool-down of `number` units of `unit` seconds, as `name` sets it. Zero is none.
pub(crate) fn units(name: &str, number: &str, unit: u64) -> Option<CoolDown> {
    // `1.5` of a day is a number too; what is beyond a million years is none.
    let number: f64 = number.trim().parse().ok().filter(|number: &f64| *number > 0.0 && *number < 1e9)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let seconds = (number * unit as f64) as u64;
    Some(CoolDown { written: Text::new(format!("{name} = {}", shown(&number.to_string()))), seconds })
}

/// `tool` is told to hide by age or date what `written` says. The last word of one file for one tool holds.
pub(crate) fn told(settings: &mut Settings, tool: &'static str, written: &str) {
    settings.ages.retain(|age| age.tool != tool);
    settings.ages.push(Age { tool, setting: Text::new(shown(written)) });
}

/// `exclude-newer` and its kin: an instant that is fixed, or a span that makes a cool-down.
pub(crate) fn newest(settings: &mut Settings, name: &str, written: &str) {
    match duration::any(written) {
        Some(seconds) => {
            settings.cool_down = Some(CoolDown { written: Text::new(format!("{name} = {}", shown(written))), seconds });
        }
        None => settings.exclude_newer = Some(Text::new(shown(written))),
    }
}
