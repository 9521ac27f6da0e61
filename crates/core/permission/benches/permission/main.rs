//! How fast AWS policies are decided: single decisions, with and without reasons, beside a plain evaluator that walks the
//! same JSON; and a whole account, summarised, beside what asking for each pair would take. Its last line is one JSON
//! object.
//!
//! The account is drawn from a seed: shared managed policies of many statements, inline policies of single principals,
//! boundaries, policies of two levels of an organisation, and policies on a fifth of the resources.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod account;
mod plain;

use account::Account;
use firebreak_permission::aws::{
    Answer, Context, Membership, Policies, Request, ResourcePolicy, answer, evaluate, summarise,
};
use std::time::Instant;

const PRINCIPALS: usize = 5_000;
const RESOURCES: usize = 10_000;
const QUESTIONS: usize = 40_000;

/// What single decisions cost, in decisions a second.
struct Rates {
    answers: f64,
    reasons: f64,
    bare: f64,
    plain: f64,
    yes: usize,
    may: usize,
}

fn main() {
    let account = Account::draw(PRINCIPALS, RESOURCES);
    let context = Context::direct();
    println!("account: {} principals, {} resources, {} actions", PRINCIPALS, RESOURCES, account.actions.len());
    println!("         {} policies, {} statements", account.policies(), account.statements());
    let rates = decisions(&account, &context);
    println!("single decisions a second, one thread, every kind of policy:");
    println!("  answer                {:>12.0}", rates.answers);
    println!("  answer with reasons   {:>12.0}", rates.reasons);
    println!("  without resource policies {:>8.0}; a plain walk of the same JSON {:.0}", rates.bare, rates.plain);
    println!("  of {QUESTIONS} questions {} yes, {} may", rates.yes, rates.may);

    let before = resident_mib("VmRSS:");
    let started = Instant::now();
    let summary = summarise(&account.estate(&context));
    let seconds = started.elapsed().as_secs_f64();
    let (after, peak) = (resident_mib("VmRSS:"), resident_mib("VmHWM:"));
    let pairs = PRINCIPALS as f64 * RESOURCES as f64 * account.actions.len() as f64;
    let rows: usize = summary.groups.iter().map(|group| group.rows.len()).sum();
    let checked = agree(&account, &context, &summary);
    println!("the whole account: {seconds:.2} s, {:.0} MiB more, peak {peak:.0} MiB", after - before);
    println!("  {} groups, {rows} rows, {} sets of resources", summary.groups.len(), summary.resource_sets.len());
    println!("  asking for each of {pairs:.1e} triples would take {:.0} s", pairs / rates.answers);
    println!("  {checked} triples asked again by single decisions: all the same");
    let object = serde_json::json!({
        "decisions_per_second": rates.answers.round(),
        "decisions_with_reasons_per_second": rates.reasons.round(),
        "ratio_to_plain": rates.bare / rates.plain,
        "account_seconds": seconds,
        "account_mib": after - before,
        "peak_mib": peak,
        "groups": summary.groups.len(),
        "rows": rows,
        "each_pair_seconds": pairs / rates.answers,
        "checked": checked,
    });
    println!("{object}");
}

/// How many a second, by the best of three rounds.
fn rate(count: usize, mut round: impl FnMut() -> usize) -> (f64, usize) {
    let mut best = f64::INFINITY;
    let mut result = 0;
    for _ in 0..3 {
        let started = Instant::now();
        result = round();
        best = best.min(started.elapsed().as_secs_f64());
    }
    (count as f64 / best, result)
}

fn decisions(account: &Account, context: &Context) -> Rates {
    let questions = account.questions(QUESTIONS);
    let count = |wanted: Answer, bare: bool| {
        let one = |(who, action, what): &(usize, usize, usize)| {
            let (request, policies) = ask(account, context, *who, *action, *what, bare);
            answer(&request, &policies) == wanted
        };
        questions.iter().filter(|question| one(question)).count()
    };
    let (answers, yes) = rate(QUESTIONS, || count(Answer::Yes, false));
    let may = count(Answer::May, false);
    let (bare, bare_yes) = rate(QUESTIONS, || count(Answer::Yes, true));
    let (reasons, _) = rate(QUESTIONS, || {
        let one = |(who, action, what): &(usize, usize, usize)| {
            let (request, policies) = ask(account, context, *who, *action, *what, false);
            evaluate(&request, &policies).because.len()
        };
        questions.iter().map(one).sum()
    });
    let plainly = questions.get(..QUESTIONS / 10).unwrap_or_default();
    let (plain, _) = rate(plainly.len(), || {
        plainly.iter().filter(|(who, action, what)| plain::answer(account, *who, *action, *what) == Answer::Yes).count()
    });
    for (who, action, what) in plainly {
        let (request, policies) = ask(account, context, *who, *action, *what, true);
        assert_eq!(plain::answer(account, *who, *action, *what), answer(&request, &policies), "{request:?}");
    }
    assert!(bare_yes > 0 && yes > 0);
    Rates { answers, reasons, bare, plain, yes, may }
}

/// A question with the policies that have a say; `bare`: without those of resources.
fn ask<'a>(
    account: &'a Account,
    context: &'a Context,
    who: usize,
    action: usize,
    what: usize,
    bare: bool,
) -> (Request<'a>, Policies<'a>) {
    let holder = &account.holders[who];
    let held = &account.held[what];
    let policies = Policies {
        identity: &holder.identity,
        boundary: holder.boundary.as_deref(),
        session: None,
        resource: held.policy.as_ref().filter(|_| !bare).map_or(ResourcePolicy::Absent, ResourcePolicy::Given),
        grants: &[],
        principal_in: account.organization.membership(account::OWN),
        resource_in: Membership::Standalone,
    };
    let (principal, resource) = (&holder.principal, &held.resource);
    (Request { principal, action: &account.lower[action], resource, context }, policies)
}

/// Asks some triples again, one by one.
fn agree(account: &Account, context: &Context, summary: &firebreak_permission::aws::Summary) -> usize {
    let questions = account.questions(5_000);
    for (who, action, what) in &questions {
        let (request, policies) = ask(account, context, *who, *action, *what, false);
        let summed = summary.answer(*who as u32, *action as u32, *what as u32);
        assert_eq!(summed, answer(&request, &policies), "{request:?}");
    }
    questions.len()
}

fn resident_mib(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}
