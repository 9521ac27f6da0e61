//! What the end of a file says of its columns and where they stand.

use super::thrift::Thrift;

/// Columns that are read.
const MAX_LEAVES: usize = 16_384;
/// How deep columns lie in groups, and how long their names are.
const MAX_DEPTH: usize = 32;
const MAX_NAME: usize = 256;

/// What the numbers or bytes of a column mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Meaning {
    /// What they are.
    #[default]
    Plain,
    /// Whole numbers without a sign.
    Unsigned,
    /// Days since 1970.
    Day,
    /// So many parts of a second since 1970.
    Moment { parts: i64 },
    /// A number with so many digits after the point.
    Decimal { scale: u32 },
    /// A UUID in 16 bytes.
    Uuid,
}

/// One column.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    pub(super) name: String,
    /// How its values are stored: the number of the physical type.
    pub(super) kind: i64,
    /// Bytes of a value, where all have the same.
    pub(super) length: usize,
    pub(super) meaning: Meaning,
    /// The level at which a value is there, and how many lists it lies in.
    pub(super) defined: u32,
    pub(super) repeated: u32,
}

/// The values of one column in one group of rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chunk {
    pub(super) codec: i64,
    pub(super) values: u64,
    pub(super) start: usize,
    pub(super) length: usize,
    /// Whether it stands in another file.
    pub(super) elsewhere: bool,
    pub(super) encrypted: bool,
}

/// The end of a file.
pub(super) struct Footer<'a> {
    pub(super) leaves: Vec<Leaf>,
    /// Whether there are more columns than are read.
    pub(super) more: bool,
    groups: Thrift<'a>,
    count: u64,
    /// What its writer says beside the table: keys and values.
    pub(super) notes: Vec<(&'a [u8], &'a [u8])>,
    pub(super) encrypted: bool,
}

/// One element of the schema as it is written.
#[derive(Default)]
struct Element<'a> {
    kind: i64,
    length: usize,
    repetition: i64,
    name: &'a [u8],
    children: usize,
    converted: Option<i64>,
    scale: u32,
    meaning: Option<Meaning>,
}

impl<'a> Footer<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Footer<'a>> {
        let empty = Thrift::new(&[]);
        let (leaves, notes) = (Vec::new(), Vec::new());
        let mut footer = Footer { leaves, more: false, groups: empty, count: 0, notes, encrypted: false };
        Thrift::new(bytes).fields(&mut |at, number, kind| match number {
            2 => footer.schema(at),
            4 => {
                let mut groups = *at;
                (footer.count, _) = groups.list()?;
                footer.groups = groups;
                at.skip(kind)
            }
            5 => footer.note(at),
            8 => {
                footer.encrypted = true;
                at.skip(kind)
            }
            _ => at.skip(kind),
        })?;
        Some(footer)
    }

    /// Groups of rows that are yet to be read.
    pub(super) fn groups(&self) -> u64 {
        self.count
    }

    /// The next group of rows: one chunk a column, for at most `most`. Nothing where it cannot be read.
    pub(super) fn next_group(&mut self, most: usize) -> Option<Vec<Chunk>> {
        self.count = self.count.checked_sub(1)?;
        let mut chunks = Vec::new();
        self.groups.fields(&mut |at, number, kind| {
            if number != 1 {
                return at.skip(kind);
            }
            let (count, kind) = at.list()?;
            for _ in 0..count {
                if chunks.len() < most { chunks.push(chunk(at)?) } else { at.skip(kind)? }
            }
            Some(())
        })?;
        Some(chunks)
    }

    fn note(&mut self, at: &mut Thrift<'a>) -> Option<()> {
        let (count, _) = at.list()?;
        for _ in 0..count {
            let (mut key, mut value) = (&b""[..], &b""[..]);
            at.fields(&mut |at, number, kind| {
                match number {
                    1 => key = at.binary()?,
                    2 => value = at.binary()?,
                    _ => at.skip(kind)?,
                }
                Some(())
            })?;
            // The schema of Arrow is no text.
            if self.notes.len() < 1_000 && key != b"ARROW:schema" {
                self.notes.push((key, value));
            }
        }
        Some(())
    }

    /// The tree of columns, written from its root down: each group says how many follow as its own.
    fn schema(&mut self, at: &mut Thrift<'a>) -> Option<()> {
        struct Level {
            left: usize,
            name: String,
            defined: u32,
            repeated: u32,
        }
        let (count, kind) = at.list()?;
        let mut levels: Vec<Level> = Vec::new();
        for number in 0..count {
            if self.leaves.len() >= MAX_LEAVES {
                self.more = true;
                at.skip(kind)?;
                continue;
            }
            let element = element(at)?;
            if number == 0 {
                levels.push(Level { left: element.children, name: String::new(), defined: 0, repeated: 0 });
                continue;
            }
            while levels.len() > 1 && levels.last().is_some_and(|level| level.left == 0) {
                levels.pop();
            }
            let above = levels.last_mut()?;
            above.left = above.left.checked_sub(1)?;
            let name = joined(&above.name, element.name);
            let defined = above.defined + u32::from(element.repetition != 0);
            let repeated = above.repeated + u32::from(element.repetition == 2);
            if element.children > 0 {
                if levels.len() >= MAX_DEPTH {
                    return None;
                }
                levels.push(Level { left: element.children, name, defined, repeated });
            } else {
                let meaning = element.meaning.unwrap_or_else(|| converted(&element));
                let (kind, length) = (element.kind, element.length);
                self.leaves.push(Leaf { name, kind, length, meaning, defined, repeated });
            }
        }
        Some(())
    }
}

