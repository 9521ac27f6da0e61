//! How AWS decides, as its documentation describes it: tables of policies, requests and answers.

use super::*;
use crate::aws::organization::Organization;
use crate::aws::read::Limits;
use Answer::{May, No, Yes};
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const ROLE: &str = "arn:aws:iam::111122223333:role/app/worker";
const BUCKET: &str = "arn:aws:s3:::data/file";

/// A whole case: everything is known unless it says otherwise.
struct Case {
    principal: Principal,
    resource: Resource,
    context: Context,
    identity: Vec<Arc<Policy>>,
    boundary: Option<Policy>,
    session: Option<Vec<Arc<Policy>>>,
    resource_policy: Option<Option<Policy>>,
    grants: Vec<KeyGrant>,
    principal_in: Option<Organization>,
    resource_in: Option<Organization>,
}

fn policy(statements: Value) -> Policy {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let (policy, problems) = Policy::read("p", &document, Limits::default());
    assert!(problems.is_empty(), "{problems:?}");
    policy
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn deny(action: &str, resource: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": resource})
}

fn grant(principal: Value, action: &str) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"})
}

impl Case {
    fn new(principal: &str, resource: &str) -> Case {
        let principal = match principal {
            "*" => Principal::anonymous(),
            arn => Principal::of(arn).expect("a principal"),
        };
        let resource = Resource::new(resource);
        let account = resource.account.clone().unwrap_or_else(|| "111122223333".into());
        Case {
            principal,
            resource: resource.in_account(&account),
            context: Context::closed(),
            identity: Vec::new(),
            boundary: None,
            session: None,
            resource_policy: Some(None),
            grants: Vec::new(),
            principal_in: Some(Organization::default()),
            resource_in: Some(Organization::default()),
        }
    }

    fn may(mut self, statements: Value) -> Case {
        self.identity.push(Arc::new(policy(statements)));
        self
    }

    fn bounded(mut self, statements: Value) -> Case {
        self.boundary = Some(policy(statements));
        self
    }

    fn in_session(mut self, statements: Value) -> Case {
        self.session = Some(vec![Arc::new(policy(statements))]);
        self
    }

    fn guarded(mut self, statements: Value) -> Case {
        self.resource_policy = Some(Some(policy(statements)));
        self
    }

    fn owned_by(mut self, account: &str) -> Case {
        self.resource = self.resource.in_account(account);
        self
    }

    fn knowing(mut self, key: &str, value: &str) -> Case {
        self.context = self.context.with(key, [value]);
        self
    }

    fn decide(&self, action: &str) -> Decision {
        let request = Request { principal: &self.principal, action, resource: &self.resource, context: &self.context };
        let policies = Policies {
            identity: &self.identity,
            boundary: self.boundary.as_ref(),
            session: self.session.as_deref(),
            resource: match &self.resource_policy {
                None => ResourcePolicy::NotGiven,
                Some(None) => ResourcePolicy::Absent,
                Some(Some(policy)) => ResourcePolicy::Given(policy),
            },
            grants: &self.grants,
            principal_in: stands(&self.principal_in, &self.principal.account),
            resource_in: stands(&self.resource_in, &self.resource.account),
        };
        let decision = evaluate(&request, &policies);
        let lower = action.to_ascii_lowercase();
        let quick = answer(&Request { action: &lower, ..request }, &policies);
        assert_eq!(quick, decision.answer, "with reasons and without");
        assert_eq!(decision.undecided.is_empty(), decision.answer != May, "{decision:?}");
        assert!(decision.answer != No || !decision.because.is_empty(), "{decision:?}");
        decision
    }

    fn answer(&self, action: &str) -> Answer {
        self.decide(action).answer
    }
}

fn stands<'a>(organization: &'a Option<Organization>, account: &Option<Text>) -> Membership<'a> {
    let account = account.as_deref().unwrap_or_default();
    organization.as_ref().map_or(Membership::NotGiven, |organization| organization.membership(account))
}

mod cross;
mod hostile;
mod organizations;
mod single;
mod trust;
