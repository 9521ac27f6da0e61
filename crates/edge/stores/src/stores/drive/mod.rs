//! Google Drive as one account sees it: its own drive and the shared drives of which it is a member. Files are downloaded, documents of
//! Google's own kinds are exported.

mod access;
mod listing;

pub use access::{DriveAccess, DriveError};

use crate::calls::{Calls, Refusal, Wait};
use crate::counts::Known;
use crate::key::{Key, Mark};
use crate::ranges::{RANGE, classified_in_ranges};
use crate::scan::{Gap, OpenStore};
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use firebreak_model::NodeKey;
use firebreak_world::World;
use listing::{File, Page, listed};
use std::io;

/// Files that are asked for at the same time.
const TOGETHER: usize = 8;
/// What a document counts whose size Google does not say.
const SIZE_UNKNOWN: u64 = 64 << 10;

/// Parameters of every list of files.
const FILES: &str = "pageSize=1000&supportsAllDrives=true&includeItemsFromAllDrives=true&fields=nextPageToken,\
                     files(id,name,mimeType,size,md5Checksum,modifiedTime,trashed)";

/// What the account at `access` can read. Its own drive is `resource:google/drive/<address>`, a shared one `resource:google/drive/<id>`, as
/// the inventory calls them.
///
/// # Errors
/// If no runtime can be made for the calls.
pub fn drive(world: &World, access: DriveAccess, wait: Wait) -> io::Result<OpenStore<'static>> {
    let DriveAccess { user, base, token } = access;
    Ok(OpenStore::new(Drive { calls: Calls::new(world, token, wait)?, base, user }))
}

struct Drive {
    calls: Calls,
    base: String,
    user: String,
}

impl Store for Drive {
    type Place = File;

    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<File>, String> {
        let own = self.address()?;
        let mut parts = vec![self.part((&own, "corpora=user&q='me'%20in%20owners"), most, reader)?];
        for drive in self.shared(most, reader)? {
            let left = most.saturating_sub(parts.iter().map(|part: &Part<File>| part.pieces.len()).sum());
            parts.push(self.part((&drive, &format!("corpora=drive&driveId={drive}")), left, reader)?);
        }
        Ok(Listing { parts, gaps: Vec::new() })
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    fn read(&mut self, _: &Part<File>, pieces: &[&Piece<File>], reader: &Reader<'_>) -> Vec<Result<Known, Unread>> {
        let wanted: Vec<_> = pieces.iter().filter(|piece| !is_empty(piece)).map(|piece| self.wanted(piece)).collect();
        let mut beginnings = self.calls.all_bytes(&wanted).into_iter();
        let mut answers = Vec::new();
        for piece in pieces {
            answers.push(match is_empty(piece) {
                true => Ok(Known::default()),
                false => match beginnings.next() {
                    Some(Ok(first)) => self.look(piece, first, reader).map_err(|refusal| unread(&refusal)),
                    Some(Err(refusal)) => Err(unread(&refusal)),
                    None => Err(Unread::Gap(Gap::new("a file was not answered"))),
                },
            });
        }
        answers
    }
}

fn is_empty(piece: &Piece<File>) -> bool {
    piece.size == 0 && piece.place.export.is_none()
}

impl Drive {
    /// The account's address, which must be the one that is expected.
    fn address(&self) -> Result<String, String> {
        let url = format!("{}/drive/v3/about?fields=user(emailAddress)", self.base);
        let about = self.calls.json(&url).map_err(|refusal| refusal.reason)?;
        let address = about.pointer("/user/emailAddress").and_then(|address| address.as_str()).unwrap_or_default();
        match address.to_lowercase() {
            address if address.is_empty() => Err("it does not say whose token this is".to_owned()),
            address if self.user == "me" || self.user == address => Ok(address),
            _ => Err(format!("the token is not that of `{}`", self.user)),
        }
    }

    /// The ids of the shared drives of which the account is a member.
    fn shared(&self, most: usize, reader: &Reader<'_>) -> Result<Vec<String>, String> {
        let first = format!("{}/drive/v3/drives?pageSize=100&fields=nextPageToken,drives(id)", self.base);
        let mut drives = Vec::new();
        self.pages(&first, reader, &mut |page| {
            drives.extend(listing::drives(page));
            drives.len() <= most
        })?;
        Ok(drives)
    }

