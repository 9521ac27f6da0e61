//! A summary of a whole account says of every principal, action and resource what a single decision says.

use crate::scene::{ACTIONS, KEYS, RESOURCES, VALUES, WHO, document, statement};
use firebreak_permission::aws::{
    Action, Context, Estate, Held, Holder, KeyGrant, Level, Membership, Organization, Policies, Policy, Principal,
    Request, Resource, ResourcePolicy, answer, summarise,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::sync::Arc;

type Statements = Vec<Value>;

#[derive(Clone, Debug)]
struct Drawn {
    /// Policies that principals share.
    policies: Vec<Statements>,
    /// Who, with which policies, and bounded by which.
    holders: Vec<(&'static str, Vec<usize>, Option<usize>)>,
    /// Which resource, with or without a policy of its own (`None`: not given), and whether its account is known.
    resources: Vec<(&'static str, Option<Option<Statements>>, bool)>,
    service: Vec<Statements>,
    control: Statements,
    organization: u8,
    context: Vec<Option<Vec<&'static str>>>,
    grant: Option<&'static str>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let some = |of_resource: bool| vec(statement(of_resource), 0..4);
    let who = [WHO.as_slice(), &["arn:aws:iam::111122223333:role/aws-service-role/x/linked"]].concat();
    let holder = (select(who), vec(0..4_usize, 0..3), option::weighted(0.3, 0..4_usize));
    let names = [RESOURCES.as_slice(), &["*", "arn:aws:s3:::two/b", "arn:aws:iam::111122223333:user/ann"]].concat();
    let resource = (select(names), option::weighted(0.8, option::of(some(true))), prop::bool::weighted(0.8));
    let values = select(VALUES.to_vec()).prop_map(<[&str]>::to_vec);
    let organization = (vec(some(false), 0..2), vec(statement(true), 0..2), 0..3_u8);
    let grant = option::of(select(WHO.to_vec()));
    let rest = (organization, vec(option::of(values), 2), grant);
    (vec(some(false), 4), vec(holder, 1..6), vec(resource, 1..5), rest).prop_map(
        |(policies, holders, resources, ((service, control, organization), context, grant))| Drawn {
            policies,
            holders,
            resources,
            service,
            control,
            organization,
            context,
            grant,
        },
    )
}

/// The policies of an estate, so that others can borrow them.
struct Kept {
    principals: Vec<Principal>,
    identity: Vec<Vec<Arc<Policy>>>,
    boundaries: Vec<Option<Arc<Policy>>>,
    resources: Vec<Resource>,
    guards: Vec<Option<Option<Policy>>>,
    grants: Vec<KeyGrant>,
    organization: Option<Organization>,
    context: Context,
}

impl Kept {
    fn of(drawn: &Drawn) -> Kept {
        let mut policies: Vec<Arc<Policy>> = drawn.policies.iter().map(|one| Arc::new(document(one))).collect();
        if drawn.policies[2].is_empty() {
            policies[2] = Arc::new(Policy::missing("two"));
        }
        let level = |statements: &Statements| Level {
            id: "level".into(),
            service_control: Some(vec![Arc::new(document(statements))]),
            resource_control: vec![Arc::new(document(&drawn.control))],
        };
        let levels: Vec<Level> = drawn.service.iter().map(level).collect();
        let organization = Organization {
            id: Some("o-1".into()),
            management: (drawn.organization != 1).then(|| "000022223333".into()),
            accounts: [("111122223333".into(), levels)].into_iter().collect(),
        };
        let resource = |(arn, _, known): &(&str, Option<Option<Statements>>, bool)| {
            let resource = Resource::new(arn).with_tags([("t", "1")]);
            if *known { resource.in_account("111122223333") } else { resource }
        };
        let grant = |who: &'static str| KeyGrant {
            id: "g".into(),
            grantee: Principal::of(who).expect("a principal").arn,
            operations: vec!["Decrypt".into()],
            encryption_context: Vec::new(),
            context_equals: false,
        };
        Kept {
            principals: drawn.holders.iter().map(|(who, ..)| Principal::of(who).expect("a principal")).collect(),
            identity: drawn
                .holders
                .iter()
                .map(|(_, own, _)| own.iter().map(|at| policies[*at].clone()).collect())
                .collect(),
            boundaries: drawn.holders.iter().map(|(.., at)| at.map(|at| policies[at].clone())).collect(),
            resources: drawn.resources.iter().map(resource).collect(),
            guards: drawn
                .resources
                .iter()
                .map(|(_, guard, _)| guard.as_ref().map(|g| g.as_deref().map(document)))
                .collect(),
            grants: drawn.grant.map(grant).into_iter().collect(),
            organization: (drawn.organization < 2).then_some(organization),
            context: KEYS.iter().zip(&drawn.context).fold(Context::open(), |context, (key, values)| match values {
                None => context,
                Some(values) => context.with(key, values.iter()),
            }),
        }
    }

    fn stands(&self) -> Membership<'_> {
        self.organization.as_ref().map_or(Membership::NotGiven, |one| one.membership("111122223333"))
    }

    fn held(&self, at: usize) -> Held<'_> {
        let policy = match &self.guards[at] {
            None => ResourcePolicy::NotGiven,
            Some(None) => ResourcePolicy::Absent,
            Some(Some(policy)) => ResourcePolicy::Given(policy),
        };
        let grants = if self.resources[at].arn.contains(":key/") { &*self.grants } else { &[] };
        Held { resource: &self.resources[at], policy, grants }
    }

    fn estate(&self) -> Estate<'_> {
        let holder = |at: usize| Holder {
            principal: &self.principals[at],
            identity: &self.identity[at],
            boundary: self.boundaries[at].as_ref(),
        };
        Estate {
            holders: (0..self.principals.len()).map(holder).collect(),
            resources: (0..self.resources.len()).map(|at| self.held(at)).collect(),
            actions: ACTIONS.iter().map(|name| Action::new(name, "*")).collect(),
            context: &self.context,
            principal_in: self.stands(),
            resource_in: self.stands(),
        }
    }

    fn one(&self, who: usize, action: &str, resource: usize) -> firebreak_permission::aws::Answer {
        let held = self.held(resource);
        let (principal, context) = (&self.principals[who], &self.context);
        let lower = action.to_ascii_lowercase();
        let policies = Policies {
            identity: &self.identity[who],
            boundary: self.boundaries[who].as_deref(),
            session: None,
            resource: held.policy,
            grants: held.grants,
            principal_in: self.stands(),
            resource_in: self.stands(),
        };
        answer(&Request { principal, action: &lower, resource: held.resource, context }, &policies)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_summary_says_what_single_decisions_say(drawn in drawn()) {
        let kept = Kept::of(&drawn);
        let summary = summarise(&kept.estate());
        prop_assert!(!summary.exhausted);
        for who in 0..kept.principals.len() {
            for (at, action) in ACTIONS.iter().enumerate() {
                for resource in 0..kept.resources.len() {
                    let single = kept.one(who, action, resource);
                    let summed = summary.answer(who as u32, at as u32, resource as u32);
                    let held = &kept.resources[resource].arn;
                    prop_assert_eq!(summed, single, "{} {} {}", &kept.principals[who].arn, action, held);
                }
            }
        }
    }
}

