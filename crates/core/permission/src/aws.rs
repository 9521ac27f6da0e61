//! AWS: identity, resource, boundary, organisation and session policies, decided as AWS decides, with three answers.
//!
//! Decided here: what a request may do, given the documents. Not here: who exists and what is attached to whom (that is
//! read by scanners), which actions an escalation needs, and the table of which action is checked against which resource
//! type: the resource that the caller names is the one that is evaluated. Policies of VPC endpoints are not modelled.

pub mod answer;
pub mod anywhere;
pub mod arn;
mod condition;
pub mod context;
pub mod escalation;
pub mod evaluate;
pub mod glob;
pub mod least;
mod named;
pub mod organization;
pub mod policy;
pub mod principal;
pub mod read;
mod services;
pub mod summary;
mod template;

pub use answer::Answer;
pub use anywhere::{Question, Somewhere, TRIES_MAX, anywhere};
pub use context::Context;
pub use evaluate::{
    Because, Decision, KeyGrant, Layer, Policies, Request, ResourcePolicy, Undecided, WORK_MAX, answer, evaluate,
};
pub use organization::{Level, Membership, Organization};
pub use policy::{Effect, Policy};
pub use principal::{Kind, Principal, Resource};
pub use read::Limits;
pub use services::has_resource_policies;
pub use summary::{Action, Estate, Group, Held, Holder, Row, Summary, summarise};
