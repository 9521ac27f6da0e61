//! Managed policies of AWS's own that only deny: attached to a user, and taken off again.
//!
//! Nobody in an account can change what such a policy says, and IAM can limit who attaches policies to those that it names
//! (`iam:PolicyARN`). So the right to attach this one gives nobody anything.

use super::{Aws, Principal};
use crate::error::ActError;

/// AWS's own policy that denies everything.
pub(crate) const DENY_ALL: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

/// [`DENY_ALL`] on a user.
pub(crate) struct DenyAll<'a> {
    pub(crate) aws: &'a Aws<'a>,
    pub(crate) principal: Principal<'a>,
}

impl DenyAll<'_> {
    fn holder(&self) -> String {
        format!("{}Name", self.principal.kind.word())
    }

    /// Whether it is attached. A user has at most 20 managed policies, which come in one page.
    pub(crate) async fn is_attached(&self) -> Result<bool, ActError> {
        let (holder, call) = (self.holder(), format!("ListAttached{}Policies", self.principal.kind.word()));
        let answer = self.aws.iam(&call, &[(holder.as_str(), self.principal.name())]).await?;
        let answer = answer.success(self.principal.arn)?;
        let result = format!("{call}Result");
        let attached = answer.texts(&[result.as_str(), "AttachedPolicies", "member", "PolicyArn"])?;
        Ok(attached.iter().any(|arn| arn == DENY_ALL))
    }

    /// Attaches it. Twice is once.
    pub(crate) async fn attach(&self) -> Result<(), ActError> {
        let (holder, call) = (self.holder(), format!("Attach{}Policy", self.principal.kind.word()));
        let fields = [(holder.as_str(), self.principal.name()), ("PolicyArn", DENY_ALL)];
        self.aws.iam(&call, &fields).await?.success(self.principal.arn).map(|_| ())
    }

    /// Takes it off.
    pub(crate) async fn detach(&self) -> Result<(), ActError> {
        let (holder, call) = (self.holder(), format!("Detach{}Policy", self.principal.kind.word()));
        let fields = [(holder.as_str(), self.principal.name()), ("PolicyArn", DENY_ALL)];
        let answer = self.aws.iam(&call, &fields).await?;
        match answer.code().as_deref() {
            // Taken off already: that is what undo is for.
            Some("NoSuchEntity") => Ok(()),
            _ => answer.success(self.principal.arn).map(|_| ()),
        }
    }
}
