//! Asking AWS: the account's authorisation details, its organisation, and its resources' own policies, put together into
//! the documents that the scanner reads.
//!
//! AWS has a protocol a service (forms with XML answers, JSON by target, plain paths), so these are no declared calls.
//! Everything asked only reads. What is refused is a gap in words; where nothing says whose account it is, or what its
//! principals may do, nothing is kept at all.

mod client;
mod details;
mod organization;
mod resources;
mod xml;

use crate::collect::{Collect, CollectError, Collected, Missing, Settings, Waiting};
use crate::json::{list, text};
use async_trait::async_trait;
use client::{Client, Refusal};
use firebreak_world::World;
use serde_json::Value;

/// How many gaps of one document are told one by one.
const GAPS_MAX: usize = 1_000;

/// More pages of one list than this are not believed.
const PAGES_MAX: usize = 100_000;

pub(super) struct Api;

#[async_trait]
impl Collect for Api {
    fn settings(&self) -> &'static [&'static str] {
        &["access_key_id", "regions"]
    }

    async fn collect(
        &self,
        world: &World,
        waiting: &dyn Waiting,
        settings: &Settings,
    ) -> Result<Collected, CollectError> {
        let mut client = Client::new(world, waiting, settings)?;
        let nothing = |call: &str, refusal: Refusal| CollectError::Nothing(format!("{call}: {}", refusal.reason));
        let caller = client.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await;
        let caller = caller.map_err(|refusal| nothing("sts GetCallerIdentity", refusal))?;
        let number = |account: &&str| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let account = text(&caller, "Account").filter(number).map(str::to_owned);
        let account = account.ok_or_else(|| CollectError::Nothing("GetCallerIdentity names no account".to_owned()))?;
        let mut gaps = Gaps::default();
        let regions = regions(&mut client, settings, &mut gaps).await?;
        let mut all = std::mem::take(&mut gaps);
        let document = details::collect(&mut client, &mut gaps).await;
        let document = document.map_err(|refusal| nothing("iam GetAccountAuthorizationDetails", refusal))?;
        let document = gaps.close(document, &mut all);
        let mut beside = Vec::new();
        let file = |name: &str| format!("aws/{account}/{name}");
        if settings.values.get("organization").map(String::as_str) != Some("elsewhere") {
            let organization = organization::collect(&mut client, &mut gaps).await;
            beside.push((file("organization.json"), gaps.close(organization, &mut all)));
        }
        let policies = resources::collect(&mut client, &account, &regions, &mut gaps).await;
        beside.push((file("resource-policies.json"), gaps.close(policies, &mut all)));
        let (file, calls, incomplete) = (file("authorization-details.json"), client.calls(), all.list);
        Ok(Collected { file, document, beside, calls, incomplete })
    }
}

/// The regions that are asked: those that are named, or all that the account has.
async fn regions(client: &mut Client<'_>, settings: &Settings, gaps: &mut Gaps) -> Result<Vec<String>, CollectError> {
    let written = settings.values.get("regions").map_or("", String::as_str);
    if written.trim() == "all" {
        let answer = client.query("ec2", "2016-11-15", "DescribeRegions", &[]).await;
        let answer =
            answer.map_err(|refusal| CollectError::Nothing(format!("ec2 DescribeRegions: {}", refusal.reason)))?;
        let names = list(&answer, "regionInfo").iter().filter_map(|region| text(region, "regionName"));
        let names: Vec<String> = names.filter(|name| client::is_region(name)).map(str::to_owned).collect();
        if names.is_empty() {
            gaps.add("ec2 DescribeRegions", "it names no region");
        }
        return Ok(names);
    }
    client::named_regions(written)
}

/// What could not be collected for one document.
#[derive(Default)]
struct Gaps {
    list: Vec<Missing>,
    left_out: usize,
}

impl Gaps {
    fn add(&mut self, call: impl Into<String>, reason: impl Into<String>) {
        if self.list.len() < GAPS_MAX {
            self.list.push(Missing { call: call.into(), reason: reason.into() });
        } else {
            self.left_out += 1;
        }
    }

    /// The document, which says what it lacks; `all` gathers that of every document.
    fn close(&mut self, mut document: Value, all: &mut Gaps) -> Value {
        let mut gaps = std::mem::take(self);
        if gaps.left_out > 0 {
            let reason = format!("{} more calls were not answered", gaps.left_out);
            gaps.list.push(Missing { call: String::new(), reason });
        }
        if let Some(fields) = document.as_object_mut().filter(|_| !gaps.list.is_empty()) {
            fields.insert("incomplete".to_owned(), serde_json::to_value(&gaps.list).unwrap_or_default());
        }
        all.list.extend(gaps.list);
        document
    }
}
