//! Tests of the whole: against a plain model over random statements, orders and splits, and against hostile bytes.

use crate::{Builder, Complete, Fleet, Had, Query, Segment, Statement, Sure, Thing, Wanted, merge, merge_since};
use firebreak_model::{EnvironmentEvidence, Interval, NodeKey, Observation, ObservationKind, Text, Time};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn at(seconds: i64) -> Time {
    Time::from_seconds(seconds)
}

fn environment(number: u8) -> NodeKey {
    NodeKey::environment(if number == 0 { "ci" } else { "host" }, &format!("h{number}"))
}

fn thing(number: u8) -> Thing {
    match number {
        0..=3 => Thing::package("PyPI", "litellm", &format!("1.82.{number}")),
        4 => Thing::package("npm", "litellm", "1.82.1"),
        5 => Thing::package("PyPI", "litellm-proxy", "1.82.1"),
        6 => Thing::digest(&"ab".repeat(32)),
        _ => Thing::Host(Text::new("models.litellm.cloud")),
    }
}

fn segment(statements: &[Statement], learnt: i64) -> Vec<u8> {
    let (mut builder, mut bytes) = (Builder::new(), Vec::new());
    statements.iter().for_each(|statement| builder.add(statement));
    builder.finish(Interval { from: at(learnt), to: at(learnt) }, &mut bytes).expect("small");
    bytes
}

fn fleet(segments: &[Vec<u8>]) -> Fleet<'_> {
    Fleet::new(segments.iter().map(|bytes| Segment::open(bytes).expect("whole")).collect()).expect("whole")
}

fn query(what: &str, from: i64, to: i64) -> Query {
    Query { what: Wanted::parse(what).expect("it can be asked"), from: at(from), to: at(to) }
}

/// Moments at which environments had a thing, and who is untold and clear, second by second.
#[derive(PartialEq, Debug)]
struct Plain {
    had: BTreeMap<(String, String), BTreeSet<i64>>,
    untold: Vec<String>,
    clear: u64,
}

const LAST: i64 = 60;

/// What `who` says, second by second.
fn said(fleet: &Fleet<'_>, query: &Query) -> Plain {
    let answer = fleet.who(query).expect("whole");
    let mut had: BTreeMap<_, BTreeSet<i64>> = BTreeMap::new();
    for one in &answer.had {
        let moments = had.entry((one.environment.to_owned(), one.what().expect("a thing").to_string())).or_default();
        let (from, to) = (one.from.seconds().max(0), one.to.map_or(LAST, Time::seconds).min(LAST));
        moments.extend(from..to);
    }
    Plain { had, untold: answer.untold.iter().map(|one| (*one).to_owned()).collect(), clear: answer.clear }
}

