//! Changes on a quiet day, command by command.

use super::Session;
use super::program::firebreak;
use serde_json::Value;
use std::fs;

/// What people ask to have changed on a quiet day. Steps are only rehearsed, so nothing ever stands that could be released.
pub(crate) fn changing(session: &mut Session) {
    let text = "data = \"governed\"\n[[source]]\nname = \"github_audit\"\npaths = [\"governed/logs\"]\n\
                [inventory]\npaths = [\"sand/inventory\"]\n[contain]\npolicy = \"ask\"\n";
    fs::write(session.directory.join("governed.toml"), text).unwrap();
    let runs = |session: &Session| {
        let said = firebreak(&session.directory, &["--config", "governed.toml", "run", "--once"]);
        assert_eq!(said.code, 0, "{}", said.error);
    };
    runs(session);
    let with = |arguments: &[&'static str]| [&["--config", "governed.toml"][..], arguments].concat();
    let app = "identity:github/meridian-secret-scan[bot]";
    let by = ["--by", "ada@example.com"];
    let asked = session.both(0, &[&with(&["apps", "quarantine", app])[..], &by].concat());
    assert_eq!((&asked["purpose"], &asked["subject"]), (&Value::from("quarantine"), &Value::from(app)), "{asked}");
    let item = "dormant_identity identity:github/somebody-else";
    let answer = with(&["access", "answer", item, "--ask-owner", "--because", "year end"]);
    assert_eq!(session.both(0, &[&answer[..], &by].concat())["word"], "ask_owner");
    runs(session);
    let changes = session.both(3, &with(&["access", "changes"]));
    assert_eq!(
        (&changes["changes"], &changes["waiting"]),
        (&Value::from(1), &Value::from(1)),
        "asked twice: {changes}"
    );
    let due = session.json(3, &["access", "review", "--inventory", "sand/inventory", "--logs", "sand/logs"]);
    assert!(due["due"].as_u64() > Some(0), "{due}");
    let bucket = "resource:aws/arn:aws:s3:::meridian-careers-assets";
    let share = session.both(0, &["data", "unshare", bucket, "--inventory", "sand/inventory"]);
    assert!(share["loses"].as_u64() > Some(0), "{share}");
}
