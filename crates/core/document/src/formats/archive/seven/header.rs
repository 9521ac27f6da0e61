//! The list of a 7z archive: its folders, how each is packed, which files stand in it.

use crate::bytes::{Bytes, utf16};

/// Files or folders of one archive that are looked at.
const MAX_ENTRIES: usize = 1_000_000;
/// Steps in which one folder is packed.
const MAX_CODERS: u64 = 4;

const END: u8 = 0x00;
const HEADER: u8 = 0x01;
const PROPERTIES: u8 = 0x02;
const STREAMS: u8 = 0x04;
const FILES: u8 = 0x05;
const PACKED: u8 = 0x06;
const UNPACKED: u8 = 0x07;
const SUBSTREAMS: u8 = 0x08;
const SIZE: u8 = 0x09;
const SUMS: u8 = 0x0a;
const FOLDER: u8 = 0x0b;
const UNPACKED_SIZE: u8 = 0x0c;
const COUNT: u8 = 0x0d;
const NO_STREAM: u8 = 0x0e;
const NAMES: u8 = 0x11;
const PACKED_HEADER: u8 = 0x17;

/// What a list says.
pub(super) enum Next {
    Files(Archive),
    /// It is packed itself.
    Packed(Folder),
}

/// The list of an archive.
pub(super) struct Archive {
    pub(super) folders: Vec<Folder>,
    /// The files that hold something, in the order in which they stand in the folders.
    pub(super) files: Vec<File>,
}

pub(super) struct File {
    pub(super) name: String,
}

/// Packed bytes in which files stand one behind the other.
#[derive(Clone, Default)]
pub(super) struct Folder {
    /// Where its bytes begin, and how many there are; `None` where the list does not lead to them.
    pub(super) offset: Option<usize>,
    pub(super) packed: Option<usize>,
    /// How it is unpacked, in that order; `None` where its steps are not one behind the other.
    pub(super) coders: Option<Vec<Coder>>,
    /// What all of it unpacks to, in bytes.
    pub(super) unpacked: u64,
    /// The sizes of the files in it.
    pub(super) sizes: Vec<u64>,
    /// How many packed streams it takes, whether the sum of all of it is known, and how it is written.
    streams: usize,
    summed: bool,
    steps: Vec<Step>,
}

/// One step of unpacking.
#[derive(Clone, Default)]
pub(super) struct Coder {
    pub(super) method: Vec<u8>,
    pub(super) properties: Vec<u8>,
    /// Bytes that come out of it.
    pub(super) size: u64,
}

/// A step as it is written, and the step from which its bytes come.
#[derive(Clone, Default)]
struct Step {
    coder: Coder,
    from: Option<usize>,
}

/// What the list `bytes` says; `None` where it breaks off or is none.
pub(super) fn next(bytes: &[u8]) -> Option<Next> {
    let mut bytes = Bytes::new(bytes);
    match bytes.u8() {
        None => Some(Next::Files(Archive { folders: Vec::new(), files: Vec::new() })),
        Some(HEADER) => files(&mut bytes).map(Next::Files),
        Some(PACKED_HEADER) => streams(&mut bytes)?.into_iter().next().map(Next::Packed),
        Some(_) => None,
    }
}

fn files(bytes: &mut Bytes<'_>) -> Option<Archive> {
    let mut archive = Archive { folders: Vec::new(), files: Vec::new() };
    loop {
        match bytes.u8()? {
            END => return Some(archive),
            PROPERTIES => {
                while bytes.u8()? != END {
                    sized(bytes)?;
                }
            }
            STREAMS => archive.folders = streams(bytes)?,
            FILES => archive.files = names(bytes)?,
            _ => return None,
        }
    }
}

/// A number: as many further bytes as the first one has ones in front, the rest of it is the highest.
fn number(bytes: &mut Bytes<'_>) -> Option<u64> {
    let first = bytes.u8()?;
    let further = first.leading_ones();
    let mut value = 0;
    for at in 0..further {
        value |= u64::from(bytes.u8()?) << (8 * at);
    }
    let high = u64::from(first) & (0x7f_u64 >> further);
    Some(if further < 8 { value | high << (8 * further) } else { value })
}

/// A number of things, each of which takes a byte at least.
fn count(bytes: &mut Bytes<'_>) -> Option<usize> {
    let count = usize::try_from(number(bytes)?).ok()?;
    (count <= MAX_ENTRIES && count <= bytes.rest().len().saturating_mul(8)).then_some(count)
}

/// A field that says how long it is.
fn sized<'a>(bytes: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let size = usize::try_from(number(bytes)?).ok()?;
    bytes.take(size)
}

