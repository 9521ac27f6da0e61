//! Directory roles: what each lets one become, and who holds or may activate it where.

use super::directory::unit_hub;
use super::{Kind, Tenant, app_identity};
use crate::json::{id, list, text, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, Interval, NodeKey};
use serde_json::Value;

/// What a role lets one do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Power {
    /// Everything: it has, or may give itself, every role.
    Administer,
    /// Set passwords and factors of everybody.
    ResetAll,
    /// Set passwords and factors of users without a role, and of the roles that Entra lets it.
    ResetFactors,
    /// Set passwords of those users; a second factor stands in the way where one is asked for.
    ResetPasswords,
    /// Write attributes.
    Profiles,
    /// Make members of groups that confer no role.
    Groups,
    /// Make members of groups that confer roles.
    RoleGroups,
    /// Add credentials to applications.
    Apps,
    /// Change where the tenant lets its users sign on.
    Federation,
    /// Give itself every mailbox.
    Mailboxes,
    /// Give itself every site and drive.
    Files,
    /// Read the directory.
    Read,
}

const GLOBAL: &str = "62e90394-69f5-4237-9190-012177145e10";
const AUTHENTICATION: &str = "c4e39bd9-1100-46d3-8c65-fb160da0071f";
const READERS: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";
const GROUPS: &str = "fdd7a751-b60b-444a-984c-02652fe8fa1c";
const INVITER: &str = "95e79109-95c0-4d8e-aee3-d01accf2d47b";
const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
const MESSAGES: &str = "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b";
const PASSWORD: &str = "966707d0-3269-4727-9be2-8c3a10f19b9d";
const REPORTS: &str = "4a5d8f65-41da-4de4-8968-e035b65339cf";
const USER: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
const USAGE: &str = "75934031-6c7e-415a-99d7-48dbd49e875e";

/// The powers of a built-in role, by its template.
fn of_template(template: &str) -> Option<&'static [Power]> {
    use Power::{
        Administer, Apps, Federation, Files, Groups, Mailboxes, Profiles, Read, ResetAll, ResetFactors, ResetPasswords,
        RoleGroups,
    };
    Some(match template {
        // Global Administrator, Privileged Role Administrator
        GLOBAL | "e8611ab8-c189-46e8-94e1-60213ab1f814" => &[Administer],
        // Privileged Authentication Administrator, Partner Tier2 Support
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13" | "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8" => &[ResetAll],
        // Application Administrator, Cloud Application Administrator
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3" | "158c047a-c907-4556-b7ef-446551a6b5f7" => &[Apps],
        AUTHENTICATION => &[ResetFactors],
        // Helpdesk, Password Administrator, Partner Tier1 Support
        HELPDESK | PASSWORD | "4ba39ca4-527c-499a-b93d-d9b492c50246" => &[ResetPasswords],
        USER => &[ResetPasswords, Profiles, Groups],
        // Groups Administrator, Directory Writers, Intune, Teams, Knowledge Administrator
        GROUPS
        | "9360feb5-f418-4baa-8175-e2a00bac4301"
        | "3a2c62db-5318-420d-8d74-23affee5d9d5"
        | "69091246-20e8-4a56-aa4d-066075b2a7a8"
        | "b5a8dcf3-09d5-43a9-a639-8e29ef291470" => &[Groups],
        // Exchange Administrator
        "29232cdf-9323-42fd-ade2-1d097af3e4de" => &[Mailboxes, Groups],
        // SharePoint Administrator
        "f28a1f50-f6e7-4571-818b-6a12f2af6b6c" => &[Files, Groups],
        // Hybrid Identity, Domain Name, External Identity Provider Administrator
        "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2" => &[Federation, Apps],
        "8329153b-31d0-4727-b945-745eb3bc5f31" | "be2f45a1-457d-42af-a067-6ec1fa63bc45" => &[Federation],
        // Global, Directory, Reports, Security Reader, Message Center Reader, Guest Inviter
        "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
        | READERS
        | REPORTS
        | USAGE
        | MESSAGES
        | INVITER
        | "5d6b6bb7-de71-4623-b4af-96380a352509" => &[Read],
        // Identity Governance Administrator: packages may hold any group.
        "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e" => &[Groups, RoleGroups],
        _ => return None,
    })
}

