//! Ordinary traffic: what people, services and pipelines of Meridian do every day. Nothing here is part of the attack, and
//! the four benign decoys are elsewhere.

pub(crate) mod aws_cloudtrail;
pub(crate) mod ci_log;
pub(crate) mod github_audit;
pub(crate) mod google_workspace;
pub(crate) mod kubernetes_audit;
pub(crate) mod litellm;
pub(crate) mod okta_system;
pub(crate) mod package_install;
pub(crate) mod slack_audit;

use crate::clock::At;
use crate::random::Random;

/// The address from which pipelines leave the company.
pub(crate) const PIPELINES: &str = "198.51.100.140";

/// An instant inside the hour that begins at `hour`.
pub(crate) fn within(hour: At, random: &mut Random) -> At {
    hour.plus_micros(random.below(3_600_000_000) as i64)
}
