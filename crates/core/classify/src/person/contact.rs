//! How people are reached: e-mail and postal addresses.

use super::abroad;
use crate::scan::{Around, Confidence, Cue, Raw, Why};
use std::sync::LazyLock;

/// Ends of names of files that look like the end of a domain, in order.
const FILES: &[&str] = &[
    "cfg",
    "class",
    "conf",
    "css",
    "default",
    "dll",
    "exe",
    "getter",
    "gif",
    "gz",
    "htm",
    "html",
    "ini",
    "internal",
    "invalid",
    "jpeg",
    "jpg",
    "js",
    "json",
    "jsx",
    "lan",
    "local",
    "localhost",
    "log",
    "map",
    "md",
    "mount",
    "override",
    "pdf",
    "png",
    "property",
    "scss",
    "service",
    "setter",
    "socket",
    "svg",
    "tar",
    "target",
    "tgz",
    "timer",
    "ts",
    "tsx",
    "txt",
    "vue",
    "webp",
    "whl",
    "xml",
    "yaml",
    "yml",
    "zip",
];

/// The address around the sign at `at`.
pub(crate) fn email(text: &[u8], at: usize) -> Option<Raw> {
    let range = crate::personal::email(text, at)?;
    let address = text.get(range.clone())?;
    let local = text.get(range.start..at)?;
    let top = address.rsplit(|byte| *byte == b'.').next()?;
    let automatic =
        [b"git".as_slice(), b"noreply", b"no-reply", b"donotreply", b"do-not-reply", b"mailer-daemon", b"postmaster"];
    let addressed = automatic.iter().any(|name| local.eq_ignore_ascii_case(name));
    // `git@host:path` and `user@host.name` in an ssh command name a machine.
    let remote =
        text.get(range.end) == Some(&b':') && text.get(range.end + 1).is_some_and(|next| !next.is_ascii_whitespace());
    let edges = local.first().is_some_and(|byte| !b".%+-".contains(byte)) && local.last() != Some(&b'.');
    let order = |known: &&str| known.bytes().cmp(top.iter().map(u8::to_ascii_lowercase));
    if FILES.binary_search_by(order).is_ok() || remote || !edges || local.len() > 64 {
        return None;
    }
    let confidence = if addressed { Confidence::Low } else { Confidence::High };
    Some(Raw {
        class: "email",
        provider: None,
        range,
        confidence,
        why: Why::form("it has the form of an address"),
        rank: 50,
    })
}

