//! A random small estate and a request in it.

use firebreak_permission::aws::{
    Context, Decision, Level, Limits, Membership, Organization, Policies, Policy, Principal, Request, Resource,
    ResourcePolicy, evaluate,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::sync::Arc;

/// Keys that conditions ask for.
pub(crate) const KEYS: [&str; 2] = ["x:a", "x:b"];

/// What a key may hold; nothing: it is absent.
pub(crate) const VALUES: [&[&str]; 4] = [&[], &["1"], &["2"], &["1", "2"]];

pub(crate) const ACTIONS: [&str; 4] = ["s3:GetObject", "s3:PutObject", "kms:Decrypt", "sts:AssumeRole"];
pub(crate) const RESOURCES: [&str; 3] =
    ["arn:aws:s3:::one/a", "arn:aws:kms:eu-west-1:111122223333:key/k", "arn:aws:iam::111122223333:role/target"];
pub(crate) const WHO: [&str; 5] = [
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:sts::111122223333:assumed-role/worker/one",
    "arn:aws:iam::999922223333:user/eve",
    "arn:aws:iam::111122223333:root",
    "sns.amazonaws.com",
];

#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) who: &'static str,
    pub(crate) action: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) identity: Vec<Value>,
    pub(crate) boundary: Option<Vec<Value>>,
    pub(crate) session: Option<Vec<Value>>,
    pub(crate) guard: Option<Vec<Value>>,
    pub(crate) levels: Vec<Vec<Value>>,
    /// For each key what it holds, or that it is not known.
    pub(crate) context: Vec<Option<Vec<&'static str>>>,
}

impl std::fmt::Display for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {} {}", self.who, self.action, self.resource)?;
        for (name, statements) in self.places() {
            writeln!(f, "{name}: {}", Value::from(statements))?;
        }
        Ok(())
    }
}

pub(crate) fn document(statements: &[Value]) -> Policy {
    Policy::read("p", &json!({"Version": "2012-10-17", "Statement": statements}), Limits::default()).0
}

impl Scene {
    fn places(&self) -> Vec<(&'static str, Vec<Value>)> {
        let mut all = vec![("identity", self.identity.clone())];
        all.extend(self.boundary.clone().map(|statements| ("boundary", statements)));
        all.extend(self.session.clone().map(|statements| ("session", statements)));
        all.extend(self.guard.clone().map(|statements| ("resource", statements)));
        all.extend(self.levels.iter().cloned().map(|statements| ("level", statements)));
        all
    }

    /// Adds a statement to one of the policies; to the identity policy where that one does not exist.
    pub(crate) fn add(&mut self, place: usize, mut statement: Value) {
        // No organisation limits a service, and nothing bounds a root user: there it would say nothing.
        let outside = self.who.ends_with(".com") || self.who.ends_with(":root") || self.who.contains("9999");
        let (boundary, session) = (self.boundary.as_mut().filter(|_| !outside), self.session.as_mut());
        let level = self.levels.first_mut().filter(|_| !outside);
        match (place, boundary, session, self.guard.as_mut(), level) {
            (1, Some(boundary), ..) => boundary.push(statement),
            (2, _, Some(session), ..) => session.push(statement),
            (3, _, _, Some(guard), _) => {
                statement["Principal"] = "*".into();
                guard.push(statement);
            }
            (4, .., Some(level)) => level.push(statement),
            _ => self.identity.push(statement),
        }
    }

    /// Whether nothing in it is of those cases that AWS does not describe.
    pub(crate) fn is_documented(&self) -> bool {
        let limited = self.boundary.is_some() || self.session.is_some();
        let says = |text: &str| self.guard.iter().flatten().any(|statement| statement.to_string().contains(text));
        let plain = |statement: &Value| {
            let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
            operators.map(|(operator, _)| operator).all(|operator| operator.contains(':') || operator == "Null")
        };
        let conditions = self.places().iter().flat_map(|(_, statements)| statements).all(plain);
        let variables =
            self.places().iter().any(|(_, statements)| Value::from(statements.clone()).to_string().contains("${"));
        !says("NotPrincipal")
            && !(limited && (says("\"Principal\":\"*\"") || says("\"AWS\":\"*\"")))
            && conditions
            && !variables
    }

