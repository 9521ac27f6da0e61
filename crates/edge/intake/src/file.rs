//! One input from beginning to end, or from a place in it: its records in the order of the file.

use crate::batch::{Batch, Quarantined};
use crate::cursor::Place;
use crate::framing::{Frame, Framer};
use crate::inputs::Input;
use crate::options::{Options, Redact};
use crate::parse::{InputLines, Parser};
use crate::source::{Refusal, Source};
use crate::stream::{Ending, Stream};
use firebreak_model::{Event, Time};
use firebreak_world::World;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

/// How reading one record went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// A record was read.
    Record,
    /// The file ends here, between two records.
    Finished,
    /// The file ends inside a record or inside compressed data: more may come.
    Waiting,
}

/// Reads one input.
pub struct FileReader<'a> {
    parser: Parser<'a>,
    name: String,
    /// The first line, where it names the columns of the others.
    header: Option<String>,
    framer: Framer,
    /// Whether the file will not grow, so that what is left at its end is all there is.
    closed: bool,
    finished: bool,
    ready: VecDeque<Result<Event, Quarantined>>,
    /// Empty, and kept so that no record needs a new one.
    spare: Batch,
}

impl<'a> FileReader<'a> {
    /// Opens `input` from its beginning, as a file that will not grow.
    pub fn open(
        world: &World,
        input: &Input,
        source: &'a dyn Source,
        options: Options,
        redact: &'a Redact,
    ) -> io::Result<FileReader<'a>> {
        let parser = Parser { source, options, redact, received: world.clock.now() };
        FileReader::resume(world, input, parser, Place::default(), true)
    }

    /// Opens `input` at `place`.
    pub(crate) fn resume(
        world: &World,
        input: &Input,
        parser: Parser<'a>,
        place: Place,
        closed: bool,
    ) -> io::Result<FileReader<'a>> {
        let limits = parser.options.limits;
        let mut stream = Stream::open(world.disk.open(&input.path, 0)?, limits.expansion_bytes_max)?;
        let skip = place.offset > 0 && !stream.is_plain();
        if place.offset > 0 && stream.is_plain() {
            stream = Stream::plain(world.disk.open(&input.path, place.offset)?);
        }
        let header = (place.offset > 0 && parser.source.headed(None)).then(|| -> io::Result<String> {
            let beginning = Stream::open(world.disk.open(&input.path, 0)?, limits.expansion_bytes_max)?;
            Ok(first_line(beginning))
        });
        let header = header.transpose()?.filter(|line| parser.source.headed(Some(line)));
        let mut framer = Framer::new(stream, parser.source.framing(), limits, place, closed);
        if skip && !framer.skip_to_place() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file is shorter than what was read of it before",
            ));
        }
        Ok(FileReader { header, ..FileReader::over(framer, parser, input.name.clone(), closed) })
    }

    /// Reads bytes that are already here.
    pub(crate) fn of_bytes(
        parser: Parser<'a>,
        name: &str,
        bytes: impl AsRef<[u8]> + Send + 'static,
    ) -> io::Result<FileReader<'a>> {
        let limits = parser.options.limits;
        let raw: Box<dyn Read + Send> = Box::new(io::Cursor::new(bytes));
        let stream = Stream::open(raw, limits.expansion_bytes_max)?;
        let framer = Framer::new(stream, parser.source.framing(), limits, Place::default(), true);
        Ok(FileReader::over(framer, parser, name.to_owned(), true))
    }

    fn over(framer: Framer, parser: Parser<'a>, name: String, closed: bool) -> FileReader<'a> {
        let (ready, spare) = (VecDeque::new(), Batch::default());
        FileReader { parser, name, header: None, framer, closed, finished: false, ready, spare }
    }

    /// Where it stands: between two records.
    pub(crate) fn place(&self) -> Place {
        self.framer.place()
    }

    /// The time of the next event, without taking it. `None` where no event is left.
    pub fn peek_time(&mut self) -> Option<Time> {
        loop {
            if let Some(event) = self.ready.iter().find_map(|item| item.as_ref().ok()) {
                return Some(event.time);
            }
            if !self.make_ready() {
                return None;
            }
        }
    }

    /// Reads the next record into `ready`. `false` at the end.
    fn make_ready(&mut self) -> bool {
        let mut batch = std::mem::take(&mut self.spare);
        let progress = self.read_record(&mut batch);
        self.ready.extend(batch.events.drain(..).map(Ok));
        self.ready.extend(batch.quarantined.drain(..).map(Err));
        batch.read = 0;
        self.spare = batch;
        progress == Progress::Record
    }

    /// Reads one record into `batch`.
    pub(crate) fn read_record(&mut self, batch: &mut Batch) -> Progress {
        if self.finished {
            return Progress::Finished;
        }
        // The framer skips white space first; the place is taken after that.
        let (frame, consume) = self.framer.next();
        let place = self.framer.place();
        match frame {
            Frame::Record { length, .. } if self.is_header(length, place) => {
                self.header = std::str::from_utf8(self.framer.bytes(length)).ok().map(str::to_owned);
                self.framer.consume(consume);
                self.read_record(batch)
            }
            Frame::Record { length, too_deep } => {
                let lines = InputLines { name: &self.name, header: self.header.as_deref() };
                self.parser.record(self.framer.bytes(length), too_deep, lines, place, batch);
                self.framer.consume(consume);
                Progress::Record
            }
            Frame::Guess { length } => {
                if self.parser.guessed(self.framer.bytes(length), &self.name, place, batch) {
                    self.framer.consume(consume);
                    return Progress::Record;
                }
                self.framer.was_wrong();
                self.read_record(batch)
            }
            Frame::TooLong { began, length, sha256 } => {
                self.parser.too_long(length, &sha256, &self.name, began, batch);
                self.framer.consume(consume);
                Progress::Record
            }
            Frame::End { pending } => {
                let refusal = self.ended(pending);
                let Some((refusal, certain)) = refusal else {
                    self.finished = true;
                    return Progress::Finished;
                };
                if !certain && !self.closed {
                    return Progress::Waiting;
                }
                let raw: Arc<[u8]> = Arc::from(&*(self.parser.redact)(self.framer.bytes(pending)));
                self.parser.quarantine(refusal, raw, &self.name, place, batch);
                // The place stays before what is missing: if it comes after all, it is read from its beginning.
                self.finished = true;
                Progress::Record
            }
        }
    }

    /// Whether the frame at `place` is a first line that names columns.
    fn is_header(&mut self, length: usize, place: Place) -> bool {
        let source = self.parser.source;
        let first = place.record == 0 && self.header.is_none() && source.headed(None);
        first && std::str::from_utf8(self.framer.bytes(length)).is_ok_and(|line| source.headed(Some(line)))
    }

    /// What is wrong with the way the input ended, and whether waiting cannot help.
    fn ended(&self, pending: usize) -> Option<(Refusal, bool)> {
        let limit = self.parser.options.limits.expansion_bytes_max;
        match self.framer.ending() {
            Some(Ending::CutOff) => Some((
                Refusal::new(
                    "the compressed file is cut off: the records before this place were read, the rest is missing",
                    "copy the file again; what was read already is not counted twice",
                ),
                false,
            )),
            Some(Ending::Damaged(reason)) => Some((
                Refusal::new(
                    format!("the file cannot be read on: {reason}"),
                    "copy the file again; what was read already is not counted twice",
                ),
                true,
            )),
            Some(Ending::TooLarge) => Some((
                Refusal::new(
                    format!("the compressed file expands to more than {limit} bytes: the rest was not read"),
                    "check who wrote it, or raise `expansion_bytes_max`",
                ),
                true,
            )),
            Some(Ending::Whole) | None if pending > 0 => Some((
                Refusal::new("the file ends inside a record", "copy the file again, or wait until it is written"),
                false,
            )),
            Some(Ending::Whole) | None => self.framer.is_open().then(|| {
                let hint = "copy the file again, or wait until it is written";
                (Refusal::new("the file ends inside an array of records", hint), false)
            }),
        }
    }
}

/// The first line of an input; what there is of it, where it is longer than any line of column names.
fn first_line(mut stream: Stream) -> String {
    const LINE_BYTES_MAX: usize = 16 << 10;
    let mut bytes = Vec::new();
    while !bytes.contains(&b'\n') && bytes.len() < LINE_BYTES_MAX && stream.fill(&mut bytes) {}
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).trim().to_owned()
}

/// The records of the input, each an event or a quarantined record.
impl Iterator for FileReader<'_> {
    type Item = Result<Event, Quarantined>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if !self.make_ready() {
                return None;
            }
        }
    }
}
