//! Mutes, command by command.

use super::Session;
use super::program::firebreak;

/// A mute is asked for, taken up, listed and ended; what would hide something is refused.
pub(crate) fn muting(session: &mut Session) {
    let root = session.directory.clone();
    let with = |arguments: &[&'static str]| [&["--config", "firebreak.toml"], arguments].concat();
    let by = ["--by", "ada@example.com", "--because", "the office moves"];
    let grave = ["mute", "kubernetes_privileged_pod_on_host", "--days", "1"];
    let ended = firebreak(&root, &with(&[&grave[..], &by].concat()));
    assert!(ended.code == 1 && ended.error.contains("trips on its own"), "{}", ended.error);
    let muted = session.both(0, &with(&[&["mute", "first_seen_network", "--days", "1"], &by[..]].concat()));
    session.json(0, &with(&["run", "--once"]));
    assert_eq!(session.both(0, &with(&["mute"]))["mutes"], 1);
    let id: &'static str = muted["id"].as_str().unwrap().to_owned().leak();
    session.both(0, &with(&["unmute", id, "--by", "ada@example.com"]));
    session.json(0, &with(&["run", "--once"]));
    assert_eq!(session.both(0, &with(&["mute"]))["mutes"], 0);
}
