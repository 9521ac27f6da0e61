//! Personal data: what numbers, identifiers and words beside them say of people.

mod abroad;
mod birth;
mod contact;
mod health;
mod lettered;
mod lettered_at;
mod national;
mod number;
mod rules;

use crate::scan::{Around, Confidence, Context, Cue, Raw, Support, Why};
use number::Number;
use rules::Rule;

pub(crate) use abroad::{GERMAN, LATIN, german, latin};
pub(crate) use contact::email;
pub(crate) use health::{TERMS, biometric, condition};
pub(crate) use lettered::{machine_readable, mod97_holds};
pub(crate) use national::verhoeff_holds;

/// What stands at `at`, where a number begins: the number itself, a date, an address, or an identifier with letters. `around`
/// gives what stands beside a place. Groups of digits before `until` belong to a number that was read and is sure.
pub(crate) fn numbered(text: &[u8], at: usize, around: &mut Around<'_>, until: &mut usize) -> Option<Raw> {
    if let Some((first, next)) = lone(text, at) {
        let dated = first <= 2 && birth::may_go_on(next);
        let address =
            if next == b' ' || next.is_ascii_alphabetic() { contact::address(text, at, around) } else { None };
        // `1EG4-TE5-MK73`: digits and letters by turns.
        let insured = next.is_ascii_uppercase() && around.cues().has(Cue::Medicare);
        let found = address.or_else(|| if dated { birth::written_date(text, at, around) } else { None });
        return found.or_else(|| if insured { lettered_at::led_by_digit(text, at, around) } else { None });
    }
    let whole = Number::read(text, at);
    let (first, end) = (whole.groups().first().copied().unwrap_or(u8::MAX), whole.first_end());
    let next = text.get(end).copied().unwrap_or(b'\n');
    let numbered = number(text, &whole, around);
    let sure = numbered.as_ref().is_some_and(|raw| raw.confidence == Confidence::High && raw.range.end == whole.end());
    if sure && !around.cues().has(Cue::Birth) {
        *until = whole.end();
    }
    let found = [
        numbered,
        birth::dated(text, &whole, around),
        if first <= 2 && birth::may_go_on(next) { birth::written_date(text, at, around) } else { None },
        if first <= 6 && (next == b' ' || next.is_ascii_alphabetic()) {
            contact::address(text, at, around)
        } else {
            None
        },
        if next.is_ascii_uppercase() || first == 6 { lettered_at::led_by_digit(text, at, around) } else { None },
    ];
    found.into_iter().flatten().max_by_key(|raw| raw.rank)
}

/// The length of a short run of digits at `at` that no further group follows, and the byte after it: too short for any number.
fn lone(text: &[u8], at: usize) -> Option<(usize, u8)> {
    let rest = text.get(at..)?;
    let length = rest.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    let next = rest.get(length).copied().unwrap_or(b'\n');
    let follows = rest.get(length + 1).is_some_and(|byte| byte.is_ascii_digit() || b" (-/".contains(byte));
    (length < 5 && !(b" -./()".contains(&next) && follows)).then_some((length, next))
}

/// What begins with the capital at `at`: an identifier, or a date with the name of a month.
pub(crate) fn capital(text: &[u8], at: usize, around: &mut Around<'_>) -> Option<Raw> {
    if text.get(at) == Some(&b'P')
        && let Some(raw) = abroad::post_box(text, at, around)
    {
        return Some(raw);
    }
    match text.get(at + 1) {
        Some(byte) if byte.is_ascii_lowercase() => {
            if birth::is_month(text, at) {
                birth::written_date(text, at, around)
            } else {
                None
            }
        }
        Some(byte) if byte.is_ascii_alphanumeric() || b" -".contains(byte) => {
            let dated = || birth::is_month(text, at).then_some(());
            match lettered_at::read(text, at, around) {
                None if dated().is_some() => birth::written_date(text, at, around),
                found => found,
            }
        }
        _ => None,
    }
}

fn number(text: &[u8], whole: &Number, around: &mut Around<'_>) -> Option<Raw> {
    if whole.digits().len() < 5 || around.is_given_otherwise() {
        return None;
    }
    let cues = around.cues();
    for groups in (1..=whole.group_count()).rev() {
        // Most numbers have no word beside them that any rule for their length asks for, and no form of their own.
        let Some(rules) = rules::for_digits(whole.count_of(groups)) else { continue };
        let supported = cues.meets(rules.cues);
        if !supported && !rules.may_stand_alone(groups, whole.plus) {
            continue;
        }
        let Some(number) = whole.first(text, groups) else { continue };
        let wanted = if supported { &rules.all } else { &rules.alone };
        let fits = |rule: &&Rule| {
            (rule.cues.iter().any(|cue| cues.has(*cue)) || (rule.alone)(&number).is_some()) && (rule.holds)(&number)
        };
        let mut fitting = wanted.iter().copied().filter(fits).peekable();
        if fitting.peek().is_none() {
            continue;
        }
        let context = around.of(&number.range());
        let best = fitting.filter_map(|rule| judged(rule, &number, &context)).min_by_key(|(distance, ..)| *distance);
        if let Some((_, raw)) = best {
            return Some(raw);
        }
    }
    None
}

/// The number under one rule, with the distance of what supports it.
fn judged(rule: &Rule, number: &Number, context: &Context) -> Option<(usize, Raw)> {
    const UNSUPPORTED: usize = 1000;
    let support = context.supports(rule.cues);
    let (distance, mut confidence) = match support {
        Some(Support { distance, .. }) => (distance, rule.cued),
        None if context.is_other() => return None,
        None => (UNSUPPORTED, (rule.alone)(number)?),
    };
    // An account or a record has no form of its own: only its own label or a word close by will do.
    if matches!(rule.class, "bank_account" | "medical_record_number" | "driving_licence" | "passport") && distance > 40
    {
        return None;
    }
    if rule.class == "payment_card" && rules::is_sample_card(number) {
        confidence = Confidence::Low;
    }
    if context.is_named_otherwise() && confidence == Confidence::Medium && number.group_count() == 1 {
        confidence = Confidence::Low;
    }
    let why =
        Why { form: rule.why, cue: support.map(|support| support.cue.word()), place: support.map_or("", |s| s.place) };
    let raw = Raw { class: rule.class, provider: None, range: number.range(), confidence, why, rank: 40 };
    Some((distance, raw))
}

/// Whether digits begin as an issuer of cards begins its numbers, and have its length.
pub(crate) fn issuer_allows(digits: &[u8]) -> bool {
    crate::personal::issuer_allows(digits)
}