    pub(crate) fn decide(&self, context: &Context) -> Decision {
        let principal = Principal::of(self.who).expect("a principal");
        let resource = Resource::new(self.resource).in_account("111122223333");
        let identity = [Arc::new(document(&self.identity))];
        let boundary = self.boundary.as_deref().map(document);
        let session = self.session.as_deref().map(|statements| [Arc::new(document(statements))]);
        let guard = self.guard.as_deref().map(document);
        let level = |statements: &Vec<Value>| Level {
            id: "level".into(),
            service_control: Some(vec![Arc::new(document(statements))]),
            resource_control: Vec::new(),
        };
        let accounts = [("111122223333".into(), self.levels.iter().map(level).collect())].into_iter().collect();
        let organization = Organization { id: Some("o-1".into()), management: Some("000022223333".into()), accounts };
        let outside = Membership::Standalone;
        let policies = Policies {
            identity: &identity,
            boundary: boundary.as_ref(),
            session: session.as_ref().map(|session| &session[..]),
            resource: guard.as_ref().map_or(ResourcePolicy::Absent, ResourcePolicy::Given),
            grants: &[],
            principal_in: principal.account.as_ref().map_or(outside, |account| organization.membership(account)),
            resource_in: organization.membership("111122223333"),
        };
        evaluate(&Request { principal: &principal, action: self.action, resource: &resource, context }, &policies)
    }
}

fn condition() -> impl Strategy<Value = Value> {
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringEqualsIfExists",
        "NumericLessThan",
        "Null",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringEquals",
        "ForAnyValue:StringNotEquals",
        "ForAllValues:StringNotLike",
        "NumericNotEqualsIfExists",
    ];
    (select(operators.to_vec()), select(KEYS.to_vec()), vec(select(vec!["1", "2", "3"]), 1..3)).prop_map(
        |(operator, key, values)| {
            let values = if operator == "Null" { json!(["true"]) } else { json!(values) };
            json!({operator: {key: values}})
        },
    )
}

/// A statement, of a resource policy or of another.
pub(crate) fn statement(of_resource: bool) -> impl Strategy<Value = Value> {
    let actions =
        vec(select(vec!["*", "*", "*", "s3:*", "s3:Get*", "S3:GETOBJECT", "kms:Decrypt", "sts:*", "*:*e*"]), 1..3);
    let resources = vec(
        select(vec![
            "*",
            "*",
            "*",
            "*",
            "arn:aws:s3:::one/*",
            "arn:aws:s3:::${aws:username}/*",
            "arn:*:role/?arget",
            "arn:aws:s3:::o${x:a, 'n'}e/a",
        ]),
        1..3,
    );
    let named = select(vec![
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": "111122223333"}),
        json!({"AWS": ["arn:aws:iam::111122223333:user/ann"]}),
        json!({"AWS": ["arn:aws:iam::111122223333:role/worker", "arn:aws:iam::999922223333:user/eve"]}),
        json!({"AWS": "arn:aws:sts::111122223333:assumed-role/worker/one"}),
        json!({"Service": "sns.amazonaws.com"}),
    ]);
    let rarely = prop::bool::weighted;
    let flags = (rarely(0.2), rarely(0.15), rarely(0.15), rarely(0.1));
    (flags, actions, resources, option::weighted(0.4, condition()), named).prop_map(
        move |((deny, not_action, not_resource, not_principal), actions, resources, condition, named)| {
            let mut statement = json!({"Effect": if deny { "Deny" } else { "Allow" }});
            statement[if not_action { "NotAction" } else { "Action" }] = json!(actions);
            statement[if not_resource { "NotResource" } else { "Resource" }] = json!(resources);
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            if of_resource {
                statement[if not_principal { "NotPrincipal" } else { "Principal" }] = named;
            }
            statement
        },
    )
}

/// Statements about everything: only how the policies combine matters.
fn plain(of_resource: bool) -> BoxedStrategy<Value> {
    let wide = statement(of_resource).prop_map(|mut statement| {
        let fields = statement.as_object_mut().expect("a statement");
        ["NotAction", "NotResource", "Condition"].iter().for_each(|key| {
            fields.remove(*key);
        });
        statement["Action"] = "*".into();
        statement["Resource"] = "*".into();
        statement
    });
    wide.boxed()
}

pub(crate) fn scene() -> impl Strategy<Value = Scene> {
    let any = |of_resource: bool| vec(statement(of_resource), 0..5).boxed();
    let few = |of_resource: bool| vec(plain(of_resource), 0..3).boxed();
    prop_oneof![made_of(any), made_of(few)]
}

fn made_of(some: impl Fn(bool) -> BoxedStrategy<Vec<Value>>) -> impl Strategy<Value = Scene> {
    let values = select(VALUES.to_vec()).prop_map(<[&str]>::to_vec);
    let limits = (option::weighted(0.3, some(false)), option::weighted(0.3, some(false)));
    let guarded = (option::weighted(0.7, some(true)), vec(some(false), 0..2));
    let asked = (select(WHO.to_vec()), select(ACTIONS.to_vec()), select(RESOURCES.to_vec()));
    (asked, some(false), limits, guarded, vec(option::of(values), 2)).prop_map(
        |((who, action, resource), identity, (boundary, session), (guard, levels), context)| Scene {
            who,
            action,
            resource,
            identity,
            boundary,
            session,
            guard,
            levels,
            context,
        },
    )
}
