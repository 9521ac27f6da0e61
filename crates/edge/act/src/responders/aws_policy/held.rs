//! What a user or role has: managed policies by ARN, inline ones with their text; and policies of our own.

use super::Wanted;
use crate::aws::{Aws, Principal};
use crate::error::ActError;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The policies of a principal.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Held {
    /// ARNs of managed ones.
    pub(super) attached: BTreeSet<String>,
    /// Inline ones, by name.
    pub(super) inline: BTreeMap<String, Value>,
}

/// A managed policy that we write.
pub(super) struct Own {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) document: Value,
}

impl Held {
    /// Reads what `principal` has.
    pub(super) async fn read(aws: &Aws<'_>, principal: Principal<'_>) -> Result<Held, ActError> {
        let attached = principal.list(aws, "ListAttached", "PolicyArn").await?;
        let mut inline = BTreeMap::new();
        for name in principal.list(aws, "List", "member").await? {
            let document = principal.inline(aws, &name).await?;
            inline.insert(name, document);
        }
        Ok(Held { attached: attached.into_iter().collect(), inline })
    }

    /// As it is written down.
    pub(super) fn json(&self) -> Value {
        json!({"attached": self.attached, "inline": self.inline})
    }

    /// As it was written down.
    pub(super) fn of(state: &Value) -> Result<Held, ActError> {
        let part = |name: &str| state.get(name).cloned().unwrap_or_default();
        let read = || {
            let attached = serde_json::from_value(part("attached")).ok()?;
            Some(Held { attached, inline: serde_json::from_value(part("inline")).ok()? })
        };
        read().ok_or_else(|| ActError::unusable("the state before holds no policies", "put them back by hand"))
    }

    /// Whether it is what is wanted: ours and what stays, and nothing else.
    pub(super) fn is(&self, wanted: &Wanted) -> bool {
        let all = wanted.own_arns().into_iter().chain(&wanted.stays).cloned().collect::<BTreeSet<String>>();
        self.attached == all && self.inline.is_empty()
    }
}

impl Own {
    /// Makes the policy. One of its name that has another text is not ours.
    pub(super) async fn make(&self, aws: &Aws<'_>) -> Result<(), ActError> {
        let text = self.document.to_string();
        let fields = [("PolicyName", self.name.as_str()), ("PolicyDocument", text.as_str())];
        let answer = aws.iam("CreatePolicy", &fields).await?;
        if answer.code().as_deref() != Some("EntityAlreadyExists") {
            return answer.success(&self.arn).map(|_| ());
        }
        if self.is_written(aws).await? {
            return Ok(());
        }
        Err(ActError::unusable(
            format!("a policy `{}` is there already, with another text", self.arn),
            "look who wrote it, and remove it",
        ))
    }

    /// Whether the policy that AWS has under our name says what we wrote.
    pub(super) async fn is_written(&self, aws: &Aws<'_>) -> Result<bool, ActError> {
        let told = aws.iam("GetPolicy", &[("PolicyArn", &self.arn)]).await?.success(&self.arn)?;
        let version =
            told.first("DefaultVersionId").ok_or_else(|| told.unreadable("it names no version".to_owned()))?;
        let fields = [("PolicyArn", self.arn.as_str()), ("VersionId", version.as_str())];
        let answer = aws.iam("GetPolicyVersion", &fields).await?.success(&self.arn)?;
        Ok(answer.policy("Document")? == self.document)
    }

    /// Removes the policy, unless somebody else uses it by now.
    pub(super) async fn remove(&self, aws: &Aws<'_>) -> Result<(), ActError> {
        let answer = aws.iam("DeletePolicy", &[("PolicyArn", &self.arn)]).await?;
        match answer.code().as_deref() {
            Some("NoSuchEntity" | "DeleteConflict") => Ok(()),
            _ => answer.success(&self.arn).map(|_| ()),
        }
    }

    /// Whether it is there and nobody uses it.
    pub(super) async fn is_left_over(&self, aws: &Aws<'_>) -> Result<bool, ActError> {
        match aws.iam("GetPolicy", &[("PolicyArn", &self.arn)]).await?.success(&self.arn) {
            Ok(told) => Ok(told.first("AttachmentCount").as_deref() == Some("0")),
            Err(ActError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Principal<'_> {
    fn holder(&self) -> String {
        format!("{}Name", self.kind.word())
    }

    /// The texts of `element` in the list that `verb` gives. A principal has few policies: more than a page is not understood.
    async fn list(&self, aws: &Aws<'_>, verb: &str, element: &str) -> Result<Vec<String>, ActError> {
        let call = format!("{verb}{}Policies", self.kind.word());
        let holder = self.holder();
        let answer = aws.iam(&call, &[(holder.as_str(), self.name())]).await?.success(self.arn)?;
        if answer.first("IsTruncated").as_deref() == Some("true") {
            return Err(answer.unreadable("it has more than one page of policies".to_owned()));
        }
        let result = format!("{call}Result");
        match element {
            "member" => answer.texts(&[&result, "PolicyNames", "member"]),
            _ => answer.texts(&[&result, "AttachedPolicies", "member", element]),
        }
    }

    async fn inline(&self, aws: &Aws<'_>, name: &str) -> Result<Value, ActError> {
        let holder = self.holder();
        let fields = [(holder.as_str(), self.name()), ("PolicyName", name)];
        let answer = aws.iam(&format!("Get{}Policy", self.kind.word()), &fields).await?;
        answer.success(self.arn)?.policy("PolicyDocument")
    }

    /// Has a managed policy. Having it already is no error.
    pub(super) async fn attach(&self, aws: &Aws<'_>, arn: &str) -> Result<(), ActError> {
        let holder = self.holder();
        let fields = [(holder.as_str(), self.name()), ("PolicyArn", arn)];
        aws.iam(&format!("Attach{}Policy", self.kind.word()), &fields).await?.success(self.arn).map(|_| ())
    }

    /// Has a managed policy no longer.
    pub(super) async fn detach(&self, aws: &Aws<'_>, arn: &str) -> Result<(), ActError> {
        self.without(aws, "Detach", ("PolicyArn", arn)).await
    }

    /// Has an inline policy no longer.
    pub(super) async fn delete_inline(&self, aws: &Aws<'_>, name: &str) -> Result<(), ActError> {
        self.without(aws, "Delete", ("PolicyName", name)).await
    }

    async fn without(&self, aws: &Aws<'_>, verb: &str, (field, value): (&str, &str)) -> Result<(), ActError> {
        let holder = self.holder();
        let fields = [(holder.as_str(), self.name()), (field, value)];
        let answer = aws.iam(&format!("{verb}{}Policy", self.kind.word()), &fields).await?;
        match answer.code().as_deref() {
            // It went meanwhile: that is what was wanted.
            Some("NoSuchEntity") => Ok(()),
            _ => answer.success(self.arn).map(|_| ()),
        }
    }

    /// Has an inline policy.
    pub(super) async fn put_inline(&self, aws: &Aws<'_>, name: &str, document: &Value) -> Result<(), ActError> {
        let (holder, text) = (self.holder(), document.to_string());
        let fields = [(holder.as_str(), self.name()), ("PolicyName", name), ("PolicyDocument", text.as_str())];
        aws.iam(&format!("Put{}Policy", self.kind.word()), &fields).await?.success(self.arn).map(|_| ())
    }
}
