//! The rules once more, written as plainly as can be and apart from the crate: it reads the documents for each question,
//! knows everything, and answers yes or no.

use crate::scene::Scene;
use serde_json::Value;

type World<'a> = &'a [(&'static str, Vec<&'static str>)];

/// How a resource's statement names who asks.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    Not,
    Account,
    Role,
    Whole,
}

pub(crate) fn permits(scene: &Scene, world: World<'_>) -> bool {
    let iam = !scene.who.ends_with(".com");
    let root = scene.who.ends_with(":root");
    let own_account = scene.who.contains("111122223333");
    let says = |statements: &[Value], effect: &str| {
        statements.iter().any(|statement| statement["Effect"] == effect && applies(scene, statement, world))
    };
    let boundary = scene.boundary.as_deref().filter(|_| !root);
    let levels: &[Vec<Value>] = if own_account { &scene.levels } else { &[] };
    let guard = scene.guard.as_deref().unwrap_or_default();

    let own = [Some(&*scene.identity), boundary, scene.session.as_deref()];
    let denies_own = own.into_iter().flatten().any(|statements| says(statements, "Deny"));
    let denies_level = levels.iter().any(|statements| says(statements, "Deny"));
    let names = |statement: &&Value| named(scene, statement, boundary.is_some()) != Named::Not;
    let guards = |effect: &'static str| {
        guard.iter().filter(move |s| s["Effect"] == effect && applies(scene, s, world)).filter(names)
    };
    if denies_own || denies_level || guards("Deny").next().is_some() {
        return false;
    }
    if levels.iter().any(|statements| !says(statements, "Allow")) {
        return false;
    }
    if root && scene.action == "sts:AssumeRole" {
        return false;
    }
    let granted: Vec<Named> = guards("Allow").map(|statement| named(scene, statement, boundary.is_some())).collect();
    if !iam {
        return !granted.is_empty();
    }
    let limits = boundary.is_none_or(|statements| says(statements, "Allow"))
        && scene.session.as_deref().is_none_or(|statements| says(statements, "Allow"));
    let mine = (root || says(&scene.identity, "Allow")) && limits;
    if !own_account {
        return mine && !granted.is_empty();
    }
    let by_resource = granted.contains(&Named::Whole) || (granted.contains(&Named::Role) && limits);
    let key = scene.action.starts_with("kms:") && scene.resource.contains(":key/");
    let needs_resource = key || scene.action == "sts:AssumeRole";
    by_resource || (mine && (!needs_resource || granted.contains(&Named::Account)))
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

fn applies(scene: &Scene, statement: &Value, world: World<'_>) -> bool {
    let action =
        |patterns: &Value| strings(patterns).iter().any(|p| like(&p.to_lowercase(), &scene.action.to_lowercase()));
    let resource = |patterns: &Value| {
        let filled = strings(patterns).into_iter().filter_map(|pattern| filled(&pattern, scene, world));
        filled.into_iter().any(|pattern| like(&pattern, scene.resource))
    };
    let listed = |key: &str, holds: &dyn Fn(&Value) -> bool| match statement.get(key) {
        Some(patterns) => holds(patterns),
        None => !holds(&statement[format!("Not{key}")]),
    };
    let conditions = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    let mut conditions = conditions.flat_map(|(operator, keys)| {
        keys.as_object().into_iter().flatten().map(move |(key, values)| (operator.clone(), key.clone(), values.clone()))
    });
    listed("Action", &action)
        && listed("Resource", &resource)
        && conditions.all(|(operator, key, values)| holds(&operator, &key, &strings(&values), world))
}

/// The pattern with its variables filled in, if they have values.
fn filled(pattern: &str, scene: &Scene, world: World<'_>) -> Option<String> {
    let user = scene.who.rsplit_once(":user/").map(|(_, name)| name.to_owned());
    let a = world.iter().find(|(key, _)| *key == "x:a").and_then(|(_, values)| values.first().copied());
    let pattern = pattern.replace("${x:a, 'n'}", a.unwrap_or("n"));
    match pattern.contains("${aws:username}") {
        true => user.map(|user| pattern.replace("${aws:username}", &user)),
        false => Some(pattern),
    }
}

fn like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => (0..=text.len()).any(|at| text.is_char_boundary(at) && like(&pattern[1..], &text[at..])),
        Some('?') => !text.is_empty() && like(&pattern[1..], &text[1..]),
        Some(c) => text.starts_with(c) && like(&pattern[c.len_utf8()..], &text[c.len_utf8()..]),
    }
}

fn holds(operator: &str, key: &str, wanted: &[String], world: World<'_>) -> bool {
    let given = world.iter().find(|(own, _)| *own == key).map(|(_, values)| values.clone()).unwrap_or_default();
    if operator == "Null" {
        return given.is_empty() == (wanted == ["true"]);
    }
    let (qualifier, rest) = operator.split_once(':').unwrap_or(("", operator));
    let base = rest.trim_end_matches("IfExists");
    if given.is_empty() {
        return rest.ends_with("IfExists")
            || qualifier == "ForAllValues"
            || (qualifier.is_empty() && base.contains("Not"));
    }
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let one = |value: &&str| match base {
        "StringEquals" => wanted.iter().any(|own| own == value),
        "StringNotEquals" => wanted.iter().all(|own| own != value),
        "StringLike" => wanted.iter().any(|own| like(own, value)),
        "StringNotLike" => wanted.iter().all(|own| !like(own, value)),
        "NumericLessThan" => wanted.iter().any(|own| number(value) < number(own)),
        "NumericNotEquals" => wanted.iter().all(|own| number(value) != number(own)),
        other => panic!("no operator `{other}`"),
    };
    match qualifier {
        "ForAllValues" => given.iter().all(one),
        _ => given.iter().any(one),
    }
}

fn named(scene: &Scene, statement: &Value, bounded: bool) -> Named {
    let iam = !scene.who.ends_with(".com");
    let session = scene.who.contains(":assumed-role/");
    let whole = |text: &str| text == "*" || text == scene.who;
    let role = |text: &str| session && text == "arn:aws:iam::111122223333:role/worker";
    let account = |text: &str| iam && text.len() == 12 && scene.who.contains(text);
    let of = |value: &Value| {
        let all = match value {
            Value::Object(kinds) => kinds.values().flat_map(strings).collect(),
            other => strings(other),
        };
        let root = scene.who.ends_with(":root");
        match () {
            () if all.iter().any(|text| whole(text) || (root && account(text))) => Named::Whole,
            () if all.iter().any(|text| role(text)) => Named::Role,
            () if all.iter().any(|text| account(text)) => Named::Account,
            () => Named::Not,
        }
    };
    match statement.get("Principal") {
        Some(value) => of(value),
        // What is listed is spared; who has a boundary is not.
        None if statement["Effect"] == "Deny" && bounded && iam => Named::Whole,
        None if of(&statement["NotPrincipal"]) == Named::Not => Named::Whole,
        None => Named::Not,
    }
}