/// `count` yes or no, in bits.
fn bits(bytes: &mut Bytes<'_>, count: usize) -> Option<Vec<bool>> {
    let packed = bytes.take(count.div_ceil(8))?;
    Some(packed.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).take(count).collect())
}

/// Passes over the sums of `count` streams, and says which have one.
fn sums(bytes: &mut Bytes<'_>, count: usize) -> Option<Vec<bool>> {
    let all = bytes.u8()? != 0;
    let known = if all { vec![true; count] } else { bits(bytes, count)? };
    bytes.take(4 * known.iter().filter(|known| **known).count())?;
    Some(known)
}

fn streams(bytes: &mut Bytes<'_>) -> Option<Vec<Folder>> {
    let (mut first, mut sizes, mut folders, mut told) = (0, Vec::new(), Vec::new(), false);
    loop {
        match bytes.u8()? {
            END => break,
            PACKED => (first, sizes) = packed(bytes)?,
            UNPACKED => folders = unpacked(bytes)?,
            SUBSTREAMS => {
                substreams(bytes, &mut folders)?;
                told = true;
            }
            _ => return None,
        }
    }
    let mut offset = Some(first);
    let mut sizes = sizes.into_iter();
    for folder in &mut folders {
        folder.offset = offset;
        for at in 0..folder.streams {
            let size = sizes.next();
            if at == 0 {
                folder.packed = size;
            }
            offset = offset.zip(size).and_then(|(offset, size)| offset.checked_add(size));
        }
        if !told {
            folder.sizes = vec![folder.unpacked];
        }
    }
    Some(folders)
}

fn packed(bytes: &mut Bytes<'_>) -> Option<(usize, Vec<usize>)> {
    let first = usize::try_from(number(bytes)?).ok()?;
    let count = count(bytes)?;
    let mut sizes = Vec::new();
    loop {
        match bytes.u8()? {
            END => return Some((first, sizes)),
            SIZE => {
                for _ in 0..count {
                    sizes.push(usize::try_from(number(bytes)?).ok()?);
                }
            }
            SUMS => drop(sums(bytes, count)?),
            _ => return None,
        }
    }
}

fn unpacked(bytes: &mut Bytes<'_>) -> Option<Vec<Folder>> {
    if bytes.u8()? != FOLDER {
        return None;
    }
    let count = count(bytes)?;
    // Folders may stand elsewhere, which nobody writes.
    if bytes.u8()? != 0 {
        return None;
    }
    let mut folders = Vec::new();
    for _ in 0..count {
        folders.push(folder(bytes)?);
    }
    if bytes.u8()? != UNPACKED_SIZE {
        return None;
    }
    for folder in &mut folders {
        for step in &mut folder.steps {
            step.coder.size = number(bytes)?;
        }
        folder.settle();
    }
    loop {
        match bytes.u8()? {
            END => return Some(folders),
            SUMS => {
                let known = sums(bytes, folders.len())?;
                folders.iter_mut().zip(known).for_each(|(folder, known)| folder.summed = known);
            }
            _ => return None,
        }
    }
}

fn folder(bytes: &mut Bytes<'_>) -> Option<Folder> {
    let count = number(bytes)?;
    if !(1..=MAX_CODERS).contains(&count) {
        return None;
    }
    let (mut steps, mut inputs, mut plain) = (Vec::new(), 0_u64, true);
    let mut outputs = 0_u64;
    for _ in 0..count {
        let flags = bytes.u8()?;
        let method = bytes.take(usize::from(flags & 15))?.to_vec();
        let (mut takes, mut gives) = (1, 1);
        if flags & 0x10 != 0 {
            (takes, gives) = (number(bytes)?, number(bytes)?);
        }
        let properties = if flags & 0x20 != 0 { sized(bytes)?.to_vec() } else { Vec::new() };
        plain &= (takes, gives) == (1, 1);
        inputs = inputs.checked_add(takes).filter(|all| *all <= 32)?;
        outputs = outputs.checked_add(gives).filter(|all| *all <= 32)?;
        // One with several outputs says so many sizes: none that is read has them.
        steps.extend((0..gives).map(|_| Step {
            coder: Coder { method: method.clone(), properties: properties.clone(), size: 0 },
            from: None,
        }));
    }
    let pairs = outputs.checked_sub(1)?;
    for _ in 0..pairs {
        let (to, from) = (number(bytes)?, number(bytes)?);
        let (to, from) = (usize::try_from(to).ok()?, usize::try_from(from).ok()?);
        if plain {
            steps.get_mut(to)?.from = Some(from);
        }
    }
    let streams = inputs.checked_sub(pairs)?;
    if streams > 1 {
        for _ in 0..streams {
            number(bytes)?;
        }
    }
    Some(Folder { streams: usize::try_from(streams).ok()?, coders: plain.then(Vec::new), steps, ..Folder::default() })
}

