//! Which numbers are personal: one row a class, with its length, its cue and its check.

use super::national as check;
use super::number::Number;
use crate::checksum::luhn_holds;
use crate::scan::{Confidence, Cue, CueSet};
use std::sync::LazyLock;

/// How a class of number is told.
pub(crate) struct Rule {
    /// Its class.
    pub(crate) class: &'static str,
    /// Least and most digits.
    pub(crate) digits: (usize, usize),
    /// Words that support it.
    pub(crate) cues: &'static [Cue],
    /// Whether the number can be one.
    pub(crate) holds: fn(&Number) -> bool,
    /// How sure it is without a cue.
    pub(crate) alone: fn(&Number) -> Option<Confidence>,
    /// How sure it is with one.
    pub(crate) cued: Confidence,
    /// What its form says.
    pub(crate) why: &'static str,
}

use Confidence::{High, Medium};

fn never(_: &Number) -> Option<Confidence> {
    None
}

/// Written in one piece or evenly in groups.
fn even(number: &Number) -> bool {
    number.is_even() && !number.plus
}

const CHECKED: &str = "its check digit holds";
const FORMED: &str = "it has the form";

macro_rules! rule {
    ($class:literal, $least:literal..$most:literal, [$($cue:ident),*], $holds:expr, $alone:expr, $cued:ident, $why:ident) => {
        Rule {
            class: $class,
            digits: ($least, $most),
            cues: &[$(Cue::$cue),*],
            holds: $holds,
            alone: $alone,
            cued: $cued,
            why: $why,
        }
    };
}

