//! Standing policies from records as the platforms write them to plans that wait, pass or are not made at all: every case of
//! every policy, and whole runs of the program.

mod program;

use firebreak::authoring::standing_case::{Came, EXPECTED, Rig, fault};
use firebreak::standing::{all, known_actions};
use firebreak_contain::StandingPolicy;
use firebreak_contain::standing_policy::{Irreversible, Mode, Standing};
use firebreak_model::Reversibility;
use firebreak_world::RealDisk;
use program::firebreak;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The entries of a folder, in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

type Files = Vec<(String, Vec<u8>)>;

/// The files below `folder`, by their names within it.
fn files(folder: &Path, within: &str) -> Files {
    let mut all = Files::new();
    for path in entries(folder) {
        let name = format!("{within}{}", path.file_name().expect("a name").to_string_lossy());
        match path.is_dir() {
            true => all.extend(files(&path, &format!("{name}/"))),
            false => all.push((name, fs::read(&path).expect("a readable case"))),
        }
    }
    all
}

fn rig() -> Rig {
    Rig::carried(&RealDisk, known_actions().into_keys().collect())
}

fn policies() -> Vec<StandingPolicy> {
    let (policies, problems) = all(&RealDisk, &[]);
    assert_eq!(problems, []);
    policies
}

fn cases(policy: &StandingPolicy) -> Vec<(String, Files)> {
    let folder = root().join("policies/standing").join(policy.id.as_str()).join("cases");
    entries(&folder).iter().map(|case| (stem(case), files(case, ""))).collect()
}

fn run(rig: &Rig, policy: &StandingPolicy, mode: Mode, files: &Files) -> Came {
    let standing = Standing { irreversible: Irreversible::Allow, ..Standing::of(policy.clone(), mode) };
    rig.run(files, vec![standing]).unwrap_or_else(|error| panic!("{}: {error:#}", policy.id))
}

