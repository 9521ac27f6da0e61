//! Where an account stands in an organisation, and the policies on the way to it from the root.

use super::context::{Lookup, one};
use super::policy::Policy;
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// One level of the tree: the root, a unit, or the account itself.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// Its id (`r-ab12`, `ou-ab12-…`, the account's number).
    pub id: Text,
    /// The service control policies attached here. `None`: the organisation does not use them. An empty list allows nothing.
    pub service_control: Option<Vec<Arc<Policy>>>,
    /// The resource control policies attached here. The one that allows everything is always attached, and need not be given.
    pub resource_control: Vec<Arc<Policy>>,
}

/// An organisation, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    /// Its id (`o-…`), where it is known.
    pub id: Option<Text>,
    /// The management account: no policy of the organisation limits it.
    pub management: Option<Text>,
    /// For each account, the levels from the root down to the account.
    pub accounts: FxHashMap<Text, Vec<Level>>,
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, Default)]
pub enum Membership<'a> {
    /// It is not known whether it is in an organisation: one may limit it.
    #[default]
    NotGiven,
    /// It is in no organisation.
    Standalone,
    /// It is the management account.
    Management(&'a Organization),
    /// It is a member, with the levels from the root down to it.
    Member(&'a Organization, &'a [Level]),
    /// It is a member, but where is not known.
    Somewhere(&'a Organization),
}

impl Organization {
    /// Where `account` stands. An account that the organisation does not list is not in it.
    pub fn membership(&self, account: &str) -> Membership<'_> {
        match (&self.management, self.accounts.get(account)) {
            (Some(management), _) if management == account => Membership::Management(self),
            // Which account is exempt is not known: it could be this one.
            (None, Some(_)) => Membership::Somewhere(self),
            (_, Some(levels)) => Membership::Member(self, levels),
            (_, None) => Membership::Standalone,
        }
    }
}

impl<'a> Membership<'a> {
    fn organization(self) -> Option<&'a Organization> {
        match self {
            Membership::Management(organization)
            | Membership::Member(organization, _)
            | Membership::Somewhere(organization) => Some(organization),
            _ => None,
        }
    }

    /// The organisation's id. `None` where it is not known.
    pub(crate) fn id<'b>(self) -> Option<Lookup<'b>> {
        match self {
            Membership::Standalone => Some(Lookup::Absent),
            membership => Some(one(membership.organization()?.id.as_ref()?)),
        }
    }

    /// The path of ids from the organisation to the account's parent.
    pub(crate) fn path<'b>(self, account: Option<&str>) -> Option<Lookup<'b>> {
        if matches!(self, Membership::Standalone) {
            return Some(Lookup::Absent);
        }
        let organization = self.organization()?;
        let levels = organization.accounts.get(account?)?;
        let mut path = format!("{}/", organization.id.as_ref()?);
        for level in levels.iter().filter(|level| Some(&*level.id) != account) {
            path.push_str(&level.id);
            path.push('/');
        }
        Some(Lookup::Known(Cow::Owned(vec![Text::new(path)])))
    }
}
