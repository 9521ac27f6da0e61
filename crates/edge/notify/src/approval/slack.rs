//! The press of a button in Slack: signed by Slack with the App's signing secret (`v0`), young, and by a person whom the
//! operator's table knows.

use crate::approval::link::Decision;
use crate::notifiers::slack::{APPROVE, DECLINE};
use firebreak_model::Time;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use thiserror::Error;

/// Older or younger than this by our clock, and a request may be one that was sent before.
pub const WINDOW_SECONDS: i64 = 300;
const BODY_BYTES_MAX: usize = 1 << 20;

/// Why a press does not count.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SlackError {
    /// Slack did not sign it.
    #[error("it is not signed by our Slack App")]
    Forged,
    /// It is too old or from the future.
    #[error("its time is too far from ours")]
    Stale,
    /// It cannot be read.
    #[error("it is no press of one of our buttons")]
    Malformed,
    /// It is from another workspace.
    #[error("it is from another workspace than ours")]
    OtherTeam,
    /// Nobody said who that is.
    #[error("nobody said which person the Slack user `{0}` is\nhint: add a line to `[approvals.slack.people]`")]
    Stranger(String),
}

/// Who presses what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Press {
    /// The plan's whole id.
    pub plan: String,
    /// The e-mail address of the person.
    pub approver: String,
    /// What the button says.
    pub decision: Decision,
    /// Names this press: the same request sent again has the same.
    pub name: String,
}

/// Reads presses.
pub struct SlackDoor {
    /// The App's signing secret.
    pub secret: SecretString,
    /// Our workspace (`T…`).
    pub team: String,
    /// E-mail addresses by Slack user (`U…`).
    pub people: BTreeMap<String, String>,
}

impl SlackDoor {
    /// The press in a request with the headers `x-slack-request-timestamp` and `x-slack-signature`.
    ///
    /// # Errors
    /// Why it does not count. Nothing of the body is read before the signature is found right.
    pub fn read(&self, stamp: &str, signature: &str, body: &[u8], now: Time) -> Result<Press, SlackError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(SlackError::Malformed);
        }
        let seconds: i64 = stamp.parse().map_err(|_| SlackError::Forged)?;
        if now.seconds().abs_diff(seconds) > WINDOW_SECONDS.unsigned_abs() {
            return Err(SlackError::Stale);
        }
        let given = signature.strip_prefix("v0=").and_then(unhex).ok_or(SlackError::Forged)?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).map_err(|_| SlackError::Forged)?;
        for part in [b"v0:", stamp.as_bytes(), b":", body] {
            mac.update(part);
        }
        mac.verify_slice(&given).map_err(|_| SlackError::Forged)?;
        self.press(body, signature)
    }

    fn press(&self, body: &[u8], signature: &str) -> Result<Press, SlackError> {
        let text = std::str::from_utf8(body).map_err(|_| SlackError::Malformed)?;
        let payload = form_field(text, "payload").ok_or(SlackError::Malformed)?;
        let payload: Value = serde_json::from_str(&payload).map_err(|_| SlackError::Malformed)?;
        let word = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
        if word("/type") != Some("block_actions") {
            return Err(SlackError::Malformed);
        }
        if word("/team/id") != Some(self.team.as_str()) {
            return Err(SlackError::OtherTeam);
        }
        let decision = match word("/actions/0/action_id") {
            Some(APPROVE) => Decision::Approve,
            Some(DECLINE) => Decision::Decline,
            _ => return Err(SlackError::Malformed),
        };
        let user = word("/user/id").ok_or(SlackError::Malformed)?;
        let approver = self.people.get(user).ok_or_else(|| SlackError::Stranger(user.chars().take(40).collect()))?;
        let plan = word("/actions/0/value").filter(|plan| is_plan(plan)).ok_or(SlackError::Malformed)?;
        Ok(Press { plan: plan.to_owned(), approver: approver.clone(), decision, name: format!("slack/{signature}") })
    }
}

/// Whether the text can be a plan's whole id.
pub(crate) fn is_plan(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// One field of `application/x-www-form-urlencoded`.
pub(crate) fn form_field(text: &str, name: &str) -> Option<String> {
    let found = text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let spaced = found.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(|text| text.into_owned())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn door() -> SlackDoor {
        let people = BTreeMap::from([("U1".to_owned(), "a@example.com".to_owned())]);
        SlackDoor { secret: SecretString::from("8f742231b10e8888abcd99yyyzzz85a5"), team: "T1".into(), people }
    }

    pub(crate) fn signed(door: &SlackDoor, seconds: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(door.secret.expose_secret().as_bytes()).unwrap();
        mac.update(format!("v0:{seconds}:{body}").as_bytes());
        let hex: String = hex::encode(mac.finalize().into_bytes());
        format!("v0={hex}")
    }

    pub(crate) fn body(user: &str, team: &str, action: &str, plan: &str) -> String {
        let payload = serde_json::json!({
            "type": "block_actions", "team": {"id": team}, "user": {"id": user},
            "actions": [{"action_id": action, "value": plan}],
        });
        let payload =
            percent_encoding::utf8_percent_encode(&payload.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string();
        format!("payload={payload}")
    }

    #[test]
    fn the_signature_is_the_one_that_slack_documents() {
        // The example of Slack's own page on verifying requests.
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=\
                    https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=\
                    398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let read = door().read("1531420618", signature, body.as_bytes(), Time::from_seconds(1_531_420_700));
        // The signature is right: what is wrong comes after it.
        assert_eq!(read, Err(SlackError::Malformed));
        let changed = door().read("1531420618", signature, b"token=x", Time::from_seconds(1_531_420_700));
        assert_eq!(changed, Err(SlackError::Forged));
    }

    #[test]
    fn a_press_counts_once_signed_young_and_by_someone_known() {
        let (door, now, plan) = (door(), Time::from_seconds(1_000), "ab".repeat(32));
        let read =
            |stamp: i64, body: &str| door.read(&stamp.to_string(), &signed(&door, stamp, body), body.as_bytes(), now);
        let good = body("U1", "T1", APPROVE, &plan);
        let press = read(1_000, &good).unwrap();
        assert_eq!(
            (press.plan.as_str(), press.approver.as_str(), press.decision),
            (plan.as_str(), "a@example.com", Decision::Approve)
        );
        assert_eq!(read(1_000, &good).unwrap().name, press.name, "sent again it has the same name");
        assert_eq!(read(699, &good), Err(SlackError::Stale));
        assert_eq!(read(1_301, &good), Err(SlackError::Stale));
        assert_eq!(read(1_000, &body("U2", "T1", APPROVE, &plan)), Err(SlackError::Stranger("U2".into())));
        assert_eq!(read(1_000, &body("U1", "T2", APPROVE, &plan)), Err(SlackError::OtherTeam));
        assert_eq!(read(1_000, &body("U1", "T1", "other", &plan)), Err(SlackError::Malformed));
        assert_eq!(read(1_000, &body("U1", "T1", DECLINE, "abc")), Err(SlackError::Malformed));
        for (stamp, signature) in [("", ""), ("1000", "v0="), ("1000", "v0=zz"), ("1000", "v0=é"), ("x", "v0=00")] {
            assert_eq!(
                door.read(stamp, signature, good.as_bytes(), now),
                Err(SlackError::Forged),
                "{stamp} {signature}"
            );
        }
    }
}
