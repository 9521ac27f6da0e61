//! The decompressed bytes of one input: gzip (any number of members) and zstd are recognised by their first bytes.
//! Knows nothing of records.

use std::io::{self, BufReader, Chain, Cursor, Read};

/// Bytes read from the disk at once.
const CHUNK_BYTES: usize = 64 << 10;

/// How the bytes ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    /// The file ended where it may end.
    Whole,
    /// A compressed file ends in the middle: it is still being written, or was cut off.
    CutOff,
    /// It could not be read on, for this reason.
    Damaged(String),
    /// It expands to more than the limit.
    TooLarge,
}

type Raw = Box<dyn Read + Send>;
/// A file whose head was read to recognise it.
type Headed = Chain<Cursor<Vec<u8>>, Raw>;

enum Layers {
    Plain(Raw),
    Headed(Headed),
    Gzip(Box<flate2::read::MultiGzDecoder<Headed>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Headed>>>),
}

/// The decompressed bytes of one input.
pub(crate) struct Stream {
    layers: Layers,
    /// How many decompressed bytes may still come, where the input is compressed.
    left: Option<u64>,
    pub(crate) ending: Option<Ending>,
}

impl Stream {
    /// Recognises the compression of `raw` from its first bytes.
    pub(crate) fn open(mut raw: Raw, expansion_bytes_max: u64) -> io::Result<Stream> {
        let mut head = vec![0; 4];
        let mut filled = 0;
        while let Some(rest) = head.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match raw.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        head.truncate(filled);
        // A file of which only the very first bytes are written yet must not pass for plain.
        let begins = |magic: &[u8]| !head.is_empty() && (head.starts_with(magic) || magic.starts_with(&head));
        let gzip = begins(&[0x1f, 0x8b]);
        let zstd = begins(&[0x28, 0xb5, 0x2f, 0xfd]);
        let chained = Cursor::new(head).chain(raw);
        let layers = if gzip {
            Layers::Gzip(Box::new(flate2::read::MultiGzDecoder::new(chained)))
        } else if zstd {
            Layers::Zstd(Box::new(zstd::Decoder::new(chained)?))
        } else {
            Layers::Headed(chained)
        };
        let left = (gzip || zstd).then_some(expansion_bytes_max);
        Ok(Stream { layers, left, ending: None })
    }

    /// The rest of a plain file, from where `raw` stands.
    pub(crate) fn plain(raw: Raw) -> Stream {
        Stream { layers: Layers::Plain(raw), left: None, ending: None }
    }

    /// Whether the bytes on the disk are the bytes of the input.
    pub(crate) fn is_plain(&self) -> bool {
        self.left.is_none()
    }

    /// Adds the next bytes to `buffer`. `false` where there are none; [`Stream::ending`] then says why.
    pub(crate) fn fill(&mut self, buffer: &mut Vec<u8>) -> bool {
        if self.ending.is_some() {
            return false;
        }
        let before = buffer.len();
        buffer.resize(before + CHUNK_BYTES, 0);
        let spare = buffer.get_mut(before..).unwrap_or_default();
        let outcome = loop {
            let outcome = match &mut self.layers {
                Layers::Plain(raw) => raw.read(spare),
                Layers::Headed(raw) => raw.read(spare),
                Layers::Gzip(raw) => raw.read(spare),
                Layers::Zstd(raw) => raw.read(spare),
            };
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let count = match outcome {
            Ok(0) => self.end(Ending::Whole),
            Ok(count) => self.allow(count),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.end(Ending::CutOff),
            Err(error) => self.end(Ending::Damaged(error.to_string())),
        };
        buffer.truncate(before + count);
        count > 0
    }

    fn end(&mut self, ending: Ending) -> usize {
        self.ending = Some(ending);
        0
    }

    /// How many of `count` new bytes may be used.
    fn allow(&mut self, count: usize) -> usize {
        let Some(left) = &mut self.left else { return count };
        let allowed = usize::try_from(*left).unwrap_or(usize::MAX).min(count);
        *left -= allowed as u64;
        if allowed < count {
            self.ending = Some(Ending::TooLarge);
        }
        allowed
    }
}
