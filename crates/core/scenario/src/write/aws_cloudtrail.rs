//! CloudTrail records, as the service delivers them to a bucket. Which calls happen is decided elsewhere.

use crate::clock::At;
use crate::estate::aws::{Kind, Principal, REGION};
use crate::json::Json;
use crate::random::Random;

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// A user with a long-lived key.
    User { user: &'static Principal, key: String },
    /// A session of a role.
    Session { role: &'static Principal, name: String, key: String, since: At },
    /// A principal of another account, as the called account sees it.
    Foreign { principal: &'static Principal },
    /// A service on its own behalf.
    Service(&'static str),
    /// A job that shows a web identity token of GitHub.
    Web { subject: String },
    /// A key that the account no longer knows.
    Dead { key: String },
}

/// A session that an answer hands out.
#[derive(Clone, Debug)]
pub(crate) struct Minted {
    pub(crate) role: &'static Principal,
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) expires: At,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) account: &'a str,
    /// `s3`, without the rest of the host name.
    pub(crate) service: &'a str,
    pub(crate) name: &'a str,
    pub(crate) caller: &'a Caller,
    pub(crate) address: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) read_only: bool,
    pub(crate) error: Option<(&'a str, &'a str)>,
    pub(crate) request: &'a [(&'a str, &'a str)],
    pub(crate) minted: Option<&'a Minted>,
    /// Type and ARN of what was called upon.
    pub(crate) resources: &'a [(&'a str, &'a str)],
    /// For a call that moves an object: bytes in and out.
    pub(crate) bytes: Option<(u64, u64)>,
    /// The id that both accounts of a call between accounts record.
    pub(crate) shared: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A call that reads, succeeds and says nothing more.
    pub(crate) fn new(
        account: &'a str,
        service: &'a str,
        name: &'a str,
        caller: &'a Caller,
        client: (&'a str, &'a str),
    ) -> Call<'a> {
        Call {
            account,
            service,
            name,
            caller,
            address: client.0,
            agent: client.1,
            read_only: true,
            error: None,
            request: &[],
            minted: None,
            resources: &[],
            bytes: None,
            shared: None,
        }
    }

    fn object(&self) -> bool {
        self.service == "s3" && matches!(self.name, "GetObject" | "PutObject" | "HeadObject" | "DeleteObject")
    }
}

fn session(json: &mut Json, seed: u64, role: &Principal, since: At) {
    json.nested("sessionContext", |json| {
        json.nested("sessionIssuer", |json| {
            json.text("type", "Role");
            json.text("principalId", &role.id(seed));
            json.text("arn", &role.arn());
            json.text("accountId", role.account);
            json.text("userName", role.name);
        });
        json.nested("attributes", |json| {
            json.text("creationDate", &since.iso());
            json.text("mfaAuthenticated", "false");
        });
    });
}

fn identity(json: &mut Json, seed: u64, caller: &Caller) {
    match caller {
        Caller::User { user, key } => {
            json.text("type", "IAMUser");
            json.text("principalId", &user.id(seed));
            json.text("arn", &user.arn());
            json.text("accountId", user.account);
            json.text("accessKeyId", key);
            json.text("userName", user.name);
        }
        Caller::Session { role, name, key, since } => {
            json.text("type", "AssumedRole");
            json.text("principalId", &format!("{}:{name}", role.id(seed)));
            json.text("arn", &format!("arn:aws:sts::{}:assumed-role/{}/{name}", role.account, role.name));
            json.text("accountId", role.account);
            json.text("accessKeyId", key);
            session(json, seed, role, *since);
        }
        Caller::Foreign { principal } => {
            json.text("type", "AWSAccount");
            json.text("principalId", &principal.id(seed));
            json.text("accountId", principal.account);
        }
        Caller::Service(name) => {
            json.text("type", "AWSService");
            json.text("invokedBy", name);
        }
        Caller::Web { subject } => {
            json.text("type", "WebIdentityUser");
            json.text("principalId", &format!("token.actions.githubusercontent.com:sts.amazonaws.com:{subject}"));
            json.text("userName", subject);
            json.text("identityProvider", "token.actions.githubusercontent.com");
        }
        Caller::Dead { key } => {
            json.text("type", "Unknown");
            json.text("principalId", "");
            json.text("accountId", "");
            json.text("accessKeyId", key);
            json.text("userName", "");
        }
    }
}

fn response(json: &mut Json, seed: u64, minted: Option<&Minted>) {
    let Some(minted) = minted else { return json.null("responseElements") };
    json.nested("responseElements", |json| {
        json.nested("credentials", |json| {
            json.text("accessKeyId", &minted.key);
            json.text("sessionToken", "HIDDEN_DUE_TO_SECURITY_REASONS");
            json.text("expiration", &minted.expires.iso());
        });
        json.nested("assumedRoleUser", |json| {
            json.text("assumedRoleId", &format!("{}:{}", minted.role.id(seed), minted.name));
            let (account, role) = (minted.role.account, minted.role.name);
            json.text("arn", &format!("arn:aws:sts::{account}:assumed-role/{role}/{}", minted.name));
        });
    });
}