/// The same by the definition, slowly.
fn defined(statements: &[Statement], wanted: impl Fn(&Thing) -> bool, listed: bool, from: i64, to: i64) -> Plain {
    let mut had: BTreeMap<_, BTreeSet<i64>> = BTreeMap::new();
    let mut rows: Vec<&Had> = Vec::new();
    let (mut listings, mut whole, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    for statement in statements {
        match statement {
            Statement::Had(one) => rows.push(one),
            Statement::Complete(one) => {
                whole.push(one);
                if one.lists {
                    listings.push((one.environment.clone(), one.scope.clone(), one.to));
                }
            }
            Statement::Ran { environment, run } => runs.push((environment, *run)),
        }
    }
    let covers = |row: &Had, time: Time| row.from <= time && time <= row.to.unwrap_or(row.seen.max(row.from));
    for row in rows.iter().filter(|row| wanted(&row.thing)) {
        let ecosystem = row.thing.ecosystem().map(str::to_owned);
        let ends = |(environment, scope, time): &&(NodeKey, Text, Time)| {
            let names = ecosystem.as_ref().is_some_and(|own| scope == "*" || scope == own.as_str());
            let there = rows.iter().any(|other| {
                (&other.environment, &other.thing, other.sure) == (&row.environment, &row.thing, row.sure)
                    && covers(other, *time)
            });
            *environment == row.environment && names && *time > row.seen.max(row.from) && !there
        };
        let end = row.to.or_else(|| listings.iter().filter(ends).map(|(_, _, time)| *time).min());
        let end = end.map_or(LAST, |end| end.seconds().min(LAST).max(row.from.seconds()));
        if row.from < at(to) && end > from {
            had.entry((row.environment.to_string(), row.thing.to_string()))
                .or_default()
                .extend(row.from.seconds()..end);
        }
    }
    let (mut untold, mut clear) = (BTreeSet::new(), BTreeSet::new());
    for (environment, run) in runs {
        let exposed = had.keys().any(|(own, _)| own == environment.as_str());
        let moments: Vec<i64> = (from..to).filter(|moment| run.contains(at(*moment))).collect();
        let told = |moment: &i64| {
            listed
                && whole.iter().any(|one| {
                    let speaks = ["PyPI", "*", "log"].contains(&one.scope.as_str());
                    one.environment == *environment && speaks && one.from <= at(*moment) && at(*moment) < one.to
                })
        };
        if !exposed && !moments.is_empty() {
            let name = environment.to_string();
            if moments.iter().all(told) {
                clear.insert(name)
            } else {
                untold.insert(name)
            };
        }
    }
    let clear = clear.difference(&untold).count() as u64;
    Plain { had, untold: untold.into_iter().collect(), clear }
}

fn statement() -> impl Strategy<Value = Statement> {
    let ran = (0u8..5, 1i64..50, 1i64..20).prop_map(|(number, from, length)| Statement::Ran {
        environment: environment(number),
        run: Interval::new(at(from), at(from + length)),
    });
    let had = (0u8..5, 0u8..8, 1i64..40, 0i64..15, any::<bool>(), any::<bool>(), 0u32..5).prop_map(
        |(number, what, from, length, open, locked, place)| {
            Statement::Had(Had {
                environment: environment(number),
                thing: thing(what),
                from: at(from),
                to: (!open).then_some(at(from + length + 1)),
                seen: at(from + length),
                sure: if locked { Sure::Locked } else { Sure::Seen },
                evidence: Text::new(format!("snapshot-{number}.json packages[{place}]")),
            })
        },
    );
    let complete =
        (0u8..5, 0usize..4, 1i64..50, 0i64..30, any::<bool>()).prop_map(|(number, scope, to, back, lists)| {
            Statement::Complete(Complete {
                environment: environment(number),
                scope: Text::new(["*", "PyPI", "npm", "log"][scope]),
                from: at((to - back).max(1)),
                to: at(to),
                lists: lists && scope != 3,
            })
        });
    prop_oneof![1 => ran, 3 => had, 2 => complete]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_order_and_any_split_answers_as_the_definition_does(
        statements in prop::collection::vec(statement(), 0..60),
        splits in prop::collection::vec(0usize..5, 60),
        repeated in prop::collection::vec(any::<bool>(), 60),
        window in (0i64..50, 1i64..30),
    ) {
        let mut parts: Vec<Vec<Statement>> = vec![Vec::new(); 5];
        for ((statement, split), again) in statements.iter().zip(&splits).zip(&repeated) {
            parts[*split].push(statement.clone());
            if *again {
                parts[(split + 2) % 5].insert(0, statement.clone());
            }
        }
        let whole = segment(&statements, 7);
        let split: Vec<Vec<u8>> = parts.iter().map(|part| segment(part, 7)).collect();
        let (from, to) = (window.0, window.0 + window.1);
        let litellm = |thing: &Thing| {
            matches!(thing, Thing::Package { ecosystem, name, .. } if ecosystem == "PyPI" && name == "litellm")
        };
        let digest = |thing: &Thing| matches!(thing, Thing::Digest(_));
        let asked = [(query("pypi/litellm", from, to), defined(&statements, litellm, true, from, to)),
            (query(&format!("sha256:{}", "ab".repeat(32)), from, to), defined(&statements, digest, false, from, to))];
        // Pieces, all at once, and merged step by step in another order.
        let views: Vec<Segment<'_>> = split.iter().map(|bytes| Segment::open(bytes).expect("whole")).collect();
        let (mut some, mut all) = (Vec::new(), Vec::new());
        merge(&[views[4], views[1], views[0]], &mut some).expect("whole");
        merge(&[views[3], Segment::open(&some).expect("whole"), views[2]], &mut all).expect("whole");
        prop_assert_eq!(&all, &whole, "a merge is the same bytes as one build");
        for (query, plain) in &asked {
            for set in [&[whole.clone()][..], &split, &[some.clone(), split[2].clone(), split[3].clone()]] {
                prop_assert_eq!(&said(&fleet(set), query), plain);
            }
        }
    }

    #[test]
    fn what_is_forgotten_changes_no_answer_about_what_is_kept(
        statements in prop::collection::vec(statement(), 0..60),
        splits in prop::collection::vec(0usize..3, 60),
        since in 1i64..60,
        window in (0i64..20, 1i64..30),
    ) {
        let mut parts: Vec<Vec<Statement>> = vec![Vec::new(); 3];
        statements.iter().zip(&splits).for_each(|(statement, split)| parts[*split].push(statement.clone()));
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| segment(part, 7)).collect();
        let views: Vec<Segment<'_>> = parts.iter().map(|bytes| Segment::open(bytes).expect("whole")).collect();
        let (mut kept, mut again) = (vec![Vec::new()], Vec::new());
        merge_since(&views, at(since), &mut kept[0]).expect("whole");
        merge_since(&[Segment::open(&kept[0]).expect("whole")], at(since), &mut again).expect("whole");
        prop_assert_eq!(&kept[0], &again, "what is forgotten is forgotten once");
        let (whole, kept) = (fleet(&parts), fleet(&kept).kept_since(Some(at(since))));
        let (from, to) = (since + window.0, since + window.0 + window.1);
        // A name without its ecosystem means those in which it is known.
        for what in ["pypi/litellm", "npm/litellm", "domain:models.litellm.cloud"] {
            let asked = query(what, from, to);
            prop_assert_eq!(said(&kept, &asked), said(&whole, &asked), "{}", what);
            let before = kept.who(&query(what, since - 1, to)).expect("whole");
            prop_assert_eq!((before.clear, before.forgotten), (0, Some(at(since))));
            let named = before.had.iter().map(|one| one.environment).chain(before.untold.iter().copied());
            prop_assert_eq!(named.collect::<BTreeSet<_>>().len(), kept.environments().len());
        }
        for environment in kept.environments() {
            let moments = |fleet: &Fleet<'_>| {
                let had = fleet.had_by(environment, at(from), at(to)).expect("whole");
                let mut last: BTreeMap<String, Time> = BTreeMap::new();
                for one in had {
                    let last = last.entry(one.thing.to_owned()).or_insert(Time::MIN);
                    *last = (*last).max(one.to.unwrap_or(Time::MAX));
                }
                last
            };
            prop_assert_eq!(moments(&kept), moments(&whole));
        }
    }

    #[test]
    fn what_an_environment_had_is_what_things_say_of_it(
        statements in prop::collection::vec(statement(), 1..60),
        number in 0u8..5,
    ) {
        let bytes = [segment(&statements, 7)];
        let fleet = fleet(&bytes);
        let own = environment(number).to_string();
        let mut by_thing: Vec<String> = Vec::new();
        for what in 0..8 {
            let what = match thing(what) {
                Thing::Package { ecosystem, name, version } => format!("{ecosystem}/{name}@{version}"),
                Thing::Host(host) => format!("domain:{host}"),
                other => other.to_string(),
            };
            let answer = fleet.who(&query(&what, 0, 100)).expect("whole");
            by_thing.extend(answer.had.iter().filter(|one| one.environment == own).map(|one| format!("{one:?}")));
        }
        let had = fleet.had_by(&own, at(0), at(100)).expect("whole");
        let mut by_environment: Vec<String> = had.iter().map(|one| format!("{one:?}")).collect();
        by_thing.sort();
        by_environment.sort();
        prop_assert_eq!(by_environment, by_thing);
    }

    #[test]
    fn damaged_bytes_are_an_error_or_an_answer(
        statements in prop::collection::vec(statement(), 1..40),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = segment(&statements, 7);
        let sound = bytes.clone();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        for bytes in [&bytes[..], &sound[..cut.index(sound.len())]] {
            let Ok(segment) = Segment::open(bytes) else { continue };
            let _ = merge(&[segment, Segment::open(&sound).expect("whole")], &mut Vec::new());
            let _ = merge_since(&[segment, Segment::open(&sound).expect("whole")], at(20), &mut Vec::new());
            let Ok(fleet) = Fleet::new(vec![segment]) else { continue };
            let _ = fleet.who(&query("litellm", 0, 50));
            let _ = fleet.had_by("environment:host/h1", at(0), at(50));
        }
    }
}

