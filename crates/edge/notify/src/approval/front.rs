//! What is answered to a person's browser and to Slack, as a function of the request: it waits for nothing and keeps
//! nothing.
//!
//! A `GET` only shows. A `POST` decides, once: the program remembers the decision's name with the request that it leaves for
//! the gate, in one transaction.

use crate::approval::link::{Decision, Links};
use crate::approval::page;
use crate::approval::slack::{SlackDoor, form_field, is_plan};
use firebreak_model::Time;
use firebreak_world::{Request, Response};

/// A person's word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// On which plan.
    pub plan: String,
    /// The e-mail address of the person.
    pub approver: String,
    /// What they say.
    pub decision: Decision,
    /// Names this word: it counts once.
    pub name: String,
    /// When it was given.
    pub at: Time,
    /// `link` or `slack`.
    pub by_way_of: &'static str,
}

/// What a request comes to.
#[derive(Debug)]
pub enum Reply {
    /// This is the answer.
    Answer(Response),
    /// The plan's page is to be shown with what it would do, to this person.
    Show {
        /// The plan.
        plan: String,
        /// The person.
        approver: String,
    },
    /// A person has decided; [`answered`] makes the answer once that is written down.
    Decide(Decided),
}

/// The two doors, each there only where it is configured.
#[derive(Default)]
pub struct Front {
    /// Signed links.
    pub links: Option<Links>,
    /// Slack's buttons.
    pub slack: Option<SlackDoor>,
}

/// An HTML answer.
pub fn html(status: u16, body: String) -> Response {
    let headers = page::HEADERS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response { status, headers, body: body.into_bytes() }
}

fn plain(status: u16, text: &str) -> Response {
    let headers = vec![
        ("content-type".to_owned(), "text/plain; charset=utf-8".to_owned()),
        ("cache-control".to_owned(), "no-store".to_owned()),
    ];
    Response { status, headers, body: text.as_bytes().to_vec() }
}

impl Front {
    /// What the request comes to; nothing where it is for somebody else.
    pub fn reply(&self, request: &Request, now: Time) -> Option<Reply> {
        let path = request.url.split(['?', '#']).next().unwrap_or_default();
        if path == "/slack/actions" {
            let door = self.slack.as_ref()?;
            return Some(Self::pressed(door, request, now));
        }
        let token = path.strip_prefix("/approve/")?;
        Some(Self::followed(self.links.as_ref()?, token, request, now))
    }

    fn pressed(door: &SlackDoor, request: &Request, now: Time) -> Reply {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        if request.method != "POST" {
            return Reply::Answer(plain(405, "only POST"));
        }
        let (stamp, signature) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
        match door.read(stamp, signature, &request.body, now) {
            Ok(press) => Reply::Decide(Decided {
                plan: press.plan,
                approver: press.approver,
                decision: press.decision,
                name: press.name,
                at: now,
                by_way_of: "slack",
            }),
            Err(error) => Reply::Answer(plain(401, &error.to_string())),
        }
    }

    fn followed(links: &Links, token: &str, request: &Request, now: Time) -> Reply {
        let claim = match links.read(token, now) {
            Ok(claim) if is_plan(&claim.plan) => claim,
            Ok(_) => return Reply::Answer(html(403, page::sentence("This link is not followed", "it names no plan"))),
            Err(error) => {
                return Reply::Answer(html(403, page::sentence("This link is not followed", &error.to_string())));
            }
        };
        match request.method.as_str() {
            // A look changes nothing, whoever looks: mail scanners follow links.
            "GET" | "HEAD" => Reply::Show { plan: claim.plan, approver: claim.approver },
            "POST" => {
                let text = String::from_utf8_lossy(&request.body);
                let decision = match form_field(&text, "decision").as_deref() {
                    // A link to decline cannot approve.
                    Some("approve") if claim.decision == Decision::Approve => Decision::Approve,
                    Some("decline") => Decision::Decline,
                    _ => {
                        return Reply::Answer(html(
                            400,
                            page::sentence("Nothing was decided", "the form says neither yes nor no"),
                        ));
                    }
                };
                let (plan, approver, name) = (claim.plan, claim.approver, format!("link/{}", Links::digest(token)));
                Reply::Decide(Decided { plan, approver, decision, name, at: now, by_way_of: "link" })
            }
            _ => Reply::Answer(plain(405, "only GET and POST")),
        }
    }
}

