//! Fields as mail headers, Debian's control files and Java's manifests write them: `Name: value`, continued by indented lines.

/// One block of fields; blank lines divide blocks.
#[derive(Debug, Default)]
pub(crate) struct Stanza<'a> {
    /// Line of its first field, from 1.
    pub(crate) line: u32,
    fields: Vec<(&'a str, String)>,
}

impl Stanza<'_> {
    /// The first field `name`, in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every field `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of = move |(key, value): &'_ (&str, String)| key.eq_ignore_ascii_case(name) && !value.is_empty();
        self.fields.iter().filter(move |field| of(field)).map(|(_, value)| value.as_str())
    }
}

/// The blocks of `text`. What is no field is passed over.
pub(crate) fn stanzas(text: &str) -> Vec<Stanza<'_>> {
    let mut stanzas: Vec<Stanza<'_>> = Vec::new();
    let mut open = false;
    for (number, line) in (1u32..).zip(text.lines()) {
        if line.trim().is_empty() {
            open = false;
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let last = stanzas.last_mut().filter(|_| open).and_then(|stanza| stanza.fields.last_mut());
            if let Some((_, value)) = last {
                value.push('\n');
                value.push_str(line.get(1..).unwrap_or_default());
            }
            continue;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        if !open {
            stanzas.push(Stanza { line: number, fields: Vec::new() });
            open = true;
        }
        if let Some(stanza) = stanzas.last_mut() {
            stanza.fields.push((name.trim(), value.trim().to_owned()));
        }
    }
    stanzas
}
