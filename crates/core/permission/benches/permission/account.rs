//! An account drawn from a seed.

use firebreak_permission::aws::{
    Action, Context, Estate, Held, Holder, Level, Limits, Membership, Organization, Policy, Principal, Resource,
    ResourcePolicy,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The account's number.
pub(crate) const OWN: &str = "111122223333";

/// Each service with its resources' ARNs, before and after the number, and its actions.
const SERVICES: [(&str, &str, &str, [&str; 6]); 8] = [
    (
        "s3",
        "arn:aws:s3:::data-",
        "",
        ["GetObject", "PutObject", "DeleteObject", "ListBucket", "PutBucketPolicy", "GetBucketPolicy"],
    ),
    (
        "secretsmanager",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/",
        "-AbCdEf",
        ["GetSecretValue", "PutSecretValue", "DeleteSecret", "DescribeSecret", "PutResourcePolicy", "RotateSecret"],
    ),
    (
        "kms",
        "arn:aws:kms:eu-west-1:111122223333:key/",
        "",
        ["Decrypt", "Encrypt", "GenerateDataKey", "CreateGrant", "PutKeyPolicy", "ScheduleKeyDeletion"],
    ),
    (
        "lambda",
        "arn:aws:lambda:eu-west-1:111122223333:function:fn-",
        "",
        [
            "InvokeFunction",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
            "AddPermission",
            "GetFunction",
            "DeleteFunction",
        ],
    ),
    (
        "iam",
        "arn:aws:iam::111122223333:role/team/role-",
        "",
        ["PassRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "PutRolePolicy", "DetachRolePolicy", "GetRole"],
    ),
    (
        "sqs",
        "arn:aws:sqs:eu-west-1:111122223333:queue-",
        "",
        ["SendMessage", "ReceiveMessage", "DeleteMessage", "PurgeQueue", "SetQueueAttributes", "GetQueueUrl"],
    ),
    (
        "dynamodb",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/t-",
        "",
        ["GetItem", "PutItem", "Scan", "Query", "DeleteTable", "UpdateTable"],
    ),
    (
        "ec2",
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-",
        "",
        [
            "RunInstances",
            "StopInstances",
            "StartInstances",
            "ModifyInstanceAttribute",
            "TerminateInstances",
            "CreateTags",
        ],
    ),
];

/// A principal and its policies, with the documents for who reads them plainly.
pub(crate) struct Who {
    pub(crate) principal: Principal,
    pub(crate) identity: Vec<Arc<Policy>>,
    pub(crate) boundary: Option<Arc<Policy>>,
    pub(crate) documents: Vec<Arc<Value>>,
    pub(crate) bound: Option<Arc<Value>>,
}

/// A resource and its policy.
pub(crate) struct What {
    pub(crate) resource: Resource,
    pub(crate) policy: Option<Policy>,
}

pub(crate) struct Account {
    pub(crate) holders: Vec<Who>,
    pub(crate) held: Vec<What>,
    /// Actions with the ARNs that they make sense on.
    pub(crate) actions: Vec<(String, String)>,
    pub(crate) lower: Vec<String>,
    pub(crate) organization: Organization,
    pub(crate) levels: Vec<Value>,
}

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

type Shared = (Arc<Policy>, Arc<Value>);

fn compiled(name: &str, document: Value) -> Shared {
    let (policy, problems) = Policy::read(name, &document, Limits::default());
    assert!(problems.is_empty(), "{problems:?}");
    (Arc::new(policy), Arc::new(document))
}

/// A statement about some actions of one service on some of its resources.
fn statement(random: &mut Random, width: usize) -> Value {
    let (service, before, after, actions) = SERVICES[random.below(SERVICES.len())];
    let count = 1 + random.below(5);
    let own: Vec<String> = (0..count).map(|_| format!("{service}:{}", actions[random.below(6)])).collect();
    let actions = match random.below(6) {
        0 => json!(format!("{service}:*")),
        1 => json!([format!("{service}:Get*"), format!("{service}:List*"), format!("{service}:Describe*")]),
        _ => json!(own),
    };
    let resource = |random: &mut Random| match random.below(8) {
        0 => "*".to_owned(),
        1 => format!("{before}{}*", random.below(100)),
        _ => format!("{before}{:05}{after}", random.below(width)),
    };
    let resources: Vec<String> = (0..1 + random.below(6)).map(|_| resource(random)).collect();
    let mut statement = json!({"Effect": "Allow", "Action": actions, "Resource": resources});
    match random.below(20) {
        0 => statement["Effect"] = "Deny".into(),
        1 => statement["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        2 => statement["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        _ => {}
    }
    statement
}

fn document(random: &mut Random, statements: usize, width: usize) -> Value {
    let statements: Vec<Value> = (0..statements).map(|_| statement(random, width)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

impl Account {
    pub(crate) fn draw(principals: usize, resources: usize) -> Account {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let width = resources / SERVICES.len();
        let managed: Vec<Shared> = (0..200)
            .map(|at| {
                let size = 3 + random.below(38);
                compiled(&format!("arn:aws:iam::{OWN}:policy/m-{at}"), document(&mut random, size, width))
            })
            .collect();
        let all = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        let admin = compiled("AdministratorAccess", all.clone());
        let mut wide = document(&mut random, 4, width);
        let most = ["s3", "sqs", "lambda", "dynamodb"].map(|service| format!("{service}:*"));
        wide["Statement"][0] = json!({"Effect": "Allow", "Action": most, "Resource": "*"});
        let boundary = compiled("boundary", wide);
        let holders = (0..principals).map(|at| who(&mut random, at, &managed, &admin, &boundary, width)).collect();
        let held = (0..resources).map(|at| what(&mut random, at, width)).collect();
        let (actions, lower) = actions();
        let no_regions = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": ["kms:ScheduleKeyDeletion", "iam:Update*"], "Resource": "*"}]});
        let levels = vec![all, no_regions];
        let level = |document: &Value| Level {
            id: "level".into(),
            service_control: Some(vec![compiled("level", document.clone()).0]),
            resource_control: Vec::new(),
        };
        let accounts = [(OWN.into(), levels.iter().map(level).collect())].into_iter().collect();
        let management = Some("000022223333".into());
        let organization = Organization { id: Some("o-1".into()), management, accounts };
        Account { holders, held, actions, lower, organization, levels }
    }

    pub(crate) fn policies(&self) -> usize {
        self.holders.iter().map(|who| who.identity.len()).sum::<usize>()
            + self.held.iter().filter(|what| what.policy.is_some()).count()
    }

    pub(crate) fn statements(&self) -> usize {
        let own = self.holders.iter().flat_map(|who| &who.identity).map(|policy| policy.len()).sum::<usize>();
        own + self.held.iter().filter_map(|what| what.policy.as_ref()).map(Policy::len).sum::<usize>()
    }

    /// Who asks for which action on what: resources that the action makes sense on.
    pub(crate) fn questions(&self, count: usize) -> Vec<(usize, usize, usize)> {
        let mut random = Random(7);
        let width = self.held.len() / SERVICES.len();
        let one = |_| {
            let (who, action) = (random.below(self.holders.len()), random.below(self.actions.len()));
            (who, action, action / 6 * width + random.below(width))
        };
        (0..count).map(one).collect()
    }

    pub(crate) fn estate<'a>(&'a self, context: &'a Context) -> Estate<'a> {
        let holder = |who: &'a Who| Holder {
            principal: &who.principal,
            identity: &who.identity,
            boundary: who.boundary.as_ref(),
        };
        let held = |what: &'a What| Held {
            resource: &what.resource,
            policy: what.policy.as_ref().map_or(ResourcePolicy::Absent, ResourcePolicy::Given),
            grants: &[],
        };
        Estate {
            holders: self.holders.iter().map(holder).collect(),
            resources: self.held.iter().map(held).collect(),
            actions: self.actions.iter().map(|(name, on)| Action::new(name, on)).collect(),
            context,
            principal_in: self.organization.membership(OWN),
            resource_in: Membership::Standalone,
        }
    }
}

fn actions() -> (Vec<(String, String)>, Vec<String>) {
    let each = SERVICES.iter().flat_map(|(service, before, _, actions)| {
        actions.iter().map(move |action| (format!("{service}:{action}"), format!("{before}*")))
    });
    let all: Vec<(String, String)> = each.collect();
    let lower = all.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    (all, lower)
}

fn who(random: &mut Random, at: usize, managed: &[Shared], admin: &Shared, bound: &Shared, width: usize) -> Who {
    let principal = match at % 5 {
        0..3 => Principal::user(&format!("arn:aws:iam::{OWN}:user/u-{at}")),
        _ => Principal::role(&format!("arn:aws:iam::{OWN}:role/r-{at}")),
    };
    let mut own: Vec<Shared> = (0..random.below(4)).map(|_| managed[random.below(managed.len())].clone()).collect();
    if random.below(2) == 0 {
        let size = 1 + random.below(4);
        own.push(compiled("inline", document(random, size, width)));
    }
    if random.below(50) == 0 {
        own.push(admin.clone());
    }
    let bound = Some(bound).filter(|_| random.below(10) == 0);
    let (identity, documents) = own.into_iter().unzip();
    let principal = principal.with_id(&format!("AIDAEXAMPLE{at:010}")).with_tags([("team", "red")]);
    Who { principal, identity, documents, boundary: bound.map(|b| b.0.clone()), bound: bound.map(|b| b.1.clone()) }
}

fn what(random: &mut Random, at: usize, width: usize) -> What {
    let (service, before, after, actions) = SERVICES[(at / width).min(SERVICES.len() - 1)];
    let resource = Resource::new(&format!("{before}{:05}{after}", at % width)).in_account(OWN).with_tags([]);
    let user = format!("arn:aws:iam::{OWN}:user/u-{}", random.below(5_000) / 5 * 5);
    let statements = match (service, random.below(5)) {
        // Every key has a policy, and most leave it to the account.
        ("kms", _) => json!([{"Effect": "Allow", "Principal": {"AWS": OWN}, "Action": "kms:*", "Resource": "*"}]),
        ("iam" | "ec2", _) => return What { resource, policy: None },
        (_, 0) => json!([
            {"Effect": "Deny", "Principal": "*", "Action": format!("{service}:*"), "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Effect": "Allow", "Principal": {"AWS": user}, "Action": format!("{service}:{}", actions[0]), "Resource": "*"}]),
        _ => return What { resource, policy: None },
    };
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    What { resource, policy: Some(Policy::read("guard", &document, Limits::default()).0) }
}
