//! Laws that hold for any policies: agreement with an evaluator that was written apart from the other, in every world
//! that what is not known allows; and what a further statement may do to an answer.

mod estate;
mod naive;
mod scene;

use firebreak_permission::aws::{Answer, Context};
use proptest::prelude::*;
use scene::{KEYS, Scene, VALUES, scene, statement};
use serde_json::Value;

/// Every way in which the unknown keys of a scene may turn out.
fn worlds(scene: &Scene) -> Vec<Vec<(&'static str, Vec<&'static str>)>> {
    let mut worlds: Vec<Vec<(&'static str, Vec<&'static str>)>> = vec![Vec::new()];
    for (at, key) in KEYS.iter().enumerate() {
        let choices: Vec<Vec<&'static str>> = match &scene.context[at] {
            Some(values) => vec![values.clone()],
            None => VALUES.iter().map(|values| values.to_vec()).collect(),
        };
        let extend = |world: Vec<(&'static str, Vec<&'static str>)>| {
            choices.clone().into_iter().map(move |values| {
                let mut world = world.clone();
                world.push((*key, values));
                world
            })
        };
        worlds = worlds.into_iter().flat_map(extend).collect();
    }
    worlds
}

/// A context in which each key is known; a key without values is absent.
fn known(world: &[(&'static str, Vec<&'static str>)]) -> Context {
    world.iter().fold(Context::closed(), |context, (key, values)| match values.is_empty() {
        true => context.without(key),
        false => context.with(key, values.iter()),
    })
}

/// A context in which what the scene leaves open is unknown.
fn partly(scene: &Scene) -> Context {
    KEYS.iter().zip(&scene.context).fold(Context::open(), |context, (key, values)| match values {
        None => context,
        Some(values) if values.is_empty() => context.without(key),
        Some(values) => context.with(key, values.iter()),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn every_world_agrees_with_the_naive_evaluator(scene in scene()) {
        let answer = scene.decide(&partly(&scene)).answer;
        for world in worlds(&scene) {
            let truth = naive::permits(&scene, &world);
            let here = scene.decide(&known(&world)).answer;
            if here != Answer::May {
                prop_assert_eq!(here, Answer::from(truth), "{:?} {}", &world, &scene);
            }
            if scene.is_documented() {
                prop_assert!(here != Answer::May, "all is known {:?} {}", &world, &scene);
            }
            // What was decided with less knowledge stays so: this is what makes a "may" honest.
            if answer != Answer::May {
                prop_assert_eq!(here, answer, "knowledge changed an answer {:?} {}", &world, &scene);
                prop_assert_eq!(Answer::from(truth), answer, "{:?} {}", &world, &scene);
            }
        }
    }

    #[test]
    fn a_further_statement_pulls_one_way(scene in scene(), more in statement(false), place in 0..5_usize) {
        let (before, context) = (scene.decide(&partly(&scene)).answer, partly(&scene));
        let with = |effect: &str| {
            let mut statement = more.clone();
            statement["Effect"] = Value::from(effect);
            let mut scene = scene.clone();
            scene.add(place, statement);
            scene.decide(&context).answer
        };
        prop_assert!(with("Allow") >= before, "an Allow took away");
        prop_assert!(with("Deny") <= before, "a Deny gave");
        prop_assert!(with("Unread") <= Answer::May || before == Answer::Yes);
    }

    #[test]
    fn an_explicit_deny_wins(scene in scene(), place in 0..5_usize) {
        let mut scene = scene;
        scene.add(place, serde_json::json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
        prop_assert_eq!(scene.decide(&partly(&scene)).answer, Answer::No);
    }

    #[test]
    fn reasons_come_with_what_they_explain(scene in scene()) {
        let decision = scene.decide(&partly(&scene));
        prop_assert_eq!(decision.undecided.is_empty(), decision.answer != Answer::May);
        prop_assert!(!decision.because.is_empty() || decision.answer == Answer::May, "{} {:?}", &scene, decision);
    }
}
