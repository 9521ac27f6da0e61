//! Resources' own policies: of buckets, keys, queues, topics, secrets, functions and repositories.
//!
//! A resource whose policy could not be read is listed without one, so that the scanner knows it and leaves what it may
//! say undecided.

use super::client::{Client, Refusal};
use super::{Gaps, PAGES_MAX, xml};
use crate::collect::encoded;
use crate::json::{list, text};
use serde_json::{Value, json};

/// A kind of resource whose service takes JSON by target: how it is listed, and how it tells of a policy.
struct Kind {
    service: &'static str,
    /// What comes before a call's name in the target.
    prefix: &'static str,
    list: &'static str,
    /// Where the list is in the answer.
    items: &'static str,
    /// Where the next page's token is in the answer, and what it is called in the next call.
    token: (&'static str, &'static str),
    /// The item's ARN.
    arn: &'static str,
    policy: &'static str,
    /// By what of the item the policy is asked for, and what that is called in the call.
    by: (&'static str, &'static str),
    /// Where the policy is in the answer.
    found: &'static str,
    /// The error that means that there is none.
    none: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        service: "kms",
        prefix: "TrentService",
        list: "ListKeys",
        items: "Keys",
        token: ("NextMarker", "Marker"),
        arn: "KeyArn",
        policy: "GetKeyPolicy",
        by: ("KeyId", "KeyId"),
        found: "Policy",
        none: "",
    },
    Kind {
        service: "secretsmanager",
        prefix: "secretsmanager",
        list: "ListSecrets",
        items: "SecretList",
        token: ("NextToken", "NextToken"),
        arn: "ARN",
        policy: "GetResourcePolicy",
        by: ("ARN", "SecretId"),
        found: "ResourcePolicy",
        none: "",
    },
    Kind {
        service: "ecr",
        prefix: "AmazonEC2ContainerRegistry_V20150921",
        list: "DescribeRepositories",
        items: "repositories",
        token: ("nextToken", "nextToken"),
        arn: "repositoryArn",
        policy: "GetRepositoryPolicy",
        by: ("repositoryName", "repositoryName"),
        found: "policyText",
        none: "RepositoryPolicyNotFoundException",
    },
];

/// The document.
pub(super) async fn collect(client: &mut Client<'_>, account: &str, regions: &[String], gaps: &mut Gaps) -> Value {
    let mut all = Collection { client, gaps, resources: Vec::new() };
    all.buckets(account).await;
    for region in regions {
        for kind in &KINDS {
            all.kind(region, kind).await;
        }
        all.queues(region, account).await;
        all.topics(region).await;
        all.functions(region).await;
    }
    json!({"regions": regions, "resources": all.resources})
}

struct Collection<'c, 'w> {
    client: &'c mut Client<'w>,
    gaps: &'c mut Gaps,
    resources: Vec<Value>,
}

/// The policy that a resource has, if any; or why that is not known.
type Told = Result<Option<String>, Refusal>;

impl Collection<'_, '_> {
    /// Adds a resource. `call` asked for its policy.
    fn add(&mut self, arn: &str, call: &str, policy: Told) -> Option<&mut Value> {
        let resource = match policy {
            Ok(policy) => json!({"arn": arn, "policy": policy.filter(|policy| !policy.is_empty())}),
            Err(refusal) => {
                self.gaps.add(format!("{call} of {arn}"), refusal.reason);
                json!({"arn": arn})
            }
        };
        self.resources.push(resource);
        self.resources.last_mut()
    }

    async fn json_pages(&mut self, region: &str, kind: &Kind) -> Vec<Value> {
        let (mut all, mut body) = (Vec::new(), json!({}));
        let name = format!("{} {} in {region}", kind.service, kind.list);
        for _ in 0..PAGES_MAX {
            let target = format!("{}.{}", kind.prefix, kind.list);
            let answer = match self.client.json(region, kind.service, &target, &body).await {
                Ok(answer) => answer,
                Err(refusal) => {
                    self.gaps.add(name, refusal.reason);
                    break;
                }
            };
            all.extend(list(&answer, kind.items).iter().cloned());
            let Some(next) = text(&answer, kind.token.0) else { break };
            if text(&body, kind.token.1) == Some(next) {
                self.gaps.add(name, "the next page is the same page");
                break;
            }
            body = json!({(kind.token.1): next});
        }
        all
    }