/// The roles whose holders a role may reset, as Entra documents them.
fn resettable(template: &str) -> &'static [&'static str] {
    match template {
        AUTHENTICATION => &[AUTHENTICATION, READERS, INVITER, MESSAGES, PASSWORD, REPORTS, USAGE],
        HELPDESK => &[READERS, INVITER, HELPDESK, MESSAGES, PASSWORD, REPORTS, USAGE],
        PASSWORD => &[READERS, INVITER, PASSWORD],
        USER => &[READERS, GROUPS, INVITER, HELPDESK, MESSAGES, PASSWORD, REPORTS, USER, USAGE],
        _ => &[],
    }
}

/// What an action of a role lets one do; `None` for what leads nowhere in the directory.
fn of_action(action: &str) -> Option<Power> {
    let (path, verb) = action.strip_prefix("microsoft.directory/")?.rsplit_once('/')?;
    if verb == "read" || path.ends_with("/read") {
        return Some(Power::Read);
    }
    let every = path.ends_with("/allProperties");
    let (object, property) = path.split_once('/').unwrap_or((path, ""));
    match object {
        "users" if property == "password" || property == "authenticationMethods" || every => {
            Some(Power::ResetPasswords)
        }
        "users" if property == "basic" => Some(Power::Profiles),
        "groupsAssignableToRoles" => Some(Power::RoleGroups),
        name if name.starts_with("groups") && (property == "members" || property == "owners" || every) => {
            Some(Power::Groups)
        }
        name if (name.starts_with("applications") || name.starts_with("servicePrincipals"))
            && (property == "credentials" || property == "owners" || every) =>
        {
            Some(Power::Apps)
        }
        "roleAssignments" | "roleDefinitions" | "roleEligibilityScheduleRequest" => Some(Power::Administer),
        "domains" if property == "federation" || every => Some(Power::Federation),
        _ => None,
    }
}

/// Where a role is held.
pub(super) enum Reach {
    Tenant,
    Unit(String),
    /// One application or service principal.
    Object(String),
}

impl Reach {
    fn of(scope: &str) -> Reach {
        match scope.trim_start_matches('/') {
            "" => Reach::Tenant,
            rest => match rest.split_once("administrativeUnits/") {
                Some((_, unit)) => Reach::Unit(unit.to_owned()),
                None => Reach::Object(rest.to_owned()),
            },
        }
    }
}

impl Tenant<'_, '_> {
    /// Which users hold which roles: those decide who may reset them.
    pub(super) fn learn_roles(&mut self, document: &Value) {
        for (key, eligible) in [("roleAssignments", false), ("roleEligibilities", true)] {
            for assignment in list(document, key) {
                let (Some(principal), Some(role)) = (id(assignment, "principalId"), id(assignment, "roleDefinitionId"))
                else {
                    continue;
                };
                let template = self.template(&role);
                let of_group = self.members.get(&principal).cloned().unwrap_or_default();
                for user in of_group.into_iter().chain([principal]) {
                    if !eligible {
                        self.held.entry(user).or_default().insert(template.clone());
                    } else if !self.held.contains_key(&user) {
                        self.eligible.insert(user);
                    }
                }
            }
        }
        // Who is in a group that may confer a role is guarded as one who holds it.
        for group in list(document, "groups").iter().filter(|group| crate::json::flag(group, "isAssignableToRole")) {
            let members = id(group, "id").and_then(|id| self.members.get(&id)).into_iter().flatten().cloned();
            let owners = list(group, "owners").iter().filter_map(|owner| id(owner, "id"));
            self.guarded.extend(members.chain(owners).collect::<Vec<_>>());
        }
        self.learn_guarded(document);
    }

    fn template(&self, role: &str) -> String {
        self.templates.get(role).cloned().unwrap_or_else(|| role.to_lowercase())
    }

