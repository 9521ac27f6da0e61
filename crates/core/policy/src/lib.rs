//! Policies of the owner, in Cedar: read and checked once against a schema of ours, then asked.
//!
//! Whatever goes wrong is no permit: policies that do not fit the schema are not accepted at all, and a question that does not fit
//! it or a policy that cannot be evaluated is an answer of its own that nobody can take for one.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId};
use cedar_policy::{PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator};
use firebreak_model::{Position, Problem, Text};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;

/// Policies that fit their schema.
#[derive(Clone, Debug)]
pub struct Policies {
    schema: Schema,
    set: PolicySet,
    /// `@reason` of each policy, or its name where it has none.
    reasons: BTreeMap<String, String>,
}

/// Whom a question is about, and with which attributes. The schema says which there must be.
#[derive(Clone, PartialEq, Debug)]
pub struct Entity {
    /// Its type in the schema: `Firebreak::Plan`.
    pub kind: &'static str,
    /// Which one.
    pub id: String,
    /// Its attributes, as an object.
    pub attributes: Value,
}

impl Entity {
    fn uid(&self) -> Result<EntityUid, String> {
        let kind = EntityTypeName::from_str(self.kind).map_err(|error| misfit(&error))?;
        Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(&self.id)))
    }

    /// The entity as Cedar has it.
    fn put(&self) -> Result<cedar_policy::Entity, String> {
        let attributes = fields(&self.attributes)?.collect::<Result<_, String>>()?;
        cedar_policy::Entity::new(self.uid()?, attributes, HashSet::new()).map_err(|error| misfit(&error))
    }
}

/// The fields of an object as expressions of Cedar's.
fn fields(object: &Value) -> Result<impl Iterator<Item = Result<(String, RestrictedExpression), String>>, String> {
    let Value::Object(fields) = object else { return Err(unfit("something is no object")) };
    Ok(fields.iter().map(|(name, value)| Ok((name.clone(), expression(value)?))))
}

/// A value as an expression of Cedar's, which has neither null nor fractions. Whether it fits the schema is for Cedar to say.
fn expression(value: &Value) -> Result<RestrictedExpression, String> {
    Ok(match value {
        Value::Bool(value) => RestrictedExpression::new_bool(*value),
        Value::String(text) => RestrictedExpression::new_string(text.clone()),
        Value::Number(number) => {
            let whole = number.as_i64().ok_or_else(|| unfit(&format!("`{number}` is no whole number")))?;
            RestrictedExpression::new_long(whole)
        }
        Value::Array(all) => RestrictedExpression::new_set(all.iter().map(expression).collect::<Result<Vec<_>, _>>()?),
        Value::Object(_) => RestrictedExpression::new_record(fields(value)?.collect::<Result<Vec<_>, String>>()?)
            .map_err(|error| misfit(&error))?,
        Value::Null => return Err(unfit("something is null")),
    })
}

/// Whether `principal` may do `action` to `resource` in the circumstances of `context`.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// Who.
    pub principal: Entity,
    /// What, as the schema names it: `Firebreak::Action::"contain"`.
    pub action: &'static str,
    /// To what.
    pub resource: Entity,
    /// The circumstances, as an object.
    pub context: Value,
}

/// What the policies say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Permitted, by the policies with these reasons.
    Permit(Vec<String>),
    /// Forbidden by the policies with these reasons, or permitted by none.
    Forbid(Vec<String>),
    /// It could not be decided: to be taken as forbidden.
    Broken(Vec<String>),
}