fn had(number: u8, version: u8, from: i64, seen: i64) -> Statement {
    Statement::Had(Had {
        environment: environment(number),
        thing: thing(version),
        from: at(from),
        to: None,
        seen: at(seen),
        sure: Sure::Seen,
        evidence: Text::new("a.json packages[3]"),
    })
}

fn listing(number: u8, to: i64) -> Statement {
    let (environment, scope) = (environment(number), Text::new("*"));
    Statement::Complete(Complete { environment, scope, from: at(1), to: at(to), lists: true })
}

fn ran(number: u8, from: i64) -> Statement {
    Statement::Ran { environment: environment(number), run: Interval::since(at(from)) }
}

#[test]
fn a_later_complete_listing_ends_what_it_lacks_whenever_it_arrives() {
    let all = [ran(1, 1), had(1, 1, 10, 20), listing(1, 20), listing(1, 40), ran(2, 1), had(2, 1, 10, 20)];
    let late = [segment(&all[..3], 5), segment(&all[3..], 3)];
    let late = fleet(&late);
    let answer = late.who(&query("litellm@1.82.1", 0, 1_000)).expect("whole");
    let ends: Vec<_> = answer.had.iter().map(|one| (one.environment, one.to)).collect();
    assert_eq!(ends, [("environment:host/h1", Some(at(40))), ("environment:host/h2", None)]);
    assert_eq!(answer.had[0].evidence(), "a.json packages[3]");
    let later = late.who(&query("litellm@1.82.1", 41, 50)).expect("whole");
    assert_eq!(later.had.iter().map(|one| one.environment).collect::<Vec<_>>(), ["environment:host/h2"]);
    assert_eq!(later.untold, ["environment:host/h1"], "nobody has looked since");
    // Before the listing of 40 was learnt, nothing had ended it.
    let before = late.as_known_at(at(4)).expect("whole");
    assert_eq!(before.environments(), ["environment:host/h1", "environment:host/h2"]);
    assert_eq!(late.as_known_at(at(2)).expect("whole").rows(), 0);
}

