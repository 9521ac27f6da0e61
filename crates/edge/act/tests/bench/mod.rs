//! One bench for each responder: makes a fresh target on a real server, and looks at it from outside.

mod apis;
mod aws;
mod aws_principals;
mod aws_resources;
pub(crate) mod keycloak;
mod keycloak_sweep;
mod others;
mod standins;

pub(crate) use aws::PUBLIC_READ;

use crate::faults::{FaultyHttp, FaultyPostgres, Plot};
use crate::plans::{self, TestSecrets};
use async_trait::async_trait;
use firebreak_act::{Config, RESPONDERS, Responder, SimulatedSleep, StepState};
use firebreak_model::{Action, Time};
use firebreak_world::{Clock, FixedClock, RustlsHttp, SeededRandom, SqlxPostgres, SystemClock, World};
use std::path::Path;
use std::sync::Arc;

/// A target that was just made, and all that is needed to act on it.
pub(crate) struct Trial {
    pub(crate) action: Action,
    pub(crate) config: Config,
    pub(crate) secrets: TestSecrets,
}

/// A real server with the means to make targets on it and to look at them without the responder.
#[async_trait]
pub(crate) trait Bench {
    /// The responder it is for.
    fn name(&self) -> &'static str;
    /// A fresh target that is not cut.
    async fn fresh(&mut self) -> Trial;
    /// The target's state in words, as anyone sees it who does not ask the responder.
    async fn observe(&self, trial: &Trial) -> String;
    /// Where a step on such a target comes to rest.
    fn rests_at(&self) -> StepState;
}

/// The benches of the responders that are tried on stand-ins, which need nothing prepared.
pub(crate) fn on_standins() -> Vec<Box<dyn Bench>> {
    apis::all()
}

/// The bench of every responder that is tried on a server of the lab.
pub(crate) fn in_the_lab(lab: &Path) -> Vec<Box<dyn Bench>> {
    let cloud = Arc::new(crate::lab::aws::Fakecloud::start(lab));
    let realms = Arc::new(keycloak::Office::new(lab));
    let mut benches: Vec<Box<dyn Bench>> = vec![
        Box::new(aws::AccessKeyBench::new(cloud.clone())),
        Box::new(aws::RoleSessionsBench::new(cloud.clone())),
        Box::new(aws::PublicAccessBench::new(cloud.clone())),
        Box::new(aws_principals::UserBench::new(cloud.clone())),
        Box::new(aws_principals::RoleTrustBench::new(cloud.clone())),
        Box::new(aws_principals::BoundaryBench::new(cloud.clone())),
        Box::new(aws_principals::PolicyBench::new(cloud.clone())),
        Box::new(aws_principals::ScpBench::new(cloud.clone())),
        Box::new(aws_resources::BucketPolicyBench::new(cloud.clone())),
        Box::new(aws_resources::SecretBench::new(cloud.clone())),
        Box::new(aws_resources::InstanceBench::new(cloud.clone())),
        Box::new(aws_resources::InstanceProfileBench::new(cloud.clone())),
        Box::new(aws_resources::LambdaBench::new(cloud)),
        Box::new(others::PostgresBench::new()),
        Box::new(others::OauthBench::new(lab)),
        Box::new(others::WebhookBench::new()),
    ];
    benches.extend(keycloak::ALL.map(|name| Box::new(keycloak::KeycloakBench::new(&realms, name)) as Box<dyn Bench>));
    for name in ["keycloak_client", "keycloak_user"] {
        benches.push(Box::new(keycloak_sweep::SweepBench::new(&realms, name)));
    }
    benches.push(Box::new(standins::ScimBench::new(lab)));
    benches.extend(standins::all());
    benches
}

/// The responder of a bench.
pub(crate) fn responder(name: &str) -> &'static dyn Responder {
    *RESPONDERS.iter().find(|responder| responder.spec().name == name).expect("a responder of this name")
}

/// A world whose network is real but fails as plotted, whose clock stands at the true time until someone waits, and in
/// which waiting takes no time.
pub(crate) fn world(trial: &Trial, plot: &Plot) -> (World, SimulatedSleep) {
    let clock = Arc::new(FixedClock::at(SystemClock.now()));
    let world = World {
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(7)),
        http: Arc::new(FaultyHttp { real: Arc::new(RustlsHttp::new().expect("a client")), plot: plot.clone() }),
        postgres: Arc::new(FaultyPostgres { real: Arc::new(SqlxPostgres), plot: plot.clone() }),
        secrets: Arc::new(trial.secrets.clone()),
        ..World::simulated(7)
    };
    (world, SimulatedSleep(clock))
}

/// The plan of the trial's one action.
pub(crate) fn plan(trial: &Trial, now: Time) -> firebreak_contain::Approved<firebreak_contain::Plan> {
    let spec = responder(trial.action.responder()).spec();
    plans::approved_one(trial.action.clone(), spec.reversibility, now)
}