/// The answer to a decision, once it is written down: `taken` says whether this word was new.
pub fn answered(decided: &Decided, taken: bool) -> Response {
    let (status, title, text) = match (taken, decided.decision) {
        (true, Decision::Approve) => {
            (200, "Approved", "The gate weighs your approval now; what follows stands in the channel.")
        }
        (true, Decision::Decline) => {
            (200, "Declined", "Your answer is on record. Nothing is done by it: others may still approve.")
        }
        (false, _) => (409, "Already answered", "This was answered before. Nothing has changed."),
    };
    match decided.by_way_of {
        "slack" => plain(200, &format!("{title}. {text}")),
        _ => html(status, page::sentence(title, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::link::Claim;
    use crate::approval::slack::tests::{body, door, signed};
    use crate::notifiers::slack::APPROVE;
    use secrecy::SecretString;

    fn front() -> Front {
        let links = Links::new("https://f.example", SecretString::from("k".repeat(32)), 3_600).ok();
        Front { links, slack: Some(door()) }
    }

    fn token(decision: Decision) -> String {
        let expires = Time::from_seconds(5_000);
        let claim = Claim { plan: "ab".repeat(32), approver: "a@example.com".into(), decision, expires };
        front().links.unwrap().token(&claim)
    }

    fn ask(method: &str, token: &str, form: &str) -> Reply {
        let request = Request {
            method: method.into(),
            url: format!("/approve/{token}?x=1"),
            headers: Vec::new(),
            body: form.into(),
        };
        front().reply(&request, Time::from_seconds(10)).unwrap()
    }

    #[test]
    fn a_look_never_decides_and_a_form_does() {
        let token = token(Decision::Approve);
        for method in ["GET", "HEAD"] {
            assert!(matches!(ask(method, &token, "decision=approve"), Reply::Show { .. }));
        }
        let Reply::Decide(decided) = ask("POST", &token, "decision=approve") else { panic!() };
        assert_eq!((decided.decision, decided.approver.as_str()), (Decision::Approve, "a@example.com"));
        let Reply::Decide(again) = ask("POST", &token, "decision=decline") else { panic!() };
        assert_eq!(decided.name, again.name, "one link has one answer");
        for (method, form) in [("POST", ""), ("POST", "decision=maybe"), ("PUT", "decision=approve"), ("DELETE", "")] {
            assert!(matches!(ask(method, &token, form), Reply::Answer(answer) if answer.status >= 400));
        }
        let decline = self::token(Decision::Decline);
        assert!(matches!(ask("POST", &decline, "decision=approve"), Reply::Answer(answer) if answer.status == 400));
        assert!(matches!(ask("POST", "forged", "decision=approve"), Reply::Answer(answer) if answer.status == 403));
    }

    #[test]
    fn a_door_that_is_not_configured_is_not_there() {
        let request = |url: &str| Request { method: "POST".into(), url: url.into(), ..Request::default() };
        let closed = Front::default();
        for url in ["/approve/x", "/slack/actions"] {
            assert!(closed.reply(&request(url), Time(0)).is_none());
            assert!(front().reply(&request(url), Time(0)).is_some());
        }
        assert!(front().reply(&request("/other"), Time(0)).is_none());
    }

    #[test]
    fn slack_is_believed_only_with_its_signature() {
        let (door, form) = (door(), body("U1", "T1", APPROVE, &"ab".repeat(32)));
        let mut request = Request {
            method: "POST".into(),
            url: "/slack/actions".into(),
            headers: Vec::new(),
            body: form.clone().into(),
        };
        let now = Time::from_seconds(50);
        assert!(matches!(front().reply(&request, now), Some(Reply::Answer(answer)) if answer.status == 401));
        request.headers.push(("X-Slack-Request-Timestamp".into(), "50".into()));
        request.headers.push(("X-Slack-Signature".into(), signed(&door, 50, &form)));
        assert!(matches!(front().reply(&request, now), Some(Reply::Decide(decided)) if decided.by_way_of == "slack"));
    }
}
