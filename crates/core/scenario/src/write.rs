//! The platforms' own formats, one writer each. They know how a record looks, not why it happens.

pub(crate) mod aws_cloudtrail;
pub(crate) mod ci_log;
pub(crate) mod github_audit;
pub(crate) mod google_workspace;
pub(crate) mod kubernetes_audit;
pub(crate) mod litellm;
pub(crate) mod okta_system;
pub(crate) mod package_install;
pub(crate) mod slack_audit;
