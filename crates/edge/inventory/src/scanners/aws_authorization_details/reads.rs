//! Which actions take data out of which service, or open it to others. What is not here changes data or shows only names
//! and settings.

use super::policy::may_overlap;

/// The actions that read data from resources of `service` (an ARN's word) or that open them to a reader, as AWS writes
/// them. `None` where the service is not in the table: then every action but `List…` and `Describe…` may read.
pub(super) fn of(service: &str) -> Option<&'static [&'static str]> {
    let actions: &[&str] = match service {
        "s3" => &["s3:GetObject", "s3:GetObjectVersion", "s3:PutObjectAcl", "s3:PutBucketPolicy", "s3:PutBucketAcl"],
        "secretsmanager" => &["secretsmanager:GetSecretValue", "secretsmanager:PutResourcePolicy"],
        "ssm" => &["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"],
        "dynamodb" => &[
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:PartiQLSelect",
            "dynamodb:ExportTableToPointInTime",
            "dynamodb:PutResourcePolicy",
        ],
        "sqs" => &["sqs:ReceiveMessage", "sqs:AddPermission"],
        "sns" => &["sns:Subscribe", "sns:AddPermission", "sns:SetTopicAttributes"],
        "kinesis" => &["kinesis:GetRecords", "kinesis:SubscribeToShard"],
        "kms" => &["kms:Decrypt", "kms:CreateGrant", "kms:PutKeyPolicy"],
        "ecr" => &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:SetRepositoryPolicy"],
        "lambda" => &["lambda:GetFunction", "lambda:InvokeFunction", "lambda:UpdateFunctionCode"],
        "logs" => &["logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartQuery"],
        "codecommit" => &["codecommit:GitPull", "codecommit:GetFile", "codecommit:GetBlob"],
        _ => return None,
    };
    Some(actions)
}

/// Whether this action of a bucket is about the bucket itself and not about objects in it.
pub(super) fn is_about_bucket(action: &str) -> bool {
    action.starts_with("s3:PutBucket")
}

/// Whether `action` (lower case, maybe with wildcards) can do no more than show names and settings.
pub(super) fn is_metadata(action: &str) -> bool {
    let Some((service, verb)) = action.split_once(':') else { return false };
    if verb.starts_with("list") || verb.starts_with("describe") {
        return true;
    }
    // Where we know what reads, every other `Get…` shows settings.
    of(service).is_some_and(|reads| {
        verb.starts_with("get") && !reads.iter().any(|read| may_overlap(action, &read.to_ascii_lowercase()))
    })
}