#[test]
fn every_policy_asks_for_exactly_its_steps_and_the_gate_lets_them_pass_at_once() {
    let rig = rig();
    let mut faults = Vec::new();
    for policy in policies() {
        let cases = cases(&policy);
        assert!(cases.iter().any(|(name, _)| name.starts_with("quiet-")), "{}: no near miss", policy.id);
        assert!(cases.iter().any(|(name, _)| name.starts_with("fire-")), "{}: nothing fires it", policy.id);
        for (name, files) in cases {
            let came = run(&rig, &policy, Mode::On, &files);
            let why = fault(&name, &files, &came).unwrap_or_else(|error| panic!("{}/{name}: {error:#}", policy.id));
            faults.extend(why.map(|why| format!("{}/{name}: {why}", policy.id)));
            if came.approved.len() != came.planned.len() || !came.asked.is_empty() {
                faults.push(format!("{}/{name}: {:?}", policy.id, came.asked));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn off_nothing_is_proposed_and_set_to_ask_everything_waits() {
    let rig = rig();
    for policy in policies() {
        for (name, files) in cases(&policy).into_iter().filter(|(name, _)| name.starts_with("fire-")) {
            let off = run(&rig, &policy, Mode::Off, &files);
            assert!(off.planned.is_empty() && off.told.is_empty(), "{}/{name}: {off:?}", policy.id);
            let asks = run(&rig, &policy, Mode::Ask, &files);
            assert!(!asks.planned.is_empty() && asks.approved.is_empty(), "{}/{name}", policy.id);
            assert!(asks.asked.iter().all(|(_, why)| why.iter().any(|one| one.contains("set to ask"))), "{asks:?}");
        }
    }
}

/// A policy that is wrong is wrong many times before anybody looks.
#[test]
fn what_can_never_be_taken_back_waits_for_a_person_unless_the_owner_allows_it() {
    let (rig, mut waited) = (rig(), 0);
    for policy in policies() {
        for (name, files) in cases(&policy).into_iter().filter(|(name, _)| name.starts_with("fire-")) {
            let standing = Standing::of(policy.clone(), Mode::On);
            let came = rig.run(&files, vec![standing]).unwrap_or_else(|error| panic!("{}: {error:#}", policy.id));
            let permanent = |plan: &&firebreak_contain::Plan| {
                plan.steps().iter().any(|step| step.reversibility == Reversibility::Irreversible)
            };
            assert!(!came.approved.iter().any(|plan| permanent(&plan)), "{}/{name}", policy.id);
            assert_eq!(came.planned.iter().filter(permanent).count(), came.asked.len(), "{}/{name}", policy.id);
            waited += came.asked.len();
        }
    }
    assert!(waited > 3, "{waited}");
}

/// A directory with the records of a case and a configuration.
fn installation(policy: &str, case: &str, config: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a directory");
    let folder = root().join("policies/standing").join(policy).join("cases").join(case);
    let mut text = config.to_owned();
    for (name, bytes) in files(&folder, "").into_iter().filter(|(name, _)| name != EXPECTED) {
        let path = place.path().join(&name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(&path, bytes).expect("writable");
        if !name.contains('/') {
            let source = stem(Path::new(&name));
            text.push_str(&format!("[[source]]\nname = \"{source}\"\npaths = [\"{name}\"]\n"));
        }
    }
    fs::write(place.path().join("firebreak.toml"), text).expect("writable");
    place
}

const CONSENT: (&str, &str) = ("dangerous_consent", "fire-google");

#[test]
fn a_replay_shows_what_a_policy_would_ask_for_only_where_it_is_wanted() {
    let source = ["replay", "google_workspace.json", "--source", "google_workspace", "--json"];
    let with = [&["--config", "firebreak.toml"], &source[..]].concat();
    let on = installation(CONSENT.0, CONSENT.1, "[[contain.standing]]\nname = \"dangerous_consent\"\nmode = \"on\"\n");
    let said = firebreak(on.path(), &with);
    assert_eq!(said.code, 0, "{}", said.error);
    assert_eq!(said.out.matches("google_token/delete").count(), 1, "{}", said.out);
    assert!(said.out.contains("\"standing_policy\":\"dangerous_consent\""), "{}", said.out);
    let off = installation(CONSENT.0, CONSENT.1, "");
    let said = firebreak(off.path(), &with);
    assert!(said.code == 0 && !said.out.contains("google_token/delete"), "{}", said.out);
    let words = firebreak(on.path(), &with[..with.len() - 1]);
    assert!(words.out.contains("as the standing policy `dangerous_consent` says"), "{}", words.out);
}

/// The decisions in the ledger of an installation, as the simulation of `ask` tells them.
fn decided(root: &Path) -> Vec<Value> {
    let said = firebreak(root, &["--config", "firebreak.toml", "policy", "simulate", "--policy", "ask", "--json"]);
    assert_eq!(said.code, 0, "{}", said.error);
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|one: &Value| one["plan"].is_string())
        .collect()
}

fn contain(mode: &str, standing: &str) -> String {
    format!(
        "[contain]\npolicy = \"{mode}\"\nrecent_hours = 0\n[[contain.standing]]\nname = \"dangerous_consent\"\nmode = \"{standing}\"\nirreversible = \"allow\"\n"
    )
}

#[test]
fn a_run_puts_the_policys_plan_through_the_gate_and_into_the_ledger_by_its_name() {
    for (standing, was) in [("on", "approved"), ("ask", "needs_approval")] {
        let root = installation(CONSENT.0, CONSENT.1, &contain("act", standing));
        for _ in 0..2 {
            let ran = firebreak(root.path(), &["--config", "firebreak.toml", "run", "--once"]);
            assert_eq!(ran.code, 0, "{}", ran.error);
        }
        let decided = decided(root.path());
        assert_eq!(decided.len(), 1, "read twice it is decided once: {decided:?}");
        assert_eq!((&decided[0]["was"], &decided[0]["standing_policy"]), (&was.into(), &"dangerous_consent".into()));
        assert_eq!(decided[0]["would"]["answer"], "needs_approval");
    }
    let off = installation(CONSENT.0, CONSENT.1, &contain("act", "off"));
    let ran = firebreak(off.path(), &["--config", "firebreak.toml", "run", "--once"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    assert_eq!(decided(off.path()), Vec::<Value>::new());
}

/// Whoever thinks of switching a policy on asks what it would have done.
#[test]
fn what_a_policy_that_is_off_would_have_done_is_said_from_what_the_installation_kept() {
    let off = installation(CONSENT.0, CONSENT.1, &contain("act", "off"));
    let said = |arguments: &[&str]| firebreak(off.path(), &[&["--config", "firebreak.toml"], arguments].concat());
    let ran = said(&["run", "--once"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    let simulated = |policy: &str| {
        let said = said(&["policy", "simulate", "--standing", policy, "--json"]);
        assert_eq!(said.code, 0, "{}", said.error);
        said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    let would = simulated("dangerous_consent");
    assert_eq!(would.len(), 2, "{would:?}");
    assert_eq!((&would[0]["would"], &would[0]["standing_policy"]), (&"approved".into(), &"dangerous_consent".into()));
    assert_eq!(would[0]["plan"]["steps"][0]["action"]["name"], "google_token/delete");
    assert_eq!((&would[1]["findings"], &would[1]["at_once"]), (&1.into(), &1.into()));
    let other = simulated("mass_download");
    assert_eq!((other.len(), &other[0]["findings"], &other[0]["plans"]), (1, &0.into(), &0.into()));
    let asked = said(&["policy", "simulate", "--standing", "dangerous_consent", "--policy", "ask"]);
    assert!(asked.out.contains("would wait for 2 approvals"), "{}", asked.out);
    let wrong = said(&["policy", "simulate", "--standing", "dangerous_consents"]);
    assert!(wrong.code == 1 && wrong.error.contains("did you mean `dangerous_consent`?"), "{}", wrong.error);
    assert_eq!(decided(off.path()), Vec::<Value>::new(), "nothing was decided");
}

#[test]
fn a_plan_goes_out_as_a_playbook_and_comes_back_as_steps_that_a_profile_prepares() {
    let place = installation(CONSENT.0, CONSENT.1, &contain("act", "ask"));
    let said = |arguments: &[&str]| {
        let said = firebreak(place.path(), &[&["--config", "firebreak.toml"], arguments].concat());
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.error);
        said.out
    };
    said(&["run", "--once"]);
    let plan = decided(place.path())[0]["plan"].as_str().expect("an id").to_owned();
    said(&["playbook", "export", &plan, "--output", "plan.json"]);
    assert!(said(&["playbook", "check", "plan.json"]).contains("1 for responders, 0 for people"));
    said(&["playbook", "import", "plan.json", "--output", "prepared.toml"]);
    let steps = fs::read_to_string(place.path().join("prepared.toml")).expect("it is written");
    assert!(steps.contains("[[prepared]]") && steps.contains("google_token/delete"), "{steps}");

    let profile = root().join("profiles/litellm-2026-03/profile.toml");
    let text = format!("{}\n{steps}", fs::read_to_string(profile).expect("it is shipped"));
    let profile = firebreak_exposure::Profile::parse("profile.toml", &text).expect("a profile");
    let (prepared, problems) = firebreak::prepared::of_profiles(&[profile]);
    assert_eq!((prepared.values().map(Vec::len).sum::<usize>(), problems), (1, Vec::new()));

    fs::write(place.path().join("broken.json"), "{\"type\": \"playbook\"}").expect("writable");
    let broken = firebreak(place.path(), &["playbook", "import", "broken.json"]);
    assert!(broken.code == 1 && broken.error.contains("playbook check"), "{}", broken.error);
}

#[test]
fn a_run_does_not_begin_with_a_policy_that_is_not_there() {
    let wrong = contain("act", "on").replace("dangerous_consent", "dangerous_consents");
    let root = installation(CONSENT.0, CONSENT.1, &wrong);
    let ran = firebreak(root.path(), &["--config", "firebreak.toml", "run", "--once"]);
    assert!(ran.code == 1 && ran.error.contains("did you mean `dangerous_consent`?"), "{}", ran.error);
    let checked = firebreak(root.path(), &["--config", "firebreak.toml", "check"]);
    assert_eq!(checked.code, 3, "{}", checked.out);
}

#[test]
fn policy_test_knows_the_standing_policies() {
    let root = tempfile::tempdir().expect("a directory");
    let said = firebreak(root.path(), &["policy", "test", "--json"]);
    assert_eq!(said.code, 0, "{}", said.out);
    for policy in policies() {
        assert!(said.out.contains(&format!("\"standing_policy\":\"{}\"", policy.id)), "{}", policy.id);
    }
}
