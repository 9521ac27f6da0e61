//! The three AWS accounts: who is in them and what each policy allows. The policies here are what the account
//! authorisation details say and what the truth is computed from.

use crate::random::Random;

/// The account in which pipelines run.
pub(crate) const CI: &str = "111122223333";
/// The account that holds the data.
pub(crate) const DATA: &str = "444455556666";
/// The account in which the product runs.
pub(crate) const PROD: &str = "777788889999";
/// Every account, with its name.
pub(crate) const ACCOUNTS: [(&str, &str); 3] =
    [(CI, "meridian-ci"), (DATA, "meridian-data"), (PROD, "meridian-production")];
/// Where everything runs.
pub(crate) const REGION: &str = "us-east-1";

pub(crate) const RECORDINGS: &str = "meridian-interview-recordings";
pub(crate) const DOCUMENTS: &str = "meridian-identity-documents";
pub(crate) const TRAINING: &str = "meridian-training-data";
pub(crate) const PAYROLL: &str = "meridian-payroll-forms";
pub(crate) const CAREERS: &str = "meridian-careers-assets";
pub(crate) const ARTIFACTS: &str = "meridian-build-artifacts";

/// A user or a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    User,
    Role,
}

/// Who may become a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trust {
    /// A principal of an account, by the rest of its ARN (`user/ci/eval-nightly`, `root`).
    Principal(&'static str, &'static str),
    /// The same, and only with a second factor.
    PrincipalWithMfa(&'static str, &'static str),
    /// An AWS service.
    Service(&'static str),
    /// GitHub Actions jobs of one repository.
    Actions(&'static str),
    /// A service account of the cluster (`namespace:name`).
    Cluster(&'static str),
    /// People, through the identity provider.
    People,
}

/// An allow statement: actions and resources.
pub(crate) type Allow = (&'static [&'static str], &'static [&'static str]);

/// A user or role with what it may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Principal {
    pub(crate) account: &'static str,
    pub(crate) kind: Kind,
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) allow: &'static [Allow],
    pub(crate) managed: &'static [&'static str],
    pub(crate) trust: &'static [Trust],
}

const fn user(account: &'static str, path: &'static str, name: &'static str, allow: &'static [Allow]) -> Principal {
    Principal { account, kind: Kind::User, path, name, allow, managed: &[], trust: &[] }
}

const fn role(
    account: &'static str,
    path: &'static str,
    name: &'static str,
    trust: &'static [Trust],
    allow: &'static [Allow],
) -> Principal {
    Principal { account, kind: Kind::Role, path, name, allow, managed: &[], trust }
}

const fn person_role(account: &'static str, name: &'static str, managed: &'static [&'static str]) -> Principal {
    let path = "/aws-reserved/sso.amazonaws.com/";
    Principal { account, kind: Kind::Role, path, name, allow: &[], managed, trust: &[Trust::People] }
}

const READ_BUCKET: &[&str] = &["s3:GetObject", "s3:ListBucket"];
const ADMINISTRATOR: &[&str] = &["arn:aws:iam::aws:policy/AdministratorAccess"];
const READ_ONLY: &[&str] = &["arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"];

