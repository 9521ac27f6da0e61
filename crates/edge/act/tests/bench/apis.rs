//! Benches on the stand-ins: for every responder a fresh target, and what the platform remembers of it afterwards.

use super::{Bench, Trial};
use crate::plans::{TestSecrets, action};
use crate::standin::{self, KEY, Standin, github, others, workspace};
use async_trait::async_trait;
use firebreak_act::StepState;
use firebreak_model::NodeKey;
use serde_json::{Value, json};

/// What one responder is tried on.
struct ApiBench {
    name: &'static str,
    verb: &'static str,
    standin: Standin,
    made: u32,
    /// Configuration with the stand-in's address, and secrets by reference.
    config: fn(&str) -> Settings,
    /// Makes target number `n` in the platform's memory; gives the node and the parameters.
    make: fn(u32, &mut Value) -> Made,
    /// The target in words. `n` is its number.
    tell: fn(u32, &Value) -> String,
    rests_at: StepState,
}

#[async_trait]
impl Bench for ApiBench {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn fresh(&mut self) -> Trial {
        self.made += 1;
        let (target, parameters) = self.standin.with(|state| (self.make)(self.made, state));
        let (config, secrets) = (self.config)(&self.standin.url);
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Trial {
            action: action(&format!("{}/{}", self.name, self.verb), target, &parameters),
            config: serde_json::from_value(config).expect("a configuration"),
            secrets: TestSecrets(secrets.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        }
    }

    async fn observe(&self, _trial: &Trial) -> String {
        self.standin.assert_described();
        self.standin.with(|state| (self.tell)(self.made, state))
    }

