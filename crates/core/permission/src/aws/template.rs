//! Text of a policy that may hold variables (`${aws:username}`), made into a pattern once the request is known.

use super::answer::Answer;
use super::context::{Lookup, View};
use super::glob::{Builder, Glob, Work};
use firebreak_model::Text;

/// A piece of a template.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Part {
    /// Text whose wildcards count.
    Pattern(String),
    /// Text that stands for itself.
    Literal(String),
    /// The value of a context key (in lower case), or else a default.
    Variable { key: Text, default: Option<String> },
}

/// A pattern, or the parts of one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Template {
    /// It depends on no request.
    Fixed(Glob),
    /// It depends on context keys.
    Varying(Varying),
}

/// The parts of a pattern that depends on context keys.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Varying {
    parts: Box<[Part]>,
    written: Text,
    fold: bool,
}

/// How text of a policy is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${…}` is a variable (policies of version 2012-10-17).
    pub(crate) variables: bool,
    /// Case does not matter.
    pub(crate) fold: bool,
}

impl Template {
    /// Reads `text`.
    pub(crate) fn read(text: &str, how: Reading) -> Template {
        let folded = if how.fold { text.to_lowercase() } else { String::new() };
        let text = if how.fold { &folded } else { text };
        if !how.variables || !text.contains("${") {
            return Template::Fixed(if how.wildcards { Glob::new(text) } else { Glob::literal(text) });
        }
        let parts = parts(text, how.wildcards);
        if parts.iter().any(|part| matches!(part, Part::Variable { .. })) {
            return Template::Varying(Varying { parts: parts.into(), written: Text::new(text), fold: how.fold });
        }
        let mut builder = Builder::default();
        parts.iter().for_each(|part| put(&mut builder, part));
        Template::Fixed(builder.build())
    }

    /// The pattern for this request. `None` where a variable has no value: then it matches nothing.
    pub(crate) fn resolved(&self, view: &View<'_>) -> Option<Glob> {
        match self {
            Template::Fixed(glob) => Some(glob.clone()),
            Template::Varying(varying) => varying.resolved(view),
        }
    }

    /// Whether `text` matches, for this request.
    pub(crate) fn matches(&self, text: &str, view: &View<'_>, work: &mut Work) -> Answer {
        let matched = |glob: &Glob, work: &mut Work| {
            let answer = Answer::from(glob.matches(text, work));
            if glob.has_gaps() { answer.doubted() } else { answer }
        };
        match self {
            Template::Fixed(glob) => matched(glob, work),
            Template::Varying(varying) => varying.resolved(view).map_or(Answer::No, |glob| matched(&glob, work)),
        }
    }

    /// The context keys of its variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Text> {
        let parts = match self {
            Template::Fixed(_) => &[],
            Template::Varying(varying) => &*varying.parts,
        };
        parts.iter().filter_map(|part| match part {
            Part::Variable { key, .. } => Some(key),
            _ => None,
        })
    }

    /// As it was written, for people to read.
    pub(crate) fn shown(&self) -> String {
        match self {
            Template::Fixed(glob) => glob.shown(),
            Template::Varying(varying) => varying.written.to_string(),
        }
    }
}

impl Varying {
    fn resolved(&self, view: &View<'_>) -> Option<Glob> {
        let mut builder = Builder::default();
        for part in &self.parts {
            let Part::Variable { key, default } = part else {
                put(&mut builder, part);
                continue;
            };
            match (view.lookup(key), default) {
                (Lookup::Known(values), default) => match (&*values, default) {
                    ([one], _) if self.fold => builder.literal(&one.to_lowercase()),
                    ([one], _) => builder.literal(one),
                    ([], Some(default)) => builder.literal(default),
                    ([], None) => return None,
                    // A key of several values is no variable: what the platform then does is not documented.
                    _ => builder.gap(),
                },
                (Lookup::Absent, Some(default)) => builder.literal(default),
                (Lookup::Absent, None) => return None,
                (Lookup::Unknown, _) => builder.gap(),
            }
        }
        Some(builder.build())
    }
}

fn put(builder: &mut Builder, part: &Part) {
    match part {
        Part::Pattern(text) => builder.pattern(text),
        Part::Literal(text) => builder.literal(text),
        Part::Variable { .. } => builder.gap(),
    }
}

fn parts(text: &str, wildcards: bool) -> Vec<Part> {
    let plain = |text: &str| if wildcards { Part::Pattern(text.to_owned()) } else { Part::Literal(text.to_owned()) };
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once("${") {
        // What is never closed is no variable.
        let Some((inside, after)) = tail.split_once('}') else { break };
        if !head.is_empty() {
            parts.push(plain(head));
        }
        parts.push(match inside {
            "*" | "?" | "$" => Part::Literal(inside.to_owned()),
            inside => variable(inside),
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(plain(rest));
    }
    parts
}

/// `key` or `key, 'default'`.
fn variable(inside: &str) -> Part {
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => {
            let default = default.trim();
            let quoted = default.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            (key, Some(quoted.unwrap_or(default).to_owned()))
        }
        None => (inside, None),
    };
    Part::Variable { key: Text::new(key.trim().to_lowercase()), default }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::context::Context;
    use crate::aws::principal::{Principal, Resource};

    fn answer(text: &str, value: &str, context: &Context) -> Answer {
        let (principal, resource) = (Principal::user("arn:aws:iam::111122223333:user/a/ann"), Resource::new("*"));
        let view = View::new(&principal, &resource, context);
        let how = Reading { wildcards: true, variables: true, fold: false };
        Template::read(text, how).matches(value, &view, &mut Work::default())
    }

    #[test]
    fn variables_take_the_value_of_the_request() {
        let open = Context::default();
        assert_eq!(answer("home/${aws:username}/*", "home/ann/x", &open), Answer::Yes);
        assert_eq!(answer("home/${aws:username}/*", "home/bob/x", &open), Answer::No);
        assert_eq!(answer("${aws:PrincipalTag/team}/*", "red/x", &open), Answer::May, "tags are not known");
        assert_eq!(answer("${aws:PrincipalTag/team}/*", "red", &open), Answer::No, "no tag makes this match");
        let closed = Context::closed();
        assert_eq!(answer("${aws:FederatedProvider}/*", "red/x", &closed), Answer::No);
        assert_eq!(answer("${aws:FederatedProvider, 'all'}/*", "all/x", &closed), Answer::Yes);
        let several = Context::default().with("x:y", ["a", "b"]);
        assert_eq!(answer("${x:y}", "a", &several), Answer::May);
        let starred = Context::default().with("x:y", ["a*"]);
        assert_eq!((answer("${x:y}", "ab", &starred), answer("${x:y}", "a*", &starred)), (Answer::No, Answer::Yes));
    }

    #[test]
    fn wildcards_can_be_escaped() {
        let open = Context::default();
        assert_eq!(answer("a${*}b", "a*b", &open), Answer::Yes);
        assert_eq!(answer("a${*}b", "axb", &open), Answer::No);
        assert_eq!(answer("a${?}${$}", "a?$", &open), Answer::Yes);
        assert_eq!(answer("a${b", "a${b", &open), Answer::Yes);
    }
}
