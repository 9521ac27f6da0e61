//! A bucket of any server that speaks as S3 does: objects listed page by page, read in ranges, again only where they changed.

mod client;
mod listing;

pub use client::{S3Access, S3Error};

use crate::counts::Known;
use crate::scan::{Gap, OpenStore};
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use crate::tally::classified;
use client::{Client, Refusal};
use firebreak_world::World;
use std::io::{self, Read};
use std::time::Duration;

/// Bytes of one answer.
const RANGE: u64 = 4 << 20;
/// Bytes of one object that are read.
const OBJECT_BYTES: u64 = 256 << 20;
/// Objects that are asked for at the same time.
const TOGETHER: usize = 16;

/// The objects of the bucket at `access` that begin with its prefix.
///
/// # Errors
/// If no runtime can be made for the calls.
pub fn s3(world: &World, access: S3Access, resource: &str, wait: fn(Duration)) -> io::Result<OpenStore<'static>> {
    let client = Client::new(world.clone(), access, wait)?;
    Ok(OpenStore::new(Bucket { client, resource: resource.to_owned() }))
}

struct Bucket {
    client: Client,
    resource: String,
}

/// One object, in the version that was listed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Object {
    name: String,
    tag: String,
}

impl Store for Bucket {
    type Place = Object;

    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<Object>, String> {
        let mut part = Part::new(self.resource.clone(), reader.fingerprinter.fingerprint(self.resource.as_bytes()));
        let mut from = None;
        loop {
            let page = self.client.page(from.as_deref()).map_err(|refusal| refusal.reason)?;
            for object in page.objects {
                part.pieces.push(Piece {
                    key: reader.fingerprinter.fingerprint(object.name.as_bytes()),
                    size: object.size,
                    mark: Some(format!("{} {} {}", object.tag, object.size, object.modified)),
                    past: false,
                    place: Object { name: object.name, tag: object.tag },
                });
            }
            if part.pieces.len() > most {
                part.pieces.truncate(most);
                part.gaps.push(Gap::new("there are more files than are listed"));
                break;
            }
            match page.next {
                // A server that goes round in circles is left.
                Some(next) if from.as_ref() == Some(&next) => return Err("its list leads back to itself".to_owned()),
                Some(next) => from = Some(next),
                None => break,
            }
        }
        Ok(Listing { parts: vec![part.in_order()], gaps: Vec::new() })
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    fn read(&mut self, _: &Part<Object>, pieces: &[&Piece<Object>], reader: &Reader<'_>) -> Vec<Result<Known, Unread>> {
        let wanted: Vec<(&str, &str)> =
            pieces.iter().filter(|piece| piece.size > 0).map(|piece| (&*piece.place.name, &*piece.place.tag)).collect();
        let mut beginnings = self.client.beginnings(&wanted, RANGE).into_iter();
        let mut answers = Vec::new();
        for piece in pieces {
            if piece.size == 0 {
                answers.push(Ok(Known::default()));
                continue;
            }
            answers.push(match beginnings.next() {
                Some(Ok(first)) => self.look(piece, first, reader),
                Some(Err(refusal)) => Err(unread(&refusal)),
                None => Err(Unread::Gap(Gap::new("an object was not answered"))),
            });
        }
        answers
    }
}

impl Bucket {
    fn look(&mut self, piece: &Piece<Object>, first: Vec<u8>, reader: &Reader<'_>) -> Result<Known, Unread> {
        let most = piece.size.min(OBJECT_BYTES);
        let object = &piece.place;
        let name = object.name.rsplit('/').next().unwrap_or_default();
        let mut ranges = Ranges {
            client: &mut self.client,
            object,
            most,
            asked: first.len() as u64,
            here: first,
            at: 0,
            failed: None,
        };
        let tallied = classified(name, &mut ranges, reader);
        if let Some(refusal) = ranges.failed {
            return Err(unread(&refusal));
        }
        let bytes = ranges.asked;
        let mut known = Known::document(tallied, "", bytes);
        if piece.size > OBJECT_BYTES {
            *known.problems.entry("bound".to_owned()).or_default() += 1;
        }
        Ok(known)
    }
}

/// An object, asked for range by range as far as it is read.
struct Ranges<'c> {
    client: &'c mut Client,
    object: &'c Object,
    most: u64,
    asked: u64,
    here: Vec<u8>,
    at: usize,
    failed: Option<Refusal>,
}

impl Read for Ranges<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.here.len() {
            if self.asked >= self.most || self.failed.is_some() {
                return Ok(0);
            }
            let end = (self.asked + RANGE).min(self.most);
            match self.client.range(&self.object.name, &self.object.tag, self.asked..end) {
                Ok(bytes) if bytes.is_empty() => return Ok(0),
                Ok(bytes) => (self.here, self.at) = (bytes, 0),
                Err(refusal) => {
                    let error = io::Error::other(refusal.reason.clone());
                    self.failed = Some(refusal);
                    return Err(error);
                }
            }
            self.asked += self.here.len() as u64;
        }
        let here = self.here.get(self.at..).unwrap_or_default();
        let read = here.len().min(buffer.len());
        buffer.iter_mut().zip(here).for_each(|(slot, byte)| *slot = *byte);
        self.at += read;
        Ok(read)
    }
}

fn unread(refusal: &Refusal) -> Unread {
    Unread::Gap(Gap::new(match (refusal.status, refusal.code.as_str()) {
        (404, _) => "an object went while it was read",
        (412, _) => "an object was changed while it was read",
        (_, "InvalidObjectState") => "an object is archived: it would have to be restored to be read",
        (403, _) => "our credential may not read an object",
        (400, "UnaskableName") => "an object's name holds `.` or `..` as a folder: no address leads to it",
        (400, _) => "an object is encrypted with a key that we do not have, or was refused",
        (0, _) => return Unread::Lost(refusal.reason.clone()),
        _ => "an object was not answered",
    }))
}
