//! All anchors in one filter, and what each of them leads to.

use super::assigned::{self, LABELS, Secret};
use super::columns::{self, Table};
use super::context::{Around, BEFORE, Own, Surroundings};
use super::cue::{self, Cue, CueSet, Label, Placed};
use super::document::{MARKS, Marks};
use super::filter::{Anchor, Compare, Filter, Sight};
use super::finding::Raw;
use super::token;
use crate::person;
use crate::provider::{Row, TABLE};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// What an anchor leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lead {
    /// A token with this row of the table.
    Token(u16),
    /// A provider whose tokens only their label gives away.
    Provider(u16),
    /// A label of secrets.
    Label(Secret),
    /// A cue.
    Cue(Cue),
    /// A condition or a medicine.
    Term,
    /// A mark of a kind of document.
    Mark(u16),
    /// A secret with a form of its own.
    Form(Form),
    /// A kind of street before whose number the name stands.
    Street(Street),
}

/// On which side of the name the kind of a street stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Street {
    /// `Hauptstraße 5`.
    Behind,
    /// `Calle Mayor 5`.
    Before,
}

/// Secrets whose readers redaction has too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// A web token.
    Jwt,
    /// A private key in PEM form.
    PrivateKey,
    /// The password in a URL.
    UrlPassword,
    /// What follows `Bearer`.
    Bearer,
    /// The secret half of an AWS key near its id.
    AwsNear,
    /// The secret half of an AWS key after its label.
    AwsLabelled,
    /// An AWS session token.
    AwsSession,
    /// A PuTTY or PGP key without PEM's label.
    PuttyKey,
    /// A line of a machine-readable zone.
    Zone,
    /// A name and a password that a command is given: `curl -u name:password`.
    UserAndPassword,
    /// A password that a command is given: `sshpass -p password`.
    CommandPassword,
}

const FORMS: &[(&str, Form)] = &[
    ("eyJ", Form::Jwt),
    ("-----BEGIN ", Form::PrivateKey),
    ("://", Form::UrlPassword),
    ("earer ", Form::Bearer),
    ("AKIA", Form::AwsNear),
    ("ASIA", Form::AwsNear),
    ("ecret_access_key", Form::AwsLabelled),
    ("ECRET_ACCESS_KEY", Form::AwsLabelled),
    ("ecretAccessKey", Form::AwsLabelled),
    ("FwoGZXIvYXdz", Form::AwsSession),
    ("IQoJb3JpZ2lu", Form::AwsSession),
    ("PuTTY-User-Key-File-", Form::PuttyKey),
    ("P<", Form::Zone),
    (" -u ", Form::UserAndPassword),
    ("--user ", Form::UserAndPassword),
    ("sshpass ", Form::CommandPassword),
    ("mysql ", Form::CommandPassword),
    ("mysqldump ", Form::CommandPassword),
];

/// The anchors of everything, made ready once.
pub(super) struct Engine {
    filter: Filter,
    leads: Vec<Vec<Lead>>,
}

/// The engine that every scanner uses.
pub(super) static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::new);

/// How much beside a block is looked at for cues.
const MARGIN: usize = 160;

impl Engine {
    fn new() -> Engine {
        let mut leads: BTreeMap<(Vec<u8>, bool), Vec<Lead>> = BTreeMap::new();
        let mut add = |text: &str, compare: Compare, lead: Lead| {
            leads.entry((text.as_bytes().to_vec(), compare == Compare::Loose)).or_default().push(lead);
        };
        for (place, row) in TABLE.iter().enumerate() {
            match row.labelled {
                true => add(row.anchor, Compare::Loose, Lead::Provider(place as u16)),
                false => add(row.anchor, Compare::Exact, Lead::Token(place as u16)),
            }
        }
        LABELS.iter().for_each(|(text, secret)| add(text, Compare::Loose, Lead::Label(*secret)));
        cue::words().for_each(|(cue, text)| add(text, Compare::Loose, Lead::Cue(cue)));
        person::TERMS.iter().for_each(|text| add(text, Compare::Loose, Lead::Term));
        MARKS.iter().enumerate().for_each(|(place, mark)| add(mark.text, Compare::Loose, Lead::Mark(place as u16)));
        person::GERMAN.iter().for_each(|text| add(text, Compare::Exact, Lead::Street(Street::Behind)));
        person::LATIN.iter().for_each(|text| add(text, Compare::Exact, Lead::Street(Street::Before)));
        for (text, form) in FORMS {
            // Two bytes are too few for the filter: the sign of a passport's first line is followed by a country.
            match text.len() {
                2 => (b'A'..=b'Z')
                    .for_each(|next| add(&format!("{text}{}", char::from(next)), Compare::Exact, Lead::Form(*form))),
                _ => add(text, Compare::Exact, Lead::Form(*form)),
            }
        }
        let anchors = leads.keys().map(|(text, loose)| Anchor {
            text: text.clone(),
            compare: if *loose { Compare::Loose } else { Compare::Exact },
        });
        Engine { filter: Filter::new(anchors.collect()), leads: leads.into_values().collect() }
    }

