//! What the operator configures for acting: the table `[responder]` of the configuration file.
//!
//! Secrets are never written here: every field that leads to one is a reference, `env:NAME` or `file:/path`.

use crate::responders::{
    aws_access_key, aws_boundary, aws_bucket_policy, aws_instance, aws_policy, aws_public_access, aws_role_sessions,
    aws_role_trust, aws_scp, aws_user, manual_step, oauth_token, openai_key, postgres_role, scim_user, webhook,
};
use crate::{anthropic, aws, entra, github, google, keycloak, kubernetes, litellm, okta, slack, vault};
use firebreak_model::NodeKey;
use serde::Deserialize;

/// The table `[responder]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Keys of our own credentials and identities: a step on one of them is refused, whatever the plan says.
    pub own: Vec<NodeKey>,
    /// `[responder.aws]`: accounts, for all responders on AWS.
    pub aws: aws::Config,
    /// `[responder.aws_access_key]`.
    pub aws_access_key: aws_access_key::Config,
    /// `[responder.aws_role_sessions]`.
    pub aws_role_sessions: aws_role_sessions::Config,
    /// `[responder.aws_public_access]`.
    pub aws_public_access: aws_public_access::Config,
    /// `[responder.aws_user]`.
    pub aws_user: aws_user::Config,
    /// `[responder.aws_role_trust]`.
    pub aws_role_trust: aws_role_trust::Config,
    /// `[responder.aws_boundary]`.
    pub aws_boundary: aws_boundary::Config,
    /// `[responder.aws_policy]`.
    pub aws_policy: aws_policy::Config,
    /// `[responder.aws_bucket_policy]`.
    pub aws_bucket_policy: aws_bucket_policy::Config,
    /// `[responder.aws_scp]`.
    pub aws_scp: aws_scp::Config,
    /// `[responder.aws_instance]`.
    pub aws_instance: aws_instance::Config,
    /// `[responder.postgres_role]`.
    pub postgres_role: postgres_role::Config,
    /// `[responder.oauth_token]`.
    pub oauth_token: oauth_token::Config,
    /// `[responder.keycloak]`: realms, for all responders on Keycloak.
    pub keycloak: keycloak::Config,
    /// `[responder.kubernetes]`: clusters, for all responders on Kubernetes.
    pub kubernetes: kubernetes::Config,
    /// `[responder.litellm]`: gateways, for all responders on LiteLLM.
    pub litellm: litellm::Config,
    /// `[responder.scim_user]`.
    pub scim_user: scim_user::Config,
    /// `[responder.vault]`: servers, for all responders on OpenBao and Vault.
    pub vault: vault::Config,
    /// `[responder.webhook]`.
    pub webhook: webhook::Config,
    /// `[responder.github]`: organisations, for all responders on GitHub.
    pub github: github::Config,
    /// `[responder.okta]`: organisations, for all responders on Okta.
    pub okta: okta::Config,
    /// `[responder.google]`, for all responders on Workspace, Drive and Cloud.
    pub google: google::Config,
    /// `[responder.slack]`, for all responders on Slack.
    pub slack: slack::Config,
    /// `[responder.entra]`: tenants, for all responders on Entra.
    pub entra: entra::Config,
    /// `[responder.openai_key]`.
    pub openai_key: openai_key::Config,
    /// `[responder.anthropic]`, for all responders on Anthropic.
    pub anthropic: anthropic::Config,
    /// `[responder.manual_step]`.
    pub manual_step: manual_step::Config,
}
