//! Many findings in one instant: urgent first, nothing lost, and the same in the end as one after the other.

use super::*;

/// How many accounts a storm is about.
const ACCOUNTS: u64 = 40;

fn account(number: u64) -> NodeKey {
    key(&format!("AKIA{number:02}"))
}

/// Records behind an account: the later ones have more, one way or the other.
fn records(number: u64) -> u64 {
    number * 7 % ACCOUNTS * 100
}

/// Accounts, each with a user, a key that can be cut, and a bucket of its own.
fn estate_of_accounts() -> Vec<Fact> {
    let of = |number: u64| {
        let (credential, owner, store) = (account(number), user(&format!("u{number}")), bucket(&format!("b{number}")));
        let cut = option("aws_access_key/deactivate", &credential, 20, Reversibility::Reversible);
        let (authenticates, may_act) = (firebreak_model::EdgeKind::Authenticates, firebreak_model::EdgeKind::MayAct);
        [
            node(&credential, vec![cut]),
            edge(authenticates, &credential, &owner),
            edge(may_act, &owner, &store),
            estate::jewel(&store),
            estate::holds(&store, "interviews", records(number)),
        ]
    };
    (0..ACCOUNTS).flat_map(of).collect()
}

fn deed(number: u64) -> Finding {
    finding("tripwire", Signal::Tripwire, &account(number), 9)
}

#[test]
fn of_many_at_once_those_have_their_turn_first_behind_which_most_could_be_lost() {
    let mut stage = informed(Mode::Act, estate_of_accounts());
    let gathered = stage.step(Message::Storm((0..ACCOUNTS).map(deed).collect()));
    assert_eq!((executed(&gathered).len(), stage.waiting()), (0, ACCOUNTS as usize));
    let opened = gathered.iter().filter(|effect| matches!(effect, Effect::OpenIncident(_))).count();
    assert_eq!(opened, ACCOUNTS as usize);
    let mut order = Vec::new();
    while stage.waiting() > 0 {
        let before = stage.waiting();
        order.extend(executed(&stage.step(Message::Next { at_most: 3 })));
        assert_eq!(before - stage.waiting(), before.min(3), "no more and no fewer than were asked for");
    }
    let mut expected: Vec<u64> = (0..ACCOUNTS).collect();
    expected.sort_by_key(|number| std::cmp::Reverse(records(*number)));
    let expected: Vec<String> = expected.into_iter().map(|number| account(number).name().to_owned()).collect();
    assert_eq!(order, expected);
    assert_eq!(executed(&stage.step(Message::Next { at_most: 100 })).len(), 0, "nothing is cut twice");
}

#[test]
fn a_storm_ends_where_one_finding_after_the_other_ends() {
    let (mut together, mut apart) =
        (informed(Mode::Act, estate_of_accounts()), informed(Mode::Act, estate_of_accounts()));
    // Two findings about one account are one incident, reviewed once.
    let deeds: Vec<Finding> = (0..ACCOUNTS)
        .map(deed)
        .chain([finding("other", Signal::Tripwire, &account(3), 10)])
        .chain([finding("weak", Signal::Watch, &account(4), 10)])
        .collect();
    let mut cuts = executed(&together.step(Message::Storm(deeds.clone())));
    cuts.extend(executed(&together.step(Message::Next { at_most: usize::MAX })));
    let mut others: Vec<String> =
        deeds.into_iter().flat_map(|deed| executed(&apart.step(Message::Finding(deed)))).collect();
    cuts.sort();
    others.sort();
    assert_eq!(cuts, others);
    let shown = |stage: &Respond| {
        let show = |view: IncidentView| (view.id, view.status, view.findings, view.crown_jewels, view.reachable);
        stage.incidents().map(show).collect::<Vec<_>>()
    };
    assert_eq!(shown(&together), shown(&apart));
}

#[test]
fn what_waits_is_planned_by_whatever_reviews_it_and_not_again() {
    let mut stage = informed(Mode::Act, estate_of_accounts());
    stage.step(Message::Storm((0..3).map(deed).collect()));
    // The estate is told anew: all incidents are reviewed, and nothing waits any longer.
    let told = executed(&stage.step(facts_of(estate_of_accounts())));
    assert_eq!((told.len(), stage.waiting()), (3, 0));
    assert_eq!(executed(&stage.step(Message::Next { at_most: 9 })).len(), 0);
}
