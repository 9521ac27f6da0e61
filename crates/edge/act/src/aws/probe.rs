//! Whether the old authority is still admitted: one harmless call with it, and what its answer shows.

use super::{Aws, Keys};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::StateBefore;
use firebreak_model::Action;

/// Tries `keys`. `GetCallerIdentity` is always allowed, so the probe lists buckets, which a deny on everything refuses.
/// `None` where nobody configured any, or the answer tells nothing.
pub(crate) async fn admitted(
    context: &Context<'_>,
    action: &Action,
    keys: Option<&Keys>,
) -> Result<Option<bool>, ActError> {
    let Some(keys) = keys else { return Ok(None) };
    let answer = Aws::probing(context, action, keys)?.s3("GET /", "/", b"").await?;
    match answer.code().as_deref() {
        None => Ok(Some(true)),
        Some("AccessDenied" | "AccessDeniedException" | "ExpiredToken" | "InvalidToken" | "InvalidAccessKeyId") => {
            Ok(Some(false))
        }
        Some(_) => answer.success(action.target.as_str()).map(|_| None),
    }
}

/// What a probe shows, given what it showed before the step. `door` is who answered and `who` who asked: `S3`, `the old
/// session`.
pub(crate) fn effective(
    context: &Context<'_>,
    seen: Result<Option<bool>, ActError>,
    before: &StateBefore,
    door: &str,
    who: &str,
) -> Evidence {
    let now = context.now();
    match (seen, before.admitted) {
        (Ok(Some(true)), _) => Evidence::effective(false, now, format!("{door} still admits {who}")),
        (Ok(Some(false)), Some(true)) => Evidence::effective(true, now, format!("{door} refuses {who}")),
        (Ok(Some(false)), _) => Evidence::blind(now, format!("{door} refused {who} before the step too")),
        (Ok(None), _) => Evidence::blind(now, format!("nobody configured {who} to try")),
        (Err(error), _) => Evidence::unobservable(now, error.to_string()),
    }
}
