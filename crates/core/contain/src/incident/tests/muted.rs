//! Cases for muting: what is held back, what never is, and what becomes of it. Not a test of what a mute speaks of.

use super::*;
use crate::mute::{Mute, MuteId};

fn muted(detector: &str, about: Option<NodeKey>, hours: i64) -> Message {
    Message::Muted(Mute {
        detector: Text::new(detector),
        about,
        until: at(hours),
        by: ada(),
        at: at(10),
        because: "the migration of the warehouse".to_owned(),
    })
}

fn records(effects: &[Effect]) -> Vec<&'static str> {
    let kinds = effects.iter().filter_map(|effect| match effect {
        Effect::Record { kind, .. } => Some(*kind),
        _ => None,
    });
    kinds.collect()
}

/// A stage at hour 10 in which tripwires about `AKIA1` are muted until hour 20.
fn with_a_mute() -> Respond {
    let mut stage = informed(Mode::Act, estate::estate());
    assert_eq!(records(&stage.step(muted("tripwire", Some(key("AKIA1")), 20))), ["muted"]);
    stage
}

#[test]
fn a_muted_finding_is_put_on_record_and_does_nothing_else() {
    let mut stage = with_a_mute();
    let effects = stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    assert!(matches!(&effects[..], [Effect::Record { kind: "finding_muted", .. }]), "{effects:?}");
    assert_eq!((stage.incidents().count(), stage.held_back().count()), (0, 1));
    assert_eq!(stage.step(found(Signal::Tripwire, &key("AKIA1"), 9)), [], "read again it is said once");
    assert_eq!(executed(&stage.step(found(Signal::Tripwire, &key("AKIA2"), 9))), ["AKIA2"], "another thing counts");
}

#[test]
fn many_at_once_are_held_back_as_well() {
    let mut stage = with_a_mute();
    let storm = ["AKIA1", "AKIA2"].map(|id| finding("tripwire", Signal::Tripwire, &key(id), 9));
    let mut effects = stage.step(Message::Storm(storm.to_vec()));
    effects.extend(stage.step(Message::Next { at_most: 10 }));
    assert_eq!(executed(&effects), ["AKIA2"]);
    assert_eq!(stage.held_back().count(), 1);
}

#[test]
fn a_mute_of_a_whole_detector_holds_no_tripwire_back() {
    let mut stage = informed(Mode::Act, estate::estate());
    stage.step(muted("tripwire", None, 20));
    assert_eq!(executed(&stage.step(found(Signal::Tripwire, &key("AKIA1"), 9))), ["AKIA1"]);
    stage.step(muted("novelty", None, 20));
    stage.step(found(Signal::Novelty, &key("AKIA2"), 9));
    assert_eq!((stage.incidents().count(), stage.held_back().count()), (1, 1));
}

#[test]
fn it_runs_out_by_the_clock_and_what_it_held_back_stays_so() {
    let mut stage = with_a_mute();
    stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    assert_eq!(records(&stage.step(Message::Tick { now: at(20) })), ["mute_ended"]);
    assert_eq!((stage.mutes().count(), stage.incidents().count(), stage.held_back().count()), (0, 0, 1));
    assert_eq!(executed(&stage.step(found(Signal::Tripwire, &key("AKIA1"), 9))).len(), 0, "it is known");
    assert_eq!(executed(&stage.step(found(Signal::Tripwire, &key("AKIA1"), 19))), ["AKIA1"], "the next one counts");
}

#[test]
fn a_person_ends_it_and_what_it_held_back_counts_as_if_it_came_now() {
    let mut stage = with_a_mute();
    stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    let id = MuteId::of("tripwire", Some(&key("AKIA1")));
    let effects = stage.step(Message::Unmuted { mute: id.clone(), by: ada() });
    assert_eq!(executed(&effects), ["AKIA1"]);
    assert_eq!((stage.mutes().count(), stage.held_back().count()), (0, 0));
    assert_eq!(records(&stage.step(Message::Unmuted { mute: id, by: ada() })), ["not_unmuted"]);
}

#[test]
fn nothing_about_what_an_incident_reaches_is_held_back() {
    let mut stage = with_a_mute();
    stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    // The job reads the key: its exposure puts the key in the intruder's reach.
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert!(records(&effects).contains(&"mute_overruled"), "{:?}", records(&effects));
    assert_eq!(stage.held_back().count(), 0);
    assert_eq!(stage.incidents().map(|one| one.findings).collect::<Vec<_>>(), [1], "it belongs to the incident");
    stage.step(found(Signal::Tripwire, &key("AKIA1"), 8));
    assert_eq!(stage.held_back().count(), 0, "nor is what comes later");
}

#[test]
fn what_counted_before_a_mute_goes_on_to_count() {
    let mut stage = informed(Mode::Act, Vec::new());
    let first = finding("novelty", Signal::Novelty, &key("AKIA9"), 9);
    stage.step(Message::Finding(first.clone()));
    stage.step(muted("novelty", Some(key("AKIA9")), 20));
    stage.step(Message::Finding(Finding { event_count: 2, ..first }));
    assert_eq!(stage.held_back().count(), 0);
}

#[test]
fn neither_a_service_nor_whoever_is_in_the_intruders_reach_mutes_or_ends_a_mute() {
    let mut stage = with_a_mute();
    stage.known.held.insert(IncidentId::of("x"), BTreeSet::from([ada()]));
    assert_eq!(records(&stage.step(muted("novelty", None, 20))), ["not_muted"]);
    let id = MuteId::of("tripwire", Some(&key("AKIA1")));
    let by = NodeKey::identity("service", "cron");
    for by in [ada(), by] {
        assert_eq!(records(&stage.step(Message::Unmuted { mute: id.clone(), by })), ["not_unmuted"]);
    }
    assert_eq!(stage.mutes().count(), 1);
}

#[test]
fn a_mute_outlives_a_restart_entry_by_entry() {
    let mut stage = with_a_mute();
    stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    let entries = stage.changes().expect("plain data");
    let told = entries.iter().filter_map(|one| Some((one.kind, one.key.as_str(), one.body.as_deref()?)));
    let state = State::of(told).expect("our own");
    let mut again = Respond::restore(state, stage.gate.clone(), stage.settings.clone());
    again.step(facts_of(estate::estate()));
    assert_eq!((again.mutes().count(), again.held_back().count()), (1, 1));
    let id = MuteId::of("tripwire", Some(&key("AKIA1")));
    assert_eq!(executed(&again.step(Message::Unmuted { mute: id, by: ada() })), ["AKIA1"]);
}
