//! Cues: words that say what a number or a value beside them is.

use std::ops::Range;
use std::sync::LazyLock;

macro_rules! cues {
    ($($name:ident $word:literal),* $(,)?) => {
        /// What a word says of what stands beside it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Cue { $(#[doc = $word] $name),* }

        impl Cue {
            /// Every cue, by its number.
            pub(crate) const ALL: &[Cue] = &[$(Cue::$name),*];

            /// Its word in the list of cues and in reasons.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Cue::$name => $word),* }
            }
        }
    };
}

cues! {
    Ssn "ssn", Itin "itin", Ein "ein", TaxId "tax_id", Passport "passport", Licence "licence", Routing "routing",
    Account "account", Swift "swift", Card "card", Phone "phone", Email "email", Address "address", Birth "birth",
    Npi "npi", Mrn "mrn", Icd "icd", Patient "patient", Biometric "biometric", Nino "nino", Sin "sin",
    Aadhaar "aadhaar", Pan "pan", GermanTax "german_tax", Nir "nir", Dni "dni", CodiceFiscale "codice_fiscale",
    Cpf "cpf", Cnpj "cnpj", Pesel "pesel", Bsn "bsn", Personnummer "personnummer", Tfn "tfn", Medicare "medicare",
    Nric "nric", Rrn "rrn", MyNumber "my_number", Nhs "nhs", Turkish "turkish", SouthAfrican "south_african",
    Chinese "chinese", Belgian "belgian", Norwegian "norwegian", Romanian "romanian", Portuguese "portuguese",
    Argentinian "argentinian", Curp "curp", Hetu "hetu", Pps "pps", Taiwanese "taiwanese", NationalId "national_id",
    Dea "dea", Insurance "insurance",
}

const TEXT: &str = include_str!("cues.txt");

/// The words of every cue.
pub(crate) fn words() -> impl Iterator<Item = (Cue, &'static str)> {
    let lines = TEXT.lines().filter_map(|line| line.split_once(": "));
    lines
        .filter(|(name, _)| !name.starts_with('#'))
        .flat_map(|(name, words)| {
            let cue = Cue::ALL.iter().find(|cue| cue.word() == name).copied();
            cue.into_iter().flat_map(|cue| words.split(',').map(move |word| (cue, word.trim())))
        })
        .filter(|(_, word)| !word.is_empty())
}

/// What a label says that holds no cue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Label {
    /// There is none, or it says only that a value follows.
    #[default]
    Open,
    /// It names something else.
    Else,
    /// It names what such numbers usually are that concern nobody: orders, builds, times.
    Other,
}

/// Words of labels that are no cues, each list sorted.
static WORDS: LazyLock<[Vec<&str>; 2]> = LazyLock::new(|| {
    ["other: ", "any: "].map(|name| {
        let line = include_str!("words.txt").lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let mut words: Vec<&str> = line.split(',').map(str::trim).collect();
        words.sort_unstable();
        words
    })
});

impl Label {
    /// What the text of a label says.
    pub(crate) fn of(text: &[u8]) -> Label {
        let [other, any] = &*WORDS;
        let words = words_of(text);
        let known = |list: &[&str], word: &str| list.binary_search(&word).is_ok();
        let whole = words.join(" ");
        if known(any, &whole) || words.is_empty() {
            Label::Open
        } else if known(other, &whole) || words.iter().any(|word| known(other, word)) {
            Label::Other
        } else if words.iter().all(|word| known(any, word)) {
            Label::Open
        } else {
            Label::Else
        }
    }
}

/// What a label of two letters says: too short for the prefilter, and clear only where it is the whole label, or the last word of a
/// short one (`FL DL`).
pub(crate) fn short(label: &[u8]) -> Option<Cue> {
    let label = label.trim_ascii();
    let short = [
        (b"dl".as_slice(), Cue::Licence),
        (b"ph", Cue::Phone),
        (b"dx", Cue::Icd),
        (b"cc", Cue::Card),
        (b"id no", Cue::NationalId),
    ];
    let last = label.rsplit(|byte| *byte == b' ').next().filter(|_| label.len() <= 8).unwrap_or(label);
    let said = |word: &[u8]| label.eq_ignore_ascii_case(word) || last.eq_ignore_ascii_case(word);
    short.into_iter().find(|(word, _)| said(word)).map(|(_, cue)| cue)
}

/// The words of a label in lower case: parts of camelCase are words too.
fn words_of(text: &[u8]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = b' ';
    for byte in text.iter().copied() {
        let begins = !before.is_ascii_alphanumeric() || (byte.is_ascii_uppercase() && before.is_ascii_lowercase());
        if byte.is_ascii_alphanumeric() {
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(char::from(byte.to_ascii_lowercase()));
            }
        }
        before = byte;
    }
    words
}

/// A set of cues.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct CueSet(u64);

impl CueSet {
    /// Adds `cue`.
    pub(crate) fn add(&mut self, cue: Cue) {
        self.0 |= 1 << cue as u32;
    }

    /// Whether it holds `cue`.
    pub(crate) fn has(self, cue: Cue) -> bool {
        self.0 >> cue as u32 & 1 == 1
    }

    /// These cues.
    pub(crate) fn of(cues: &[Cue]) -> CueSet {
        cues.iter().fold(CueSet::default(), |mut set, cue| {
            set.add(*cue);
            set
        })
    }

    /// Whether it holds one of `others`.
    pub(crate) fn meets(self, others: CueSet) -> bool {
        self.0 & others.0 != 0
    }

    /// Adds all of `others`.
    pub(crate) fn join(&mut self, others: CueSet) {
        self.0 |= others.0;
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A cue where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    /// What it says.
    pub(crate) cue: Cue,
    /// Where, in the window.
    pub(crate) at: Range<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cue_has_words_and_every_line_a_cue() {
        assert!(Cue::ALL.len() <= 64);
        for cue in Cue::ALL {
            assert!(words().any(|(of, _)| of == *cue), "{}", cue.word());
        }
        let lines = TEXT.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines, Cue::ALL.len());
        assert!(words().all(|(_, word)| word.len() >= 3), "the prefilter needs three bytes");
    }

    #[test]
    fn labels_say_whether_a_number_concerns_somebody() {
        assert_eq!(Label::of(b"orderId"), Label::Other);
        assert_eq!(
            (Label::of(b"value"), Label::of(b"phone_number_text"), Label::of(b"")),
            (Label::Open, Label::Else, Label::Open)
        );
    }
}
