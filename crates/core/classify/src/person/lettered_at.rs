//! Identifiers of letters and digits where they stand: how far one goes, and which it is.

use super::{health, lettered};
use crate::scan::{Around, Confidence, Cue, Raw, Why};
use std::ops::Range;

/// The longest identifier, in characters.
const LONGEST: usize = 34;

/// Forms of licences and passports that begin with a letter: letters, then least and most digits.
const LICENCES: &[(usize, usize, usize)] = &[(1, 5, 9), (1, 11, 14), (2, 5, 8), (3, 6, 9), (1, 18, 18)];

/// A class of identifier: its name, its cues, whether `text` is one, and how sure that is without and with a cue.
struct Kind {
    class: &'static str,
    cues: &'static [Cue],
    holds: fn(&[u8]) -> bool,
    alone: Option<Confidence>,
    why: &'static str,
}

const CHECKED: &str = "its check character holds";
const FORMED: &str = "it has the form";

const KINDS: &[Kind] = &[
    Kind { class: "iban", cues: &[Cue::Account], holds: lettered::iban, alone: Some(Confidence::High), why: CHECKED },
    Kind {
        class: "italy_codice_fiscale",
        cues: &[Cue::CodiceFiscale],
        holds: lettered::codice_fiscale,
        alone: Some(Confidence::High),
        why: CHECKED,
    },
    Kind {
        class: "mexico_curp",
        cues: &[Cue::Curp],
        holds: lettered::curp,
        alone: Some(Confidence::High),
        why: CHECKED,
    },
    Kind { class: "uk_nino", cues: &[Cue::Nino], holds: lettered::nino, alone: Some(Confidence::Medium), why: FORMED },
    Kind {
        class: "india_pan",
        cues: &[Cue::Pan, Cue::TaxId],
        holds: lettered::indian_pan,
        alone: Some(Confidence::Medium),
        why: FORMED,
    },
    Kind {
        class: "singapore_nric",
        cues: &[Cue::Nric, Cue::NationalId],
        holds: lettered::singapore_nric,
        alone: Some(Confidence::Medium),
        why: CHECKED,
    },
    Kind {
        class: "spain_nie",
        cues: &[Cue::Dni, Cue::NationalId],
        holds: |text| lettered::spanish(text) == Some("spain_nie"),
        alone: Some(Confidence::Medium),
        why: CHECKED,
    },
    Kind {
        class: "spain_dni",
        cues: &[Cue::Dni, Cue::NationalId],
        holds: |text| lettered::spanish(text) == Some("spain_dni"),
        alone: Some(Confidence::Medium),
        why: CHECKED,
    },
    Kind {
        class: "finland_hetu",
        cues: &[Cue::Hetu, Cue::NationalId],
        holds: lettered::finnish,
        alone: Some(Confidence::Medium),
        why: CHECKED,
    },
    Kind { class: "ireland_pps", cues: &[Cue::Pps], holds: lettered::irish_pps, alone: None, why: CHECKED },
    Kind {
        class: "china_resident_id",
        cues: &[Cue::Chinese, Cue::NationalId],
        holds: lettered::chinese,
        alone: Some(Confidence::High),
        why: CHECKED,
    },
    Kind {
        class: "taiwan_id",
        cues: &[Cue::Taiwanese, Cue::NationalId],
        holds: lettered::taiwanese,
        alone: None,
        why: CHECKED,
    },
    Kind { class: "passport", cues: &[Cue::Passport], holds: is_passport, alone: None, why: FORMED },
    Kind { class: "driving_licence", cues: &[Cue::Licence], holds: is_licence, alone: None, why: FORMED },
    Kind { class: "medical_record_number", cues: &[Cue::Mrn], holds: is_record, alone: None, why: FORMED },
    Kind {
        class: "us_medicare_id",
        cues: &[Cue::Medicare, Cue::Insurance],
        holds: lettered::medicare_beneficiary,
        alone: None,
        why: FORMED,
    },
    Kind { class: "dea_number", cues: &[Cue::Dea], holds: lettered::drug_registration, alone: None, why: CHECKED },
    Kind { class: "health_insurance_id", cues: &[Cue::Insurance], holds: is_insurance, alone: None, why: FORMED },
    Kind { class: "diagnosis_code", cues: &[Cue::Icd], holds: health::is_icd10, alone: None, why: FORMED },
    Kind { class: "swift_code", cues: &[Cue::Swift], holds: is_bic, alone: None, why: FORMED },
];