    fn leads(&self, anchor: u16) -> &[Lead] {
        self.leads.get(usize::from(anchor)).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a label or a header by itself says.
    pub(super) fn own(&self, label: &[u8]) -> Own {
        let mut cues = CueSet::default();
        self.filter.sights(label, 0, label.len(), |at, sight| {
            let Sight::Anchor(anchor, length) = sight else { return };
            let range = at..at + usize::from(length);
            for lead in self.leads(anchor) {
                if let Lead::Cue(cue) = lead
                    && stands_alone(label, &range)
                {
                    cues.add(*cue);
                }
            }
        });
        if let Some(cue) = cue::short(label) {
            cues.add(cue);
        }
        Own { cues, label: if cues.is_empty() { Label::of(label) } else { Label::Else } }
    }
}

/// Whether what stands at `range` is a word: no letter joins it, but camelCase does.
fn stands_alone(text: &[u8], range: &Range<usize>) -> bool {
    let before = range.start.checked_sub(1).and_then(|at| text.get(at)).copied().unwrap_or(b' ');
    let (first, last) = (text.get(range.start).copied(), range.end.checked_sub(1).and_then(|at| text.get(at)).copied());
    let after = text.get(range.end).copied().unwrap_or(b' ');
    let begins = !before.is_ascii_alphanumeric()
        || (before.is_ascii_lowercase() && first.is_some_and(|byte| byte.is_ascii_uppercase()))
        || before.is_ascii_digit();
    let plural = after == b's' && !text.get(range.end + 1).is_some_and(u8::is_ascii_alphabetic);
    let ends = !after.is_ascii_alphabetic()
        || plural
        || (after.is_ascii_uppercase() && last.is_some_and(|byte| byte.is_ascii_lowercase()));
    begins && ends
}

/// What the filter saw in one window.
#[derive(Default)]
struct Seen {
    cues: Vec<Placed>,
    providers: Vec<(usize, u16)>,
    places: Vec<(usize, Place)>,
}

#[derive(Clone, Copy)]
enum Place {
    Digit,
    Capital,
    At,
    Lead(Lead, u16),
}

/// What is known beside the bytes of one window.
pub(super) struct Window<'a> {
    /// The bytes.
    pub(super) text: &'a [u8],
    /// The block in it whose findings are wanted.
    pub(super) block: Range<usize>,
    /// Where the window begins in the stream.
    pub(super) base: u64,
    /// What the caller said of everything.
    pub(super) hint: Own,
}

impl Engine {
    /// Everything in the block of `window`, unsettled, in the order of anchors. Counts marks of documents on the way.
    pub(super) fn read(&self, window: &Window<'_>, table: &mut Option<Table>, marks: &mut Marks) -> Vec<Raw> {
        let seen = self.see(window, marks);
        let mut found = Vec::new();
        let surroundings = Surroundings { text: window.text, cues: &seen.cues, hint: window.hint };
        let mut read = ReadTo::default();
        for (at, place) in &seen.places {
            let mut around = Around::new(&surroundings, table.as_mut(), window.base, *at);
            found.extend(at_place(window.text, *at, *place, &seen, &mut around, &mut read));
        }
        // The table is read to the end of the block even where nothing was seen: the next block goes on from there.
        if let Some(table) = table {
            table.column_at(window.text, window.base, window.block.end);
        }
        found
    }