#[test]
fn who_was_not_looked_at_is_untold_and_never_clear() {
    let all = [ran(1, 1), ran(2, 1), listing(2, 40), ran(3, 1), listing(3, 40), had(3, 2, 5, 40), ran(4, 90)];
    let bytes = [segment(&all, 1)];
    let fleet = fleet(&bytes);
    let within = fleet.who(&query("litellm@1.82.2", 10, 40)).expect("whole");
    let had: Vec<_> = within.had.iter().map(|one| one.environment).collect();
    assert_eq!(
        (had, within.untold.as_slice(), within.clear),
        (vec!["environment:host/h3"], &["environment:host/h1"][..], 1)
    );
    let beyond = fleet.who(&query("litellm@1.82.2", 10, 41)).expect("whole");
    assert_eq!(beyond.untold, ["environment:host/h1", "environment:host/h2"], "one second that nobody saw");
    let open = fleet.who(&Query { to: Time::MAX, ..query("litellm@1.82.2", 10, 11) }).expect("whole");
    assert_eq!((open.untold, open.clear), (vec!["environment:host/h1", "environment:host/h4"], 1));
    // No listing names every digest, and none names hosts.
    let digest = fleet.who(&query(&"ab".repeat(32), 10, 40)).expect("whole");
    assert_eq!((digest.clear, digest.untold.len()), (0, 3));
}

