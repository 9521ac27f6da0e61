//! Live collecting: a platform's API, asked call by call, into one document of exactly the form that its scanner reads.
//!
//! A scanner with an API declares a tree of calls ([`Collector`]); the answers become the document, each under its key, each
//! item with the answers of the calls that are made for it. So a live answer and an exported file are read by the same code.
//!
//! Only `GET` is sent (AWS has its reading calls as `POST`, too), and the credential only to the platform's own address: a server's answer names neither another host
//! nor, unescaped, another path. What could not be collected is in the document under `incomplete`, never left out in silence:
//! a document with gaps retires nothing from the map.

mod call;
mod fetch;
mod paging;
mod place;
mod run;

pub use call::{Authorization, Call, Collector, Paging};
pub use fetch::{Patience, Waiting};
pub(crate) use fetch::{Tried, delay, patiently};
pub(crate) use place::encoded;
pub use run::{collect, keep};

use crate::json::{list, text};
use crate::report::{Report, shown};
use async_trait::async_trait;
use firebreak_world::World;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// How to reach a platform: what the operator configures.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The scanner that reads what is collected.
    pub scanner: String,
    /// The address of the API, without a slash at its end: `https://example.okta.com`.
    #[serde(default)]
    pub url: String,
    /// A reference to our credential there, `env:NAME` or `file:/path`.
    #[serde(default)]
    pub credential: Option<String>,
    /// What the calls need beside it: organisation, tenant, account. The scanner's page lists the names.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// What one run of a collector gave.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Collected {
    /// Where below the inventory directory it belongs.
    pub file: String,
    /// The document.
    pub document: Value,
    /// Further documents that are read beside it, each with where it belongs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<(String, Value)>,
    /// How many calls were answered.
    pub calls: u64,
    /// What could not be collected; the documents say the same under `incomplete`.
    pub incomplete: Vec<Missing>,
}

/// A call that was not answered as it should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Missing {
    /// The path that was asked for, without its query; or the name of the call.
    pub call: String,
    /// Why there is no answer, in words; never anything that the server wrote beyond its status and the code of its error.
    pub reason: String,
}

/// Why nothing was collected at all.
#[derive(Debug, Error)]
pub enum CollectError {
    /// A setting is missing or does not fit.
    #[error("{0}")]
    Settings(String),
    /// Our own credential could not be read.
    #[error(transparent)]
    Secret(#[from] firebreak_world::SecretsError),
    /// The first answers say that the credential is not accepted, or nobody answers: there is nothing worth writing.
    #[error("nothing was collected: {0}\nhint: check the address and the credential")]
    Nothing(String),
}

/// Whether a document has no gaps. The gaps of one that has are problems of its file.
pub(crate) fn is_whole(document: &Value, report: &mut Report) -> bool {
    let gaps = list(document, "incomplete");
    for gap in gaps {
        let (call, reason) = (text(gap, "call").unwrap_or("a call"), text(gap, "reason").unwrap_or("no reason"));
        let reason = format!("`{}` was not collected: {}", shown(call), shown(reason));
        report.add(reason, "let the credential read it and collect again");
    }
    gaps.is_empty()
}

/// A way to collect: most are a [`Collector`], a few platforms do not speak HTTP and JSON.
#[async_trait]
pub trait Collect: Sync {
    /// The names that [`Settings::values`] must hold.
    fn settings(&self) -> &'static [&'static str];
    /// Asks the platform.
    async fn collect(
        &self,
        world: &World,
        waiting: &dyn Waiting,
        settings: &Settings,
    ) -> Result<Collected, CollectError>;
}

#[async_trait]
impl Collect for Collector {
    fn settings(&self) -> &'static [&'static str] {
        self.settings
    }

    async fn collect(
        &self,
        world: &World,
        waiting: &dyn Waiting,
        settings: &Settings,
    ) -> Result<Collected, CollectError> {
        collect(self, world, waiting, settings).await
    }
}
