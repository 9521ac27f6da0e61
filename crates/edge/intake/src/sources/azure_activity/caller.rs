//! Who called. The activity log has the claims of the caller's token; storage logs have the kind of authentication.

use crate::json;
use crate::mapping::{is_email, person};
use firebreak_model::{Json, NodeKey};

/// What a record says about its caller.
pub(super) struct Caller<'e> {
    event: &'e Json,
    claims: Option<&'e Json>,
}

impl<'e> Caller<'e> {
    pub(super) fn of(event: &'e Json) -> Caller<'e> {
        let paths: [&[&str]; 3] = [&["identity", "claims"], &["claims"], &["Claims_d"]];
        Caller { event, claims: paths.iter().find_map(|path| json::at(event, path)) }
    }

    fn claim(&self, names: &[&str]) -> Option<&'e str> {
        let claims = self.claims?;
        names.iter().find_map(|name| json::text(claims, &[name]))
    }

    /// A person by e-mail address, anything else by object id, else by application id.
    pub(super) fn actor(&self) -> Option<NodeKey> {
        const PERSON: [&str; 6] = [
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
            "upn",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "unique_name",
            "preferred_username",
            "name",
        ];
        const OBJECT: [&str; 2] = ["http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"];
        let caller: [&[&str]; 5] = [
            &["caller"],
            &["Caller"],
            &["properties", "caller"],
            &["identity", "requester", "upn"],
            &["identity", "claim", "upn"],
        ];
        let claimed = PERSON.iter().find_map(|name| self.claim(&[name]).filter(|text| is_email(text)));
        let stated = caller.iter().find_map(|path| json::text(self.event, path));
        let email = claimed.or_else(|| stated.filter(|text| is_email(text)));
        if let Some(person) = person(email) {
            return Some(person);
        }
        let object: [&[&str]; 4] = [
            &["identity", "requester", "objectId"],
            &["identity", "claim", "oid"],
            &["identity", "authorization", "evidence", "principalId"],
            &["properties", "identity_claim_oid_g"],
        ];
        let id = self
            .claim(&OBJECT)
            .or_else(|| json::text_of(self.event, &object))
            .or_else(|| self.claim(&["appid"]))
            .or_else(|| json::text(self.event, &["identity", "requester", "appId"]))
            .or(stated)?;
        Some(NodeKey::identity("azure", &id.to_ascii_lowercase()))
    }

    /// The session of the sign-in, else the token's own id.
    pub(super) fn session(&self) -> Option<&'e str> {
        self.claim(&["http://schemas.microsoft.com/identity/claims/sid", "sid", "uti"])
    }

    /// The address that the token was issued to.
    pub(super) fn address(&self) -> Option<&'e str> {
        self.claim(&["ipaddr"])
    }
}

/// The storage account's key or signature, by the digest that the platform writes.
pub(super) fn credential(event: &Json) -> Option<NodeKey> {
    let hash = json::text(event, &["identity", "tokenHash"])?;
    Some(NodeKey::credential("azure", hash))
}
