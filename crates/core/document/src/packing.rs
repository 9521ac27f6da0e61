//! What layers are packed with: gzip, Zstandard or nothing. The bytes decide, not the name.

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::io::{self, BufReader, Read};

/// How many bytes tell.
const MAGIC: usize = 4;

/// The stream of a layer's archive.
/// # Errors
/// If its beginning cannot be read.
pub fn unpacking<'r>(reader: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
    let reader: Box<dyn Read + 'r> = Box::new(BufReader::with_capacity(64 << 10, reader));
    let mut peeked = Peeked { head: Vec::new(), inner: reader };
    peeked.peek()?;
    Ok(match peeked.head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(peeked))),
        head if is_zstandard(head) => Box::new(Zstandard { source: Some(peeked), frame: None }),
        _ => Box::new(BufReader::new(peeked)),
    })
}

fn is_zstandard(head: &[u8]) -> bool {
    head == [0x28, 0xb5, 0x2f, 0xfd] || is_skippable(head)
}

fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// A stream whose first bytes were looked at.
struct Peeked<'r> {
    /// Read before, not given out yet.
    head: Vec<u8>,
    inner: Box<dyn Read + 'r>,
}

impl Peeked<'_> {
    /// Looks at the next bytes: fewer than [`MAGIC`] at the end.
    fn peek(&mut self) -> io::Result<()> {
        let missing = MAGIC.saturating_sub(self.head.len()) as u64;
        (&mut self.inner).take(missing).read_to_end(&mut self.head)?;
        Ok(())
    }
}

impl Read for Peeked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.head.is_empty() {
            return self.inner.read(buffer);
        }
        let count = self.head.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(self.head.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }
}

type Frame<'r> = StreamingDecoder<Peeked<'r>, FrameDecoder>;

/// One frame after the other; frames that carry no content are passed over.
struct Zstandard<'r> {
    source: Option<Peeked<'r>>,
    frame: Option<Frame<'r>>,
}

impl<'r> Zstandard<'r> {
    /// The next frame with content; none at the end.
    fn next(&mut self) -> io::Result<Option<Frame<'r>>> {
        let Some(mut source) = self.source.take() else { return Ok(None) };
        loop {
            source.peek()?;
            if source.head.is_empty() {
                return Ok(None);
            }
            if !is_skippable(&source.head) {
                let frame = StreamingDecoder::new(source);
                return frame.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()));
            }
            let mut header = [0; 8];
            source.read_exact(&mut header)?;
            let [_, _, _, _, length @ ..] = header;
            let length = u64::from(u32::from_le_bytes(length));
            if io::copy(&mut (&mut source).take(length), &mut io::sink())? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl Read for Zstandard<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            if let Some(frame) = self.frame.take() {
                self.source = Some(frame.into_inner());
            }
            match self.next()? {
                Some(frame) => self.frame = Some(frame),
                None => return Ok(0),
            }
        }
    }
}
