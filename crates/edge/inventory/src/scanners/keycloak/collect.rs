//! Keycloak's calls: `url` is the server's address (with its path, where it has one), the credential an access token of an
//! administrator with the realm's `view-` and `query-` roles.

use crate::collect::{Call, Collector, Paging};

/// Pages by the number of the first item.
const fn pages(key: &'static str, path: &'static str) -> Call {
    Call::list(key, path).paging(Paging::Offset { parameter: "first" })
}

const MEMBERS: Call = pages("members", "/admin/realms/{realm}/groups/{.id}/members?max=500&briefRepresentation=true");
const CHILDREN: &str = "/admin/realms/{realm}/groups/{.id}/children?max=500&briefRepresentation=false";

/// Groups below groups, five deep.
const FIFTH: &[Call] = &[MEMBERS];
const FOURTH: &[Call] = &[MEMBERS, pages("children", CHILDREN).each(FIFTH)];
const THIRD: &[Call] = &[MEMBERS, pages("children", CHILDREN).each(FOURTH)];
const SECOND: &[Call] = &[MEMBERS, pages("children", CHILDREN).each(THIRD)];
const FIRST: &[Call] = &[MEMBERS, pages("children", CHILDREN).each(SECOND)];

const COMPOSITES: &[Call] =
    &[Call::list("composites", "/admin/realms/{realm}/roles-by-id/{.id}/composites").only("composite")];

const ROLE_MAPPINGS: Call = Call::object("roleMappings", "/admin/realms/{realm}/users/{.id}/role-mappings");

const CALLS: &[Call] = &[
    // Who may only view a realm is refused its organisations, so they are asked for only where there are any.
    Call::object("realm", "/admin/realms/{realm}").each(&[pages(
        "organizations",
        "/admin/realms/{realm}/organizations?max=500",
    )
    .only("organizationsEnabled")
    .may_be_absent()
    .each(&[pages("members", "/admin/realms/{realm}/organizations/{.id}/members?max=500")])]),
    pages("users", "/admin/realms/{realm}/users?max=500&briefRepresentation=true").each(&[
        ROLE_MAPPINGS,
        Call::list("consents", "/admin/realms/{realm}/users/{.id}/consents"),
        Call::list("federatedIdentities", "/admin/realms/{realm}/users/{.id}/federated-identity"),
    ]),
    pages("groups", "/admin/realms/{realm}/groups?max=500&briefRepresentation=false").each(FIRST),
    pages("clients", "/admin/realms/{realm}/clients?max=500").each(&[
        pages("roles", "/admin/realms/{realm}/clients/{.id}/roles?max=500").each(COMPOSITES),
        Call::object("serviceAccountUser", "/admin/realms/{realm}/clients/{.id}/service-account-user")
            .only("serviceAccountsEnabled")
            .each(&[ROLE_MAPPINGS]),
    ]),
    pages("roles", "/admin/realms/{realm}/roles?max=500").each(COMPOSITES),
    Call::list("identityProviders", "/admin/realms/{realm}/identity-provider/instances"),
];

/// How the document is made from Keycloak's API.
pub(super) static COLLECTOR: Collector = Collector {
    secrets: &["secret", "clientSecret", "registrationAccessToken", "credentials", "bindCredential"],
    ..Collector::new("keycloak/{realm}.json", &["realm"], CALLS)
};
