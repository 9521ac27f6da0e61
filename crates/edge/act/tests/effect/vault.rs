//! Vault: who is refused after each cut and who is not, as a token with the rights of the manifest alone.

use super::{Desk, RISKY, effective};
use crate::lab;
use crate::lab::vault::Vault;
use crate::plans::action;
use firebreak_act::{Permission, RESPONDERS, StepState};
use firebreak_model::{Action, NodeKey, Reversibility};
use serde_json::json;

/// Firebreak with a token of the responder's rights, and one token to try.
async fn desk(vault: &Vault, cut: &Action, old: &str) -> Desk {
    let own = vault.token(&policy(&cut.name)).await;
    let server = json!({"url": vault.url, "token": "own:token", "probes": {cut.target.as_str(): "test:old"}});
    Desk::new(json!({"vault": {"servers": {"main": server}}}), &[("own:token", &own), ("test:old", old)])
}

/// What the responder says that it needs, as a policy.
fn policy(name: &str) -> String {
    let responder = RESPONDERS.iter().find(|one| one.spec().action_name() == *name).expect("there is one");
    let path = |permission: &Permission| {
        let capabilities: Vec<String> = permission.action.split(", ").map(|one| format!("{one:?}")).collect();
        format!("path {:?} {{ capabilities = [{}] }}\n", permission.resource, capabilities.join(", "))
    };
    responder.spec().permissions.iter().map(path).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn vault_refuses_what_was_cut_and_nothing_else() {
    let Some(lab) = lab::prepared() else { return };
    let vault = Vault::start(&lab).await;
    for name in ["ann", "bob", "eve"] {
        vault.user(name).await;
    }
    a_revoked_accessor_takes_its_children_with_it(&vault).await;
    an_entity_comes_back_only_after_rotation(&vault).await;
    leases_below_a_prefix(&vault).await;
}

async fn a_revoked_accessor_takes_its_children_with_it(vault: &Vault) {
    let (first, second) = (vault.log_in("ann").await.1, vault.log_in("ann").await.1);
    let child = vault.ask(&first[0], "POST", "auth/token/create", &json!({"ttl": "1h"})).await.1;
    let child = child["auth"]["client_token"].as_str().expect("a token").to_owned();
    let target = NodeKey::credential("vault", &first[1]);
    let cut = action("vault_accessor/revoke", target, &[("server", "main"), ("accessor", &first[1])]);
    let desk = desk(vault, &cut, &first[0]).await;
    let step = desk.execute(&desk.plan(cut, Reversibility::Irreversible)).await.steps.remove(0);
    assert_eq!((step.state, effective(&step)), (StepState::Contained, Some(true)), "{step:?}");
    assert!(!vault.admits(&first[0]).await && !vault.admits(&child).await);
    assert!(vault.admits(&second[0]).await, "another token of the same person");
}

async fn an_entity_comes_back_only_after_rotation(vault: &Vault) {
    let ([token, _, entity], other) = (vault.log_in("bob").await.1, vault.log_in("ann").await.1);
    let target = NodeKey::identity("vault", &entity);
    let cut = action("vault_entity/disable", target, &[("server", "main"), ("entity", &entity)]);
    let desk = desk(vault, &cut, &token).await;
    let plan = desk.plan(cut, RISKY);
    let step = desk.execute(&plan).await.steps.remove(0);
    assert_eq!((step.state, effective(&step)), (StepState::Contained, Some(true)), "{step:?}");
    assert!(!vault.admits(&token).await && vault.log_in("bob").await.0 == 403, "nor a new login");
    assert!(vault.admits(&other[0]).await);

    assert_eq!(desk.undo(&plan, false).await.steps[0].state, StepState::Contained, "undo waits for rotation");
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert!(vault.admits(&token).await, "nothing was revoked");
}

async fn leases_below_a_prefix(vault: &Vault) {
    let (stolen, other) = (vault.log_in("eve").await.1, vault.log_in("bob").await.1);
    let target = NodeKey::identity("vault", &stolen[2]);
    let cut = action("vault_lease/revoke", target, &[("server", "main"), ("prefix", "auth/userpass/login/eve")]);
    let desk = desk(vault, &cut, &stolen[0]).await;
    let step = desk.execute(&desk.plan(cut, Reversibility::Irreversible)).await.steps.remove(0);
    assert_eq!((step.state, step.evidence[0].denied), (StepState::Unobservable, true), "{step:?}");
    assert!(!vault.admits(&stolen[0]).await && vault.admits(&other[0]).await);
    assert_eq!(vault.log_in("eve").await.0, 200, "the page says so: new ones can be taken");
}