/// What the identifier that begins with the capital at `at` is.
pub(super) fn read(text: &[u8], at: usize, around: &mut Around<'_>) -> Option<Raw> {
    let word = word(text, at);
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let next = text.get(at + word.len()).copied().unwrap_or(b' ');
    let spaced = match (word.len(), next) {
        // `GB82 WEST 1234 5698 7654 32` and `AB 12 34 56 C`: pieces of one identifier.
        (2..=4, b' ' | b'-') => lettered_pieces(text, at),
        _ => None,
    };
    if let Some((compact, end)) = spaced
        && let Some(raw) = judged(&compact, at..end, around)
    {
        return Some(raw);
    }
    let hyphened = next == b'-' && word.len() <= 4;
    if digits == 0 && word.len() != 8 && word.len() != 11 && !hyphened {
        return None;
    }
    // `E11.9`: a point inside a code.
    let end = at + word.len();
    let pointed = (word.len() == 3 && next == b'.')
        .then(|| self::word(text, end + 1))
        .filter(|tail| (1..=4).contains(&tail.len()));
    if let Some(tail) = pointed {
        let compact = [word, b".", tail].concat();
        return judged(&compact, at..end + 1 + tail.len(), around);
    }
    // Groups of a licence: `D123-4567-8901`, `S530-4601-2013`.
    // `MRN-884422` too.
    let led = digits == 0 && word.len() <= 4 && text.get(end + 1).is_some_and(u8::is_ascii_digit);
    let grouped = (next == b'-' && (digits >= 2 || (led && around.is_cued()))).then(|| grouped(text, at)).flatten();
    if let Some((compact, end)) = grouped {
        return judged(&compact, at..end, around);
    }
    let joined =
        next.is_ascii_alphanumeric() || next == b'_' || next == b'-' || (next == b'.' && follows(text, end + 1));
    if joined || word.len() < 3 {
        return None;
    }
    judged(word, at..end, around)
}

/// What the identifier that begins with the digit at `at` and holds a letter is: `12345678Z`, `131052-308T`.
pub(super) fn led_by_digit(text: &[u8], at: usize, around: &mut Around<'_>) -> Option<Raw> {
    let signed = text.get(at..at + 11).filter(|hetu| lettered::finnish(hetu)).map_or(0, <[u8]>::len);
    let word = word(text, at);
    let length = signed.max(word.len());
    let lettered = signed > 0 || word.iter().any(u8::is_ascii_uppercase);
    let next = text.get(at + length).copied().unwrap_or(b' ');
    if next == b'-' && length == 4 && around.cues().has(Cue::Medicare) {
        let (compact, end) = grouped(text, at)?;
        return judged(&compact, at..end, around);
    }
    if !lettered || length < 7 || next.is_ascii_alphanumeric() || b"_-".contains(&next) {
        return None;
    }
    judged(text.get(at..at + length)?, at..at + length, around)
}

