//! What the platform treats differently by service: which have policies on their resources, where such a policy is
//! needed, and which resource control policies cover.
//!
//! It is not a table of actions: whether an action is checked against a resource is the caller's to say, by what it asks.

/// Services whose resources can have policies of their own, by the prefix of their actions.
const WITH_RESOURCE_POLICIES: [&str; 58] = [
    "acm-pca",
    "aoss",
    "apigateway",
    "backup",
    "backup-search",
    "bedrock",
    "bedrock-agentcore",
    "cloudtrail",
    "codeartifact",
    "codebuild",
    "dataexchange",
    "deadline",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "elasticfilesystem",
    "elemental-mediapackagev2",
    "es",
    "events",
    "execute-api",
    "geo",
    "glacier",
    "glue",
    "iot",
    "kafka",
    "kinesis",
    "kinesisvideo",
    "kms",
    "lambda",
    "lex",
    "logs",
    "mediastore",
    "mobiletargeting",
    "mpa",
    "network-firewall",
    "networkmanager",
    "opensearch",
    "osis",
    "ram",
    "redshift",
    "redshift-serverless",
    "rekognition",
    "resource-explorer-2",
    "s3",
    "s3-object-lambda",
    "s3-outposts",
    "s3express",
    "s3tables",
    "s3vectors",
    "sagemaker",
    "schemas",
    "secretsmanager",
    "serverlessrepo",
    "ses",
    "sns",
    "sqs",
    "xray",
];

/// Services that more rarely have them, of one resource type or other.
const WITH_SOME: [&str; 13] = [
    "cassandra",
    "lightsail",
    "mediaconvert",
    "ssm",
    "ssm-contacts",
    "ssm-incidents",
    "vpc-lattice",
    "signer",
    "states",
    "refactor-spaces",
    "imagebuilder",
    "migrationhub-orchestrator",
    "verifiedpermissions",
];

/// Services that resource control policies cover.
const WITH_RESOURCE_CONTROL: [&str; 11] =
    ["aoss", "cognito-identity", "cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts"];

/// The service of an action in lower case.
fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

/// Whether what `action` is asked of can have a policy of its own. `resource` is its ARN, or `*`.
pub fn has_resource_policies(action: &str, resource: &str) -> bool {
    if resource == "*" {
        return false;
    }
    let service = service(action);
    trusts(action) || WITH_RESOURCE_POLICIES.contains(&service) || WITH_SOME.contains(&service)
}

/// Whether the resource's policy has to take part: identity policies alone permit nothing.
pub(crate) fn needs_resource_policy(action: &str, resource: &str) -> bool {
    trusts(action) || (service(action) == "kms" && resource != "*" && resource.contains(":key/"))
}

/// Whether the action is decided by a role's trust policy.
pub(crate) fn trusts(action: &str) -> bool {
    action.starts_with("sts:assumerole") || matches!(action, "sts:tagsession" | "sts:setsourceidentity")
}

/// Whether resource control policies may limit the action.
pub(crate) fn has_resource_control(action: &str) -> bool {
    WITH_RESOURCE_CONTROL.contains(&service(action))
}