    pub(super) fn roles(&mut self, document: &Value) {
        let definitions: std::collections::HashMap<String, &Value> = list(document, "roleDefinitions")
            .iter()
            .filter_map(|definition| Some((id(definition, "id")?, definition)))
            .collect();
        for (key, eligible) in [("roleAssignments", false), ("roleEligibilities", true)] {
            for (place, assignment) in self.facts.items(document, key, "") {
                let principal = self.facts.id(assignment, "principalId", &place);
                let role = self.facts.id(assignment, "roleDefinitionId", &place);
                let (Some(principal), Some(role)) = (principal, role) else { continue };
                let scope = text(assignment, "directoryScopeId").or_else(|| text(assignment, "appScopeId"));
                let scope = scope.unwrap_or("/");
                let hub = self.role_hub(&role, scope);
                // A holder of unknown kind is taken to be a user: better a node too much than a role unheld.
                let holder = self.object(&principal).unwrap_or_else(|| self.identity(&principal));
                let life = self.facts.life(assignment, "startDateTime", "endDateTime");
                let life = life.intersection(&self.life(&principal)).unwrap_or(Interval::new(life.to, life.to));
                let may = if eligible { "the role is activated" } else { "" };
                let edge = self.facts.edge(EdgeKind::MemberOf, &holder, &hub, &place).valid(life).may(may);
                edge.removable("remove_entra_role");
                if self.facts.is_new(&hub) {
                    let definition = definitions.get(&role).copied();
                    self.open_role(&hub, &role, definition, &Reach::of(scope), &place);
                }
            }
        }
    }

    fn role_hub(&self, role: &str, scope: &str) -> NodeKey {
        let scope = if scope == "/" { "" } else { scope };
        NodeKey::group("entra", &format!("role/{}/{}{scope}", self.name, role.to_lowercase()))
    }

    fn open_role(&mut self, hub: &NodeKey, role: &str, definition: Option<&Value>, reach: &Reach, place: &str) {
        let label = definition.and_then(|definition| text(definition, "displayName")).unwrap_or(role);
        self.facts.node(hub, place).label(label);
        if definition.and_then(|definition| definition.get("isEnabled")).and_then(Value::as_bool) == Some(false) {
            return;
        }
        let template = self.template(role);
        let known = of_template(&template);
        let permissions = definition.map(|definition| list(definition, "rolePermissions")).unwrap_or_default();
        if let Some(powers) = known {
            for power in powers {
                self.empower(hub, *power, &template, reach, place, "");
            }
        } else if permissions.is_empty() {
            let may = format!("the role `{}`, which is not known here, allows it", shown(label));
            self.empower(hub, Power::Administer, &template, reach, place, &may);
        } else {
            self.custom_role(hub, permissions, reach, place);
        }
    }

    /// A role that says by itself what it allows.
    fn custom_role(&mut self, hub: &NodeKey, permissions: &[Value], reach: &Reach, place: &str) {
        let mut powers = std::collections::BTreeSet::new();
        let mut others = Vec::new();
        for permission in permissions {
            let narrow = text(permission, "condition").unwrap_or_default();
            for action in texts(permission.get("allowedResourceActions")) {
                match of_action(action) {
                    Some(power) => {
                        powers.insert((power, narrow.to_owned()));
                    }
                    None => others.push(action),
                }
            }
        }
        for (power, narrow) in powers {
            let may = if narrow.is_empty() { String::new() } else { format!("`{}` is true", shown(&narrow)) };
            self.empower(hub, power, "", reach, place, &may);
        }
        if !others.is_empty() {
            let tenant = self.resource("");
            self.facts.edge(EdgeKind::MayAct, hub, &tenant, place).acts(&others);
        }
    }

