//! What is known of a request: the keys that conditions ask for, given by the caller or following from who asks for what.

use super::organization::Membership;
use super::principal::{Kind, Principal, Resource};
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// What is known of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup<'a> {
    /// The request has it, with these values.
    Known(Cow<'a, [Text]>),
    /// The request does not have it.
    Absent,
    /// It is not known whether the request has it.
    Unknown,
}

/// What the caller knows of a request's context. Keys are compared without case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Context {
    /// `None`: the request certainly has no such key.
    keys: FxHashMap<Text, Option<Vec<Text>>>,
    closed: bool,
}

impl Context {
    /// Nothing is known beyond what follows from the principal and the resource.
    pub fn open() -> Context {
        Context::default()
    }

    /// The request has no other keys than those that are given or follow from the principal and the resource.
    pub fn closed() -> Context {
        Context { closed: true, ..Context::default() }
    }

    /// A request that somebody who holds the principal's credentials makes directly, over TLS, as they would. All else
    /// is unknown.
    pub fn direct() -> Context {
        Context::default()
            .with("aws:SecureTransport", ["true"])
            .with("aws:ViaAWSService", ["false"])
            .without("aws:CalledVia")
            .without("aws:CalledViaFirst")
            .without("aws:CalledViaLast")
            .without("kms:ViaService")
    }

    /// With `key` having `values`.
    #[must_use]
    pub fn with<V: AsRef<str>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Context {
        let values = values.into_iter().map(|value| Text::new(value.as_ref())).collect();
        self.keys.insert(Text::new(key.to_lowercase()), Some(values));
        self
    }

    /// Without `key`: the request certainly does not have it.
    #[must_use]
    pub fn without(mut self, key: &str) -> Context {
        self.keys.insert(Text::new(key.to_lowercase()), None);
        self
    }
}

/// A request as conditions see it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) resource: &'a Resource,
    pub(crate) context: &'a Context,
    /// Where the principal's account stands.
    pub(crate) principal_in: Membership<'a>,
    /// Where the resource's account stands.
    pub(crate) resource_in: Membership<'a>,
}

impl<'a> View<'a> {
    /// A request of which nothing is known of organisations.
    #[cfg(test)]
    pub(crate) fn new(principal: &'a Principal, resource: &'a Resource, context: &'a Context) -> View<'a> {
        let (principal_in, resource_in) = (Membership::NotGiven, Membership::NotGiven);
        View { principal, resource, context, principal_in, resource_in }
    }

    /// What is known of `key`, which is in lower case.
    pub(crate) fn lookup(&self, key: &str) -> Lookup<'a> {
        match self.context.keys.get(key) {
            Some(Some(values)) => return Lookup::Known(Cow::Borrowed(values)),
            Some(None) => return Lookup::Absent,
            None => {}
        }
        match self.derived(key) {
            Some(found) => found,
            None if self.context.closed => Lookup::Absent,
            None => Lookup::Unknown,
        }
    }

    /// What follows from who asks for what. `None` where nothing does.
    fn derived(&self, key: &str) -> Option<Lookup<'a>> {
        let (service, name) = key.split_once(':')?;
        if let Some(tag) = name.strip_prefix("resourcetag/") {
            return tag_of(self.resource.tags.as_deref(), tag);
        }
        match (service, name) {
            ("aws", name) => self.global(name),
            ("kms", "calleraccount") => self.global("principalaccount"),
            ("s3", "resourceaccount") => self.global("resourceaccount"),
            _ => None,
        }
    }

    fn global(&self, name: &str) -> Option<Lookup<'a>> {
        let principal = self.principal;
        if let Some(tag) = name.strip_prefix("principaltag/") {
            return if principal.is_iam() { tag_of(principal.tags.as_deref(), tag) } else { Some(Lookup::Absent) };
        }
        let service = matches!(principal.kind, Kind::Service);
        match name {
            "principalarn" if principal.is_iam() => Some(one(&principal.arn)),
            "principalarn" => Some(Lookup::Absent),
            "principalaccount" if principal.is_iam() => Some(one(principal.account.as_ref()?)),
            "principalaccount" => Some(Lookup::Absent),
            "principaltype" => Some(one(&Text::new_static(principal.type_name()))),
            "principalisawsservice" => Some(one(&Text::new_static(if service { "true" } else { "false" }))),
            "principalservicename" if service => Some(one(&principal.arn)),
            "principalservicename" => Some(Lookup::Absent),
            "principalservicenameslist" if !service => Some(Lookup::Absent),
            "username" => Some(principal.user_name().map_or(Lookup::Absent, |name| one(&Text::new(name)))),
            "userid" => principal.user_id(),
            "principalorgid" if principal.is_iam() => self.principal_in.id(),
            "principalorgpaths" if principal.is_iam() => self.principal_in.path(principal.account.as_deref()),
            "principalorgid" | "principalorgpaths" => Some(Lookup::Absent),
            // Only a service that calls on behalf of a resource brings these.
            "sourcearn" | "sourceaccount" | "sourceorgid" | "sourceorgpaths" if !service => Some(Lookup::Absent),
            "resourceaccount" => Some(one(self.resource.account.as_ref()?)),
            "resourceorgid" => self.resource_in.id(),
            "resourceorgpaths" => self.resource_in.path(self.resource.account.as_deref()),
            _ => None,
        }
    }
}

/// One known value.
pub(crate) fn one<'a>(value: &Text) -> Lookup<'a> {
    Lookup::Known(Cow::Owned(vec![value.clone()]))
}

/// A tag's value; tag keys are compared without case here, as condition keys are.
fn tag_of<'a>(tags: Option<&[(Text, Text)]>, wanted: &str) -> Option<Lookup<'a>> {
    let tags = tags?;
    let found = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted) || key.to_lowercase() == wanted);
    Some(found.map_or(Lookup::Absent, |(_, value)| one(value)))
}
