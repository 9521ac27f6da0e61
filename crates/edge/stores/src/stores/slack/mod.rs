//! A Slack workspace as one token sees it: messages of conversations with their threads, in stretches of 30 days, and files.

mod access;
mod listing;
mod messages;

pub use access::{SlackAccess, SlackError};

use crate::calls::{Calls, Refusal, Wait};
use crate::counts::Known;
use crate::key::{Key, Mark};
use crate::ranges::{RANGE, classified_in_ranges};
use crate::scan::{Gap, OpenStore};
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use crate::tally::classified;
use firebreak_model::NodeKey;
use firebreak_world::World;
use listing::{Conversation, File};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;

/// Seconds of a stretch of messages.
const STRETCH: i64 = 30 * 86_400;
/// What a stretch counts before it was read.
const STRETCH_BYTES: u64 = 64 << 10;
/// Bytes of text of one stretch that are read.
const TEXT_BYTES: usize = 64 << 20;
/// Files that are asked for in one page.
const FILES: usize = 200;

/// The workspace at `access`. A channel is `resource:slack/<channel>`, direct messages together are `resource:slack/messages/<workspace>`, files
/// in no conversation are the workspace's, as the inventory calls them.
///
/// # Errors
/// If no runtime can be made for the calls.
pub fn slack(world: &World, access: SlackAccess, wait: Wait) -> io::Result<OpenStore<'static>> {
    let now = world.clock.now().0 / 1_000_000;
    let SlackAccess { team, base, files, token } = access;
    Ok(OpenStore::new(Workspace { calls: Calls::new(world, token, wait)?, base, files, team, now }))
}

struct Workspace {
    calls: Calls,
    base: String,
    files: String,
    team: String,
    /// Seconds.
    now: i64,
}

/// Where a piece is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    /// Messages of a conversation from a second on, for a stretch.
    Messages { conversation: String, from: i64 },
    /// A file.
    File(File),
}

impl Store for Workspace {
    type Place = Place;

    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<Place>, String> {
        let who = self.calls.form(&self.method("auth.test"), &[]).map_err(|refusal| refusal.reason)?;
        if who.get("team_id").and_then(Value::as_str) != Some(self.team.as_str()) {
            return Err(format!("the token is not of the workspace `{}`", self.team));
        }
        let mut parts: BTreeMap<String, Part<Place>> = BTreeMap::new();
        let mut left = most;
        for conversation in self.conversations(most, reader)? {
            let resource = self.resource(Some(&conversation.id), conversation.direct);
            let part = parts.entry(resource).or_insert_with_key(|resource| part(resource, reader));
            let stretches = self.stretches(&conversation, reader);
            if stretches.len() > left {
                part.gaps.push(Gap::new("there are more stretches than are listed"));
            }
            let before = part.pieces.len();
            part.pieces.extend(stretches.into_iter().take(left));
            left -= part.pieces.len() - before;
        }
        let (files, elsewhere) = self.shared_files(left, reader)?;
        for file in files {
            let resource = self.resource(file.conversation.as_deref(), file.direct);
            let part = parts.entry(resource).or_insert_with_key(|resource| part(resource, reader));
            part.pieces.push(Piece {
                key: Key::of(reader.fingerprinter, format!("file {}", file.id).as_bytes()),
                size: file.size,
                mark: Some(Mark::of(reader.fingerprinter, &file.mark)),
                past: false,
                place: Place::File(file),
            });
        }
        let gap = (elsewhere > 0)
            .then(|| Gap { what: "a file is kept elsewhere or not given out".to_owned(), count: elsewhere });
        Ok(Listing { parts: parts.into_values().map(Part::in_order).collect(), gaps: gap.into_iter().collect() })
    }

    fn read(&mut self, _: &Part<Place>, pieces: &[&Piece<Place>], reader: &Reader<'_>) -> Vec<Result<Known, Unread>> {
        let look = |piece: &&Piece<Place>| match &piece.place {
            Place::Messages { conversation, from } => self.messages(conversation, *from, reader),
            Place::File(file) => self.file(file, reader),
        };
        pieces.iter().map(|piece| look(piece).map_err(|refusal| unread(&refusal))).collect()
    }
}

fn part(resource: &str, reader: &Reader<'_>) -> Part<Place> {
    Part::new(resource.to_owned(), reader.fingerprinter.fingerprint(resource.as_bytes()))
}

impl Workspace {
    fn method(&self, name: &str) -> String {
        format!("{}/api/{name}", self.base)
    }

    fn resource(&self, conversation: Option<&str>, direct: bool) -> String {
        let name = match conversation {
            Some(_) if direct => format!("messages/{}", self.team),
            Some(conversation) => conversation.to_owned(),
            None => self.team.clone(),
        };
        NodeKey::resource("slack", &name).to_string()
    }

    fn conversations(&self, most: usize, reader: &Reader<'_>) -> Result<Vec<Conversation>, String> {
        let fields = [("limit", "200"), ("types", "public_channel,private_channel,mpim,im")];
        let mut all = Vec::new();
        let enough = |all: &Vec<Conversation>| all.len() > most || (reader.stop)();
        self.pages("conversations.list", &fields, &mut |page| {
            all.extend(listing::conversations(page));
            !enough(&all)
        })
        .map_err(|refusal| refusal.reason)?;
        if (reader.stop)() { Err("it was stopped".to_owned()) } else { Ok(all) }
    }