    /// Whoever is in `hub` has a power where the role is held.
    pub(super) fn empower(
        &mut self,
        hub: &NodeKey,
        power: Power,
        template: &str,
        reach: &Reach,
        place: &str,
        may: &str,
    ) {
        match reach {
            Reach::Tenant => self.empower_everywhere(hub, power, template, place, may),
            Reach::Unit(unit) => match power {
                Power::Administer | Power::ResetAll | Power::ResetFactors | Power::ResetPasswords => {
                    let factor = second_factor(power);
                    let users = unit_hub("users", unit);
                    self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may).may(factor);
                    let groups = unit_hub("groups", unit);
                    self.facts.edge(EdgeKind::MemberOf, hub, &groups, place).may(may).may("the role covers groups");
                }
                Power::Groups | Power::RoleGroups => {
                    let groups = unit_hub("groups", unit);
                    self.facts.edge(EdgeKind::MemberOf, hub, &groups, place).may(may);
                }
                _ => {}
            },
            Reach::Object(object) => self.over_object(hub, object, place, may),
        }
    }

    /// A role held on one application: its credentials are the holder's.
    fn over_object(&mut self, hub: &NodeKey, object: &str, place: &str, may: &str) {
        let app = self.principals.get(object).map(|(app, _)| app_identity(app));
        let key = if self.kinds.get(object) == Some(&Kind::Principal) { Some(self.identity(object)) } else { app };
        match key {
            Some(key) => {
                self.facts.edge(EdgeKind::MayAssume, hub, &key, place).may(may);
            }
            None => {
                let what = NodeKey::resource("entra", &format!("object/{}", object.to_lowercase()));
                self.facts.edge(EdgeKind::MayAct, hub, &what, place).acts(&["administer"]).may(may);
            }
        }
    }

    fn empower_everywhere(&mut self, hub: &NodeKey, power: Power, template: &str, place: &str, may: &str) {
        let (users, admins, apps) = (self.hub("users"), self.hub("admins"), self.hub("apps"));
        let mut assume = |to: &NodeKey, why: &str| {
            self.facts.edge(EdgeKind::MayAssume, hub, to, place).may(may).may(why);
        };
        match power {
            Power::Administer => {
                assume(&users, "");
                assume(&admins, "");
                assume(&apps, "");
                let tenant = self.resource("");
                self.facts.edge(EdgeKind::MayAct, hub, &tenant, place).acts(&["administer"]).may(may);
                let others = [self.hub("groups"), self.hub("role-groups"), self.hub("profiles")];
                let data = [self.data_hub("mailboxes"), self.data_hub("drives"), self.data_hub("messages")];
                for reached in others.iter().chain(&data) {
                    self.facts.edge(EdgeKind::MemberOf, hub, reached, place).may(may);
                }
            }
            Power::ResetAll => {
                assume(&users, "");
                assume(&admins, "");
            }
            Power::ResetFactors | Power::ResetPasswords => {
                assume(&users, second_factor(power));
                self.reset_lesser_admins(hub, template, place, second_factor(power), may);
            }
            Power::Federation => {
                let why = "users of a domain sign on where it says";
                assume(&users, why);
                assume(&admins, why);
            }
            Power::Apps => assume(&apps, ""),
            Power::Profiles | Power::Groups | Power::RoleGroups => {
                let reached = self.hub(match power {
                    Power::Profiles => "profiles",
                    Power::Groups => "groups",
                    _ => "role-groups",
                });
                self.facts.edge(EdgeKind::MemberOf, hub, &reached, place).may(may);
            }
            Power::Mailboxes | Power::Files => {
                let reached = self.data_hub(if power == Power::Mailboxes { "mailboxes" } else { "drives" });
                self.facts.edge(EdgeKind::MemberOf, hub, &reached, place).may(may);
            }
            Power::Read => {
                let tenant = self.resource("");
                self.facts.edge(EdgeKind::MayAct, hub, &tenant, place).acts(&["read"]).may(may);
            }
        }
    }

    /// Holders of lesser roles, whom Entra lets this one reset.
    fn reset_lesser_admins(&mut self, hub: &NodeKey, template: &str, place: &str, factor: &str, may: &str) {
        let allowed = resettable(template);
        let lesser =
            |roles: &std::collections::BTreeSet<String>| roles.iter().all(|role| allowed.contains(&role.as_str()));
        let mut ids: Vec<String> = self
            .held
            .iter()
            .filter(|(id, roles)| self.lives.contains_key(*id) && !self.guarded.contains(*id) && lesser(roles))
            .map(|(id, _)| id.clone())
            .collect();
        ids.sort_unstable();
        for id in ids {
            self.become_user(hub, &id, place, if may.is_empty() { factor } else { may });
        }
    }
}

/// A password alone is not a way in where a second factor is asked for.
fn second_factor(power: Power) -> &'static str {
    if power == Power::ResetPasswords { "the sign-on asks for no second factor" } else { "" }
}
