//! Inline policies of a user or role: read, written and removed under one name of ours.

use super::{Aws, Principal};
use crate::error::ActError;
use serde_json::Value;

/// The inline policy `name` of a principal.
pub(crate) struct Inline<'a> {
    pub(crate) aws: &'a Aws<'a>,
    pub(crate) principal: Principal<'a>,
    pub(crate) name: &'static str,
}

impl Inline<'_> {
    fn call(&self, verb: &str) -> String {
        format!("{verb}{}Policy", self.principal.kind.word())
    }

    /// The document stored under our name, or null.
    pub(crate) async fn read(&self) -> Result<Value, ActError> {
        let holder = format!("{}Name", self.principal.kind.word());
        let fields = [(holder.as_str(), self.principal.name()), ("PolicyName", self.name)];
        let answer = self.aws.iam(&self.call("Get"), &fields).await?;
        if answer.code().as_deref() == Some("NoSuchEntity") {
            // The same code stands for a principal that is not there; its message names what is missing.
            let missing = answer.first("Message").unwrap_or_default();
            return match missing.contains(self.name) || missing.to_lowercase().contains("policy") {
                true => Ok(Value::Null),
                false => Err(ActError::NotFound { target: self.principal.arn.to_owned(), reason: missing }),
            };
        }
        answer.success(self.principal.arn)?.policy("PolicyDocument")
    }

    /// Writes `document` under our name.
    pub(crate) async fn put(&self, document: &Value) -> Result<(), ActError> {
        let (holder, text) = (format!("{}Name", self.principal.kind.word()), document.to_string());
        let fields =
            [(holder.as_str(), self.principal.name()), ("PolicyName", self.name), ("PolicyDocument", text.as_str())];
        self.aws.iam(&self.call("Put"), &fields).await?.success(self.principal.arn).map(|_| ())
    }

    /// Puts back what `before` says stood under our name: a document, or nothing.
    pub(crate) async fn restore(&self, before: &Value) -> Result<(), ActError> {
        if !before.is_null() {
            return self.put(before).await;
        }
        let holder = format!("{}Name", self.principal.kind.word());
        let fields = [(holder.as_str(), self.principal.name()), ("PolicyName", self.name)];
        let answer = self.aws.iam(&self.call("Delete"), &fields).await?;
        match answer.code().as_deref() {
            // Removed already: that is what undo is for.
            Some("NoSuchEntity") => Ok(()),
            _ => answer.success(self.principal.arn).map(|_| ()),
        }
    }
}
