//! Which permission a recorded call needs: CloudTrail names calls, IAM names actions, and the two differ here and there.
//!
//! Sources: the Service Authorization Reference and CloudTrail's pages on data events, read in November 2026. A call that this table
//! does not lead to a permission that was granted stays unexplained, and then nothing of its service is taken away.

use firebreak_model::Text;

/// Services whose events have another name than their actions.
const SERVICES: [(&str, &str); 7] = [
    ("amazonmq", "mq"),
    ("email", "ses"),
    ("entitlement-marketplace", "aws-marketplace"),
    ("models.lex", "lex"),
    ("monitoring", "cloudwatch"),
    ("runtime.lex", "lex"),
    ("tagging", "tag"),
];

/// S3: calls that need another permission than their name says.
const S3: [(&str, &str); 22] = [
    ("CompleteMultipartUpload", "PutObject"),
    ("CopyObject", "PutObject"),
    ("CreateMultipartUpload", "PutObject"),
    ("DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("DeleteObjects", "DeleteObject"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("GetBucketLifecycle", "GetLifecycleConfiguration"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("GetBucketReplication", "GetReplicationConfiguration"),
    ("HeadBucket", "ListBucket"),
    ("HeadObject", "GetObject"),
    ("ListBuckets", "ListAllMyBuckets"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("ListObjects", "ListBucket"),
    ("ListObjectsV2", "ListBucket"),
    ("ListParts", "ListMultipartUploadParts"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("PutBucketReplication", "PutReplicationConfiguration"),
    ("SelectObjectContent", "GetObject"),
    ("UploadPart", "PutObject"),
];

/// The action (`s3:GetObject`) that a call needs, by the service and the name of its event. `None`: no policy is asked.
pub fn needed(service: &str, event: &str) -> Option<Text> {
    // Signing in is decided by a trust policy or a password.
    if service.is_empty() || service == "signin" || matches!(event, "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity")
    {
        return None;
    }
    let prefix = SERVICES.iter().find(|(name, _)| *name == service).map_or(service, |(_, prefix)| prefix);
    let named =
        |table: &[(&str, &'static str)]| table.iter().find(|(name, _)| *name == event).map(|(_, action)| *action);
    let action = match service {
        "s3" => named(&S3).unwrap_or(event),
        "apigateway" => return Some(Text::new(format!("apigateway:{}", method(event)))),
        "lambda" => match undated(event) {
            "Invoke" => "InvokeFunction",
            other => other,
        },
        "cloudfront" => undated(event),
        _ => event,
    };
    Some(Text::new(format!("{prefix}:{action}")))
}

/// The method that API Gateway's permissions are named after.
fn method(event: &str) -> &'static str {
    let begins = |words: &[&str]| words.iter().any(|word| event.starts_with(word));
    if begins(&["Get"]) {
        "GET"
    } else if begins(&["Delete"]) {
        "DELETE"
    } else if begins(&["Update"]) {
        "PATCH"
    } else if begins(&["Put", "Import", "Tag"]) {
        "PUT"
    } else {
        "POST"
    }
}

/// A name without the version that Lambda and CloudFront put behind it (`ListFunctions20150331v2`, `GetDistribution2020_05_31`).
fn undated(event: &str) -> &str {
    let bare = event.strip_suffix("v2").filter(|bare| bare.ends_with(|c: char| c.is_ascii_digit())).unwrap_or(event);
    let name = bare.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    if bare.len() - name.len() >= 8 { name } else { event }
}

/// Whether an action only reads, by its name.
pub fn reads(action: &str) -> bool {
    const VERBS: [&str; 9] = ["get", "list", "describe", "head", "lookup", "batchget", "search", "query", "scan"];
    let name = action.split_once(':').map_or(action, |(_, name)| name).to_ascii_lowercase();
    VERBS.iter().any(|verb| name.starts_with(verb))
}

/// Permissions that leave no event of their own and are asked for beside another action: pattern, and that action.
pub(super) const BESIDE: [(&str, &str); 11] = [
    ("ec2:createtags", "ec2:runinstances"),
    ("s3:abortmultipartupload", "s3:putobject"),
    ("s3:bypassgovernanceretention", "s3:deleteobject"),
    ("s3:getobjectversion", "s3:getobject"),
    ("s3:getobjectattributes", "s3:getobject"),
    ("s3:listmultipartuploadparts", "s3:putobject"),
    ("s3:putobjectacl", "s3:putobject"),
    ("s3:putobjecttagging", "s3:putobject"),
    ("sts:setsourceidentity", "sts:assumerole"),
    ("sts:tagsession", "sts:assumerole"),
    ("kms:generatedatakeywithoutplaintext", "kms:generatedatakey"),
];

/// Actions that a trail records only where it is told to: the group they are in, and their pattern. Of objects a trail may record reads
/// alone, or writes alone.
pub(super) const DATA: [(&str, &str); 34] = [
    ("bedrock", "bedrock:invokeagent"),
    ("bedrock", "bedrock:retrieve*"),
    ("cloudwatch", "cloudwatch:getmetricdata"),
    ("cloudwatch", "cloudwatch:putmetricdata"),
    ("dynamodb", "dynamodb:*item"),
    ("dynamodb", "dynamodb:conditioncheckitem"),
    ("dynamodb", "dynamodb:partiql*"),
    ("dynamodb", "dynamodb:query"),
    ("dynamodb", "dynamodb:scan"),
    ("ebs", "ebs:*snapshotblock*"),
    ("kinesis", "kinesis:getrecords"),
    ("kinesis", "kinesis:putrecord*"),
    ("lambda", "lambda:invokefunction*"),
    ("logs", "logs:putlogevents"),
    ("rds-data", "rds-data:*"),
    ("s3 writes", "s3:*multipartupload*"),
    ("s3 writes", "s3:deleteobject*"),
    ("s3 reads", "s3:getobject*"),
    ("s3 reads", "s3:listbucket"),
    ("s3 reads", "s3:listbucketversions"),
    ("s3 writes", "s3:putobject*"),
    ("s3 writes", "s3:restoreobject"),
    ("sagemaker", "sagemaker:invokeendpoint*"),
    ("sns", "sns:publish"),
    ("sqs", "sqs:changemessagevisibility"),
    ("sqs", "sqs:deletemessage"),
    ("sqs", "sqs:receivemessage"),
    ("sqs", "sqs:sendmessage"),
    ("ssmmessages", "ssmmessages:*"),
    ("timestream", "timestream:select"),
    ("timestream", "timestream:writerecords"),
    ("appsync", "appsync:graphql"),
    ("xray", "xray:puttelemetryrecords"),
    ("xray", "xray:puttracesegments"),
];

/// Actions that no trail records.
pub(super) const SILENT: [&str; 14] = [
    "dax:*",
    "ec2messages:*",
    "elasticfilesystem:client*",
    "es:eshttp*",
    "execute-api:*",
    "iot:connect",
    "iot:publish",
    "iot:receive",
    "iot:subscribe",
    "kafka-cluster:*",
    "neptune-db:*",
    "rds-db:connect",
    "redshift:getclustercredentials*",
    "vpc-lattice-svcs:invoke",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_lead_to_permissions() {
        let of = |service: &str, event: &str| needed(service, event).map(|action| action.to_string());
        assert_eq!(of("s3", "ListBuckets").as_deref(), Some("s3:ListAllMyBuckets"));
        assert_eq!(of("s3", "GetObject").as_deref(), Some("s3:GetObject"));
        assert_eq!(of("monitoring", "GetMetricData").as_deref(), Some("cloudwatch:GetMetricData"));
        assert_eq!(of("lambda", "ListFunctions20150331").as_deref(), Some("lambda:ListFunctions"));
        assert_eq!(of("lambda", "UpdateFunctionCode20150331v2").as_deref(), Some("lambda:UpdateFunctionCode"));
        assert_eq!(of("cloudfront", "GetDistribution2020_05_31").as_deref(), Some("cloudfront:GetDistribution"));
        assert_eq!(of("apigateway", "UpdateRestApi").as_deref(), Some("apigateway:PATCH"));
        assert_eq!((of("signin", "ConsoleLogin"), of("sts", "AssumeRoleWithSAML")), (None, None));
        assert_eq!(of("ec2", "DescribeInstances2").as_deref(), Some("ec2:DescribeInstances2"), "no date");
    }
}