/// Everyone in the three accounts.
pub(crate) const PRINCIPALS: &[Principal] = &[
    user(
        CI,
        "/ci/",
        "eval-nightly",
        &[
            (&["sts:AssumeRole"], &["arn:aws:iam::444455556666:role/data/eval-data-reader"]),
            (&["s3:GetObject", "s3:PutObject"], &["arn:aws:s3:::meridian-build-artifacts/evals/*"]),
            (&["iam:List*", "iam:Get*", "s3:ListAllMyBuckets", "ec2:Describe*", "secretsmanager:ListSecrets"], &["*"]),
        ],
    ),
    user(
        CI,
        "/ci/",
        "artifact-publisher",
        &[
            (&["s3:PutObject", "s3:GetObject"], &["arn:aws:s3:::meridian-build-artifacts/*"]),
            (&["ecr:GetAuthorizationToken", "ecr:PutImage", "ecr:BatchCheckLayerAvailability"], &["*"]),
        ],
    ),
    user(CI, "/ci/", "legacy-deployer", &[(&["ecs:UpdateService"], &["*"])]),
    role(
        CI,
        "/",
        "github-actions-deploy",
        &[Trust::Actions("meridian/talent-api")],
        &[(&["ecr:GetAuthorizationToken", "ecr:PutImage"], &["*"])],
    ),
    user(
        DATA,
        "/data/",
        "labelling-batch",
        &[(READ_BUCKET, &["arn:aws:s3:::meridian-training-data", "arn:aws:s3:::meridian-training-data/*"])],
    ),
    user(DATA, "/data/", "annotator-import", &[(&["s3:PutObject"], &["arn:aws:s3:::meridian-training-data/import/*"])]),
    role(
        DATA,
        "/data/",
        "eval-data-reader",
        &[Trust::Principal(CI, "user/ci/eval-nightly")],
        &[
            (
                READ_BUCKET,
                &[
                    "arn:aws:s3:::meridian-interview-recordings",
                    "arn:aws:s3:::meridian-interview-recordings/*",
                    "arn:aws:s3:::meridian-identity-documents",
                    "arn:aws:s3:::meridian-identity-documents/*",
                ],
            ),
            (
                &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                &["arn:aws:secretsmanager:us-east-1:444455556666:secret:data/*"],
            ),
            (&["secretsmanager:ListSecrets", "s3:ListAllMyBuckets"], &["*"]),
        ],
    ),
    role(
        DATA,
        "/data/",
        "transcoder",
        &[Trust::Service("ecs-tasks.amazonaws.com")],
        &[(&["s3:GetObject", "s3:PutObject"], &["arn:aws:s3:::meridian-interview-recordings/*"])],
    ),
    role(
        DATA,
        "/data/",
        "etl-batch",
        &[Trust::Cluster("data:etl")],
        &[
            (READ_BUCKET, &["arn:aws:s3:::meridian-training-data", "arn:aws:s3:::meridian-training-data/*"]),
            (&["s3:PutObject"], &["arn:aws:s3:::meridian-training-data/*"]),
        ],
    ),
    role(
        DATA,
        "/data/",
        "payroll-export",
        &[Trust::Principal(PROD, "role/app/payroll")],
        &[(READ_BUCKET, &["arn:aws:s3:::meridian-payroll-forms", "arn:aws:s3:::meridian-payroll-forms/*"])],
    ),
    role(
        DATA,
        "/ops/",
        "nightly-backup",
        &[Trust::Service("ec2.amazonaws.com")],
        &[(
            READ_BUCKET,
            &[
                "arn:aws:s3:::meridian-interview-recordings",
                "arn:aws:s3:::meridian-interview-recordings/*",
                "arn:aws:s3:::meridian-payroll-forms",
                "arn:aws:s3:::meridian-payroll-forms/*",
            ],
        )],
    ),
    role(
        CI,
        "/security/",
        "secret-scan",
        &[Trust::Service("ec2.amazonaws.com")],
        &[(&["s3:GetObject"], &["arn:aws:s3:::meridian-build-artifacts/*"])],
    ),
    user(
        PROD,
        "/deploy/",
        "platform-deployer",
        &[
            (
                &["ecs:UpdateService", "ecs:DescribeServices", "ecs:ExecuteCommand"],
                &["arn:aws:ecs:us-east-1:777788889999:*/web/*", "arn:aws:ecs:us-east-1:777788889999:cluster/web"],
            ),
            (
                &["ssm:StartSession"],
                &[
                    "arn:aws:ec2:us-east-1:777788889999:instance/i-0b5e0000ba5710123",
                    "arn:aws:ssm:us-east-1::document/SSM-SessionManagerRunShell",
                ],
            ),
        ],
    ),
    user(PROD, "/ops/", "metrics-reader-old", &[(&["cloudwatch:GetMetricData"], &["*"])]),
    role(
        PROD,
        "/app/",
        "api",
        &[Trust::Cluster("apps:api")],
        &[(&["s3:GetObject", "s3:PutObject"], &["arn:aws:s3:::meridian-careers-assets/*"])],
    ),
    role(
        PROD,
        "/app/",
        "web",
        &[Trust::Service("ecs-tasks.amazonaws.com")],
        &[(&["s3:GetObject"], &["arn:aws:s3:::meridian-careers-assets/*"])],
    ),
    role(
        PROD,
        "/app/",
        "document-intake",
        &[Trust::Service("ecs-tasks.amazonaws.com")],
        &[
            (&["s3:PutObject"], &["arn:aws:s3:::meridian-identity-documents/*"]),
            (
                &["secretsmanager:GetSecretValue"],
                &["arn:aws:secretsmanager:us-east-1:777788889999:secret:prod/intake/*"],
            ),
        ],
    ),
    role(
        PROD,
        "/app/",
        "payroll",
        &[Trust::Service("ecs-tasks.amazonaws.com")],
        &[
            (&["sts:AssumeRole"], &["arn:aws:iam::444455556666:role/data/payroll-export"]),
            (
                &["secretsmanager:GetSecretValue"],
                &["arn:aws:secretsmanager:us-east-1:777788889999:secret:prod/payroll/*"],
            ),
        ],
    ),
    role(
        PROD,
        "/ops/",
        "bastion",
        &[Trust::Service("ec2.amazonaws.com")],
        &[(&["logs:CreateLogStream", "logs:PutLogEvents", "ssm:UpdateInstanceInformation"], &["*"])],
    ),
    role(
        PROD,
        "/ops/",
        "monitoring",
        &[Trust::Service("lambda.amazonaws.com")],
        &[(&["cloudwatch:*", "ec2:Describe*", "ecs:Describe*", "ecs:List*"], &["*"])],
    ),
    Principal {
        account: PROD,
        kind: Kind::Role,
        path: "/",
        name: "break-glass-admin",
        allow: &[],
        managed: ADMINISTRATOR,
        trust: &[Trust::PrincipalWithMfa(PROD, "root")],
    },
    person_role(CI, "AWSReservedSSO_Engineer_3f1c9a7be5d20846", READ_ONLY),
    person_role(DATA, "AWSReservedSSO_Engineer_9d04c2e6b17fa358", READ_ONLY),
    person_role(PROD, "AWSReservedSSO_Engineer_5ab81e3f60d7c294", READ_ONLY),
    person_role(PROD, "AWSReservedSSO_Administrator_c72d5be890a1f463", ADMINISTRATOR),
];