/// Words that end the name of a street.
const STREETS: &[&[u8]] = &[
    b"street",
    b"st",
    b"avenue",
    b"ave",
    b"av",
    b"road",
    b"rd",
    b"boulevard",
    b"blvd",
    b"lane",
    b"ln",
    b"drive",
    b"dr",
    b"court",
    b"ct",
    b"place",
    b"pl",
    b"terrace",
    b"ter",
    b"way",
    b"parkway",
    b"pkwy",
    b"circle",
    b"cir",
    b"highway",
    b"hwy",
    b"square",
    b"sq",
    b"trail",
    b"trl",
    b"plaza",
    b"plz",
    b"crescent",
    b"cres",
    b"close",
    b"alley",
    b"aly",
    b"loop",
    b"route",
    b"rte",
    b"pike",
    b"row",
    b"walk",
    b"mews",
    b"grove",
    b"gardens",
    b"hill",
    b"heights",
    b"crossing",
    b"run",
    b"path",
    b"point",
    b"ridge",
    b"valley",
    b"view",
    b"village",
    b"meadow",
    b"meadows",
    b"extension",
    b"expressway",
    b"turnpike",
    b"tunnel",
    b"station",
    b"springs",
    b"spring",
    b"shore",
    b"shores",
    b"manor",
    b"mountain",
    b"mount",
    b"island",
    b"isle",
    b"junction",
    b"key",
    b"keys",
    b"knoll",
    b"knolls",
    b"lake",
    b"lakes",
    b"landing",
    b"light",
    b"lights",
    b"lock",
    b"lodge",
    b"mall",
    b"mill",
    b"mills",
    b"mission",
    b"motorway",
    b"neck",
    b"orchard",
    b"oval",
    b"park",
    b"parks",
    b"pass",
    b"passage",
    b"pine",
    b"pines",
    b"plain",
    b"plains",
    b"port",
    b"ports",
    b"prairie",
    b"radial",
    b"ramp",
    b"ranch",
    b"rapid",
    b"rapids",
    b"rest",
    b"river",
    b"rue",
    b"shoal",
    b"skyway",
    b"spur",
    b"stravenue",
    b"stream",
    b"summit",
    b"throughway",
    b"trace",
    b"track",
    b"union",
    b"viaduct",
    b"ville",
    b"vista",
    b"well",
    b"wells",
    b"burg",
    b"bypass",
    b"camp",
    b"canyon",
    b"cape",
    b"causeway",
    b"center",
    b"cliff",
    b"cliffs",
    b"club",
    b"common",
    b"commons",
    b"corner",
    b"corners",
    b"course",
    b"cove",
    b"creek",
    b"curve",
    b"dale",
    b"dam",
    b"divide",
    b"estate",
    b"estates",
    b"fall",
    b"falls",
    b"ferry",
    b"field",
    b"fields",
    b"flat",
    b"flats",
    b"ford",
    b"forest",
    b"forge",
    b"fork",
    b"forks",
    b"fort",
    b"freeway",
    b"gateway",
    b"glen",
    b"green",
    b"harbor",
    b"haven",
    b"hollow",
    b"inlet",
    b"strasse",
];

/// Each of them with its place in the list, in alphabetical order.
static PLACES: LazyLock<Vec<(&[u8], usize)>> = LazyLock::new(|| {
    let mut places: Vec<_> = STREETS.iter().enumerate().map(|(place, word)| (*word, place)).collect();
    places.sort_unstable();
    places
});

/// The place of a kind of street in the list, in whatever case it is written.
fn kind_of_street(word: &[u8]) -> Option<usize> {
    let mut lower = [0; 12];
    let lower = lower.get_mut(..word.len()).filter(|_| word.first().is_some_and(u8::is_ascii_alphabetic))?;
    lower.iter_mut().zip(word).for_each(|(slot, byte)| *slot = byte.to_ascii_lowercase());
    let lower = &*lower;
    let found = PLACES.binary_search_by(|(known, _)| (*known).cmp(lower)).ok()?;
    PLACES.get(found).map(|(_, place)| *place)
}

/// Those of them that are common words as well.
const MANY_SENSES: &[&[u8]] = &[b"drive", b"way", b"place", b"court", b"lane", b"close", b"square", b"loop", b"road"];

/// Those of them that hardly stand for anything else: enough without a cue.
const SURE: usize = 34;

/// A house number at `at`, and the street that follows, with unit, town and code as far as they are there.
pub(super) fn address(text: &[u8], at: usize, around: &mut Around<'_>) -> Option<Raw> {
    let head = text.get(at..(at + 9).min(text.len()))?;
    let number = head.iter().take(7).take_while(|byte| byte.is_ascii_digit()).count();
    let number = number + usize::from(head.get(number).is_some_and(u8::is_ascii_alphabetic));
    let named =
        head.get(number + 1).is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte >= 128);
    if !named && (1..=6).contains(&number) && head.get(number) == Some(&b' ') {
        return abroad::french(text, at, at + number + 1, around);
    }
    if !(1..=6).contains(&number) || head.get(number) != Some(&b' ') || !named {
        return None;
    }
    let line = line_from(text, at);
    let (end, place) = street(line, number + 1)?;
    let end = tail(line, end);
    let range = at..at + end;
    let coded = has_code(line.get(..end)?);
    // `5 Star Drive-in`, `3 New Way to do`: words that mean more than a street must end what is said.
    let next = text.get(at + end).copied().unwrap_or(b'\n');
    let ends = coded || !(next == b'-' || (next == b' ' && text.get(at + end + 1).is_some_and(u8::is_ascii_lowercase)));
    let several = STREETS.get(place).is_some_and(|kind| MANY_SENSES.contains(kind));
    let sure = place < SURE && (ends || !several);
    let context = around.of(&range);
    let support = context.supports(&[Cue::Address]);
    let confidence = match (support.is_some(), sure, coded) {
        (true, ..) => Confidence::High,
        (_, true, true) => Confidence::High,
        (_, true, false) => Confidence::Medium,
        (_, false, true) => Confidence::Medium,
        _ => return None,
    };
    let why = Why {
        form: "a house number and a street",
        cue: support.map(|support| support.cue.word()),
        place: support.map_or("", |support| support.place),
    };
    Some(Raw { class: "postal_address", provider: None, range, confidence, why, rank: 30 })
}