/// The rules, those first that win where two are as well supported.
const RULES: &[Rule] = &[
    rule!("payment_card", 13..19, [Card], is_card, card_alone, High, CHECKED),
    rule!("ssn", 9..9, [Ssn, TaxId], is_ssn, ssn_alone, High, FORMED),
    rule!("itin", 9..9, [Itin, Ssn, TaxId], is_itin, dashed_ssn, High, FORMED),
    rule!("ein", 9..9, [Ein, TaxId], is_ein, never, High, FORMED),
    rule!("bank_routing_number", 9..9, [Routing], |n| even(n) && check::aba(n.digits()), never, High, CHECKED),
    rule!("npi", 10..10, [Npi], |n| even(n) && check::npi(n.digits()), never, High, CHECKED),
    rule!("uk_nhs_number", 10..10, [Nhs], |n| even(n) && check::british_nhs(n.digits()), never, High, CHECKED),
    rule!("canada_sin", 9..9, [Sin, NationalId], |n| even(n) && check::canadian_sin(n.digits()), never, High, CHECKED),
    rule!(
        "india_aadhaar",
        12..12,
        [Aadhaar, NationalId],
        |n| even(n) && check::aadhaar(n.digits()),
        |n| n.is_written(&[4, 4, 4], b" -").then_some(Medium),
        High,
        CHECKED
    ),
    rule!(
        "china_resident_id",
        18..18,
        [Chinese, NationalId],
        |n| n.group_count() == 1
            && n.digits().split_last().is_some_and(|(check_digit, head)| check::chinese(head, *check_digit)),
        |_| Some(High),
        High,
        CHECKED
    ),
    rule!(
        "germany_tax_id",
        11..11,
        [GermanTax, TaxId],
        |n| even(n) && check::german_tax(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "france_nir",
        15..15,
        [Nir, Ssn, NationalId],
        |n| even(n) && check::french_nir(n.digits()),
        |n| n.is_written(&[1, 2, 2, 2, 3, 3, 2], b" ").then_some(Medium),
        High,
        CHECKED
    ),
    rule!(
        "brazil_cpf",
        11..11,
        [Cpf, TaxId, NationalId],
        |n| check::brazilian_cpf(n.digits()),
        |n| (n.groups() == [3, 3, 3, 2] && n.separators() == b"..-").then_some(High),
        High,
        CHECKED
    ),
    rule!(
        "brazil_cnpj",
        14..14,
        [Cnpj, TaxId],
        |n| check::brazilian_cnpj(n.digits()),
        |n| (n.groups() == [2, 3, 3, 4, 2] && n.separators() == b"../-").then_some(High),
        High,
        CHECKED
    ),
    rule!(
        "poland_pesel",
        11..11,
        [Pesel, NationalId],
        |n| even(n) && check::polish_pesel(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "netherlands_bsn",
        9..9,
        [Bsn, NationalId],
        |n| even(n) && check::dutch_bsn(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "sweden_personnummer",
        10..12,
        [Personnummer, NationalId],
        |n| even(n) && check::swedish(n.digits()),
        |n| (n.is_written(&[6, 4], b"-") || n.is_written(&[8, 4], b"-")).then_some(Medium),
        High,
        CHECKED
    ),
    rule!(
        "norway_fodselsnummer",
        11..11,
        [Norwegian, NationalId],
        |n| even(n) && check::norwegian(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "belgium_national_number",
        11..11,
        [Belgian, NationalId],
        |n| check::belgian(n.digits()),
        |n| (n.groups() == [2, 2, 2, 3, 2]).then_some(High),
        High,
        CHECKED
    ),
    rule!(
        "turkey_tckn",
        11..11,
        [Turkish, NationalId],
        |n| even(n) && check::turkish(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "argentina_cuit",
        11..11,
        [Argentinian, TaxId],
        |n| even(n) && check::argentinian(n.digits()),
        |n| n.is_written(&[2, 8, 1], b"-").then_some(Medium),
        High,
        CHECKED
    ),
    rule!(
        "romania_cnp",
        13..13,
        [Romanian, NationalId],
        |n| even(n) && check::romanian(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "south_africa_id",
        13..13,
        [SouthAfrican, NationalId],
        |n| even(n) && check::south_african(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "south_korea_rrn",
        13..13,
        [Rrn, NationalId],
        |n| even(n) && check::korean_rrn(n.digits()),
        |n| n.is_written(&[6, 7], b"-").then_some(Medium),
        High,
        CHECKED
    ),
    rule!("australia_tfn", 8..9, [Tfn, TaxId], |n| even(n) && check::australian_tfn(n.digits()), never, High, CHECKED),
    rule!(
        "australia_medicare",
        10..11,
        [Medicare],
        |n| even(n) && check::australian_medicare(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "japan_my_number",
        12..12,
        [MyNumber, NationalId],
        |n| even(n) && check::japanese_my_number(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!(
        "portugal_nif",
        9..9,
        [Portuguese, TaxId],
        |n| even(n) && check::portuguese(n.digits()),
        never,
        High,
        CHECKED
    ),
    rule!("phone", 7..15, [Phone], is_phone, phone_alone, High, FORMED),
    rule!("passport", 8..9, [Passport], |n| n.group_count() == 1, never, High, FORMED),
    rule!("driving_licence", 7..14, [Licence], is_licence, never, High, FORMED),
    rule!(
        "bank_account",
        6..17,
        [Account],
        |n| even(n) && n.groups().iter().all(|size| *size >= 3),
        never,
        Medium,
        FORMED
    ),
    rule!("medical_record_number", 5..12, [Mrn], |n| even(n) && n.group_count() <= 3, never, High, FORMED),
];

/// The rules for one number of digits.
pub(crate) struct Rules {
    /// All of them.
    pub(crate) all: Vec<&'static Rule>,
    /// Those that may hold without a cue.
    pub(crate) alone: Vec<&'static Rule>,
    /// The cues of all.
    pub(crate) cues: CueSet,
    digits: usize,
}

impl Rules {
    /// Whether a number in so many groups may be told without a cue. In one group, with no sign before it, cards and identities of China
    /// alone are.
    pub(crate) fn may_stand_alone(&self, groups: usize, plus: bool) -> bool {
        !self.alone.is_empty() && (groups > 1 || plus || self.digits >= 13)
    }
}

static BY_DIGITS: LazyLock<Vec<Rules>> = LazyLock::new(|| {
    let never = never as fn(&Number) -> Option<Confidence>;
    let of = |digits: usize| {
        let all: Vec<&'static Rule> =
            RULES.iter().filter(|rule| (rule.digits.0..=rule.digits.1).contains(&digits)).collect();
        let alone = all.iter().copied().filter(|rule| !std::ptr::fn_addr_eq(rule.alone, never)).collect();
        let mut cues = CueSet::default();
        all.iter().for_each(|rule| cues.join(CueSet::of(rule.cues)));
        Rules { all, alone, cues, digits }
    };
    (0..=24).map(of).collect()
});

/// The rules for numbers of so many digits, if there are any.
pub(crate) fn for_digits(digits: usize) -> Option<&'static Rules> {
    BY_DIGITS.get(digits).filter(|rules| !rules.all.is_empty())
}

/// Numbers that payment networks and their libraries print as samples.
const SAMPLES: &[u64] = &[
    4_111_111_111_111_111,
    4_242_424_242_424_242,
    4_000_056_655_665_556,
    5_555_555_555_554_444,
    5_105_105_105_105_100,
    2_223_003_122_003_222,
    5_200_828_282_828_210,
    378_282_246_310_005,
    371_449_635_398_431,
    378_734_493_671_000,
    6_011_111_111_111_117,
    6_011_000_990_139_424,
    3_056_930_009_020_004,
    36_227_206_271_667,
    30_569_309_025_904,
    38_520_000_023_237,
    3_530_111_333_300_000,
    3_566_002_020_360_505,
    6_200_000_000_000_005,
    4_012_888_888_881_881,
    4_222_222_222_222,
    4_000_000_000_000_002,
    4_000_000_000_000_077,
    4_917_610_000_000_000,
    5_454_545_454_545_454,
    2_222_420_000_001_113,
    4_917_300_800_000_000,
    4_000_002_500_003_155,
    4_000_000_000_003_220,
    5_506_900_490_000_436,
    6_304_000_000_000_000,
    4_444_333_322_221_111,
    4_000_000_000_009_995,
    4_000_000_000_000_069,
    4_000_000_000_000_127,
    5_431_111_111_111_111,
    2_223_000_048_400_011,
    4_007_000_000_027,
    4_532_015_112_830_366,
    6_011_601_160_116_611,
];

/// Whether it is one of the numbers that documentation uses for cards.
pub(crate) fn is_sample_card(number: &Number) -> bool {
    SAMPLES.contains(&check::value(number.digits(), 0, number.digits().len()))
}

fn is_card(number: &Number) -> bool {
    let digits = number.digits();
    let groups = number.groups();
    let written = groups.len() == 1
        || (number.is_even()
            && number.separators().iter().all(|sign| b" -".contains(sign))
            && matches!(
                groups,
                [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 4, 3] | [6, 13] | [8, 8] | [4, 4, 5] | [4, 4, 4, 3]
            ));
    written && !number.plus && super::issuer_allows(digits) && luhn_holds(digits)
}

fn card_alone(number: &Number) -> Option<Confidence> {
    Some(if number.group_count() > 1 { High } else { Medium })
}

fn ssn_written(number: &Number) -> bool {
    number.is_written(&[3, 2, 4], b"- .") || number.group_count() == 1
}

fn is_ssn(number: &Number) -> bool {
    let digits = number.digits();
    let (area, group, serial) = (check::value(digits, 0, 3), check::value(digits, 3, 5), check::value(digits, 5, 9));
    let advertised =
        matches!(check::value(digits, 0, 9), 78_051_120 | 219_099_999 | 123_456_789 | 987_654_321 | 111_111_111);
    // 987-65-4320 to -4329 were set aside for advertisements.
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0 && !advertised && ssn_written(number) && !number.plus
}

fn ssn_alone(number: &Number) -> Option<Confidence> {
    number.is_written(&[3, 2, 4], b"-").then_some(Medium)
}

fn dashed_ssn(number: &Number) -> Option<Confidence> {
    ssn_alone(number)
}

fn is_itin(number: &Number) -> bool {
    let digits = number.digits();
    let group = check::value(digits, 3, 5);
    digits.first() == Some(&9)
        && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
        && ssn_written(number)
        && !number.plus
}

fn is_ein(number: &Number) -> bool {
    // Prefixes that the IRS has never assigned.
    let prefix = check::value(number.digits(), 0, 2);
    let assigned = !matches!(prefix, 0 | 7..=9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97);
    assigned && (number.is_written(&[2, 7], b"-") || number.group_count() == 1) && !number.plus
}

/// Lengths of numbers of driving licences that are digits alone, by state: 7 to 12, and 14 in New Jersey's older form.
fn is_licence(number: &Number) -> bool {
    number.is_even() && !number.plus && number.group_count() <= 3
}

fn nanp(digits: &[u8]) -> bool {
    let at = |place: usize| digits.get(place).copied().unwrap_or_default();
    let service = at(1) == 1 && at(2) == 1;
    digits.len() == 10 && at(0) >= 2 && at(3) >= 2 && !service && !(at(4) == 1 && at(5) == 1)
}

fn is_nanp(number: &Number) -> bool {
    let digits = number.digits();
    match digits.split_first() {
        Some((1, rest)) if rest.len() == 10 => nanp(rest),
        _ => nanp(digits),
    }
}

fn is_phone(number: &Number) -> bool {
    let digits = number.digits();
    if number.plus {
        return (8..=15).contains(&digits.len()) && country_code(digits);
    }
    if is_nanp(number) {
        return true;
    }
    // National forms of other countries begin with a trunk 0, or stand in several groups.
    let trunk = digits.first() == Some(&0) && (9..=12).contains(&digits.len());
    // Addresses of machines and versions have points between short groups.
    let spread = number.group_count() >= 3
        && !(number.separators().contains(&b'.') && number.group_count() >= 4)
        && !number.groups().iter().any(|size| *size > 4)
        && digits.len() >= 8;
    let local = number.is_written(&[3, 4], b"-");
    let dated = matches!(number.groups(), [4, 2, 2] | [2, 2, 4] | [1, 2, 4] | [2, 1, 4] | [1, 1, 4]);
    (trunk || spread || local || digits.len() >= 9 && number.group_count() <= 2) && !dated
}

fn phone_alone(number: &Number) -> Option<Confidence> {
    let (groups, separators) = (number.groups(), number.separators());
    if number.plus {
        return Some(if number.group_count() > 1 || number.digits().len() >= 10 { High } else { Medium });
    }
    let groups = match groups {
        [1, rest @ ..] => rest,
        groups => groups,
    };
    let bracketed = separators.contains(&b')');
    let dotted = separators.iter().all(|sign| *sign == b'.');
    let dashed = separators.iter().all(|sign| *sign == b'-');
    (is_nanp(number) && groups == [3, 3, 4] && (bracketed || dashed || dotted)).then_some(Medium)
}

/// Whether the digits begin with a calling code that is assigned (ITU-T E.164).
fn country_code(digits: &[u8]) -> bool {
    let (one, two, three) = (check::value(digits, 0, 1), check::value(digits, 0, 2), check::value(digits, 0, 3));
    match one {
        0 => false,
        1 => digits.len() == 11 && nanp(digits.get(1..).unwrap_or_default()),
        7 => digits.len() == 11,
        _ => {
            matches!(two, 20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86 | 90..=95 | 98)
                || matches!(three,
                    211..=213 | 216 | 218 | 220..=258 | 260..=269 | 290 | 291 | 297..=299 | 350..=359 | 370..=378 | 380..=383
                    | 385..=387 | 389 | 420 | 421 | 423 | 500..=509 | 590..=599 | 670 | 672..=692 | 800 | 808 | 850 | 852 | 853
                    | 855 | 856 | 870 | 880 | 886 | 960..=968 | 970..=977 | 979 | 992..=996 | 998)
        }
    }
}
