//! What AWS's own widely used policies allow, for exports that name them without their documents. Only their effect on
//! data and on identities is written down, in the widest reading.

use serde_json::{Value, json};

/// The document of the AWS managed policy with this ARN, where it is one of the well-known ones.
pub(super) fn document(arn: &str) -> Option<Value> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
    let allow = |actions: &[&str]| json!({"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let document = match name {
        "AdministratorAccess" => allow(&["*"]),
        "PowerUserAccess" => {
            json!({"Statement": [{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}]})
        }
        "IAMFullAccess" => allow(&["iam:*"]),
        "ReadOnlyAccess" => allow(&[
            "s3:Get*",
            "s3:List*",
            "dynamodb:BatchGet*",
            "dynamodb:Get*",
            "dynamodb:Query",
            "dynamodb:Scan",
            "ssm:Get*",
            "sqs:Get*",
            "sqs:Receive*",
            "kinesis:Get*",
            "ecr:BatchGet*",
            "lambda:Get*",
            "logs:Get*",
            "logs:FilterLogEvents",
            "athena:Get*",
            "rds:Describe*",
            "codecommit:BatchGet*",
            "codecommit:Get*",
        ]),
        // Names and settings only, no data.
        "job-function/ViewOnlyAccess" | "SecurityAudit" | "job-function/Billing" | "AWSBillingReadOnlyAccess" => {
            allow(&["iam:List*", "s3:ListAllMyBuckets", "ec2:Describe*"])
        }
        "AmazonS3FullAccess" => allow(&["s3:*"]),
        "AmazonS3ReadOnlyAccess" => allow(&["s3:Get*", "s3:List*"]),
        "SecretsManagerReadWrite" => allow(&["secretsmanager:*"]),
        "AmazonDynamoDBFullAccess" => allow(&["dynamodb:*"]),
        "AmazonRDSFullAccess" => allow(&["rds:*"]),
        "AmazonSSMReadOnlyAccess" => allow(&["ssm:Get*"]),
        "AmazonSSMFullAccess" => allow(&["ssm:*"]),
        _ => return None,
    };
    Some(document)
}