    async fn kind(&mut self, region: &str, kind: &Kind) {
        for item in self.json_pages(region, kind).await {
            let (Some(arn), Some(by)) = (text(&item, kind.arn), text(&item, kind.by.0)) else {
                self.gaps.add(format!("{} {} in {region}", kind.service, kind.list), "an item has no ARN");
                continue;
            };
            let mut body = json!({(kind.by.1): by});
            if kind.service == "kms" {
                body["PolicyName"] = json!("default");
            }
            let target = format!("{}.{}", kind.prefix, kind.policy);
            let told = match self.client.json(region, kind.service, &target, &body).await {
                Ok(answer) => Ok(text(&answer, kind.found).map(str::to_owned)),
                Err(refusal) if !kind.none.is_empty() && refusal.code == kind.none => Ok(None),
                Err(refusal) => Err(refusal),
            };
            let grants = if kind.service == "kms" { self.grants(region, arn).await } else { None };
            let call = format!("{} {}", kind.service, kind.policy);
            if let (Some(resource), Some(grants)) = (self.add(arn, &call, told), grants) {
                resource["grants"] = grants;
            }
        }
    }

    /// The grants of a key; `None`, and a gap, where they may not be listed.
    async fn grants(&mut self, region: &str, key: &str) -> Option<Value> {
        let (mut all, mut body) = (Vec::new(), json!({"KeyId": key}));
        for _ in 0..PAGES_MAX {
            let answer = match self.client.json(region, "kms", "TrentService.ListGrants", &body).await {
                Ok(answer) => answer,
                Err(refusal) => {
                    self.gaps.add(format!("kms ListGrants of {key}"), refusal.reason);
                    return None;
                }
            };
            all.extend(list(&answer, "Grants").iter().cloned());
            let Some(next) = text(&answer, "NextMarker").filter(|next| text(&body, "Marker") != Some(next)) else {
                break;
            };
            body = json!({"KeyId": key, "Marker": next});
        }
        Some(Value::Array(all))
    }

    async fn queues(&mut self, region: &str, account: &str) {
        let mut body = json!({"MaxResults": 1000});
        for _ in 0..PAGES_MAX {
            let answer = match self.client.json(region, "sqs", "AmazonSQS.ListQueues", &body).await {
                Ok(answer) => answer,
                Err(refusal) => return self.gaps.add(format!("sqs ListQueues in {region}"), refusal.reason),
            };
            let urls: Vec<String> =
                crate::json::texts(answer.get("QueueUrls")).into_iter().map(str::to_owned).collect();
            for url in urls {
                let asked = json!({"QueueUrl": url, "AttributeNames": ["Policy"]});
                let told = self.client.json(region, "sqs", "AmazonSQS.GetQueueAttributes", &asked).await;
                let policy =
                    |answer: &Value| answer.get("Attributes").and_then(|all| text(all, "Policy")).map(str::to_owned);
                let name = url.rsplit('/').next().unwrap_or_default();
                let arn = format!("arn:aws:sqs:{region}:{account}:{name}");
                self.add(&arn, "sqs GetQueueAttributes", told.map(|answer| policy(&answer)));
            }
            let Some(next) = text(&answer, "NextToken").filter(|next| text(&body, "NextToken") != Some(next)) else {
                break;
            };
            body = json!({"MaxResults": 1000, "NextToken": next});
        }
    }

