//! On what was acted: the resource that a resource id is of or in.

use crate::json;
use firebreak_model::{Json, NodeKey};

/// The resource, in lower case because Azure does not tell cases of letters apart, without the first slash.
pub(super) fn target(event: &Json) -> Option<NodeKey> {
    let paths: [&[&str]; 5] =
        [&["resourceId"], &["ResourceId"], &["_ResourceId"], &["resourceUri"], &["authorization", "scope"]];
    let id = json::text_of(event, &paths)?.trim_start_matches('/').to_ascii_lowercase();
    (!id.is_empty()).then(|| NodeKey::resource("azure", whole(&id)))
}

/// The id up to the resource that holds the rest: `…/storageaccounts/a` of a blob container, a server of a database, and
/// the scope of a role assignment, lock or diagnostic setting.
fn whole(id: &str) -> &str {
    let Some((before, rest)) = id.split_once("providers/") else { return id };
    let mut parts = rest.split('/');
    let named = [parts.next(), parts.next(), parts.next()].into_iter().flatten();
    let length: usize = named.map(|part| part.len() + 1).sum::<usize>().saturating_sub(1);
    let extension = ["microsoft.authorization/", "microsoft.insights/diagnosticsettings"];
    if !before.is_empty() && extension.iter().any(|extension| rest.starts_with(extension)) {
        return before.trim_end_matches('/');
    }
    id.get(..before.len() + "providers/".len() + length).unwrap_or(id)
}

/// Whether an operation reads data: a blob or file, or a secret, key or certificate of a vault.
pub(super) fn is_read_of_data(operation: &str) -> bool {
    matches!(
        operation,
        "getblob" | "copyblobsource" | "getfile" | "secretget" | "keyget" | "certificateget" | "queryblobcontents"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cut_at_the_resource() {
        let group = "subscriptions/s/resourcegroups/g";
        for (rest, cut) in [
            (
                "/providers/microsoft.storage/storageaccounts/a/blobservices/default",
                "/providers/microsoft.storage/storageaccounts/a",
            ),
            ("/providers/microsoft.keyvault/vaults/v", "/providers/microsoft.keyvault/vaults/v"),
            ("/providers/microsoft.authorization/locks/l", ""),
            ("/providers/microsoft.sql/servers", "/providers/microsoft.sql/servers"),
            ("", ""),
        ] {
            assert_eq!(whole(&format!("{group}{rest}")), format!("{group}{cut}"));
        }
        assert_eq!(whole("providers/microsoft.authorization"), "providers/microsoft.authorization");
    }
}
