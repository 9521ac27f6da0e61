//! Okta's calls: `url` is the organisation's address, the credential an API token or an access token of a read-only
//! administrator.

use crate::collect::{Authorization, Call, Collector, Paging};

const fn pages(key: &'static str, path: &'static str) -> Call {
    Call::list(key, path).paging(Paging::Link)
}

/// Paged by an address in the body.
const fn linked(key: &'static str, path: &'static str, items: &'static str) -> Call {
    Call::list(key, path).items(items).paging(Paging::NextUrl { field: "_links.next.href" })
}

/// The groups or applications on which a role is held: only these roles can be held on less than everything.
macro_rules! targets {
    ($holder:literal) => {
        &[
            pages("group_targets", concat!("/api/v1/", $holder, "/{..id}/roles/{.id}/targets/groups?limit=200"))
                .only("type=USER_ADMIN"),
            pages("group_targets", concat!("/api/v1/", $holder, "/{..id}/roles/{.id}/targets/groups?limit=200"))
                .only("type=HELP_DESK_ADMIN"),
            pages("group_targets", concat!("/api/v1/", $holder, "/{..id}/roles/{.id}/targets/groups?limit=200"))
                .only("type=GROUP_MEMBERSHIP_ADMIN"),
            pages("app_targets", concat!("/api/v1/", $holder, "/{..id}/roles/{.id}/targets/catalog/apps?limit=200"))
                .only("type=APP_ADMIN"),
        ]
    };
}

const CALLS: &[Call] = &[
    Call::object("org", "/api/v1/org"),
    pages("users", "/api/v1/users?limit=200")
        .each(&[pages("grants", "/api/v1/users/{.id}/grants?limit=200").only("status=ACTIVE").may_be_absent()]),
    pages("groups", "/api/v1/groups?limit=200").each(&[
        pages("users", "/api/v1/groups/{.id}/users?limit=1000"),
        Call::list("roles", "/api/v1/groups/{.id}/roles").each(targets!("groups")),
    ]),
    pages("group_rules", "/api/v1/groups/rules?limit=50"),
    linked("admins", "/api/v1/iam/assignees/users?limit=200", "value").each(&[Call::list(
        "roles",
        "/api/v1/users/{.id}/roles",
    )
    .each(targets!("users"))]),
    linked("custom_roles", "/api/v1/iam/roles", "roles").each(&[Call::list(
        "permissions",
        "/api/v1/iam/roles/{.id}/permissions",
    )
    .items("permissions")]),
    linked("resource_sets", "/api/v1/iam/resource-sets", "resource-sets").each(&[linked(
        "resources",
        "/api/v1/iam/resource-sets/{.id}/resources",
        "resources",
    )]),
    pages("apps", "/api/v1/apps?limit=200").each(&[
        pages("users", "/api/v1/apps/{.id}/users?limit=500"),
        pages("groups", "/api/v1/apps/{.id}/groups?limit=200"),
        pages("grants", "/api/v1/apps/{.id}/grants?limit=200").only("signOnMode=OPENID_CONNECT").may_be_absent(),
        Call::list("secrets", "/api/v1/apps/{.id}/credentials/secrets")
            .only("signOnMode=OPENID_CONNECT")
            .may_be_absent(),
        Call::list("jwks", "/api/v1/apps/{.id}/credentials/jwks").only("signOnMode=OPENID_CONNECT").may_be_absent(),
        Call::list("roles", "/oauth2/v1/clients/{.id}/roles")
            .only("settings.oauthClient.application_type=service")
            .may_be_absent(),
    ]),
    pages("api_tokens", "/api/v1/api-tokens"),
    pages("idps", "/api/v1/idps?limit=200"),
    pages("zones", "/api/v1/zones?limit=200"),
];

/// How the document is made from Okta's API.
pub(super) static COLLECTOR: Collector =
    Collector { authorization: Authorization::Word("SSWS"), ..Collector::new("okta/{org}.json", &["org"], CALLS) };
