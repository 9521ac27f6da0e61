//! Google's calls: `url` is `https://www.googleapis.com`, the credential an access token of an administrator with read-only scopes.

use crate::collect::{Call, Collector, Paging};

const fn pages(key: &'static str, path: &'static str, items: &'static str) -> Call {
    Call::list(key, path).items(items).paging(Paging::Token { field: "nextPageToken", parameter: "pageToken" })
}

const PERMISSIONS: &str = "/drive/v3/files/{.id}/permissions?pageSize=100&supportsAllDrives=true&useDomainAdminAccess=true&fields=\
                           nextPageToken,permissions(id,type,role,emailAddress,domain,allowFileDiscovery,expirationTime,deleted)";

const FILES: &str = "/drive/v3/files?pageSize=1000&corpora=allDrives&includeItemsFromAllDrives=true&supportsAllDrives=true&q=\
                     visibility%20!%3D%20'limited'&fields=nextPageToken,files(id,name,driveId,owners(emailAddress),permissions(id,\
                     type,role,emailAddress,domain,allowFileDiscovery,expirationTime,deleted))";

const CALLS: &[Call] = &[
    Call::object("customer", "/admin/directory/v1/customers/my_customer"),
    pages("users", "/admin/directory/v1/users?customer=my_customer&maxResults=500", "users").each(&[
        Call::list("tokens", "/admin/directory/v1/users/{.id}/tokens").items("items").may_be_absent(),
        Call::list("asps", "/admin/directory/v1/users/{.id}/asps").items("items").may_be_absent(),
    ]),
    pages("groups", "/admin/directory/v1/groups?customer=my_customer&maxResults=200", "groups").each(&[pages(
        "members",
        "/admin/directory/v1/groups/{.id}/members?maxResults=200",
        "members",
    )]),
    pages("roles", "/admin/directory/v1/customer/my_customer/roles?maxResults=100", "items"),
    pages("roleAssignments", "/admin/directory/v1/customer/my_customer/roleassignments?maxResults=200", "items"),
    Call::list("orgUnits", "/admin/directory/v1/customer/my_customer/orgunits?type=all").items("organizationUnits"),
    pages("drives", "/drive/v3/drives?pageSize=100&useDomainAdminAccess=true", "drives").each(&[pages(
        "permissions",
        PERMISSIONS,
        "permissions",
    )]),
    pages("files", FILES, "files"),
];

/// How the document is made from Google's APIs.
pub(super) static COLLECTOR: Collector = Collector::new("google_workspace/{customer}.json", &["customer"], CALLS);
