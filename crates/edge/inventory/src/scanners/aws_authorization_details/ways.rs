//! The ways up in an account, as facts.

use super::Account;
use crate::key::iam_name;
use firebreak_model::{EdgeFact, EdgeKind, Interval, NodeFact, NodeKey, Text};
use firebreak_permission::aws::escalation::{self, MemberKind, Place, Way, find};
use std::collections::BTreeSet;

/// How many statements one edge's evidence names.
const MAX_REASONS: usize = 8;

impl Account<'_> {
    /// Adds every way of the account. Returns the permissions boundaries within which someone may do anything.
    pub(super) fn ways(&mut self, account: &escalation::Account) -> (BTreeSet<Text>, bool) {
        let found = find(account);
        let mut hubs = BTreeSet::new();
        let mut within = BTreeSet::new();
        let mut some_user = false;
        for way in &found.ways {
            for place in [&way.from, &way.to].into_iter().chain(&way.with) {
                match place {
                    Place::Hub(_) | Place::Within(_) | Place::SomeUser => {
                        hubs.insert(self.place(account, place));
                    }
                    _ => {}
                }
                some_user |= *place == Place::SomeUser;
                within.extend(match place {
                    Place::Within(boundary) => Some(boundary.clone()),
                    _ => None,
                });
            }
            if way.to == Place::Administrators {
                self.administrators();
                if matches!(way.from, Place::Member(_)) && way.with.is_none() && way.may.is_empty() {
                    self.admins.insert(self.place(account, &way.from));
                }
            }
            let edge = self.way(account, way);
            self.edges.push(edge);
        }
        for hub in hubs {
            self.nodes.push(NodeFact::new(hub, Interval::ALWAYS, self.input.known, &self.evidence));
        }
        if some_user {
            let users = account.members.iter().enumerate().filter(|(_, member)| member.kind == MemberKind::User);
            let to = self.place(account, &Place::SomeUser);
            let edges = users.map(|(at, _)| {
                let from = self.place(account, &Place::Member(at));
                self.edge(EdgeKind::MemberOf, from, to.clone(), Interval::ALWAYS, "a user of the account")
            });
            let edges: Vec<EdgeFact> = edges.collect();
            self.edges.extend(edges);
        }
        (within, found.bounded)
    }

    fn way(&self, account: &escalation::Account, way: &Way) -> EdgeFact {
        let (from, to) = (self.place(account, &way.from), self.place(account, &way.to));
        let kind = match to.kind() {
            firebreak_model::NodeKind::Identity => EdgeKind::MayAssume,
            _ => EdgeKind::MemberOf,
        };
        let valid = match &way.from {
            Place::Member(at) => account.members.get(*at).and_then(|member| self.valid.get(&*member.arn)).copied(),
            _ => None,
        };
        let mut edge = self.edge(kind, from, to, valid.unwrap_or(Interval::ALWAYS), &told(account, way));
        edge.premises = way.with.iter().map(|place| self.place(account, place)).collect();
        edge.may = way.may.clone();
        edge
    }

    /// The node of a place.
    fn place(&self, account: &escalation::Account, place: &Place) -> NodeKey {
        match place {
            Place::Member(at) => match account.members.get(*at) {
                Some(member) if member.kind == MemberKind::Group => NodeKey::group("aws", &member.arn),
                Some(member) => NodeKey::identity("aws", &member.arn),
                None => NodeKey::group("aws", &format!("{}/unknown", self.id)),
            },
            Place::Administrators => NodeKey::group("aws", &format!("{}/administrators", self.id)),
            Place::Within(boundary) => NodeKey::group("aws", &format!("{}/within/{boundary}", self.id)),
            Place::SomeUser => NodeKey::group("aws", &format!("{}/some-user", self.id)),
            Place::Hub(name) => NodeKey::group("aws", &format!("{}/{name}", self.id)),
        }
    }
}

/// The way in words: the path's id, what is done, and which statements allow it.
fn told(account: &escalation::Account, way: &Way) -> String {
    if way.path.is_empty() {
        return "a way that many share".to_owned();
    }
    let whom = match (&way.to, &way.with) {
        (_, Some(Place::Member(at))) | (Place::Member(at), None) => {
            account.members.get(*at).map_or("", |member| iam_name(&member.arn)).to_owned()
        }
        (Place::Administrators | Place::Within(_), None) if !way.path.starts_with('x') => "itself".to_owned(),
        (Place::Administrators, None) => "the administrators".to_owned(),
        _ => "each of several".to_owned(),
    };
    let mut told = format!("{}: {} {whom}", way.path, way.how);
    for (at, because) in way.because.iter().take(MAX_REASONS).enumerate() {
        told.push_str(if at == 0 { " (" } else { "; " });
        told.push_str(because);
    }
    if !way.because.is_empty() {
        told.push(')');
    }
    told
}