#[test]
fn those_who_may_do_the_same_are_together() {
    let names = ["one", "two", "three"].map(|name| Principal::user(&format!("arn:aws:iam::111122223333:user/{name}")));
    let shared = [Arc::new(document(&[json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a*"})]))];
    let none: [Arc<Policy>; 0] = [];
    let resources = ["arn:aws:s3:::a", "arn:aws:s3:::a2", "arn:aws:s3:::b"];
    let resources = resources.map(|arn| Resource::new(arn).in_account("111122223333"));
    let context = Context::open();
    let held = |resource| Held { resource, policy: ResourcePolicy::Absent, grants: &[] };
    let holder =
        |(at, principal)| Holder { principal, identity: if at == 1 { &none } else { &shared }, boundary: None };
    let summary = summarise(&Estate {
        holders: names.iter().enumerate().map(holder).collect(),
        resources: resources.iter().map(held).collect(),
        actions: ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]
            .map(|name| Action::new(name, "arn:aws:s3:::*"))
            .into(),
        context: &context,
        principal_in: Membership::Standalone,
        resource_in: Membership::Standalone,
    });
    assert_eq!(summary.groups.len(), 1);
    assert_eq!(summary.groups[0].members, [0, 2]);
    assert_eq!(summary.groups[0].rows.len(), 1);
    assert_eq!((&*summary.action_sets[0], &*summary.resource_sets[0]), (&[0, 1][..], &[0, 1][..]));
}
