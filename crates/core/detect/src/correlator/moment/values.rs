//! The values of several fields of one event, found in one walk over its record: a record has more members than a rule
//! has fields, so that to pass them all once for each field is most of the work.

use crate::field::{DEPTH_MAX, Field, Found, beyond, terminal, whole};
use firebreak_model::{Event, Json};
use sonic_rs::ValueRef;

/// Values of one field of one event that are kept; no honest record has more.
const VALUES_MAX: usize = 256;
/// Names that one walk looks for.
const NAMES_MAX: usize = 8;

/// The values. Room that it took for one event serves the next.
#[derive(Debug, Default)]
pub(super) struct Values {
    wanted: Vec<usize>,
    /// All texts, one behind the other.
    texts: String,
    /// Of which field, and where its text ends: it begins where the one before ends.
    ends: Vec<(usize, usize)>,
    /// How many values of each field there are.
    counts: Vec<usize>,
    buffer: String,
}

/// Names that may begin here: the field, and what is left of its dotted name.
type Names<'n> = [(usize, &'n str)];

impl Values {
    /// Reads those of the fields that are `wanted`, by their places in `fields`.
    pub(super) fn read(&mut self, event: &Event, fields: &[Field], wanted: impl Iterator<Item = usize>) {
        self.texts.clear();
        self.ends.clear();
        self.counts.clear();
        self.counts.resize(fields.len(), 0);
        let mut places = std::mem::take(&mut self.wanted);
        places.clear();
        places.extend(wanted);
        places.sort_unstable();
        places.dedup();
        let mut names = [(0, ""); NAMES_MAX];
        let mut count = 0;
        for place in &places {
            match fields.get(*place) {
                Some(Field::Body(name)) if whole(name).is_none() => {
                    if let Some(free) = names.get_mut(count) {
                        *free = (*place, name.as_str());
                        count += 1;
                    }
                    if count == NAMES_MAX {
                        self.walk(&event.body, &names, 0);
                        count = 0;
                    }
                }
                Some(field) => field.values(event, &mut |found| self.note(*place, found)),
                None => {}
            }
        }
        self.walk(&event.body, names.get(..count).unwrap_or_default(), 0);
        self.wanted = places;
    }

    /// The values of the field at this place.
    pub(super) fn of(&self, field: usize) -> impl Iterator<Item = &str> {
        let mut begin = 0;
        self.ends.iter().filter_map(move |(of, end)| {
            let text = self.texts.get(begin..*end);
            begin = *end;
            text.filter(|_| *of == field)
        })
    }

    fn note(&mut self, field: usize, found: Found<'_>) {
        let (Found::Scalar(scalar), Some(count)) = (found, self.counts.get_mut(field)) else { return };
        if *count < VALUES_MAX {
            *count += 1;
            self.texts.push_str(scalar.text(&mut self.buffer));
            self.ends.push((field, self.texts.len()));
        }
    }

    fn walk(&mut self, value: &Json, names: &Names<'_>, depth: usize) {
        if depth > DEPTH_MAX || names.is_empty() {
            return;
        }
        match value.as_ref() {
            ValueRef::Array(elements) => elements.iter().for_each(|element| self.walk(element, names, depth + 1)),
            ValueRef::Object(members) => {
                for (key, member) in members.iter() {
                    self.member(key, member, names, depth);
                }
            }
            _ => {}
        }
    }

    /// One member of an object: names that end in it, and those that go on below it.
    #[inline]
    fn member(&mut self, key: &str, member: &Json, names: &Names<'_>, depth: usize) {
        let mut below = [(0, ""); NAMES_MAX];
        let mut count = 0;
        for (field, name) in names {
            match beyond(name, key) {
                None => {}
                Some("") => terminal(member, depth + 1, &mut |found| self.note(*field, found)),
                Some(rest) => {
                    if let Some(free) = below.get_mut(count) {
                        *free = (*field, rest);
                        count += 1;
                    }
                }
            }
        }
        if count > 0 {
            self.walk(member, below.get(..count).unwrap_or_default(), depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matcher;
    use crate::trace::Trace;
    use firebreak_model::Text;
    use std::sync::Arc;

    const RECORDS: [&str; 5] = [
        r#"{"a":1,"b":{"c":"x","d":[{"e":true},{"e":"y"}]},"b.c":"z","c":null}"#,
        r#"{"a":[1,[2,"3"],{"b":4}],"b":[{"c":"p"},{"c":["q","r"]}],"":{"a":9}}"#,
        r#"{"b":{"d":{"e":{"f":1}}},"g":"","h":1.5,"i":[],"j":{}}"#,
        r#"["a",{"a":"in a list","b.d":{"e":7},"b.d.e":8}]"#,
        r#"{}"#,
    ];
    const NAMES: [&str; 15] =
        ["a", "b", "b.c", "b.d", "b.d.e", "b.d.e.f", "c", "a.b", "g", "h", "i", "j", "k", "firebreak.operation", "b.*"];

    fn event(record: &str) -> Event {
        let mut trace = Trace::default();
        trace.event(0);
        let observed = trace.observed(&Matcher::new(Arc::default()));
        Event { body: sonic_rs::from_str(record).expect("json"), ..Event::clone(&observed[0].event) }
    }

    fn one_by_one(field: &Field, event: &Event) -> Vec<String> {
        let (mut values, mut buffer) = (Vec::new(), String::new());
        field.values(event, &mut |found| {
            if let Found::Scalar(scalar) = found {
                values.push(scalar.text(&mut buffer).to_owned());
            }
        });
        values
    }

    #[test]
    fn one_walk_finds_what_a_walk_for_each_field_finds() {
        let fields: Vec<Field> =
            NAMES.iter().map(|name| Field::Body(Text::new(*name))).chain([Field::Anywhere]).collect();
        let mut values = Values::default();
        for record in RECORDS {
            let event = event(record);
            for wanted in [&[0][..], &[4, 2, 4], &[15, 14, 3], &(0..16).collect::<Vec<usize>>()] {
                values.read(&event, &fields, wanted.iter().copied());
                for (place, field) in fields.iter().enumerate() {
                    let expected = if wanted.contains(&place) { one_by_one(field, &event) } else { Vec::new() };
                    assert_eq!(values.of(place).collect::<Vec<&str>>(), expected, "{field:?} in {record}");
                }
            }
        }
    }

    #[test]
    fn a_long_list_in_one_field_hides_no_other() {
        let event = event(&format!(r#"{{"a":[{}1],"b":"here"}}"#, "1,".repeat(100_000)));
        let fields = ["a", "b"].map(|name| Field::Body(Text::new(name)));
        let mut values = Values::default();
        values.read(&event, &fields, 0..2);
        assert_eq!((values.of(0).count(), values.of(1).next()), (VALUES_MAX, Some("here")));
    }
}
