//! Microsoft Graph's calls: `url` is `https://graph.microsoft.com`, the credential an access token of an application with
//! read permissions.

use crate::collect::{Call, Collector, Paging};

const fn pages(key: &'static str, path: &'static str) -> Call {
    Call::list(key, path).items("value").paging(Paging::NextUrl { field: "@odata.nextLink" })
}

const DRIVE: &[Call] = &[pages("items", "/v1.0/drives/{.id}/root/delta?$select=id,name,webUrl,shared").each(&[pages(
    "permissions",
    "/v1.0/drives/{..id}/items/{.id}/permissions",
)
.only("shared")
.may_be_absent()])];

const CALLS: &[Call] = &[
    pages("organization", "/v1.0/organization?$select=id,displayName,verifiedDomains"),
    pages(
        "users",
        "/v1.0/users?$top=999&$select=id,displayName,userPrincipalName,mail,accountEnabled,userType,createdDateTime,\
         onPremisesSyncEnabled,externalUserState",
    ),
    pages(
        "groups",
        "/v1.0/groups?$top=999&$select=id,displayName,mail,groupTypes,securityEnabled,membershipRule,isAssignableToRole,\
         onPremisesSyncEnabled",
    )
    .each(&[
        pages("members", "/v1.0/groups/{.id}/members?$top=999&$select=id"),
        pages("owners", "/v1.0/groups/{.id}/owners?$top=999&$select=id"),
    ]),
    pages("roleDefinitions", "/v1.0/roleManagement/directory/roleDefinitions"),
    pages("roleAssignments", "/v1.0/roleManagement/directory/roleAssignments"),
    pages("roleEligibilities", "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances"),
    pages(
        "applications",
        "/v1.0/applications?$top=999&$select=id,appId,displayName,createdDateTime,passwordCredentials,keyCredentials",
    )
    .each(&[
        pages("owners", "/v1.0/applications/{.id}/owners?$select=id"),
        pages("federatedIdentityCredentials", "/v1.0/applications/{.id}/federatedIdentityCredentials"),
    ]),
    pages(
        "servicePrincipals",
        "/v1.0/servicePrincipals?$top=999&$select=id,appId,displayName,servicePrincipalType,accountEnabled,\
         appOwnerOrganizationId,verifiedPublisher,passwordCredentials,keyCredentials,alternativeNames,appRoles,\
         oauth2PermissionScopes",
    )
    .each(&[
        pages("owners", "/v1.0/servicePrincipals/{.id}/owners?$select=id"),
        pages("appRoleAssignments", "/v1.0/servicePrincipals/{.id}/appRoleAssignments?$top=999"),
        pages("appRoleAssignedTo", "/v1.0/servicePrincipals/{.id}/appRoleAssignedTo?$top=999"),
    ]),
    pages("oauth2PermissionGrants", "/v1.0/oauth2PermissionGrants?$top=999"),
    pages("administrativeUnits", "/v1.0/directory/administrativeUnits?$top=999")
        .each(&[pages("members", "/v1.0/directory/administrativeUnits/{.id}/members?$top=999&$select=id")]),
    pages("sites", "/v1.0/sites/getAllSites?$select=id,name,webUrl")
        .each(&[pages("drives", "/v1.0/sites/{.id}/drives?$select=id,name,webUrl,driveType,owner").each(DRIVE)]),
];

/// How the document is made from Microsoft Graph.
pub(super) static COLLECTOR: Collector = Collector::new("entra/{tenant}.json", &["tenant"], CALLS);
