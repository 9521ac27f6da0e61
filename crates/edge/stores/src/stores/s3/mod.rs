//! A bucket of any server that speaks as S3 does: objects listed page by page, read in ranges, again only where they changed.

mod client;
mod listing;
mod tag;

pub use client::{S3Access, S3Error};

use crate::calls::{Refusal, Wait};
use crate::counts::Known;
use crate::key::{Key, Mark};
use crate::ranges::{RANGE, classified_in_ranges};
use crate::scan::{Gap, OpenStore};
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use client::Client;
use firebreak_world::World;
use listing::Listed;
use std::io;
use tag::Tag;

/// Objects that are asked for at the same time.
const TOGETHER: usize = 16;

/// The objects of the bucket at `access` that begin with its prefix.
///
/// # Errors
/// If no runtime can be made for the calls.
pub fn s3(world: &World, access: S3Access, resource: &str, wait: Wait) -> io::Result<OpenStore<'static>> {
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
    name: Box<str>,
    tag: Tag,
}

impl Store for Bucket {
    type Place = Object;

    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<Object>, String> {
        let mut part = Part::new(self.resource.clone(), reader.fingerprinter.fingerprint(self.resource.as_bytes()));
        let mut from = None;
        loop {
            if (reader.stop)() {
                return Err("it was stopped".to_owned());
            }
            let page = self.client.page(from.as_deref()).map_err(|refusal| refusal.reason)?;
            for object in page.objects {
                part.pieces.push(Piece {
                    key: Key::of(reader.fingerprinter, object.name.as_bytes()),
                    size: object.size,
                    mark: Some(mark(&object, reader)),
                    past: false,
                    place: Object { name: object.name.into_boxed_str(), tag: Tag::of(object.tag) },
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
        let full = pieces.iter().filter(|piece| piece.size > 0);
        let wanted: Vec<(&str, String)> = full.map(|piece| (&*piece.place.name, piece.place.tag.to_string())).collect();
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

/// What changes with an object.
fn mark(object: &Listed, reader: &Reader<'_>) -> Mark {
    let Listed { tag, size, modified, .. } = object;
    Mark::of(reader.fingerprinter, &format!("{tag} {size} {modified}"))
}

impl Bucket {
    fn look(&self, piece: &Piece<Object>, first: Vec<u8>, reader: &Reader<'_>) -> Result<Known, Unread> {
        let object = &piece.place;
        let name = object.name.rsplit('/').next().unwrap_or_default();
        let tag = object.tag.to_string();
        let ask = |range| self.client.range(&object.name, &tag, range);
        classified_in_ranges((name, piece.size), first, ask, reader).map_err(|refusal| unread(&refusal))
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
