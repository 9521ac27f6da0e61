//! From an ARN to the one key of what it names.

use crate::names;
use firebreak_model::{NodeKey, NodeKind};

/// The key of what `arn` names: users, roles and accounts' roots are identities, groups are groups, an object is its
/// bucket, and a role session is its role. `None` where the text is no ARN.
pub(in crate::sources) fn key(arn: &str) -> Option<NodeKey> {
    let (partition, service, account, name) = fields(arn)?;
    let kind = before(name, b'/');
    Some(match (service, kind) {
        // `assumed-role/R/S` is a session of `role/R`. The role's path is not written there.
        ("sts", "assumed-role") => {
            let role = before(name.get(kind.len() + 1..).unwrap_or_default(), b'/');
            names::key(NodeKind::Identity, "aws", &["arn:", partition, ":iam::", account, ":role/", role])
        }
        ("iam", "user" | "role" | "root") | ("sts", "federated-user") => names::identity("aws", arn),
        ("iam", "group") => names::key(NodeKind::Group, "aws", &[arn]),
        ("s3", bucket) => names::key(NodeKind::Resource, "aws", &["arn:", partition, ":s3:::", bucket]),
        _ => names::resource("aws", arn),
    })
}

/// Partition, service, account and the name, which may hold colons of its own.
fn fields(arn: &str) -> Option<(&str, &str, &str, &str)> {
    let (partition, rest) = cut(arn.strip_prefix("arn:")?)?;
    let (service, rest) = cut(rest)?;
    let (_region, rest) = cut(rest)?;
    let (account, name) = cut(rest)?;
    (!name.is_empty()).then_some((partition, service, account, name))
}

fn cut(text: &str) -> Option<(&str, &str)> {
    let field = before(text, b':');
    Some((field, text.get(field.len() + 1..)?))
}

/// What stands before the first `mark`; the whole text where there is none. Fields are so short that a plain loop finds the
/// mark sooner than a search made for long texts.
pub(super) fn before(text: &str, mark: u8) -> &str {
    let end = text.bytes().position(|byte| byte == mark);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, word for word.
    fn plainly(arn: &str) -> Option<NodeKey> {
        let fields: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, _, account, name] = fields[..] else { return None };
        let words: Vec<&str> = name.split('/').collect();
        match (service, words[0]) {
            _ if name.is_empty() => None,
            ("sts", "assumed-role") => {
                let role = words.get(1).copied().unwrap_or_default();
                Some(NodeKey::identity("aws", &format!("arn:{partition}:iam::{account}:role/{role}")))
            }
            ("iam", "user" | "role" | "root") | ("sts", "federated-user") => Some(NodeKey::identity("aws", arn)),
            ("iam", "group") => Some(NodeKey::group("aws", arn)),
            ("s3", bucket) => Some(NodeKey::resource("aws", &format!("arn:{partition}:s3:::{bucket}"))),
            _ => Some(NodeKey::resource("aws", arn)),
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_read_otherwise_than_word_for_word(
            text in "(arn|é)?(:(aws|é|iam|sts|s3|ec2|assumed-role|user|role|group|root|federated-user|[0-9]{0,3})?){0,7}(/(é|R|s:x)?){0,3}"
        ) {
            proptest::prop_assert_eq!(key(&text), plainly(&text));
        }
    }

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