/// The name of a column in a group. What only says that there is a list is no part of it.
fn joined(above: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let name: String = name.chars().map(|char| if char.is_control() { ' ' } else { char }).take(MAX_NAME).collect();
    let listed = ["list", "element", "item", "bag", "array", "array_element", "key_value"].contains(&name.as_str());
    match (above.is_empty(), listed || above.len() > MAX_NAME) {
        (true, _) => name,
        (false, true) => above.to_owned(),
        (false, false) => format!("{above}.{name}"),
    }
}

fn element<'a>(at: &mut Thrift<'a>) -> Option<Element<'a>> {
    let mut element = Element::default();
    at.fields(&mut |at, number, kind| {
        match number {
            1 => element.kind = at.int()?,
            2 => element.length = at.size()?,
            3 => element.repetition = at.int()?,
            4 => element.name = at.binary()?,
            5 => element.children = at.size()?,
            6 => element.converted = Some(at.int()?),
            7 => element.scale = u32::try_from(at.int()?).ok()?,
            10 => element.meaning = logical(at)?,
            _ => at.skip(kind)?,
        }
        Some(())
    })?;
    Some(element)
}

/// What the newer form of a type says; nothing where the older one or the type itself is enough.
fn logical(at: &mut Thrift<'_>) -> Option<Option<Meaning>> {
    let mut meaning = None;
    at.fields(&mut |at, number, kind| {
        match number {
            6 => meaning = Some(Meaning::Day),
            14 => meaning = Some(Meaning::Uuid),
            8 => {
                meaning = Some(Meaning::Moment { parts: 1_000 });
                return at.fields(&mut |at, number, kind| {
                    if number != 2 {
                        return at.skip(kind);
                    }
                    at.fields(&mut |at, number, kind| {
                        let parts = match number {
                            1 => 1_000,
                            2 => 1_000_000,
                            _ => 1_000_000_000,
                        };
                        meaning = Some(Meaning::Moment { parts });
                        at.skip(kind)
                    })
                });
            }
            _ => {}
        }
        at.skip(kind)
    })?;
    Some(meaning)
}

fn converted(element: &Element<'_>) -> Meaning {
    match element.converted {
        Some(5) => Meaning::Decimal { scale: element.scale },
        Some(6) => Meaning::Day,
        Some(9) => Meaning::Moment { parts: 1_000 },
        Some(10) => Meaning::Moment { parts: 1_000_000 },
        Some(11..=14) => Meaning::Unsigned,
        _ => Meaning::Plain,
    }
}

fn chunk(at: &mut Thrift<'_>) -> Option<Chunk> {
    let mut chunk = Chunk::default();
    let (mut data, mut dictionary) = (0_usize, None);
    at.fields(&mut |at, number, kind| match number {
        1 => {
            chunk.elsewhere = true;
            at.skip(kind)
        }
        8 | 9 => {
            chunk.encrypted = true;
            at.skip(kind)
        }
        3 => at.fields(&mut |at, number, kind| {
            match number {
                4 => chunk.codec = at.int()?,
                5 => chunk.values = u64::try_from(at.int()?).ok()?,
                7 => chunk.length = at.size()?,
                9 => data = at.size()?,
                11 => dictionary = Some(at.size()?),
                _ => at.skip(kind)?,
            }
            Some(())
        }),
        _ => at.skip(kind),
    })?;
    // Some writers say 0 where there is no dictionary.
    chunk.start = dictionary.filter(|start| *start > 0 && *start < data).unwrap_or(data);
    Some(chunk)
}
