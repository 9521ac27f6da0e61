//! From an ARN to the one key of what it names.

use firebreak_model::{NodeKey, NodeKind};

/// The key of what `arn` names: users, roles and accounts' roots are identities, groups are groups, an object is its
/// bucket, and a role session is its role. `None` where the text is no ARN.
pub(in crate::sources) fn key(arn: &str) -> Option<NodeKey> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (_region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    if prefix != "arn" || name.is_empty() {
        return None;
    }
    let kind = name.split('/').next().unwrap_or_default();
    Some(match (service, kind) {
        // `assumed-role/R/S` is a session of `role/R`. The role's path is not written there.
        ("sts", "assumed-role") => {
            let role = name.split('/').nth(1).unwrap_or_default();
            NodeKey::of(NodeKind::Identity, "aws", &["arn:", partition, ":iam::", account, ":role/", role])
        }
        ("iam", "user" | "role" | "root") | ("sts", "federated-user") => NodeKey::identity("aws", arn),
        ("iam", "group") => NodeKey::group("aws", arn),
        ("s3", bucket) => NodeKey::of(NodeKind::Resource, "aws", &["arn:", partition, ":s3:::", bucket]),
        _ => NodeKey::resource("aws", arn),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_become_the_key_of_what_they_name() {
        for (arn, expected) in [
            ("arn:aws:iam::111122223333:user/ci/bot", "identity:aws/arn:aws:iam::111122223333:user/ci/bot"),
            ("arn:aws:iam::111122223333:root", "identity:aws/arn:aws:iam::111122223333:root"),
            ("arn:aws:sts::111122223333:assumed-role/R/S", "identity:aws/arn:aws:iam::111122223333:role/R"),
            ("arn:aws:sts::111122223333:assumed-role/R", "identity:aws/arn:aws:iam::111122223333:role/R"),
            (
                "arn:aws-us-gov:sts::111122223333:assumed-role/R/S",
                "identity:aws/arn:aws-us-gov:iam::111122223333:role/R",
            ),
            ("arn:aws:iam::111122223333:group/admins", "group:aws/arn:aws:iam::111122223333:group/admins"),
            ("arn:aws:s3:::bucket/a/b:c", "resource:aws/arn:aws:s3:::bucket"),
            (
                "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf",
                "resource:aws/arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf",
            ),
        ] {
            assert_eq!(key(arn).expect(arn).as_str(), expected);
        }
        for arn in ["", "bucket", "arn:aws:iam", "arn:aws:iam::1:", "nra:aws:iam::1:user/x"] {
            assert_eq!(key(arn), None, "{arn}");
        }
    }
}
