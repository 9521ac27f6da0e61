//! Which role may do what: a Cedar policy decides, and whatever goes wrong is a deny.

use super::Caller;
use anyhow::{Result, anyhow};
use firebreak_policy::{Answer, Entity, Policies, Question};
use serde_json::json;

const SCHEMA: &str = include_str!("roles.cedarschema");
const POLICIES: &str = include_str!("roles.cedar");

/// The roles.
pub const ROLES: [&str; 5] = ["viewer", "responder", "approver", "admin", "auditor"];

/// What a call does, as far as roles are concerned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Deed {
    /// Looks.
    Read,
    /// Looks at the ledger and at who has tokens.
    Audit,
    /// Asks the lake, where what people did stands in full.
    Hunt,
    /// Pauses, cancels, takes back, speaks against a plan.
    Respond,
    /// Lets a plan pass, lets automatic actions go on.
    Approve,
    /// Says who else may call.
    Administer,
}

impl Deed {
    /// All of them.
    pub const ALL: [Deed; 6] = [Deed::Read, Deed::Audit, Deed::Hunt, Deed::Respond, Deed::Approve, Deed::Administer];

    /// As the policy calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Deed::Read => "read",
            Deed::Audit => "audit",
            Deed::Hunt => "hunt",
            Deed::Respond => "respond",
            Deed::Approve => "approve",
            Deed::Administer => "administer",
        }
    }

    /// As the schema names it.
    const fn action(self) -> &'static str {
        match self {
            Deed::Read => "FirebreakApi::Action::\"read\"",
            Deed::Audit => "FirebreakApi::Action::\"audit\"",
            Deed::Hunt => "FirebreakApi::Action::\"hunt\"",
            Deed::Respond => "FirebreakApi::Action::\"respond\"",
            Deed::Approve => "FirebreakApi::Action::\"approve\"",
            Deed::Administer => "FirebreakApi::Action::\"administer\"",
        }
    }
}

/// The policy, checked against its schema.
#[derive(Clone, Debug)]
pub struct Roles(Policies);

impl Roles {
    /// The policy that the program carries.
    ///
    /// # Errors
    /// If it does not fit its schema: then nothing is served.
    pub fn own() -> Result<Roles> {
        Roles::of(SCHEMA, POLICIES)
    }

    fn of(schema: &str, policies: &str) -> Result<Roles> {
        let read =
            Policies::new(schema, &[("roles", policies)], "roles", "restore the program: it carries this policy");
        read.map(Roles).map_err(|problems| anyhow!("{}", problems[0]))
    }

    /// Whether `caller` may do `deed` in `area`.
    pub fn permit(&self, caller: &Caller, deed: Deed, area: &str) -> bool {
        self.ask(&caller.role, &caller.scopes, deed, area)
    }

    fn ask(&self, role: &str, scopes: &[String], deed: Deed, area: &str) -> bool {
        let caller = json!({"role": role, "scopes": scopes});
        let question = Question {
            principal: Entity { kind: "FirebreakApi::Caller", id: "caller".to_owned(), attributes: caller },
            action: deed.action(),
            resource: Entity { kind: "FirebreakApi::Area", id: "area".to_owned(), attributes: json!({"name": area}) },
            context: json!({}),
        };
        // What cannot be decided is no permit.
        matches!(self.0.ask(&question), Answer::Permit(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_its_own_and_nothing_else() {
        let roles = Roles::own().expect("the policy fits its schema");
        let may = |role: &str| -> Vec<&str> {
            let may = |deed: &&Deed| roles.ask(role, &[], **deed, "plans");
            Deed::ALL.iter().filter(may).map(|deed| deed.word()).collect()
        };
        assert_eq!(may("viewer"), ["read"]);
        assert_eq!(may("responder"), ["read", "hunt", "respond"]);
        assert_eq!(may("approver"), ["read", "hunt", "respond", "approve"]);
        assert_eq!(may("auditor"), ["read", "audit", "hunt"]);
        assert_eq!(may("admin"), Deed::ALL.map(Deed::word));
        for stranger in ["", "root", "ADMIN", "admin ", "admin\"] || true || [\""] {
            assert!(may(stranger).is_empty(), "{stranger}");
        }
    }

    #[test]
    fn a_limited_token_has_no_other_area_whatever_its_role() {
        let roles = Roles::own().expect("the policy fits its schema");
        let scopes = ["plans".to_owned()];
        assert!(roles.ask("admin", &scopes, Deed::Approve, "plans"));
        assert!(!roles.ask("admin", &scopes, Deed::Read, "ledger"));
    }

    #[test]
    fn a_policy_that_errs_or_does_not_fit_lets_nobody_in() {
        let errs = format!("{POLICIES}\nforbid (principal, action, resource) when {{ 9223372036854775807 + 1 == 0 }};");
        let roles = Roles::of(SCHEMA, &errs).expect("it is well typed");
        assert!(!roles.ask("admin", &[], Deed::Read, "plans"));
        assert!(Roles::of(SCHEMA, "permit (principal, action, resource) when { principal.rol == \"x\" };").is_err());
    }
}