/// The principal with this name in this account.
pub(crate) fn principal(account: &str, name: &str) -> Option<&'static Principal> {
    PRINCIPALS.iter().find(|principal| principal.account == account && principal.name == name)
}

impl Principal {
    /// `user/ci/eval-nightly`.
    pub(crate) fn rest(&self) -> String {
        let word = match self.kind {
            Kind::User => "user",
            Kind::Role => "role",
        };
        format!("{word}{}{}", self.path, self.name)
    }

    /// The whole ARN.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::{}:{}", self.account, self.rest())
    }

    /// The key of the identity.
    pub(crate) fn key(&self) -> String {
        format!("identity:aws/{}", self.arn())
    }

    /// `AIDA…` or `AROA…`.
    pub(crate) fn id(&self, seed: u64) -> String {
        let prefix = match self.kind {
            Kind::User => "AIDA",
            Kind::Role => "AROA",
        };
        format!("{prefix}{}", Random::of(seed, &self.arn(), 0).base32(17))
    }
}

/// The permissions that matter for reaching data: whether this principal may do `action` on `resource`.
pub(crate) fn allows(principal: &Principal, action: &str, resource: &str) -> bool {
    let administrator = principal.managed == ADMINISTRATOR;
    administrator
        || principal.allow.iter().any(|(actions, resources)| {
            actions.iter().any(|pattern| matches(pattern, action))
                && resources.iter().any(|pattern| matches(pattern, resource))
        })
}

/// Whether `text` matches `pattern`, in which `*` stands for anything.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    rest.is_empty()
        || text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| text.get(at..).is_some_and(|tail| matches(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stolen_user_can_become_the_reader_and_no_one_else_there() {
        let thief = principal(CI, "eval-nightly").expect("in the table");
        let targets: Vec<_> = PRINCIPALS
            .iter()
            .filter(|role| role.kind == Kind::Role && allows(thief, "sts:AssumeRole", &role.arn()))
            .filter(|role| role.trust.contains(&Trust::Principal(CI, "user/ci/eval-nightly")))
            .map(|role| role.name)
            .collect();
        assert_eq!(targets, ["eval-data-reader"]);
    }

    #[test]
    fn wildcards() {
        assert!(matches("iam:List*", "iam:ListUsers") && matches("*", "x") && matches("a*c*", "abbcd"));
        assert!(!matches("iam:List*", "iam:GetUser") && !matches("a*c", "abb"));
    }
}