    /// One drive with its files.
    fn part(&self, (name, which): (&str, &str), most: usize, reader: &Reader<'_>) -> Result<Part<File>, String> {
        let resource = NodeKey::resource("google", &format!("drive/{name}")).to_string();
        let mut part = Part::new(resource.clone(), reader.fingerprinter.fingerprint(resource.as_bytes()));
        let first = format!("{}/drive/v3/files?{which}&{FILES}", self.base);
        self.pages(&first, reader, &mut |page| {
            let Page { files, strange } = listed(page);
            part.gaps.extend((0..strange).map(|_| Gap::new("a document is of a kind that Google does not export")));
            part.pieces.extend(files.into_iter().map(|listed| Piece {
                key: Key::of(reader.fingerprinter, listed.file.id.as_bytes()),
                size: listed.size.unwrap_or(SIZE_UNKNOWN),
                mark: Some(Mark::of(reader.fingerprinter, &listed.mark)),
                past: listed.trashed,
                place: listed.file,
            }));
            part.pieces.len() <= most
        })?;
        if part.pieces.len() > most {
            part.pieces.truncate(most);
            part.gaps.push(Gap::new("there are more files than are listed"));
        }
        Ok(part.in_order())
    }

    /// Gives `each` the pages of a list, until it has enough.
    fn pages(
        &self,
        first: &str,
        reader: &Reader<'_>,
        each: &mut dyn FnMut(&serde_json::Value) -> bool,
    ) -> Result<(), String> {
        let mut from: Option<String> = None;
        loop {
            if (reader.stop)() {
                return Err("it was stopped".to_owned());
            }
            let url = match &from {
                Some(from) => format!("{first}&pageToken={}", crate::calls::encoded(from)),
                None => first.to_owned(),
            };
            let page = self.calls.json(&url).map_err(|refusal| refusal.reason)?;
            let enough = !each(&page);
            match page.get("nextPageToken").and_then(|token| token.as_str()).filter(|token| !token.is_empty()) {
                _ if enough => return Ok(()),
                Some(next) if from.as_deref() == Some(next) => return Err("its list leads back to itself".to_owned()),
                Some(next) => from = Some(next.to_owned()),
                None => return Ok(()),
            }
        }
    }

    /// The address of a file's content, and its beginning where ranges may be asked for.
    fn wanted(&self, piece: &Piece<File>) -> (String, Option<std::ops::Range<u64>>) {
        let range = piece.place.export.is_none().then(|| 0..piece.size.min(RANGE));
        (self.url(&piece.place), range)
    }

    fn url(&self, file: &File) -> String {
        let (base, id) = (&self.base, &file.id);
        match file.export {
            Some((kind, _)) => {
                format!("{base}/drive/v3/files/{id}/export?mimeType={}", crate::calls::encoded(kind))
            }
            None => format!("{base}/drive/v3/files/{id}?alt=media&supportsAllDrives=true"),
        }
    }

    fn look(&self, piece: &Piece<File>, first: Vec<u8>, reader: &Reader<'_>) -> Result<Known, Refusal> {
        let file = &piece.place;
        let (name, size) = match file.export {
            Some((_, ending)) => (format!("{}.{ending}", file.name), first.len() as u64),
            None => (file.name.clone(), piece.size),
        };
        let url = self.url(file);
        let ask = |range| self.calls.range(&url, range);
        classified_in_ranges((&name, size), first, ask, reader)
    }
}

fn unread(refusal: &Refusal) -> Unread {
    Unread::Gap(Gap::new(match (refusal.status, refusal.code.as_str()) {
        (_, "exportSizeLimitExceeded") => "a document is larger than Google exports",
        (_, "cannotDownloadAbusiveFile") => "a file is marked as harmful by Google, and not given out",
        (_, "cannotDownloadFile" | "cannotExportFile") => "a file's owner does not let it be downloaded",
        (404, _) => "a file went while it was read",
        (401, _) => return Unread::Lost(refusal.reason.clone()),
        (403, _) => "our token may not read a file",
        (0, "Broken") => "an answer broke off, or was too long for one answer",
        (0, _) => return Unread::Lost(refusal.reason.clone()),
        _ => "a file was not answered",
    }))
}
