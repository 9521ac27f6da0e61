//! Slack: messages with their threads, files, what a rescan costs, what is refused.

use crate::{Heard, Hush, NOW, Platform, gap, json, later, noting, records, resource, scan};
use firebreak_model::Time;
use firebreak_stores::stores::slack::{SlackAccess, slack};
use firebreak_stores::{Scan, ScanError, State};
use firebreak_world::Response;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const DAY: i64 = 86_400;

#[derive(Default)]
struct Slack {
    now: i64,
    /// (seconds, text) of `C1`.
    messages: Mutex<Vec<(i64, &'static str)>>,
    busy: Mutex<u32>,
}

impl Slack {
    fn answer(&self, heard: &Heard) -> Response {
        let method = heard.path.last().unwrap().as_str();
        let said = match method {
            "auth.test" => json!({"ok": true, "team_id": "T1"}),
            "conversations.list" if heard.field("cursor").is_empty() => json!({
                "ok": true, "response_metadata": {"next_cursor": "more"},
                "channels": [{"id": "C1", "created": self.now - 100 * DAY}],
            }),
            "conversations.list" => json!({"ok": true, "channels": [
                {"id": "D1", "is_im": true, "created": self.now}, {"id": "C9", "created": self.now},
            ]}),
            "conversations.history" if std::mem::take(&mut *self.busy.lock().unwrap()) > 0 => return later(3),
            "conversations.history" => self.history(heard),
            "conversations.replies" => {
                assert_eq!((heard.field("channel"), heard.field("ts")), ("C1", "7.5"));
                json!({"ok": true, "messages": [{"ts": "7.5", "text": "ask"}, {"ts": "7.6", "text": "SSN: 457-55-5462"}]})
            }
            "files.list" => json!({"ok": true, "paging": {"pages": 1}, "files": [
                {"id": "F1", "name": "a.csv", "size": 21, "mode": "hosted", "channels": ["C1"],
                 "url_private_download": "https://files.slack.com/files-pri/T1-F1/a.csv"},
                {"id": "F2", "name": "b.csv", "size": 21, "mode": "hosted", "url_private": "https://files.slack.com.evil.example/b.csv"},
                {"id": "F3", "mode": "external", "url_private": "https://docs.example/x"},
            ]}),
            _ => return self.file(heard),
        };
        json(200, said)
    }

    fn file(&self, heard: &Heard) -> Response {
        assert_eq!(heard.host(), "files.slack.com", "the token goes nowhere else");
        heard.part(b"id,ssn\n1,219-09-9123\n")
    }

    fn history(&self, heard: &Heard) -> Value {
        let bound = |name: &str| heard.field(name).parse::<i64>().unwrap();
        let (oldest, latest) = (bound("oldest"), bound("latest"));
        match heard.field("channel") {
            "C9" => json!({"ok": false, "error": "not_in_channel"}),
            "D1" => json!({"ok": true, "messages": [{"ts": "1.1", "text": "mine is 219-09-9123, SSN"}]}),
            _ => {
                let messages = self.messages.lock().unwrap();
                let within = messages.iter().filter(|(at, _)| (oldest..latest).contains(at));
                let messages: Vec<Value> = within
                    .map(|(at, text)| match *text {
                        "thread" => json!({"ts": "7.5", "text": "ask", "reply_count": 1}),
                        text => json!({"ts": format!("{at}.0"), "text": text}),
                    })
                    .collect();
                json!({"ok": true, "messages": messages})
            }
        }
    }
}

fn furnished() -> Arc<Slack> {
    let now = NOW;
    let old = vec![(now - 95 * DAY, "thread"), (now - 94 * DAY, "SSN: 219-09-9123"), (now, "hello")];
    Arc::new(Slack { now, messages: Mutex::new(old), busy: Mutex::new(1) })
}

fn scanned(platform: &Arc<Platform>, state: &mut State, waited: &Arc<Mutex<u64>>) -> Result<Scan, ScanError> {
    let access = SlackAccess::read("T1", None, "env:T", &Hush).unwrap();
    scan(slack(&platform.world(), access, noting(waited)).unwrap(), state)
}

#[test]
fn a_workspace_says_what_its_conversations_hold_and_a_rescan_reads_what_is_young() {
    let slack = furnished();
    let (shared, waited) = (Arc::clone(&slack), Arc::new(Mutex::new(0)));
    let platform = Platform::of("slack", move |heard| shared.answer(heard));
    let mut state = State::new("1");
    let first = scanned(&platform, &mut state, &waited).unwrap();
    let channel = resource(&first, "resource:slack/C1");
    // A message, an answer under another one, and a file.
    assert_eq!(records(channel, "ssn"), 3, "{channel:?}");
    assert_eq!(records(resource(&first, "resource:slack/messages/T1"), "ssn"), 1, "direct messages are one place");
    assert_eq!(gap(&resource(&first, "resource:slack/C9").gaps, "not in a conversation"), 1);
    assert_eq!(gap(&resource(&first, "resource:slack/T1").gaps, "our token is not sent there"), 1);
    assert_eq!(gap(&first.gaps, "kept elsewhere"), 1);
    assert_eq!(*waited.lock().unwrap(), 3, "what it asked for");
    let count = |asked: &[String], what: &str| asked.iter().filter(|one| one.ends_with(what)).count();
    let asked = platform.asked();
    slack.messages.lock().unwrap().push((slack.now, "SSN: 457-55-5462"));
    platform.clock.set(Time::from_seconds(NOW + 60));
    let again = scanned(&platform, &mut state, &waited).unwrap();
    assert_eq!(records(resource(&again, "resource:slack/C1"), "ssn"), 4);
    let later = platform.asked();
    assert!(count(&later, "history") < count(&asked, "history"), "{later:?}");
    assert_eq!((count(&later, "replies"), count(&later, "a.csv")), (0, 0), "what is old is read once");
    let kept = format!("{}{}", String::from_utf8(state.bytes()).unwrap(), serde_json::to_string(&again).unwrap());
    assert!(!kept.contains("457-55") && !kept.contains("a.csv"), "a value or a name was written");
}

#[test]
fn the_token_of_another_workspace_and_hostile_answers_end_in_words() {
    let listed = |answer: fn(&Heard) -> Response| {
        let platform = Platform::of("slack", answer);
        scanned(&platform, &mut State::new("1"), &Arc::default())
    };
    let other = listed(|_| json(200, json!({"ok": true, "team_id": "T2"})));
    assert!(matches!(&other, Err(ScanError::Unlisted(why)) if why.contains("not of the workspace")), "{other:?}");
    let refused = listed(|_| json(200, json!({"ok": false, "error": "invalid_auth"})));
    assert!(matches!(&refused, Err(ScanError::Unlisted(why)) if why.contains("not accepted")), "{refused:?}");
    let circle = listed(|heard| match heard.path.last().unwrap().as_str() {
        "auth.test" => json(200, json!({"ok": true, "team_id": "T1"})),
        _ => json(200, json!({"ok": true, "channels": [], "response_metadata": {"next_cursor": "again"}})),
    });
    assert!(matches!(&circle, Err(ScanError::Unlisted(why)) if why.contains("back to itself")), "{circle:?}");
    for wrong in ["", "T1/../x", "T 1"] {
        assert!(SlackAccess::read(wrong, None, "env:T", &Hush).is_err(), "{wrong}");
    }
}
