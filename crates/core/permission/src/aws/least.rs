//! Least privilege: what an identity was granted against what it was seen to use, and policies that grant no more than that.
//!
//! A proposal only ever takes actions out of statements that allow: resources and conditions stay as they are written, denials stay
//! whole, and what cannot be told (an action that leaves no event, a statement that cannot be read) stays granted and is named.
//! So whatever was allowed and seen is allowed by the same statement as before; [`Prover`] asks the evaluator all the same, call by
//! call.

pub mod actions;
mod fit;
mod known;
mod loss;
mod prove;
mod shrink;
#[cfg(test)]
mod tests;
mod usage;
mod watch;

pub use fit::{MANAGED_BYTES, POLICIES_MAX};
pub use known::Known;
pub use loss::Loss;
pub use prove::{Denied, Proof, Prover};
pub use shrink::{Kept, Proposal, propose};
pub use usage::{Call, Usage, Used};
pub use watch::Watch;

use super::policy::Policy;
use super::principal::Principal;
use super::read::Limits;
use firebreak_model::Text;
use serde_json::Value;
use std::sync::Arc;

/// A policy that an identity has, with its document.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Its name, for people to read.
    pub name: Text,
    /// The ARN of a managed policy; none of an inline one.
    pub arn: Option<Text>,
    /// As it is written.
    pub document: Value,
    /// As it is read.
    pub policy: Arc<Policy>,
}

impl Granted {
    /// The policy with this document: JSON, or JSON in a string as the API answers.
    pub fn new(name: &str, arn: Option<&str>, document: &Value) -> Granted {
        let decoded = match document {
            Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| document.clone()),
            other => other.clone(),
        };
        let policy = Arc::new(Policy::read(name, document, Limits::default()).0);
        Granted { name: Text::new(name), arn: arn.map(Text::new), document: decoded, policy }
    }
}

/// A user, role or group with what it was granted.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its ARN.
    pub arn: Text,
    /// As whom it asks.
    pub principal: Principal,
    /// Its own policies whose documents are given, inline and managed.
    pub granted: Vec<Granted>,
    /// Policies whose documents are not given: nothing is proposed for them, and they stay.
    pub absent: Vec<Text>,
    /// Its permissions boundary.
    pub boundary: Option<Arc<Policy>>,
    /// The ARNs of the groups that a user is in: each is proposed for by itself.
    pub groups: Vec<Text>,
}

impl Identity {
    /// The account that it is in.
    pub fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// Whether AWS itself made it and lets nobody change what it may do.
    pub fn is_service_linked(&self) -> bool {
        self.principal.is_service_linked()
    }

    /// Whether IAM Identity Center keeps its policies: they are changed there, as those of a permission set.
    pub fn is_reserved(&self) -> bool {
        self.arn.contains(":role/aws-reserved/")
    }
}
