//! What can be cut, how far that was tested, and what it takes: every responder's word for itself, for people and for
//! programs.

use crate::responder::Responder;
use crate::spec::{Call, Convergence, Idempotency, Permission, Terms};
use firebreak_model::{Reversibility, Time};
use serde::Serialize;
use std::fmt::Write;

/// One responder, as `firebreak responders --json` prints it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Listed {
    /// `aws_access_key/deactivate`.
    pub action: String,
    /// What a person calls it.
    pub title: &'static str,
    /// On which platform.
    pub platform: &'static str,
    /// What it was tested against: `effect-tested`, `contract-tested` or `guided`.
    pub level: &'static str,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// What makes a repetition harmless.
    pub idempotency: Idempotency,
    /// How long until it denies.
    pub convergence: Convergence,
    /// Every right it needs.
    pub scopes: &'static [Permission],
    /// On which terms they are to be given.
    pub terms: Terms,
    /// Every call it may make.
    pub calls: &'static [Call],
    /// Who else notices.
    pub blast_radius: &'static str,
    /// When it was last tried on an identity of ours that exists for that; none where it never was.
    pub last_drill: Option<Time>,
}

impl Listed {
    /// What a responder says of itself. Of drills it knows nothing: an installation does.
    pub fn of(responder: &dyn Responder) -> Listed {
        let spec = responder.spec();
        Listed {
            action: spec.action_name(),
            title: spec.title,
            platform: platform(spec.name),
            level: spec.level.word(),
            reversibility: spec.reversibility,
            idempotency: spec.idempotency,
            convergence: spec.convergence,
            scopes: spec.permissions,
            terms: responder.terms(),
            calls: spec.calls,
            blast_radius: spec.blast_radius,
            last_drill: None,
        }
    }
}

/// All of `responders`, in their order.
pub fn list(responders: &[&'static dyn Responder]) -> Vec<Listed> {
    responders.iter().map(|responder| Listed::of(*responder)).collect()
}

/// The platform by its own name; a responder's folder begins with a word for it.
pub fn platform(name: &'static str) -> &'static str {
    match name.split('_').next().unwrap_or(name) {
        "anthropic" => "Anthropic",
        "aws" => "AWS",
        "bao" | "openbao" => "OpenBao",
        "vault" => "Vault",
        "entra" => "Entra",
        "gcp" => "Google Cloud",
        "github" => "GitHub",
        "google" => "Google Workspace",
        "k8s" | "kubernetes" => "Kubernetes",
        "keycloak" => "Keycloak",
        "litellm" => "LiteLLM",
        "manual" => "a person",
        "minio" => "MinIO",
        "oauth" => "OAuth",
        "okta" => "Okta",
        "openai" => "OpenAI",
        "postgres" => "PostgreSQL",
        "scim" => "SCIM",
        "slack" => "Slack",
        "webhook" => "any, by a webhook",
        other => other,
    }
}

/// Whether it can be taken back, in words.
pub fn back(reversibility: Reversibility) -> &'static str {
    match reversibility {
        Reversibility::Reversible => "yes",
        Reversibility::ReversibleReissuesAccess => "yes, after rotation",
        Reversibility::RecreateOnly => "made anew",
        Reversibility::Irreversible => "no",
    }
}

/// How long until it denies, in words.
pub fn denies_after(convergence: Convergence) -> String {
    match convergence {
        Convergence::Immediate => "at once".to_owned(),
        Convergence::Bounded(seconds) => format!("within {seconds} s"),
        Convergence::UntilTokenExpiry => "when old tokens end".to_owned(),
        Convergence::Unknown => "the platform does not say".to_owned(),
    }
}

/// The table of the page, in Markdown.
pub fn table(listed: &[Listed]) -> String {
    let mut text = String::from("| action | platform | level | can be taken back | denies |\n|---|---|---|---|---|\n");
    for one in listed {
        let (action, folder) = (&one.action, one.action.split('/').next().unwrap_or_default());
        let page = format!("../crates/edge/act/src/responders/{folder}/page.md");
        let (back, denies) = (back(one.reversibility), denies_after(one.convergence));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| [`{action}`]({page}) | {} | {} | {back} | {denies} |", one.platform, one.level);
    }
    text
}
