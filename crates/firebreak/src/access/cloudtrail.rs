//! Calls that CloudTrail recorded, as the evaluator is asked of them.

use firebreak_model::{Event, Json, Outcome, Text};
use firebreak_permission::aws::Context;
use firebreak_permission::aws::least::{Call, actions};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};

/// What one record says of the use of permissions.
pub(crate) struct Recorded<'e> {
    /// The account whose trail it is.
    pub(crate) account: &'e str,
    /// The service and the name of the call.
    pub(crate) service: &'e str,
    pub(crate) name: &'e str,
    /// The ARN of who called.
    pub(crate) caller: Option<&'e str>,
    /// The ARN of the role that the call made a session of.
    pub(crate) taken: Option<&'e str>,
    /// The permissions that it asked for.
    pub(crate) calls: Vec<Call>,
    /// Whether it was refused.
    pub(crate) refused: bool,
}

/// Reads a record of CloudTrail; `None` for events of other sources.
pub(crate) fn read(event: &Event) -> Option<Recorded<'_>> {
    if event.source != "aws_cloudtrail" {
        return None;
    }
    let body = &event.body;
    let service = text(body, &["eventSource"])?.split('.').next().unwrap_or_default();
    let service = service_of(text(body, &["eventSource"]).unwrap_or_default()).unwrap_or(service);
    let name = text(body, &["eventName"])?;
    let target = event.keys.target.as_ref().map(|key| key.name()).filter(|name| name.starts_with("arn:"));
    let refused = event.keys.outcome == Outcome::Denied;
    let taken = target.filter(|_| !refused && service == "sts" && name.starts_with("AssumeRole"));
    let account = text(body, &["recipientAccountId"]).or_else(|| text(body, &["userIdentity", "accountId"]));
    let calls = calls(event, service, name, target);
    let caller = event.keys.actor.as_ref().map(|key| key.name()).filter(|name| name.starts_with("arn:"));
    Some(Recorded { account: account.unwrap_or_default(), service, name, caller, taken, calls, refused })
}

/// Services whose events' source has a dot in it.
fn service_of(source: &str) -> Option<&str> {
    source.strip_suffix(".amazonaws.com").filter(|service| service.contains('.'))
}

fn calls(event: &Event, service: &str, name: &str, target: Option<&str>) -> Vec<Call> {
    let Some(action) = actions::needed(service, name) else { return Vec::new() };
    let call = |action: Text, resource| Call { action, resource, context: context(event), time: event.time };
    let mut calls = vec![call(action, resource(event, service, target))];
    // A copy is read somewhere else.
    if service == "s3" && matches!(name, "CopyObject" | "UploadPartCopy") {
        calls.push(call(Text::new_static("s3:GetObject"), None));
    }
    calls
}

/// What the call was asked of, where the record says it in full: many calls touch more than their record names.
fn resource(event: &Event, service: &str, target: Option<&str>) -> Option<Text> {
    let parameter = |name: &str| text(&event.body, &["requestParameters", name]);
    match service {
        "s3" => {
            let bucket =
                parameter("bucketName").map(|name| format!("arn:aws:s3:::{name}")).or(target.map(str::to_owned))?;
            Some(match parameter("key") {
                Some(key) => Text::new(format!("{bucket}/{key}")),
                None => Text::new(bucket),
            })
        }
        "sts" => parameter("roleArn").map(Text::new),
        "secretsmanager" => parameter("secretId").filter(|id| id.starts_with("arn:")).map(Text::new),
        _ => None,
    }
}

/// What conditions may ask for.
fn context(event: &Event) -> Context {
    let mut context = Context::open();
    if let Some(address) = event.keys.address {
        context = context.with("aws:SourceIp", [address.to_string()]);
    }
    if let Some(region) = text(&event.body, &["awsRegion"]) {
        context = context.with("aws:RequestedRegion", [region]);
    }
    if let Some(factor) = text(&event.body, &["userIdentity", "sessionContext", "attributes", "mfaAuthenticated"]) {
        context = context.with("aws:MultiFactorAuthPresent", [factor]);
    }
    context
}

fn text<'j>(json: &'j Json, path: &[&str]) -> Option<&'j str> {
    let end = path.iter().try_fold(json, |value, key| value.as_object()?.get(key));
    end?.as_str().filter(|text| !text.is_empty())
}