impl Folder {
    /// Puts the steps in the order in which bytes go through them: the first takes what is packed, the last gives what is wanted.
    fn settle(&mut self) {
        let Some(coders) = &mut self.coders else {
            // The last output that nothing takes is the whole; how long it is matters for no folder that is not read.
            self.unpacked = self.steps.iter().map(|step| step.coder.size).max().unwrap_or_default();
            return;
        };
        let mut at = self.steps.iter().position(|step| step.from.is_none());
        while let Some(step) = at.and_then(|at| self.steps.get(at)).filter(|_| coders.len() < self.steps.len()) {
            coders.push(step.coder.clone());
            at = self.steps.iter().position(|next| next.from.is_some() && next.from == at);
        }
        self.unpacked = coders.last().map_or(0, |coder| coder.size);
        if coders.len() < self.steps.len() {
            self.coders = None;
        }
    }
}

/// How many files stand in each folder, and how long they are.
fn substreams(bytes: &mut Bytes<'_>, folders: &mut [Folder]) -> Option<()> {
    let mut counts = vec![1; folders.len()];
    let mut id = bytes.u8()?;
    if id == COUNT {
        let mut all = 0_usize;
        for slot in &mut counts {
            *slot = usize::try_from(number(bytes)?).ok()?;
            all = all.checked_add(*slot).filter(|all| *all <= MAX_ENTRIES)?;
        }
        id = bytes.u8()?;
    }
    let written = id == SIZE;
    for (folder, count) in folders.iter_mut().zip(&counts) {
        let mut left = folder.unpacked;
        for at in 0..*count {
            let last = at + 1 == *count;
            let size = if last {
                left
            } else if written {
                number(bytes)?
            } else {
                return None;
            };
            left = left.checked_sub(size)?;
            folder.sizes.push(size);
        }
    }
    if written {
        id = bytes.u8()?;
    }
    // The sum of a folder of one file was said before.
    let told = |folder: &Folder| folder.sizes.len() == 1 && folder.summed;
    let untold = folders.iter().filter(|folder| !told(folder)).map(|folder| folder.sizes.len()).sum();
    while id != END {
        if id != SUMS {
            return None;
        }
        sums(bytes, untold)?;
        id = bytes.u8()?;
    }
    Some(())
}

fn names(bytes: &mut Bytes<'_>) -> Option<Vec<File>> {
    let count = count(bytes)?;
    let (mut names, mut empty) = (Vec::new(), Vec::new());
    loop {
        match bytes.u8()? {
            END => break,
            kind => {
                let mut field = Bytes::new(sized(bytes)?);
                match kind {
                    NO_STREAM => empty = bits(&mut field, count)?,
                    NAMES if field.u8()? == 0 => names = texts(field.rest(), count),
                    _ => {}
                }
            }
        }
    }
    let mut names = names.into_iter();
    let named = (0..count).map(|at| (at, names.next().unwrap_or_else(|| format!("file {at}"))));
    let holds = named.filter(|(at, _)| !empty.get(*at).copied().unwrap_or(false));
    Some(holds.map(|(_, name)| File { name }).collect())
}

/// Texts in UTF-16 with a zero behind each.
fn texts(bytes: &[u8], most: usize) -> Vec<String> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let ended = pairs.split(|pair| *pair == [0, 0]).take(most);
    ended.map(|name| utf16(name.as_flattened(), false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_their_first_byte_says() {
        for (written, expected) in [
            (&[0x05][..], 5),
            (&[0x80, 0x80], 0x80),
            (&[0x81, 0x02], 0x102),
            (&[0xc1, 0x02, 0x03], 0x01_0302),
            (&[0xff, 1, 2, 3, 4, 5, 6, 7, 8], 0x0807_0605_0403_0201),
        ] {
            assert_eq!(number(&mut Bytes::new(written)), Some(expected), "{written:02x?}");
        }
        assert_eq!(number(&mut Bytes::new(&[0xff, 1])), None);
    }

    #[test]
    fn steps_go_from_what_is_packed_to_what_is_wanted() {
        // A filter whose bytes come from LZMA, which takes what is packed.
        let written = [2, 0x04, 3, 3, 1, 3, 0x21, 0x21, 1, 24, 0, 1];
        let mut folder = folder(&mut Bytes::new(&written)).unwrap();
        folder.settle();
        let methods: Vec<Vec<u8>> = folder.coders.unwrap().into_iter().map(|coder| coder.method).collect();
        assert_eq!(methods, [vec![0x21], vec![3, 3, 1, 3]]);
        assert_eq!(folder.streams, 1);
    }
}