    fn rests_at(&self) -> StepState {
        self.rests_at
    }
}

type Made = (NodeKey, Vec<(&'static str, String)>);
type Settings = (Value, Vec<(&'static str, String)>);

fn github_token(url: &str) -> Settings {
    let org = json!({"api": url, "token": "test:own", "enterprise": "meridian-inc", "decoy": "empty"});
    (json!({"github": {"orgs": {"meridian": org}}}), vec![("test:own", github::TOKEN.to_owned())])
}

fn github_app(url: &str) -> Settings {
    let org = json!({"api": url, "app": {"id": "app-1", "key": "test:key", "installation": "77"}});
    (json!({"github": {"orgs": {"meridian": org}}}), vec![("test:key", KEY.to_owned())])
}

fn google(url: &str) -> Settings {
    let account =
        json!({"email": workspace::ACCOUNT, "key_id": "own", "key": "test:key", "subject": "admin@meridian.example"});
    (json!({"google": {"api": url, "service_account": account}}), vec![("test:key", KEY.to_owned())])
}

fn okta(url: &str) -> Settings {
    let org = json!({"api": url, "token": "test:own"});
    (json!({"okta": {"orgs": {"meridian.okta.com": org}}}), vec![("test:own", "own-token".to_owned())])
}

fn slack(url: &str) -> Settings {
    let config = json!({"slack": {"api": format!("{url}/api"), "token": "test:own", "team": "T1"}});
    (config, vec![("test:own", "xoxp-own".to_owned())])
}

fn entra(url: &str) -> Settings {
    let tenant = json!({"client_id": "own-client", "client_secret": "test:own", "graph": url, "login": url});
    (json!({"entra": {"tenants": {"t-1": tenant}}}), vec![("test:own", "own secret".to_owned())])
}

fn openai(url: &str) -> Settings {
    (json!({"openai_key": {"api": url, "admin_key": "test:own"}}), vec![("test:own", "sk-admin-own".to_owned())])
}

fn anthropic(url: &str) -> Settings {
    let config = json!({"anthropic": {"api": url, "admin_key": "test:own"}});
    (config, vec![("test:own", "sk-ant-admin01-own-key".to_owned())])
}

fn credential(system: &str, n: u32) -> NodeKey {
    NodeKey::credential(system, &format!("target-{n}"))
}

fn made(target: NodeKey, parameters: &[(&'static str, &str)]) -> Made {
    (target, parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}

/// A bench that starts its stand-in with nothing in its memory.
fn bench(
    action: &'static str,
    (platform, answer): (&'static str, standin::Platform),
    config: fn(&str) -> Settings,
    make: fn(u32, &mut Value) -> Made,
    tell: fn(u32, &Value) -> String,
) -> Box<dyn Bench> {
    let (name, verb) = action.split_once('/').expect("a name and a verb");
    let standin = Standin::start(platform, answer, json!({}));
    // What a control plane declares nobody has seen to deny.
    Box::new(ApiBench { name, verb, standin, made: 0, config, make, tell, rests_at: StepState::Unobservable })
}

/// Whether something is there, in a word.
fn there(value: &Value) -> String {
    if value.is_null() { "gone".to_owned() } else { "there".to_owned() }
}

fn on_github() -> Vec<Box<dyn Bench>> {
    let platform = ("github", github::answer as standin::Platform);
    vec![
        bench(
            "github_token/revoke",
            platform,
            github_app,
            |n, state| {
                state["tokens"][n.to_string()] =
                    json!({"id": n, "owner": {"login": "mallory"}, "token_name": "ci", "permissions": {}});
                made(credential("github", n), &[("org", "meridian"), ("token_id", &n.to_string())])
            },
            |n, state| there(&state["tokens"][n.to_string()]),
        ),
        bench(
            "github_authorization/revoke",
            platform,
            github_token,
            |n, state| {
                state["authorizations"][n.to_string()] = json!({
                    "login": "mallory", "credential_id": n, "credential_type": "personal access token", "token_last_eight": "8a7b6c5d",
                });
                made(
                    credential("github", n),
                    &[("org", "meridian"), ("credential_id", &n.to_string()), ("login", "mallory")],
                )
            },
            |n, state| there(&state["authorizations"][n.to_string()]),
        ),
        bench(
            "github_app/narrow",
            platform,
            github_token,
            |n, state| {
                state["apps"][n.to_string()] = json!({"selection": "selected", "repositories": ["api", "web"]});
                made(
                    NodeKey::identity("github", &format!("app-{n}")),
                    &[("org", "meridian"), ("installation_id", &n.to_string())],
                )
            },
            |n, state| state["apps"][n.to_string()].to_string(),
        ),
    ]
}

fn on_repositories_and_members() -> Vec<Box<dyn Bench>> {
    let platform = ("github", github::answer as standin::Platform);
    vec![
        bench(
            "github_deploy_key/delete",
            platform,
            github_token,
            |n, state| {
                state["keys"] = json!({n.to_string(): {"id": n, "title": "ci", "key": format!("ssh-ed25519 AAAA{n}"), "read_only": false}});
                let parameters = [("org", "meridian"), ("repository", "meridian/api"), ("key_id", &n.to_string())];
                made(credential("github", n), &parameters)
            },
            |n, state| {
                let wanted = format!("ssh-ed25519 AAAA{n}");
                let keys = state["keys"].as_object().into_iter().flat_map(|keys| keys.values());
                format!("{} keys", keys.filter(|key| key["key"] == wanted && key["read_only"] == false).count())
            },
        ),
        bench(
            "github_member/remove",
            platform,
            github_token,
            |n, state| {
                let user = format!("mallory-{n}");
                state["members"][&user] = json!({"role ": "member", "role core": "maintainer"});
                let parameters = [("org", "meridian"), ("user", user.as_str()), ("teams", "core,gone")];
                made(NodeKey::identity("github", &user), &parameters)
            },
            |n, state| state["members"][format!("mallory-{n}")].to_string(),
        ),
        bench(
            "github_workflow/disable",
            platform,
            github_token,
            |n, state| {
                state["workflows"][n.to_string()] = json!("active");
                let parameters = [("org", "meridian"), ("repository", "meridian/api"), ("workflow_id", &n.to_string())];
                made(NodeKey::resource("github", &format!("meridian/api/{n}")), &parameters)
            },
            |n, state| state["workflows"][n.to_string()].to_string(),
        ),
    ]
}

fn on_leaked_tokens() -> Box<dyn Bench> {
    Box::new(ApiBench {
        name: "github_credential",
        verb: "revoke",
        standin: Standin::start("github", github::answer, json!({})),
        made: 0,
        config: |url| {
            let secrets = vec![("test:leaked", "ghp_leaked".to_owned())];
            (json!({"github": {"api": url, "credentials": {"hash": "test:leaked"}}}), secrets)
        },
        make: |_, state| {
            state["dead"] = json!({});
            made(NodeKey::credential("github", "hash"), &[])
        },
        tell: |_, state| state["dead"].to_string(),
        // The token itself was seen to be refused.
        rests_at: StepState::Contained,
    })
}

fn on_google() -> Vec<Box<dyn Bench>> {
    let platform = ("google", workspace::answer as standin::Platform);
    vec![
        bench(
            "google_token/delete",
            platform,
            google,
            |n, state| {
                let user = format!("mallory-{n}@meridian.example");
                state["tokens"][&user]["123.apps"] =
                    json!({"displayText": "Mail helper", "scopes": ["https://mail.google.com/"]});
                made(credential("google", n), &[("user", &user), ("client", "123.apps")])
            },
            |n, state| there(&state["tokens"][format!("mallory-{n}@meridian.example")]["123.apps"]),
        ),
        bench(
            "google_session/sign_out",
            platform,
            google,
            |n, state| {
                let user = format!("mallory-{n}@meridian.example");
                state["users"][&user] = json!({"suspended": false});
                state["sessions"][&user] = json!(3);
                made(NodeKey::identity("person", &user), &[("user", &user)])
            },
            |n, state| state["sessions"][format!("mallory-{n}@meridian.example")].to_string(),
        ),
        bench(
            "google_user/suspend",
            platform,
            google,
            |n, state| {
                let user = format!("mallory-{n}@meridian.example");
                state["users"][&user] = json!({"suspended": false});
                made(NodeKey::identity("person", &user), &[("user", &user)])
            },
            |n, state| state["users"][format!("mallory-{n}@meridian.example")].to_string(),
        ),
        bench(
            "google_drive_permission/delete",
            platform,
            google,
            |n, state| {
                state["files"][format!("f{n}")] =
                    json!({"p1": {"id": "p1", "type": "user", "role": "writer", "emailAddress": "x@evil.example"}});
                made(
                    NodeKey::resource("google", &format!("drive/f{n}")),
                    &[("file", &format!("f{n}")), ("permission", "p1")],
                )
            },
            |n, state| {
                let all = state["files"][format!("f{n}")].as_object().cloned().unwrap_or_default();
                all.values()
                    .map(|one| format!("{} {}", one["role"], one["emailAddress"]))
                    .collect::<Vec<_>>()
                    .join(", ")
            },
        ),
    ]
}

fn on_cloud() -> Vec<Box<dyn Bench>> {
    let platform = ("google", workspace::answer as standin::Platform);
    vec![
        bench(
            "gcp_service_account/disable",
            platform,
            google,
            |n, state| {
                let email = format!("etl-{n}@meridian.iam.gserviceaccount.com");
                state["accounts"][&email] = json!({"name": "x"});
                made(NodeKey::identity("google", &email), &[("email", &email)])
            },
            |n, state| state["accounts"][format!("etl-{n}@meridian.iam.gserviceaccount.com")].to_string(),
        ),
        bench(
            "gcp_service_account_key/disable",
            platform,
            google,
            |n, state| {
                let email = "etl@meridian.iam.gserviceaccount.com";
                state["accounts"][format!("{email}/keys/k{n}")] = json!({"name": "x"});
                made(credential("google", n), &[("email", email), ("key", &format!("k{n}"))])
            },
            |n, state| state["accounts"][format!("etl@meridian.iam.gserviceaccount.com/keys/k{n}")].to_string(),
        ),
    ]
}

fn on_okta() -> Vec<Box<dyn Bench>> {
    let on_okta = ("okta", others::okta as standin::Platform);
    vec![
        bench(
            "okta_user/suspend",
            on_okta,
            okta,
            |n, state| {
                state["users"][format!("u{n}")] = json!("ACTIVE");
                made(
                    NodeKey::identity("okta", &format!("u{n}")),
                    &[("org", "meridian.okta.com"), ("user", &format!("u{n}"))],
                )
            },
            |n, state| state["users"][format!("u{n}")].to_string(),
        ),
        bench(
            "okta_sessions/end",
            on_okta,
            okta,
            |n, state| {
                state["users"][format!("u{n}")] = json!("ACTIVE");
                made(
                    NodeKey::identity("okta", &format!("u{n}")),
                    &[("org", "meridian.okta.com"), ("user", &format!("u{n}"))],
                )
            },
            |n, state| state["sessions"][format!("u{n}")].to_string(),
        ),
        bench(
            "okta_app/deactivate",
            on_okta,
            okta,
            |n, state| {
                state["apps"][format!("a{n}")] = json!("ACTIVE");
                made(
                    NodeKey::identity("okta", &format!("a{n}")),
                    &[("org", "meridian.okta.com"), ("app", &format!("a{n}"))],
                )
            },
            |n, state| state["apps"][format!("a{n}")].to_string(),
        ),
        bench(
            "okta_grant/revoke",
            on_okta,
            okta,
            |n, state| {
                state["grants"][format!("g{n}")] = json!("ACTIVE");
                let parameters = [("org", "meridian.okta.com"), ("user", "u1"), ("grant", &format!("g{n}"))];
                made(credential("okta", n), &parameters)
            },
            |n, state| there(&state["grants"][format!("g{n}")]),
        ),
    ]
}

fn on_slack() -> Vec<Box<dyn Bench>> {
    let on_slack = ("slack", others::slack as standin::Platform);
    vec![
        bench(
            "slack_app/restrict",
            on_slack,
            slack,
            |n, state| {
                state["apps"][format!("A{n}")] = json!("approved");
                made(NodeKey::identity("slack", &format!("A{n}")), &[("app", &format!("A{n}"))])
            },
            |n, state| state["apps"][format!("A{n}")].to_string(),
        ),
        bench(
            "slack_session/reset",
            on_slack,
            slack,
            |n, _| made(NodeKey::identity("slack", &format!("U{n}")), &[("user", &format!("U{n}"))]),
            |n, state| state["sessions"][format!("U{n}")].to_string(),
        ),
        bench(
            "slack_shared_channel/disconnect",
            on_slack,
            slack,
            |n, state| {
                state["channels"][format!("C{n}")] = json!(["T0THEIRS", "T1"]);
                made(
                    NodeKey::resource("slack", &format!("C{n}")),
                    &[("channel", &format!("C{n}")), ("team", "T0THEIRS")],
                )
            },
            |n, state| state["channels"][format!("C{n}")].to_string(),
        ),
    ]
}

fn on_entra() -> Vec<Box<dyn Bench>> {
    let platform = ("entra", others::entra as standin::Platform);
    vec![
        bench(
            "entra_sessions/revoke",
            platform,
            entra,
            |n, state| {
                state["users"][format!("u{n}")] = json!({"signInSessionsValidFromDateTime": "2020-01-01T00:00:00Z"});
                made(NodeKey::identity("entra", &format!("u{n}")), &[("tenant", "t-1"), ("user", &format!("u{n}"))])
            },
            |n, state| state["users"][format!("u{n}")].to_string(),
        ),
        bench(
            "entra_user/disable",
            platform,
            entra,
            |n, state| {
                state["users"][format!("u{n}")] = json!({"accountEnabled": true});
                made(NodeKey::identity("entra", &format!("u{n}")), &[("tenant", "t-1"), ("user", &format!("u{n}"))])
            },
            |n, state| state["users"][format!("u{n}")].to_string(),
        ),
        bench(
            "entra_service_principal/disable",
            platform,
            entra,
            |n, state| {
                state["servicePrincipals"][format!("s{n}")] = json!({"accountEnabled": true, "appId": "theirs"});
                let parameters = [("tenant", "t-1"), ("service_principal", &format!("s{n}"))];
                made(NodeKey::identity("entra", &format!("s{n}")), &parameters)
            },
            |n, state| state["servicePrincipals"][format!("s{n}")].to_string(),
        ),
        bench(
            "entra_grant/delete",
            platform,
            entra,
            |n, state| {
                state["oauth2PermissionGrants"] = json!({format!("g{n}"): {
                    "id": format!("g{n}"), "clientId": "c'1", "consentType": "Principal", "principalId": "p", "resourceId": "r",
                    "scope": "Mail.Read",
                }});
                made(credential("entra", n), &[("tenant", "t-1"), ("grant", &format!("g{n}"))])
            },
            |_, state| {
                let all = state["oauth2PermissionGrants"].as_object().cloned().unwrap_or_default();
                all.values().map(|one| format!("{} {}", one["clientId"], one["scope"])).collect::<Vec<_>>().join(", ")
            },
        ),
    ]
}

fn on_models() -> Vec<Box<dyn Bench>> {
    let on_openai = ("openai", others::openai as standin::Platform);
    let on_anthropic = ("anthropic", others::anthropic as standin::Platform);
    vec![
        bench(
            "openai_key/delete",
            on_openai,
            openai,
            |n, state| {
                // Three keys, so that ours is on the second page.
                let key = |id: &str| json!({"id": id, "name": id, "owner": {"type": "user"}});
                let mine = format!("key_z{n}");
                state["keys"] = json!({"key_a": key("key_a"), "key_b": key("key_b"), mine.as_str(): key(&mine)});
                made(credential("openai", n), &[("project", "proj_1"), ("key", &mine)])
            },
            |n, state| there(&state["keys"][format!("key_z{n}")]),
        ),
        bench(
            "anthropic_key/deactivate",
            on_anthropic,
            anthropic,
            |n, state| {
                state["keys"][format!("apikey_{n}")] = json!("active");
                made(credential("anthropic", n), &[("key", &format!("apikey_{n}"))])
            },
            |n, state| state["keys"][format!("apikey_{n}")].to_string(),
        ),
        bench(
            "anthropic_user/sign_out",
            on_anthropic,
            anthropic,
            |n, _| made(NodeKey::identity("anthropic", &format!("user_{n}")), &[("user", &format!("user_{n}"))]),
            |n, state| state["sessions"][format!("user_{n}")].to_string(),
        ),
    ]
}

/// Every bench that needs no server but its stand-in.
pub(crate) fn all() -> Vec<Box<dyn Bench>> {
    let groups = [
        on_github(),
        on_repositories_and_members(),
        vec![on_leaked_tokens()],
        on_google(),
        on_cloud(),
        on_okta(),
        on_slack(),
        on_entra(),
        on_models(),
    ];
    groups.into_iter().flatten().collect()
}
