//! Keys as every scanner and every source must write them.

use firebreak_model::NodeKey;

/// The account in an ARN.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// The service in an ARN: `s3`.
pub(crate) fn service_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(2).filter(|service| !service.is_empty())
}

/// The identity with this ARN. An assumed role's session is its role; `123456789012` is the account's root.
pub(crate) fn aws_identity(arn: &str) -> NodeKey {
    if arn.len() == 12 && arn.bytes().all(|byte| byte.is_ascii_digit()) {
        return NodeKey::identity("aws", &format!("arn:aws:iam::{arn}:root"));
    }
    let role = arn.split_once(":assumed-role/").and_then(|(head, rest)| {
        let (account, name) = (head.rsplit(':').next()?, rest.split('/').next()?);
        Some(format!("arn:aws:iam::{account}:role/{name}"))
    });
    NodeKey::identity("aws", role.as_deref().unwrap_or(arn))
}

/// The resource with this ARN; an object in a bucket is its bucket.
pub(crate) fn aws_resource(arn: &str) -> NodeKey {
    let bucket = arn.split_once(":s3:::").map(|(head, rest)| {
        let name = rest.split('/').next().unwrap_or_default();
        format!("{head}:s3:::{name}")
    });
    NodeKey::resource("aws", bucket.as_deref().unwrap_or(arn))
}

/// The last part of an IAM path: `ci` in `arn:aws:iam::1:user/team/ci`.
pub(crate) fn iam_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The hub that stands for every CI job of a repository (`meridian/evals`), or of an organisation (`meridian`).
pub(crate) fn ci_hub(scope: &str) -> NodeKey {
    NodeKey::group("github", &format!("{scope}/ci"))
}

/// Name of a Python package as PEP 503 normalises it.
pub(crate) fn pypi_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.extend(c.to_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_one_key() {
        assert_eq!(
            aws_identity("arn:aws:sts::123456789012:assumed-role/deploy/session"),
            aws_identity("arn:aws:iam::123456789012:role/deploy")
        );
        assert_eq!(aws_identity("123456789012").as_str(), "identity:aws/arn:aws:iam::123456789012:root");
        assert_eq!(aws_resource("arn:aws:s3:::b/x/y").as_str(), "resource:aws/arn:aws:s3:::b");
        assert_eq!(pypi_name("Jinja2_.-Ext"), "jinja2-ext");
    }
}