fn line_from(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..(at + 160).min(text.len())).unwrap_or_default();
    let stops = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte >= 128 || b" ,.'#-/&()".contains(byte));
    let length = rest.iter().position(stops).unwrap_or(rest.len());
    rest.get(..length).unwrap_or_default()
}

/// Where the name of a street ends that begins at `from`: one to four capitalised words, the last of which is a kind of street.
fn street(line: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    for count in 0..5 {
        let rest = line.get(at..)?;
        let length =
            rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'\'' || **byte >= 128).count();
        let word = rest.get(..length)?;
        let first = word.first()?;
        if !(first.is_ascii_uppercase() || first.is_ascii_digit() || *first >= 128) {
            return None;
        }
        let place = kind_of_street(word);
        if let (Some(place), 1..) = (place, count) {
            // `100 Green River Road`: the longest name wins.
            let more = line.get(at + length..).unwrap_or_default();
            let further = more.strip_prefix(b" ").and_then(|_| street_after(line, at + length + 1));
            return Some(further.unwrap_or((at + length, place)));
        }
        at += length;
        at += usize::from(line.get(at) == Some(&b'.'));
        if line.get(at) != Some(&b' ') {
            return None;
        }
        at += 1;
    }
    None
}

fn street_after(line: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = line.get(at..)?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = rest.get(..length)?;
    let place = kind_of_street(word).filter(|_| word.first().is_some_and(u8::is_ascii_uppercase));
    place.map(|place| (at + length, place))
}

/// How far unit, town, state and code go on after the street.
fn tail(line: &[u8], end: usize) -> usize {
    let rest = line.get(end..).unwrap_or_default();
    let code = zip(rest);
    code.map_or(end, |length| end + length)
}

/// Where a state and a ZIP code end in `rest`: `, CA 94105`, `, CA 94105-1234`.
fn zip(rest: &[u8]) -> Option<usize> {
    rest.windows(9).enumerate().find_map(|(at, nine)| {
        let [b' ', a, b, b' ', digits @ ..] = nine else { return None };
        let state = a.is_ascii_uppercase() && b.is_ascii_uppercase() && digits.iter().all(u8::is_ascii_digit);
        let more = rest.get(at + 9..at + 14);
        let plus = more.is_some_and(|more| more.first() == Some(&b'-') && more.iter().skip(1).all(u8::is_ascii_digit));
        let bound = plus || !rest.get(at + 9).is_some_and(u8::is_ascii_alphanumeric);
        (state && bound).then_some(at + if plus { 14 } else { 9 })
    })
}

/// Where a state and a code end that stand in `rest` behind `from`.
pub(super) fn code_after(rest: &[u8], from: usize) -> Option<usize> {
    let line = rest.get(from..)?;
    let line = line.get(..line.iter().position(|byte| b"\n\"<;|\t".contains(byte)).unwrap_or(line.len()))?;
    zip(line).map(|length| from + length)
}

fn has_code(line: &[u8]) -> bool {
    zip(line).is_some()
}