#[test]
fn daily_snapshots_of_what_stays_are_one_row() {
    let days: Vec<Vec<u8>> =
        (1..50i64).map(|day| segment(&[ran(1, 1), had(1, 1, 1, day * 10), listing(1, day * 10)], day)).collect();
    let views: Vec<Segment<'_>> = days.iter().map(|bytes| Segment::open(bytes).expect("whole")).collect();
    let mut all = Vec::new();
    merge(&views, &mut all).expect("whole");
    let one = Segment::open(&all).expect("whole");
    assert_eq!((one.rows(), one.learnt()), (1, Interval { from: at(1), to: at(49) }));
}

#[test]
fn a_listing_of_a_host_speaks_only_for_the_time_since_something_last_changed_there() {
    let whole_from = |environment: NodeKey, since: Option<i64>| {
        let since = since.map(at);
        let what = ObservationKind::LockComplete { ecosystem: Text::new("PyPI"), since, places: Some(1) };
        let evidence = Text::new("a.json complete_ecosystems");
        let observations = vec![Observation { time: Some(at(900)), what, evidence }];
        let runs = vec![Interval::since(at(100))];
        let evidence = EnvironmentEvidence { environment, runs, observations, gaps: Vec::new() };
        crate::statements(&evidence, at(900)).into_iter().find_map(|said| match said {
            Statement::Complete(whole) => Some(whole.from),
            _ => None,
        })
    };
    let host = || NodeKey::environment("host", "mac-17");
    assert_eq!(whole_from(host(), None), Some(at(900)), "what came and went before is in no listing");
    assert_eq!(whole_from(host(), Some(500)), Some(at(500)));
    assert_eq!(whole_from(host(), Some(50)), Some(at(100)));
    assert_eq!(whole_from(NodeKey::environment("image", "app@sha256:m0"), None), Some(at(100)));
}

#[test]
fn what_had_ended_is_in_no_byte_and_nobody_is_clear_of_what_is_forgotten() {
    let old = [had(1, 2, 10, 20), listing(1, 30), ran(1, 1), had(2, 2, 10, 20), ran(2, 1)];
    let late = [listing(1, 60), had(1, 3, 50, 60)];
    let (old, late) = (segment(&old, 7), segment(&late, 8));
    let views = [Segment::open(&old).expect("whole"), Segment::open(&late).expect("whole")];
    let mut kept = vec![Vec::new()];
    merge_since(&views, at(40), &mut kept[0]).expect("whole");
    let kept = fleet(&kept).kept_since(Some(at(40)));
    // Of host 1 a listing lacked it before; of host 2 nothing says that it ended.
    let asked = kept.who(&query("litellm@1.82.2", 45, 55)).expect("whole");
    let had: Vec<&str> = asked.had.iter().map(|one| one.environment).collect();
    assert_eq!((had, asked.clear, asked.forgotten), (vec!["environment:host/h2"], 1, None));
    assert_eq!(kept.rows(), 2);
    let before = kept.who(&query("litellm@1.82.2", 35, 55)).expect("whole");
    assert_eq!((before.untold, before.clear, before.forgotten), (vec!["environment:host/h1"], 0, Some(at(40))));
    // All of it may be forgotten.
    let mut none = vec![Vec::new()];
    merge_since(&[Segment::open(&late).expect("whole")], at(100_000), &mut none[0]).expect("whole");
    assert_eq!(fleet(&none).rows(), 1, "what is there still is not forgotten, however old");
}

#[test]
fn who_was_not_looked_at_since_the_window_began_cannot_be_told() {
    let bytes = [segment(&[ran(1, 1), listing(1, 30)], 7)];
    let asked = fleet(&bytes).who(&Query { to: Time::MAX, ..query("litellm", 40, 41) }).expect("whole");
    assert_eq!((asked.untold, asked.clear), (vec!["environment:host/h1"], 0));
}
