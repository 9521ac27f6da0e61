//! Revokes every lease below a prefix on OpenBao or Vault: database passwords, cloud keys, tokens of one login.
//!
//! What a secrets engine cannot take back at its own platform stays valid there; the server then keeps the lease.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use crate::vault;
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const LIST: &str = "LIST {server}/v1/sys/leases/lookup/{prefix}";
const REVOKE: &str = "PUT {server}/v1/sys/leases/revoke-prefix/{prefix}";

static SPEC: ActionSpec = ActionSpec {
    name: "vault_lease",
    verb: "revoke",
    targets: &[],
    title: "Revoke Vault leases below a prefix",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(30),
    calls: &[Call::reads(vault::SELF), Call::reads(LIST), Call::changes(REVOKE)],
    permissions: &[
        Permission { action: "list, sudo", resource: "sys/leases/lookup/*", purpose: "see what is below the prefix" },
        Permission { action: "update, sudo", resource: "sys/leases/revoke-prefix/*", purpose: "revoke it" },
    ],
    rate_class: RateClass::Vault,
    blast_radius: "whoever uses a secret that was leased below the prefix",
};

/// Revokes leases.
#[derive(Debug)]
pub struct VaultLease;

/// The responder.
pub static RESPONDER: VaultLease = VaultLease;

/// The prefix. An empty one, or one without a mount, would be every lease of the server.
fn prefix(action: &Action) -> Result<&str, ActError> {
    let prefix = parameter(action, "prefix")?.trim_end_matches('/');
    let parts = prefix.split('/').filter(|part| !part.is_empty()).count();
    if parts < 2 || prefix.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(ActError::unusable(
            format!("the prefix `{prefix}` is too wide or no prefix"),
            "name the mount and what is below it: `database/creds/app`",
        ));
    }
    Ok(prefix)
}

#[async_trait]
impl Setting for VaultLease {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let prefix = prefix(action)?;
        let answer = vault::open(context, action)?.ask(LIST, &[prefix], Body::None).await?;
        // No lease below a prefix is 404 here.
        let keys = match answer.status {
            200..300 => answer.body.pointer("/data/keys").and_then(Value::as_array).map_or(0, Vec::len),
            404 => 0,
            _ => return Err(answer.refusal()),
        };
        let words = format!("{keys} leases or folders of leases are below the prefix");
        Ok(Reading::new(json!({"below": keys}), keys == 0, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let prefix = prefix(action)?;
        // Without `sync` the server answers before anything is revoked.
        let body = json!({"prefix": prefix, "sync": true});
        vault::open(context, action)?.call(REVOKE, &[prefix], Body::Json(&body)).await.map(|_| ())
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "whoever needs the secret asks for a new one"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // Tokens that a login gave have a lease below `auth/`.
        let own = vault::own(context, action, "path").await?;
        let prefix = prefix(action)?;
        Ok(own.starts_with(prefix) || prefix.starts_with(&own) && !own.is_empty())
    }

    fn unseen(&self) -> &'static str {
        "the server says that no lease is left; whether the platform behind a secrets engine refuses the secret is seen there"
    }
}