impl Policies {
    /// Policies, each a name (its file's) and a text that may hold several. Problems are told as `asker`'s, with `hint`.
    ///
    /// # Errors
    /// All that is wrong with schema and policies: text that does not parse, a policy that does not fit the schema or
    /// can never apply, a template, no policy at all.
    pub fn new(
        schema: &str,
        policies: &[(&str, &str)],
        asker: &'static str,
        hint: &str,
    ) -> Result<Policies, Vec<Problem>> {
        let problem = |input: &str, reason: &str| Problem {
            source: Text::new_static(asker),
            position: Position { input: input.to_owned(), ..Position::default() },
            reason: reason.to_owned(),
            hint: hint.to_owned(),
        };
        let (schema, warnings) = Schema::from_cedarschema_str(schema)
            .map_err(|error| vec![problem("the policy schema", &error.to_string())])?;
        let mut faults: Vec<(String, String)> =
            warnings.map(|warning| ("the policy schema".to_owned(), warning.to_string())).collect();
        let (set, reasons) = read(policies, &mut faults);
        let all = || "the policies".to_owned();
        if set.is_empty() && faults.is_empty() {
            faults.push((all(), "there is none, so nothing would ever pass".to_owned()));
        }
        let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
        faults.extend(result.validation_errors().map(|error| (all(), error.to_string())));
        faults.extend(result.validation_warnings().map(|warning| (all(), warning.to_string())));
        match faults.is_empty() {
            true => Ok(Policies { schema, set, reasons }),
            false => Err(faults.iter().map(|(input, reason)| problem(input, reason)).collect()),
        }
    }

    /// What they say to one question.
    pub fn ask(&self, question: &Question) -> Answer {
        let (request, entities) = match self.put(question) {
            Ok(put) => put,
            Err(reason) => return Answer::Broken(vec![reason]),
        };
        let response = Authorizer::new().is_authorized(&request, &self.set, &entities);
        let broken: Vec<String> =
            response.diagnostics().errors().map(|error| format!("a policy could not be evaluated: {error}")).collect();
        if !broken.is_empty() {
            return Answer::Broken(broken);
        }
        let mut reasons: Vec<String> = response.diagnostics().reason().map(|id| self.reason(id)).collect();
        reasons.sort();
        match response.decision() {
            Decision::Allow => Answer::Permit(reasons),
            Decision::Deny => {
                if reasons.is_empty() {
                    reasons.push("no policy permits it".to_owned());
                }
                Answer::Forbid(reasons)
            }
        }
    }

    /// The question as Cedar takes it, valid under the schema.
    fn put(&self, question: &Question) -> Result<(Request, Entities), String> {
        let (principal, resource) = (question.principal.uid()?, question.resource.uid()?);
        let action = EntityUid::from_str(question.action).map_err(|error| misfit(&error))?;
        let mut entities = vec![question.principal.put()?];
        if resource != principal {
            entities.push(question.resource.put()?);
        }
        let entities = Entities::from_entities(entities, Some(&self.schema)).map_err(|error| misfit(&error))?;
        let circumstances = fields(&question.context)?.collect::<Result<Vec<_>, String>>()?;
        let context = Context::from_pairs(circumstances).map_err(|error| misfit(&error))?;
        // Context and entities are held against the schema here.
        match Request::new(principal, action.clone(), resource, context, Some(&self.schema)) {
            Ok(request) => Ok((request, entities)),
            Err(error) => Err(self.why_not(question, &action).unwrap_or_else(|| misfit(&error))),
        }
    }

    /// What of the circumstances does not fit, by name: of JSON Cedar says it more exactly than of values.
    fn why_not(&self, question: &Question, action: &EntityUid) -> Option<String> {
        let told = Context::from_json_value(question.context.clone(), Some((&self.schema, action)));
        told.err().map(|error| misfit(&error))
    }

