//! Things that run as a role already: what `table::RUNS` says, judged.

use super::spread::{By, Family, Gain, Targets};
use super::table::{Given, RUNS, Run};
use super::{Finder, Running, Verdict};
use std::collections::BTreeMap;

impl Finder<'_> {
    /// The roles that `asker` acts as through things that run as them.
    pub(super) fn run(&mut self, asker: usize) {
        match &self.account.running {
            Some(running) => {
                let rows: Vec<&'static Run> = RUNS.iter().collect();
                self.run_known(asker, &rows, running);
            }
            None => self.run_unknown(asker),
        }
    }

    fn run_known(&mut self, asker: usize, rows: &[&'static Run], running: &[Running]) {
        // Of several ways to one role the most certain one is told.
        let mut best: BTreeMap<usize, (Verdict, &'static Run)> = BTreeMap::new();
        for row in rows {
            if !row.steps.iter().all(|step| step.any.iter().any(|action| self.judge.could(asker, action))) {
                continue;
            }
            for thing in running.iter().filter(|thing| thing.kind == row.kind) {
                let verdict = self.steps(asker, row.steps, Some(&thing.arn)).and(&self.given(row.given));
                if !verdict.possible() {
                    continue;
                }
                for (role, doubt) in self.roles_of(row, thing) {
                    let verdict = verdict.clone().and(&doubt);
                    if best.get(&role).is_none_or(|(have, _)| verdict.better(have)) {
                        best.insert(role, (verdict, row));
                    }
                }
            }
        }
        let mut by_row: BTreeMap<&'static str, (&'static Run, BTreeMap<usize, Verdict>)> = BTreeMap::new();
        for (role, (verdict, row)) in best {
            by_row.entry(row.id).or_insert_with(|| (row, BTreeMap::new())).1.insert(role, verdict);
        }
        for (row, these) in by_row.into_values() {
            // What runs as a role runs as it whatever its trust says today.
            let all = these.keys().map(|role| (*role, Gain::becomes(*role, Verdict::certain()))).collect();
            let family = Family { name: format!("controls/{}", row.service), all };
            self.lead(asker, By { path: row.id, how: row.how }, &Verdict::certain(), Targets::These(these), &family);
        }
    }

    /// The roles that a thing may run as.
    fn roles_of(&self, row: &Run, thing: &Running) -> Vec<(usize, Verdict)> {
        let profile = row.given.contains(&Given::InstanceProfile);
        let family = self.runs_as(row.service, profile);
        let possible = family.all.iter().map(|(role, gain)| (*role, gain.verdict.clone()));
        match &thing.role {
            _ if row.chooses_role => possible.collect(),
            Some(arn) => self.judge.member(arn).map(|role| (role, Verdict::certain())).into_iter().collect(),
            None => {
                let doubt = format!("the {} runs as it", row.kind.word());
                possible.map(|(role, verdict)| (role, verdict.unless(doubt.clone()))).collect()
            }
        }
    }

    /// Nothing is known of what runs: something may run as any role that trusts the service.
    fn run_unknown(&mut self, asker: usize) {
        let mut best: BTreeMap<(&'static str, bool), (Verdict, &'static Run)> = BTreeMap::new();
        for row in RUNS {
            if !row.steps.iter().all(|step| step.any.iter().any(|action| self.judge.could(asker, action))) {
                continue;
            }
            let pattern = self.judge.filled(row.kind.form()).replace("{name}", "*");
            let verdict = self.steps(asker, row.steps, Some(&pattern)).and(&self.given(row.given));
            if !verdict.possible() {
                continue;
            }
            let word = row.kind.word();
            let doubt =
                if row.chooses_role { format!("a {word} is in use") } else { format!("some {word} runs as it") };
            let verdict = verdict.unless(doubt);
            let key = (row.service, row.given.contains(&Given::InstanceProfile));
            if best.get(&key).is_none_or(|(have, _)| verdict.better(have)) {
                best.insert(key, (verdict, row));
            }
        }
        for ((service, profile), (verdict, row)) in best {
            let family = self.runs_as(service, profile);
            let by = By { path: row.id, how: row.how };
            self.lead(asker, by, &verdict, Targets::All(Verdict::certain()), &family);
        }
    }
}
