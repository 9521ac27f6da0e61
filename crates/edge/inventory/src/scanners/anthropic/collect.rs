//! Anthropic's administration calls: `url` is `https://api.anthropic.com`, the credential an administration key.

use crate::collect::{Authorization, Call, Collector, Paging};

const fn pages(key: &'static str, path: &'static str) -> Call {
    let paging = Paging::Last { field: "id", more: "has_more", parameter: "after_id" };
    Call::list(key, path).items("data").paging(paging)
}

/// How the document is made from Anthropic's API.
pub(super) static COLLECTOR: Collector = Collector {
    authorization: Authorization::Header("x-api-key"),
    headers: &[("anthropic-version", "2023-06-01")],
    ..Collector::new(
        "anthropic/{org}.json",
        &["org"],
        &[
            Call::object("organization", "/v1/organizations/me").may_be_absent(),
            pages("users", "/v1/organizations/users?limit=100"),
            pages("workspaces", "/v1/organizations/workspaces?limit=100&include_archived=true").each(&[Call::list(
                "members",
                "/v1/organizations/workspaces/{.id}/members?limit=100",
            )
            .items("data")
            .paging(Paging::Last { field: "user_id", more: "has_more", parameter: "after_id" })]),
            pages("api_keys", "/v1/organizations/api_keys?limit=100"),
        ],
    )
};
