//! OpenAI's administration calls: `url` is `https://api.openai.com`, the credential an administration key.

use crate::collect::{Call, Collector, Paging};

const fn pages(key: &'static str, path: &'static str) -> Call {
    let paging = Paging::Last { field: "id", more: "has_more", parameter: "after" };
    Call::list(key, path).items("data").paging(paging)
}

/// How the document is made from OpenAI's API. Keys of owners who left are asked for too; by default they are hidden.
pub(super) static COLLECTOR: Collector = Collector::new(
    "openai/{org}.json",
    &["org"],
    &[
        pages("users", "/v1/organization/users?limit=100"),
        pages("admin_api_keys", "/v1/organization/admin_api_keys?limit=100"),
        pages("projects", "/v1/organization/projects?limit=100&include_archived=true").each(&[
            pages("users", "/v1/organization/projects/{.id}/users?limit=100").only("status=active"),
            pages("service_accounts", "/v1/organization/projects/{.id}/service_accounts?limit=100")
                .only("status=active"),
            pages("api_keys", "/v1/organization/projects/{.id}/api_keys?limit=100&owner_project_access=any")
                .only("status=active"),
        ]),
    ],
);
