//! `[console.oidc]`: who logs in by an identity provider, and which role their groups give them.

use crate::api::access::policy::ROLES;
use anyhow::{Result, bail};
use serde::Deserialize;

/// `[[console.oidc.role]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleOf {
    /// A group or role of the provider.
    pub group: String,
    /// What whoever is in it may do here.
    pub role: String,
}

/// `[console.oidc]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider.
    pub issuer: String,
    /// What it calls us.
    pub client: String,
    /// A reference to our secret there; none for a public client.
    #[serde(default)]
    pub secret: Option<String>,
    /// The claim that names the person.
    #[serde(default = "OidcConfig::usual_name")]
    pub name: String,
    /// The claim that lists groups, `a.b` where it stands within another.
    #[serde(default = "OidcConfig::usual_groups")]
    pub groups: String,
    /// Which group gives which role: the first that fits counts.
    #[serde(default)]
    pub role: Vec<RoleOf>,
}

impl OidcConfig {
    fn usual_name() -> String {
        "email".to_owned()
    }

    fn usual_groups() -> String {
        "groups".to_owned()
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// Which key is wrong, and what to write.
    pub fn check(&self) -> Result<()> {
        if !firebreak_world::is_private(&self.issuer) {
            bail!("`console.oidc.issuer` is `{}`\nhint: use an address that begins with `https://`", self.issuer);
        }
        if self.client.is_empty() {
            bail!("`console.oidc.client` is empty\nhint: write the client id that the provider gave us");
        }
        if self.role.is_empty() {
            bail!("`console.oidc` gives nobody a role\nhint: write `[[console.oidc.role]]` with `group` and `role`");
        }
        if let Some(wrong) = self.role.iter().find(|one| !ROLES.contains(&one.role.as_str())) {
            bail!("no role `{}` in `console.oidc.role`\nhint: there are {}", wrong.role, ROLES.join(", "));
        }
        Ok(())
    }
}