fn follows(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

fn word(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    let length =
        rest.iter().take(LONGEST + 1).take_while(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()).count();
    if length > LONGEST { &[] } else { rest.get(..length).unwrap_or_default() }
}

/// Digits and capitals in pieces with single spaces or hyphens, as an IBAN or a national insurance number is written.
fn lettered_pieces(text: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
    let rest = text.get(at..)?;
    let wanted = match rest.get(2..4) {
        Some([a, b]) if a.is_ascii_digit() && b.is_ascii_digit() => lettered::iban_length(rest)?,
        Some([b' ' | b'-', b]) if b.is_ascii_digit() => 9,
        _ => return None,
    };
    let mut compact = Vec::with_capacity(wanted);
    let mut end = 0;
    for (place, byte) in rest.iter().enumerate() {
        match byte {
            byte if byte.is_ascii_digit() || byte.is_ascii_uppercase() => compact.push(*byte),
            b' ' | b'-' if follows(rest, place + 1) => continue,
            _ => return None,
        }
        end = place + 1;
        if compact.len() == wanted {
            break;
        }
    }
    (compact.len() == wanted && !follows(rest, end)).then_some((compact, at + end))
}

/// One letter or more with digits, in groups with hyphens.
fn grouped(text: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
    let rest = text.get(at..)?;
    let length = rest
        .iter()
        .take(24)
        .take_while(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || **byte == b'-')
        .count();
    let whole = rest.get(..length)?;
    let compact: Vec<u8> = whole.iter().copied().filter(|byte| *byte != b'-').collect();
    (length < 24 && whole.last() != Some(&b'-') && !follows(rest, length)).then_some((compact, at + length))
}

fn judged(compact: &[u8], range: Range<usize>, around: &mut Around<'_>) -> Option<Raw> {
    let cued = around.is_cued();
    let fits = |kind: &&Kind| (cued || kind.alone.is_some()) && (kind.holds)(compact);
    let mut fitting = KINDS.iter().filter(fits).peekable();
    fitting.peek()?;
    let context = around.of(&range);
    let mut best: Option<(usize, Raw)> = None;
    for kind in fitting {
        let support = context.supports(kind.cues);
        let (distance, confidence) = match support {
            // A letter and two digits stand in many texts: only their own label says that they are a diagnosis.
            Some(support) if compact.len() == 3 && support.distance > 12 => continue,
            Some(support) if support.distance <= 48 || kind.alone.is_some() => (support.distance, Confidence::High),
            Some(_) => continue,
            None => match kind.alone {
                Some(Confidence::High) => (500, Confidence::High),
                Some(alone) if !context.is_other() && !context.is_named_otherwise() => (900, alone),
                _ => continue,
            },
        };
        let why = Why { form: kind.why, cue: support.map(|s| s.cue.word()), place: support.map_or("", |s| s.place) };
        let raw = Raw { class: kind.class, provider: None, range: range.clone(), confidence, why, rank: 45 };
        if best.as_ref().is_none_or(|(nearest, _)| distance < *nearest) {
            best = Some((distance, raw));
        }
    }
    best.map(|(_, raw)| raw)
}

fn is_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

fn letters_then_digits(text: &[u8]) -> Option<(usize, usize)> {
    let letters = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    is_digits(text.get(letters..)?).then_some((letters, text.len() - letters))
}

/// One or two letters and six to eight digits (most countries), or nine characters of letters and digits (Germany, Italy, Spain, the
/// Netherlands).
fn is_passport(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    match letters_then_digits(text) {
        Some((1, 6..=8) | (2, 6 | 7) | (3, 6)) => true,
        _ => text.len() == 9 && digits >= 4,
    }
}

/// The forms of licences with letters, of all states: see `docs/classify.md`.
fn is_licence(text: &[u8]) -> bool {
    let spread = || {
        let letters = text.iter().filter(|byte| byte.is_ascii_uppercase()).count();
        (7..=18).contains(&text.len()) && letters <= 10 && text.len() - letters >= 4
    };
    match letters_then_digits(text) {
        Some((letters, digits)) => {
            LICENCES.iter().any(|(want, least, most)| *want == letters && (*least..=*most).contains(&digits))
                || spread()
        }
        None => spread(),
    }
}

/// Letters of an insurer, digits, and perhaps a letter for the member.
fn is_insurance(text: &[u8]) -> bool {
    let head = match text.split_last() {
        Some((last, head)) if last.is_ascii_uppercase() => head,
        _ => text,
    };
    matches!(letters_then_digits(head), Some((0..=4, 7..=12)))
}

fn is_record(text: &[u8]) -> bool {
    matches!(letters_then_digits(text), Some((0..=4, 4..=12)))
}

/// Bank, country, place and perhaps branch (ISO 9362).
fn is_bic(text: &[u8]) -> bool {
    matches!(text.len(), 8 | 11) && text.iter().take(6).all(u8::is_ascii_uppercase)
}
