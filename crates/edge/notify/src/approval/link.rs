//! Signed links: who may decide on which plan until when, in a text that nobody else can make.
//!
//! A link names one decision. It is for one person: whoever holds it decides in that name, so it goes only where that person
//! alone reads.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebreak_model::Time;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A key of fewer bytes is refused.
pub const KEY_BYTES_MIN: usize = 32;
/// No link holds longer than an approval would.
pub const LASTS_SECONDS_MAX: i64 = 86_400;
const TOKEN_BYTES_MAX: usize = 2_048;
/// What the signature is for: one made with the same key for something else is none.
const DOMAIN: &[u8] = b"firebreak approval link 1";

/// What a person says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may be done.
    Approve,
    /// It should not.
    Decline,
}

impl Decision {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Decision::Approve => "approve",
            Decision::Decline => "decline",
        }
    }

    fn of(word: &str) -> Option<Decision> {
        [Decision::Approve, Decision::Decline].into_iter().find(|decision| decision.word() == word)
    }
}

/// What a link says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The plan's whole id.
    pub plan: String,
    /// The e-mail address of the person.
    pub approver: String,
    /// What the link is for.
    pub decision: Decision,
    /// Until when it holds, in whole seconds.
    pub expires: Time,
}

/// Why a link is not followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum LinkError {
    /// It has not the form of one.
    #[error("this is no link of ours")]
    Malformed,
    /// It was not made with our key.
    #[error("this link was not made here, or was changed on its way")]
    Forged,
    /// It is too old.
    #[error("this link has run out\nhint: approve with `firebreak approve`, or wait for the next message")]
    Expired,
}

/// Makes and reads links.
pub struct Links {
    base: String,
    key: SecretString,
    /// For how long a link holds, in seconds.
    pub lasts_seconds: i64,
}

impl Links {
    /// Links below `base` (`https://firebreak.example.com`), signed with `key`.
    ///
    /// # Errors
    /// Where the key is too short.
    pub fn new(base: &str, key: SecretString, lasts_seconds: i64) -> Result<Links, String> {
        if key.expose_secret().len() < KEY_BYTES_MIN {
            return Err(format!(
                "the key of the links has fewer than {KEY_BYTES_MIN} bytes\nhint: make one with `openssl rand -hex 32`"
            ));
        }
        let lasts_seconds = lasts_seconds.clamp(60, LASTS_SECONDS_MAX);
        Ok(Links { base: base.trim_end_matches('/').to_owned(), key, lasts_seconds })
    }

    /// The link.
    pub fn url(&self, claim: &Claim) -> String {
        format!("{}/approve/{}", self.base, self.token(claim))
    }

    /// The part of the link that says it all.
    pub fn token(&self, claim: &Claim) -> String {
        let expires = claim.expires.seconds().to_string();
        let parts = [claim.plan.as_str(), &claim.approver, claim.decision.word(), &expires];
        let encoded: Vec<String> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
        let tag = self.mac(&parts).finalize().into_bytes();
        format!("{}.{}", encoded.join("."), URL_SAFE_NO_PAD.encode(tag))
    }

    /// What the token says, if it was made here and holds at `now`.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn read(&self, token: &str, now: Time) -> Result<Claim, LinkError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(LinkError::Malformed);
        }
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| LinkError::Malformed);
        let text = |part: &str| String::from_utf8(decoded(part)?).map_err(|_| LinkError::Malformed);
        let pieces: Vec<&str> = token.split('.').collect();
        let [plan, approver, decision, expires, tag] = pieces.as_slice() else { return Err(LinkError::Malformed) };
        let (plan, approver, word, seconds) = (text(plan)?, text(approver)?, text(decision)?, text(expires)?);
        // In constant time, and before anything is believed.
        self.mac(&[&plan, &approver, &word, &seconds]).verify_slice(&decoded(tag)?).map_err(|_| LinkError::Forged)?;
        let decision = Decision::of(&word).ok_or(LinkError::Malformed)?;
        let expires = Time::from_seconds(seconds.parse().map_err(|_| LinkError::Malformed)?);
        if expires <= now {
            return Err(LinkError::Expired);
        }
        Ok(Claim { plan, approver, decision, expires })
    }

    /// The name under which it is remembered that a token was used.
    pub fn digest(token: &str) -> String {
        hex::encode(Sha256::digest(token.as_bytes()))
    }

    /// Over each part with its length before it, so that no part can run into the next.
    fn mac(&self, parts: &[&str]) -> Hmac<Sha256> {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret().as_bytes())
            .unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
        for part in std::iter::once(DOMAIN).chain(parts.iter().map(|part| part.as_bytes())) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn links() -> Links {
        Links::new("https://f.example/", SecretString::from("k".repeat(32)), 3_600).unwrap()
    }

    fn claim() -> Claim {
        let expires = Time::from_seconds(2_000);
        Claim { plan: "ab".repeat(32), approver: "a@example.com".into(), decision: Decision::Approve, expires }
    }

    #[test]
    fn a_link_says_what_it_was_made_for_until_it_runs_out() {
        let token = links().token(&claim());
        assert_eq!(links().read(&token, Time::from_seconds(1_999)), Ok(claim()));
        assert_eq!(links().read(&token, Time::from_seconds(2_000)), Err(LinkError::Expired));
        assert_eq!(links().url(&claim()), format!("https://f.example/approve/{token}"));
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
    }

    #[test]
    fn another_key_another_plan_another_person_another_decision_or_a_later_end_is_a_forgery() {
        let now = Time::from_seconds(1);
        let other = Links::new("", SecretString::from("j".repeat(32)), 60).unwrap();
        assert_eq!(links().read(&other.token(&claim()), now), Err(LinkError::Forged));
        let token = links().token(&claim());
        let parts: Vec<&str> = token.split('.').collect();
        for (at, forged) in
            [(0, "cd".repeat(32)), (1, "b@example.com".into()), (2, "decline".into()), (3, "9999".into())]
        {
            let forged = URL_SAFE_NO_PAD.encode(forged);
            let mut changed = parts.clone();
            changed[at] = &forged;
            assert_eq!(links().read(&changed.join("."), now), Err(LinkError::Forged));
        }
        for none in ["", "a", "....", "a.b.c.d.e", &"a.".repeat(5_000)] {
            assert!(matches!(links().read(none, now), Err(LinkError::Malformed | LinkError::Forged)), "{none}");
        }
    }

    #[test]
    fn a_short_key_makes_no_links() {
        assert!(Links::new("", SecretString::from("k".repeat(31)), 60).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_read_as_a_link_and_every_one_comes_to_an_end(text in ".{0,400}") {
            prop_assert!(links().read(&text, Time(0)).is_err());
        }

        #[test]
        fn what_is_said_is_what_is_read(plan in ".{0,80}", approver in ".{0,80}", seconds in 1..i64::from(u32::MAX)) {
            let claim = Claim { plan, approver, decision: Decision::Decline, expires: Time::from_seconds(seconds) };
            prop_assert_eq!(links().read(&links().token(&claim), Time(0)), Ok(claim));
        }
    }
}