    /// Every file that the token sees, page by page, and how many are kept elsewhere.
    fn shared_files(&self, most: usize, reader: &Reader<'_>) -> Result<(Vec<File>, u64), String> {
        let (mut all, mut elsewhere, count) = (Vec::new(), 0, FILES.to_string());
        for number in 1_usize.. {
            if (reader.stop)() {
                return Err("it was stopped".to_owned());
            }
            let fields = [("count", count.as_str()), ("page", &number.to_string())];
            let page = self.calls.form(&self.method("files.list"), &fields).map_err(|refusal| refusal.reason)?;
            let (found, lost) = listing::files(&page);
            // The number of pages is the server's word; an empty page is the end whatever it says.
            let last = page.pointer("/paging/pages").and_then(Value::as_u64).unwrap_or(0) <= number as u64;
            let empty = found.is_empty() && lost == 0;
            all.extend(found);
            elsewhere += lost;
            if all.len() > most {
                elsewhere += (all.len() - most) as u64;
                all.truncate(most);
                break;
            }
            if last || empty {
                break;
            }
        }
        Ok((all, elsewhere))
    }

    /// The stretches of a conversation since it began. One that ended more than a stretch ago is read once: answers and edits that come
    /// later than that are not seen. Younger ones are read again each time.
    fn stretches(&self, conversation: &Conversation, reader: &Reader<'_>) -> Vec<Piece<Place>> {
        let first = conversation.created.min(self.now).max(0) / STRETCH;
        let last = self.now / STRETCH;
        let stretch = |number: i64| {
            let mark = if number + 1 < last { "closed".to_owned() } else { format!("open {}", self.now) };
            Piece {
                key: Key::of(reader.fingerprinter, format!("messages {} {number}", conversation.id).as_bytes()),
                size: STRETCH_BYTES,
                mark: Some(Mark::of(reader.fingerprinter, &mark)),
                past: false,
                place: Place::Messages { conversation: conversation.id.clone(), from: number * STRETCH },
            }
        };
        (first..=last).map(stretch).collect()
    }

    /// Gives `each` the pages of a list, until it has enough.
    fn pages(
        &self,
        method: &str,
        fields: &[(&str, &str)],
        each: &mut dyn FnMut(&Value) -> bool,
    ) -> Result<(), Refusal> {
        let (url, mut cursor) = (self.method(method), String::new());
        loop {
            let mut fields = fields.to_vec();
            if !cursor.is_empty() {
                fields.push(("cursor", cursor.as_str()));
            }
            let page = self.calls.form(&url, &fields)?;
            if !each(&page) {
                return Ok(());
            }
            let next = page.pointer("/response_metadata/next_cursor").and_then(Value::as_str).unwrap_or_default();
            match next {
                "" => return Ok(()),
                next if next == cursor => return Err(Refusal::unaskable("its list leads back to itself")),
                next => cursor = next.to_owned(),
            }
        }
    }

    fn messages(&self, conversation: &str, from: i64, reader: &Reader<'_>) -> Result<Known, Refusal> {
        let (oldest, latest) = (from.to_string(), (from + STRETCH).to_string());
        let fields = [("channel", conversation), ("oldest", &oldest), ("latest", &latest), ("limit", "100")];
        let (mut text, mut threads, mut bound) = (String::new(), Vec::new(), false);
        let mut add = |page: &Value, text: &mut String| {
            messages::add_text(page, text);
            bound |= text.len() > TEXT_BYTES;
            !bound
        };
        self.pages("conversations.history", &fields, &mut |page| {
            threads.extend(messages::threads(page));
            add(page, &mut text)
        })?;
        for thread in threads {
            let fields = [("channel", conversation), ("ts", &thread), ("limit", "100")];
            self.pages("conversations.replies", &fields, &mut |page| add(page, &mut text))?;
        }
        let tallied = classified("messages.txt", &mut text.as_bytes(), reader);
        let mut known = Known::document(tallied, text.len() as u64);
        if bound {
            known.problem("bound");
        }
        Ok(known)
    }

    fn file(&self, file: &File, reader: &Reader<'_>) -> Result<Known, Refusal> {
        // The token goes to Slack's own file server and nowhere else, whatever a list says.
        let here = file.url.strip_prefix(&self.files).is_some_and(|rest| rest.starts_with('/'));
        if !here || file.size == 0 {
            return if here { Ok(Known::default()) } else { Err(Refusal::unaskable("elsewhere")) };
        }
        let first = self.calls.range(&file.url, 0..file.size.min(RANGE))?;
        let ask = |range| self.calls.range(&file.url, range);
        classified_in_ranges((&file.name, file.size), first, ask, reader)
    }
}

fn unread(refusal: &Refusal) -> Unread {
    Unread::Gap(Gap::new(match (refusal.status, refusal.code.as_str()) {
        (_, "Unaskable") => "a file or a list leads elsewhere: our token is not sent there",
        (_, "not_in_channel" | "channel_not_found") => "our token is not in a conversation",
        (_, "missing_scope") | (403, _) => "our token may not read a conversation or a file",
        (_, "thread_not_found") => "a conversation was changed while it was read",
        (301..=308, _) => "a file is not given to our token",
        (404, _) => "a file went while it was read",
        (401, _) | (_, "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive") => {
            return Unread::Lost(refusal.reason.clone());
        }
        (0, "Broken") => "an answer broke off, or was too long for one answer",
        (0, _) => return Unread::Lost(refusal.reason.clone()),
        _ => "a conversation or a file was not answered",
    }))
}
