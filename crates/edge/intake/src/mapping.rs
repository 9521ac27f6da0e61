//! What the sources' mappings share: times, ids, addresses and persons, each with one meaning for all of them.

use crate::json::{self, Clock};
use crate::names;
use crate::parse::shorten;
use crate::source::{RawRecord, Refusal};
use firebreak_model::{Json, Keys, NodeKey, Text, Time};
use sha2::{Digest, Sha256};
use sonic_rs::{JsonContainerTrait, Object};
use std::net::IpAddr;

/// An id shorter than this is not taken to be unique: no platform numbers its records so, samples do.
const ID_LENGTH_MIN: usize = 12;

impl RawRecord<'_> {
    /// The id under which an event is known: the source's own, made unique with a digest of the record where it is too
    /// short to be, or that digest alone.
    pub(crate) fn native_id(&self, given: Option<&str>) -> Text {
        match given {
            Some(id) if id.len() >= ID_LENGTH_MIN => Text::new(id),
            Some(id) if !id.is_empty() => Text::from(format!("{id}/{}", self.digest())),
            _ => Text::from(self.digest()),
        }
    }

    /// 32 hexadecimal digits of SHA-256 over the record.
    pub(crate) fn digest(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        hex::encode(digest.get(..16).unwrap_or_default())
    }

    /// When it happened: the first of `paths` that holds a time, then the time that a log pipeline noted (`p_event_time`),
    /// then the time of receipt where the operator allows that.
    pub(crate) fn time(&self, paths: &[&[&str]]) -> Result<Time, Refusal> {
        let mut unreadable = None;
        for path in paths.iter().chain(&[&["p_event_time"][..]]) {
            match json::clock(self.json, path) {
                Clock::At(time) => return Ok(time),
                Clock::Unreadable(text) => unreadable = unreadable.or(Some(text)),
                Clock::Absent => {}
            }
        }
        self.received.ok_or_else(|| no_time(unreadable))
    }

    /// The same where the value that should be the time was found already, whose name is `name`.
    pub(crate) fn time_in(&self, value: Option<&Json>, name: &str) -> Result<Time, Refusal> {
        match value.map(json::clock_of) {
            Some(Clock::At(time)) => Ok(time),
            _ => self.time(&[&[name]]),
        }
    }

    /// The part of the input's path that follows the folder `folder`.
    pub(crate) fn below(&self, folder: &str) -> Option<&str> {
        let mut rest = self.input;
        while let Some(at) = rest.find(folder) {
            let (before, after) = (rest.get(..at)?, rest.get(at + folder.len()..)?);
            if (before.is_empty() || before.ends_with('/')) && after.starts_with('/') {
                return after.get(1..);
            }
            rest = after;
        }
        None
    }
}

/// The refusal of a record without a time.
pub(crate) fn no_time(unreadable: Option<&str>) -> Refusal {
    let hint = "set `missing_time = \"received\"` to give such records the time of reading";
    match unreadable {
        Some(text) => Refusal::new(format!("no time: `{}` is not one", shorten(text)), hint),
        None => Refusal::new("no time", hint),
    }
}

/// Fills in the address: as an address where it is one, else as it is written.
pub(crate) fn set_address(keys: &mut Keys, written: Option<&str>) {
    let Some(written) = written.map(str::trim).filter(|written| !written.is_empty()) else { return };
    if let Ok(address) = written.parse::<IpAddr>() {
        keys.address = Some(address.to_canonical());
        return;
    }
    // A port after an IPv4 address, or brackets around an IPv6 one, is not part of the address.
    let bare = match written.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((bare, _)) => bare,
        None if written.matches(':').count() == 1 => written.split(':').next().unwrap_or(written),
        None => written,
    };
    match bare.parse::<IpAddr>() {
        Ok(address) => keys.address = Some(address.to_canonical()),
        Err(_) => keys.address_text = Some(names::text(&[written])),
    }
}

/// `identity:person/<e-mail>` where the text is an e-mail address.
pub(crate) fn person(text: Option<&str>) -> Option<NodeKey> {
    let text = text.filter(|text| is_email(text))?;
    let capitals = text.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if capitals { names::identity("person", &text.to_ascii_lowercase()) } else { names::identity("person", text) })
}