fn extra(json: &mut Json, call: &Call<'_>, random: &mut Random) {
    let Some((inward, outward)) = call.bytes else { return };
    json.nested("additionalEventData", |json| {
        json.text("SignatureVersion", "SigV4");
        json.text("CipherSuite", "TLS_AES_128_GCM_SHA256");
        json.number("bytesTransferredIn", inward as i64);
        json.text("AuthenticationMethod", "AuthHeader");
        json.text("x-amz-id-2", &random.alnum(76));
        json.number("bytesTransferredOut", outward as i64);
    });
}

fn ids(json: &mut Json, call: &Call<'_>, random: &mut Random) {
    if call.service == "s3" {
        json.text("requestID", &random.upper(16));
    } else {
        json.text("requestID", &random.uuid());
    }
    json.text("eventID", &random.uuid());
    json.flag("readOnly", call.read_only);
    if !call.resources.is_empty() {
        json.list("resources", |json| {
            for (kind, arn) in call.resources {
                json.object(|json| {
                    json.text("accountId", call.account);
                    json.text("type", kind);
                    json.text("ARN", arn);
                });
            }
        });
    }
}

/// Writes the record of `call`.
pub(crate) fn record(json: &mut Json, seed: u64, at: At, call: &Call<'_>, random: &mut Random) {
    json.text("eventVersion", "1.11");
    json.nested("userIdentity", |json| identity(json, seed, call.caller));
    json.text("eventTime", &at.iso());
    json.text("eventSource", &format!("{}.amazonaws.com", call.service));
    json.text("eventName", call.name);
    json.text("awsRegion", REGION);
    json.text("sourceIPAddress", call.address);
    json.text("userAgent", call.agent);
    if let Some((code, message)) = call.error {
        json.text("errorCode", code);
        json.text("errorMessage", message);
    }
    json.fields("requestParameters", call.request);
    response(json, seed, call.minted);
    extra(json, call, random);
    ids(json, call, random);
    json.text("eventType", "AwsApiCall");
    json.flag("managementEvent", !call.object());
    json.text("recipientAccountId", call.account);
    if let Some(shared) = call.shared {
        json.text("sharedEventID", shared);
    }
    json.text("eventCategory", if call.object() { "Data" } else { "Management" });
    if !matches!(call.caller, Caller::Service(_)) {
        json.nested("tlsDetails", |json| {
            json.text("tlsVersion", "TLSv1.3");
            json.text("cipherSuite", "TLS_AES_128_GCM_SHA256");
            let bucket = call.request.iter().find(|(name, _)| *name == "bucketName").map(|(_, bucket)| *bucket);
            let host = match bucket {
                Some(bucket) => format!("{bucket}.s3.{REGION}.amazonaws.com"),
                None => format!("{}.{REGION}.amazonaws.com", call.service),
            };
            json.text("clientProvidedHostHeader", &host);
        });
    }
}

/// The path of the file in which records of `hour` are delivered.
pub(crate) fn path(account: &str, hour: At, random: &mut Random) -> String {
    let delivered = hour.plus(3_600);
    format!(
        "AWSLogs/{account}/CloudTrail/{REGION}/{}/{account}_CloudTrail_{REGION}_{}_{}.json.gz",
        hour.folders(),
        delivered.stamp(),
        random.alnum(16)
    )
}

/// The caller that a user with `key` is.
pub(crate) fn user(user: &'static Principal, key: &str) -> Caller {
    debug_assert_eq!(user.kind, Kind::User);
    Caller::User { user, key: key.to_owned() }
}

/// Adds the record of a call that moves an object of `bucket`; `call` says who and from where.
pub(crate) fn add_object(
    batch: &mut crate::batch::Batch,
    seed: u64,
    at: At,
    call: &Call<'_>,
    object: (&str, &str, u64),
    random: &mut Random,
) {
    let (bucket, key, size) = object;
    let host = format!("{bucket}.s3.{REGION}.amazonaws.com");
    let (object_arn, bucket_arn) = (format!("arn:aws:s3:::{bucket}/{key}"), format!("arn:aws:s3:::{bucket}"));
    let put = call.name == "PutObject";
    let request = [("bucketName", bucket), ("Host", host.as_str()), ("key", key)];
    let resources = [("AWS::S3::Object", object_arn.as_str()), ("AWS::S3::Bucket", bucket_arn.as_str())];
    let call = Call {
        read_only: !put,
        request: &request,
        resources: &resources,
        bytes: Some(if put { (size, 0) } else { (0, size) }),
        ..call.clone()
    };
    batch.add(at, |json| record(json, seed, at, &call, random));
}

/// Adds the record of reading a secret; `call` says who and from where.
pub(crate) fn add_secret(
    batch: &mut crate::batch::Batch,
    seed: u64,
    at: At,
    call: &Call<'_>,
    arn: &str,
    random: &mut Random,
) {
    let request = [("secretId", arn)];
    let resources = [("AWS::SecretsManager::Secret", arn)];
    let call = Call { request: &request, resources: &resources, ..call.clone() };
    batch.add(at, |json| record(json, seed, at, &call, random));
}