    fn see(&self, window: &Window<'_>, marks: &mut Marks) -> Seen {
        let mut seen = Seen::default();
        let (from, to) =
            (window.block.start.saturating_sub(MARGIN), (window.block.end + MARGIN).min(window.text.len()));
        let text = window.text;
        self.filter.sights(text, from, to, |at, sight| {
            let inside = window.block.contains(&at);
            match sight {
                Sight::Digit if inside => seen.places.push((at, Place::Digit)),
                Sight::Capital if inside => seen.places.push((at, Place::Capital)),
                Sight::At if inside => seen.places.push((at, Place::At)),
                Sight::Anchor(anchor, length) => {
                    let range = at..at + usize::from(length);
                    for lead in self.leads(anchor) {
                        match lead {
                            Lead::Cue(cue) if stands_alone(text, &range) => {
                                seen.cues.push(Placed { cue: *cue, at: range.clone() });
                                if *cue == Cue::Biometric && inside {
                                    seen.places.push((at, Place::Lead(*lead, length)));
                                }
                            }
                            Lead::Cue(_) => {}
                            // Short names stand in other words and in random values.
                            Lead::Provider(row) if length > 5 || stands_alone(text, &range) => {
                                seen.providers.push((at, *row));
                            }
                            Lead::Provider(_) => {}
                            Lead::Mark(mark) if inside => marks.add(*mark),
                            _ if inside => seen.places.push((at, Place::Lead(*lead, length))),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        });
        // Of `employer identification` and `identification number` the first is meant, and of two that begin together the longer.
        seen.cues.sort_by_key(|placed| (placed.at.start, std::cmp::Reverse(placed.at.end)));
        seen.cues.dedup_by(|next, kept| next.at.start < kept.at.end && next.at != kept.at);
        seen.providers.sort_unstable();
        seen.places.sort_by_key(|(at, _)| *at);
        seen
    }
}

/// How far what was found was read already.
#[derive(Default)]
struct ReadTo {
    /// Labels before it stand inside of a value.
    value: usize,
    /// Digits before it belong to a number that is sure.
    number: usize,
}

/// What stands at one place.
fn at_place(
    text: &[u8],
    at: usize,
    place: Place,
    seen: &Seen,
    around: &mut Around<'_>,
    read: &mut ReadTo,
) -> Option<Raw> {
    match place {
        Place::Digit if at < read.number => None,
        Place::Digit => person::numbered(text, at, around, &mut read.number),
        Place::Capital => person::capital(text, at, around),
        Place::At => person::email(text, at),
        Place::Lead(lead, length) => {
            let range = at..at + usize::from(length);
            match lead {
                Lead::Token(row) => token::marked(text, at, TABLE.get(usize::from(row))?),
                Lead::Label(_) if at < read.value => None,
                Lead::Label(secret) => {
                    let rows = providers(text, seen, at);
                    assigned::secret(text, &range, secret, &rows, &mut read.value)
                }
                Lead::Term => person::condition(text, range, around),
                Lead::Cue(_) => person::biometric(text, range),
                Lead::Form(form) => token::formed(text, at, form),
                Lead::Street(Street::Behind) => person::german(text, range, around),
                Lead::Street(Street::Before) => person::latin(text, range, around),
                Lead::Provider(_) | Lead::Mark(_) => None,
            }
        }
    }
}

/// The rows of the providers that are named in a label or shortly before it: on its line, or in the section or key above.
fn providers(text: &[u8], seen: &Seen, at: usize) -> Vec<&'static Row> {
    let first = seen.providers.partition_point(|(place, _)| place + BEFORE / 2 < at);
    let near = seen.providers.iter().skip(first).take_while(|(place, _)| *place < at + 40);
    let leads = |place: usize| {
        let after = crate::run::slice(text, at..place.max(at));
        if !after.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte)) {
            return false;
        }
        let between = crate::run::slice(text, place..at.max(place));
        memchr::memchr_iter(b'\n', between).all(|line| {
            let above = between.get(..line).unwrap_or_default().trim_ascii_end();
            above.last().is_some_and(|byte| b":{][(".contains(byte))
        })
    };
    near.filter(|(place, _)| leads(*place)).filter_map(|(_, row)| TABLE.get(usize::from(*row))).collect()
}

/// The table that the beginning of a stream heads, if it does.
pub(super) fn table(head: &[u8]) -> Option<Table> {
    let header = columns::header(head)?;
    let columns: Vec<Own> = header.fields.iter().map(|field| ENGINE.own(field)).collect();
    Some(Table::new(&header, columns, 0))
}