/// `resource:network/<host>`: a name as DNS compares them (small letters, without the root's dot), or an address; without a
/// port. `None` for what is neither.
pub(crate) fn host(text: Option<&str>) -> Option<NodeKey> {
    let text = text.map(str::trim).filter(|text| !text.is_empty() && *text != "-")?;
    let bare = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or(text),
        None => text,
    };
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(names::resource("network", &address.to_canonical().to_string()));
    }
    let name = bare.strip_suffix('.').unwrap_or(bare);
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*') || !byte.is_ascii();
    let is_name = !name.is_empty() && name.len() <= 253 && name.bytes().all(byte);
    is_name.then(|| names::resource("network", &name.to_ascii_lowercase()))
}

/// Whether an address is one that the internet does not know.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let carrier = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_loopback() || address.is_link_local() || carrier
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Whether the text looks like an e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    text.split_once('@').is_some_and(|(name, host)| {
        let host_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        !name.is_empty()
            && name.bytes().all(usual)
            && host.bytes().all(host_byte)
            && host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty())
    })
}

/// The same with names that begin in lower case. Where two names become one, the values stand in an array, so that
/// neither is hidden behind the other.
pub(crate) fn lower_names(value: &Json) -> Json {
    if let Some(array) = value.as_array() {
        return array.iter().map(lower_names).collect::<Vec<Json>>().into();
    }
    let Some(object) = value.as_object() else { return value.clone() };
    let mut lowered = Object::new();
    for (name, value) in object.iter() {
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        let name: String = first.into_iter().chain(letters).collect();
        let value = lower_names(value);
        let both = lowered.get(&name).map(|other| Json::from(vec![other.clone(), value.clone()]));
        lowered.insert(&name, both.unwrap_or(value));
    }
    lowered.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_name_however_it_is_written() {
        let named = |text: &str| host(Some(text)).map(|key| key.rest().to_owned());
        for written in ["API.openai.com.", "api.openai.com:443", " api.openai.com "] {
            assert_eq!(named(written).as_deref(), Some("network/api.openai.com"), "{written}");
        }
        assert_eq!(named("[2001:db8::1]:443").as_deref(), Some("network/2001:db8::1"));
        assert_eq!(named("2001:db8::1").as_deref(), Some("network/2001:db8::1"));
        assert_eq!(named("::ffff:192.0.2.1").as_deref(), Some("network/192.0.2.1"));
        for nothing in ["", "-", ".", "a b", "x/y", "user@host"] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn two_ways_of_writing_one_name_hide_nothing() {
        let json: Json = sonic_rs::from_str(r#"{"Properties":{"Allow":true},"properties":{"allow":false}}"#).unwrap();
        let expected: Json = sonic_rs::from_str(r#"{"properties":[{"allow":true},{"allow":false}]}"#).unwrap();
        assert_eq!(lower_names(&json), expected);
    }

    #[test]
    fn an_address_that_is_none_is_kept_as_text() {
        for (written, address, text) in [
            ("203.0.113.7", Some("203.0.113.7"), None),
            ("203.0.113.7:4711", Some("203.0.113.7"), None),
            ("[2001:db8::1]:443", Some("2001:db8::1"), None),
            ("2001:db8::1", Some("2001:db8::1"), None),
            ("::ffff:203.0.113.7", Some("203.0.113.7"), None),
            ("cloudformation.amazonaws.com", None, Some("cloudformation.amazonaws.com")),
            ("075.050.255.67", None, Some("075.050.255.67")),
            ("AWS Internal", None, Some("AWS Internal")),
        ] {
            let mut keys = Keys::default();
            set_address(&mut keys, Some(written));
            assert_eq!(keys.address.map(|address| address.to_string()).as_deref(), address, "{written}");
            assert_eq!(keys.address_text.as_deref(), text, "{written}");
        }
    }

    #[test]
    fn only_mail_addresses_are_persons() {
        assert_eq!(person(Some("Alice@Example.com")).unwrap().as_str(), "identity:person/alice@example.com");
        for text in ["alice", "@example.com", "alice@", "alice@host", "a b@example.com", "alice@example.com, bob"] {
            assert_eq!(person(Some(text)), None, "{text}");
        }
    }
}