    fn reason(&self, id: &PolicyId) -> String {
        let name: &str = id.as_ref();
        self.reasons.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

/// Cedar's numbers are signed: what is larger is as large as can be.
pub fn long(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The policies of all texts in one set, named `<file>/<@id or number>`. What is wrong is told with the file where it is.
fn read(policies: &[(&str, &str)], faults: &mut Vec<(String, String)>) -> (PolicySet, BTreeMap<String, String>) {
    let (mut set, mut reasons) = (PolicySet::new(), BTreeMap::new());
    for (file, text) in policies {
        let mut fault = |reason: String| faults.push(((*file).to_owned(), reason));
        let parsed: PolicySet = match text.parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                fault(format!("{error}"));
                continue;
            }
        };
        if parsed.num_of_templates() > 0 {
            fault("it holds a template, which permits and forbids nothing".to_owned());
        }
        for policy in parsed.policies() {
            let name = format!("{file}/{}", policy.annotation("id").unwrap_or_else(|| policy.id().as_ref()));
            let reason = policy.annotation("reason").unwrap_or(&name).to_owned();
            if let Err(error) = set.add(named(policy, &name)) {
                fault(error.to_string());
            }
            reasons.insert(name, reason);
        }
    }
    (set, reasons)
}

fn named(policy: &Policy, name: &str) -> Policy {
    policy.new_id(PolicyId::new(name))
}

fn unfit(why: &str) -> String {
    format!("the request does not fit the policy schema: {why}")
}

/// An error and all that lies behind it, on one line.
fn misfit(error: &dyn std::error::Error) -> String {
    let mut text = unfit(&error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SCHEMA: &str = r#"namespace T {
        entity Who { "team": String };
        entity What;
        action "do" appliesTo { principal: [Who], resource: [What], context: { "count": Long } };
    }"#;

    fn policies(text: &str) -> Result<Policies, Vec<Problem>> {
        Policies::new(SCHEMA, &[("mine", text)], "test", "mend it")
    }

    fn question(team: Value, count: Value) -> Question {
        Question {
            principal: Entity { kind: "T::Who", id: "a \"b\"\n".to_owned(), attributes: json!({"team": team}) },
            action: r#"T::Action::"do""#,
            resource: Entity { kind: "T::What", id: "w".to_owned(), attributes: json!({}) },
            context: json!({"count": count}),
        }
    }

    #[test]
    fn a_permit_names_its_reason_and_no_permit_is_a_deny() {
        let policies = policies(
            r#"@id("few") @reason("few of them") permit (principal, action, resource) when { context.count < 3 && principal.team == "red" };"#,
        )
        .unwrap();
        assert_eq!(policies.ask(&question(json!("red"), json!(1))), Answer::Permit(vec!["few of them".to_owned()]));
        let none = Answer::Forbid(vec!["no policy permits it".to_owned()]);
        assert_eq!(policies.ask(&question(json!("red"), json!(3))), none);
        assert_eq!(policies.ask(&question(json!("blue"), json!(1))), none);
    }

    #[test]
    fn what_does_not_fit_the_schema_is_never_a_permit() {
        let all = policies("permit (principal, action, resource);").unwrap();
        for (team, count) in [(json!(1), json!(1)), (json!("red"), json!("1")), (json!("red"), Value::Null)] {
            assert!(matches!(all.ask(&question(team, count)), Answer::Broken(_)));
        }
        let mut other = question(json!("red"), json!(1));
        other.action = r#"T::Action::"undo""#;
        assert!(matches!(all.ask(&other), Answer::Broken(_)));
    }

    #[test]
    fn an_error_in_one_policy_is_no_permit_by_another() {
        let overflow = policies(
            "permit (principal, action, resource);\npermit (principal, action, resource) when { context.count + 9223372036854775807 > 0 };",
        )
        .unwrap();
        assert!(matches!(overflow.ask(&question(json!("red"), json!(1))), Answer::Broken(_)));
    }

    #[test]
    fn faults_name_the_file_and_there_are_no_policies_then() {
        let faults = policies("permit (principal, action, resource) when { context.amount > 1 };").unwrap_err();
        assert!(faults.iter().any(|fault| fault.reason.contains("amount") && fault.hint == "mend it"), "{faults:?}");
        let faults = policies("permit (").unwrap_err();
        assert_eq!(faults[0].position.input, "mine");
        assert!(policies("").unwrap_err()[0].reason.contains("there is none"));
    }
}
