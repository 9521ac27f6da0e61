//! Roles passed to services: what `table::PASSES` says, judged.

use super::judge::Judge;
use super::spread::{By, Family, Gain, Targets};
use super::table::{Given, Kind, On, PASSES, Pass, RUNS, Step};
use super::{Account, Finder, MemberKind, Verdict};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Every service of the tables.
fn services() -> impl Iterator<Item = &'static str> {
    PASSES.iter().flat_map(|row| row.services).copied().chain(RUNS.iter().map(|row| row.service))
}

/// For each service the roles that trust it.
pub(super) fn trusting(account: &Account, judge: &mut Judge<'_>) -> BTreeMap<&'static str, Vec<(usize, Verdict)>> {
    let mut found: BTreeMap<&'static str, Vec<(usize, Verdict)>> = BTreeMap::new();
    for service in services() {
        if found.contains_key(service) {
            continue;
        }
        let roles = account.members.iter().enumerate().filter(|(_, member)| member.kind == MemberKind::Role);
        let trusted = roles.map(|(role, _)| (role, judge.trusts_service(role, service)));
        found.insert(service, trusted.filter(|(_, verdict)| verdict.possible()).collect());
    }
    found
}

fn family_name(service: &str, profile: bool) -> String {
    format!("runs-as/{service}{}", if profile { "/profile" } else { "" })
}

/// The roles of `roles` that a service may be given; with `profile`, only those in an instance profile.
pub(super) fn runs_as(account: &Account, service: &str, roles: &[(usize, Verdict)], profile: bool) -> Family {
    let fits = |role: usize| !profile || account.members.get(role).is_some_and(|member| member.profile);
    let all = roles.iter().filter(|(role, _)| fits(*role));
    let all = all.map(|(role, verdict)| (*role, Gain::becomes(*role, verdict.clone()))).collect();
    Family { name: family_name(service, profile), all }
}

impl Finder<'_> {
    /// What `asker` can have run as roles that it passes.
    pub(super) fn pass(&mut self, asker: usize) {
        if !self.judge.could(asker, "iam:PassRole") {
            return;
        }
        // Of the paths that hand roles to the same service the most certain one is told.
        let mut best: BTreeMap<(&'static str, bool), (Verdict, &'static Pass)> = BTreeMap::new();
        for row in PASSES {
            let verdict = self.steps(asker, row.steps, None).and(&self.given(row.given));
            if !verdict.possible() {
                continue;
            }
            let profile = row.given.contains(&Given::InstanceProfile) && !self.makes_profiles(asker);
            for service in row.services {
                let better = best.get(&(service, profile)).is_none_or(|(have, _)| verdict.better(have));
                if better {
                    best.insert((service, profile), (verdict.clone(), row));
                }
            }
        }
        for ((service, profile), (verdict, row)) in best {
            let targets = self.passable(asker, service);
            if targets.is_empty() {
                continue;
            }
            let family = self.runs_as(service, profile);
            self.lead(asker, By { path: row.id, how: row.how }, &verdict, targets, &family);
        }
    }

    /// The roles that `asker` may pass to `service`.
    fn passable(&mut self, asker: usize, service: &'static str) -> Targets {
        let Some(candidates) = self.candidates.get(service).cloned() else { return Targets::none() };
        let context = self.judge.context().with("iam:PassedToService", [service]);
        self.targets(asker, "iam:PassRole", &candidates, &|_| context.clone())
    }

    /// The roles that `service` may be given; with `profile`, only those in an instance profile.
    pub(super) fn runs_as(&self, service: &'static str, profile: bool) -> Rc<Family> {
        let none = || Rc::new(Family { name: String::new(), all: Vec::new() });
        self.families.get(&family_name(service, profile)).cloned().unwrap_or_else(none)
    }

    fn makes_profiles(&mut self, asker: usize) -> bool {
        let form = "arn:aws:iam::{account}:instance-profile/*";
        let makes = ["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"];
        makes.iter().all(|action| self.judge.some(asker, action, form).answer == crate::aws::answer::Answer::Yes)
    }

    /// Whether every step is allowed; `thing` is what [`On::Thing`] means.
    pub(super) fn steps(&mut self, asker: usize, steps: &[Step], thing: Option<&str>) -> Verdict {
        let mut whole = Verdict::certain();
        for step in steps {
            let mut best = Verdict::default();
            for action in step.any {
                let verdict = match (step.on, thing) {
                    (On::Thing, Some(arn)) => self.judge.thing(asker, action, arn),
                    (On::Thing, None) => Verdict::default(),
                    (On::Some(forms), _) => forms
                        .iter()
                        .fold(Verdict::certain(), |all, form| all.and(&self.judge.some(asker, action, form))),
                };
                if verdict.better(&best) {
                    best = verdict;
                }
            }
            whole = whole.and(&best);
            if !whole.possible() {
                break;
            }
        }
        whole
    }

    /// Whether what must exist does.
    pub(super) fn given(&mut self, given: &[Given]) -> Verdict {
        let mut whole = Verdict::certain();
        for one in given {
            match one {
                Given::InstanceProfile => {}
                Given::Unknown(doubt) => whole = whole.unless(*doubt),
                Given::Exists(kind) if self.exists(*kind) => {}
                Given::Exists(kind) => {
                    let word = kind.word();
                    let article = if word.starts_with(['A', 'E']) { "an" } else { "a" };
                    whole = whole.unless(format!("{article} {word} exists"));
                }
            }
        }
        whole
    }

    fn exists(&mut self, kind: Kind) -> bool {
        let Some(running) = &self.account.running else { return false };
        if running.iter().any(|thing| thing.kind == kind) {
            return true;
        }
        // An instance whose role lets its agent join a cluster is a container instance.
        let instances = running.iter().filter(|thing| thing.kind == Kind::Instance && kind == Kind::ContainerInstance);
        let roles: Vec<usize> =
            instances.filter_map(|thing| thing.role.as_ref()).filter_map(|role| self.judge.member(role)).collect();
        let form = "arn:aws:ecs:*:{account}:cluster/*";
        roles.into_iter().any(|role| self.judge.some(role, "ecs:RegisterContainerInstance", form).possible())
    }
}