    async fn topics(&mut self, region: &str) {
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let fields: Vec<(&str, &str)> = token.iter().map(|token| ("NextToken", token.as_str())).collect();
            let answer = match self.client.query_in(region, "sns", "2010-03-31", "ListTopics", &fields).await {
                Ok(answer) => answer,
                Err(refusal) => return self.gaps.add(format!("sns ListTopics in {region}"), refusal.reason),
            };
            let arns = list(&answer, "Topics").iter().filter_map(|topic| text(topic, "TopicArn"));
            for arn in arns {
                let asked = [("TopicArn", arn)];
                let told = self.client.query_in(region, "sns", "2010-03-31", "GetTopicAttributes", &asked).await;
                let policy =
                    |answer: &Value| answer.get("Attributes").and_then(|all| text(all, "Policy")).map(str::to_owned);
                self.add(arn, "sns GetTopicAttributes", told.map(|answer| policy(&answer)));
            }
            let next = text(&answer, "NextToken").map(str::to_owned);
            if next.is_none() || next == token {
                break;
            }
            token = next;
        }
    }

    async fn functions(&mut self, region: &str) {
        let mut marker = String::new();
        for _ in 0..PAGES_MAX {
            let more = if marker.is_empty() { String::new() } else { format!("?Marker={}", encoded(&marker)) };
            let path = format!("/2015-03-31/functions/{more}");
            let answer = match self.client.get(region, "lambda", &path).await {
                Ok(answer) => answer,
                Err(refusal) => return self.gaps.add(format!("lambda ListFunctions in {region}"), refusal.reason),
            };
            for function in list(&answer, "Functions") {
                let (Some(arn), Some(name)) = (text(function, "FunctionArn"), text(function, "FunctionName")) else {
                    self.gaps.add(format!("lambda ListFunctions in {region}"), "an item has no ARN");
                    continue;
                };
                let path = format!("/2015-03-31/functions/{}/policy", encoded(name));
                let told = match self.client.get(region, "lambda", &path).await {
                    Ok(answer) => Ok(text(&answer, "Policy").map(str::to_owned)),
                    Err(refusal) if refusal.code == "ResourceNotFoundException" => Ok(None),
                    Err(refusal) => Err(refusal),
                };
                self.add(arn, "lambda GetPolicy", told);
            }
            match text(&answer, "NextMarker").filter(|next| *next != marker) {
                Some(next) => marker = next.to_owned(),
                None => break,
            }
        }
    }

    /// Buckets are listed for all regions at once.
    async fn buckets(&mut self, account: &str) {
        let whole = match self.client.account_block(account).await {
            Ok(block) => Some(restricts(&block)),
            Err(refusal) if refusal.code == "NoSuchPublicAccessBlockConfiguration" => Some(false),
            Err(refusal) => {
                self.gaps.add("s3 GetPublicAccessBlock of the account", refusal.reason);
                None
            }
        };
        let mut token = String::new();
        for _ in 0..PAGES_MAX {
            let more = match token.as_str() {
                "" => String::new(),
                token => format!("?continuation-token={}", encoded(token)),
            };
            let answer = self.client.s3(&format!("/{more}")).await.and_then(|body| parsed(&body));
            let answer = match answer {
                Ok(answer) => answer,
                Err(refusal) => return self.gaps.add("s3 ListBuckets", refusal.reason),
            };
            for bucket in list(&answer, "Buckets").iter().filter_map(|bucket| text(bucket, "Name")) {
                self.bucket(bucket, account, whole).await;
            }
            match text(&answer, "ContinuationToken").filter(|next| *next != token) {
                Some(next) => token = next.to_owned(),
                None => break,
            }
        }
    }

    async fn bucket(&mut self, name: &str, account: &str, whole: Option<bool>) {
        let arn = format!("arn:aws:s3:::{name}");
        let path = format!("/{}", encoded(name));
        let told = match self.client.s3(&format!("{path}?policy")).await {
            Ok(policy) => Ok(Some(policy)),
            Err(refusal) if refusal.code == "NoSuchBucketPolicy" => Ok(None),
            Err(refusal) => Err(refusal),
        };
        let own = match self.client.s3(&format!("{path}?publicAccessBlock")).await.and_then(|body| parsed(&body)) {
            Ok(block) => Some(restricts(&block)),
            Err(refusal) if refusal.code == "NoSuchPublicAccessBlockConfiguration" => Some(false),
            Err(refusal) => {
                self.gaps.add(format!("s3 GetPublicAccessBlock of {arn}"), refusal.reason);
                None
            }
        };
        let blocked = match (own, whole) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        if let Some(resource) = self.add(&arn, "s3 GetBucketPolicy", told) {
            resource["account"] = json!(account);
            if let Some(blocked) = blocked {
                resource["public_access_block"] = json!(blocked);
            }
        }
    }
}

fn parsed(body: &str) -> Result<Value, Refusal> {
    let refusal = |reason: String| Refusal { code: String::new(), reason: format!("the answer is not XML: {reason}") };
    xml::read(body).map_err(refusal)
}

/// Whether a public access block keeps everyone out of public buckets.
fn restricts(block: &Value) -> bool {
    text(block, "RestrictPublicBuckets") == Some("true")
}
