//! Who asks, and for what: principals and resources as requests name them.

use super::arn::Arn;
use super::context::{Lookup, one};
use firebreak_model::Text;

/// What kind of principal asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The root user of an account.
    Root,
    /// An IAM user.
    User,
    /// A session of a role.
    Role {
        /// The session's name, where it is known.
        session: Option<Text>,
    },
    /// A session that `GetFederationToken` made for a user. Not the user: resource policies name it by itself.
    FederatedUser,
    /// An AWS service (`lambda.amazonaws.com`).
    Service,
    /// Somebody whom an outside identity provider vouches for, asking to assume a role.
    Federated,
    /// Anybody, without credentials.
    Anonymous,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Principal {
    /// What kind it is.
    pub kind: Kind,
    /// The ARN of the user or the role (not of its session), the name of the service, the provider's ARN or domain.
    pub arn: Text,
    /// The account, of those that have one.
    pub account: Option<Text>,
    /// The unique id (`AIDA…`, `AROA…`), where it is known.
    pub id: Option<Text>,
    /// The tags, session tags included. `None`: not known; empty: it has none.
    pub tags: Option<Vec<(Text, Text)>>,
}

impl Principal {
    fn new(kind: Kind, arn: &str) -> Principal {
        let account = Arn::split(arn).map(|arn| arn.account).filter(|account| !account.is_empty());
        Principal { kind, arn: Text::new(arn), account: account.map(Text::new), id: None, tags: None }
    }

    /// An IAM user.
    pub fn user(arn: &str) -> Principal {
        Principal::new(Kind::User, arn)
    }

    /// A session of the role with this ARN; the session's name is not known.
    pub fn role(arn: &str) -> Principal {
        Principal::new(Kind::Role { session: None }, arn)
    }

    /// The named session of the role with this ARN.
    pub fn session(role: &str, session: &str) -> Principal {
        Principal::new(Kind::Role { session: Some(Text::new(session)) }, role)
    }

    /// The root user of `account`.
    pub fn root(account: &str) -> Principal {
        Principal::new(Kind::Root, &format!("arn:aws:iam::{account}:root"))
    }

    /// An AWS service.
    pub fn service(name: &str) -> Principal {
        Principal::new(Kind::Service, name)
    }

    /// Somebody from an identity provider: its ARN, or the domain of one that has none.
    pub fn federated(provider: &str) -> Principal {
        // The provider's account is not the account of who comes from it.
        Principal { account: None, ..Principal::new(Kind::Federated, provider) }
    }

    /// Anybody, without credentials.
    pub fn anonymous() -> Principal {
        Principal::new(Kind::Anonymous, "*")
    }

    /// The principal that an ARN names: root user, user, role, session of a role, federated user, or a service's name.
    /// `None` where it is none of these.
    pub fn of(arn: &str) -> Option<Principal> {
        if arn.ends_with(".amazonaws.com") || arn.ends_with(".amazonaws.com.cn") {
            return Some(Principal::service(arn));
        }
        let split = Arn::split(arn)?;
        match (split.service, split.resource.split_once('/')) {
            ("iam", None) if split.resource == "root" => Some(Principal::new(Kind::Root, arn)),
            ("iam", Some(("user", _))) => Some(Principal::user(arn)),
            ("iam", Some(("role", _))) => Some(Principal::role(arn)),
            ("sts", Some(("assumed-role", rest))) => {
                let (role, session) = rest.split_once('/')?;
                let role = format!("arn:{}:iam::{}:role/{role}", split.partition, split.account);
                Some(Principal::session(&role, session))
            }
            ("sts", Some(("federated-user", _))) => Some(Principal::new(Kind::FederatedUser, arn)),
            _ => None,
        }
    }

    /// With its unique id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Principal {
        self.id = Some(Text::new(id));
        self
    }

    /// With its tags, and no others.
    #[must_use]
    pub fn with_tags<'a>(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Principal {
        self.tags = Some(tags.into_iter().map(|(key, value)| (Text::new(key), Text::new(value))).collect());
        self
    }

    /// Whether it belongs to an account: a root user, user, role or federated user.
    pub fn is_iam(&self) -> bool {
        !matches!(self.kind, Kind::Service | Kind::Federated | Kind::Anonymous)
    }

    /// A role that AWS makes for one of its services: no policy of an organisation limits it.
    pub fn is_service_linked(&self) -> bool {
        matches!(self.kind, Kind::Role { .. }) && self.arn.contains(":role/aws-service-role/")
    }

    /// The name after the path: of a user or a role.
    pub(crate) fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn user_name(&self) -> Option<&str> {
        (self.kind == Kind::User).then(|| self.name())
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Root => "Account",
            Kind::User => "User",
            Kind::Role { .. } => "AssumedRole",
            Kind::FederatedUser => "FederatedUser",
            Kind::Service => "Service",
            Kind::Federated => "Federated",
            Kind::Anonymous => "Anonymous",
        }
    }

    /// `aws:userid`.
    pub(crate) fn user_id<'a>(&self) -> Option<Lookup<'a>> {
        match (&self.kind, &self.id) {
            (Kind::User, Some(id)) => Some(one(id)),
            (Kind::Role { session: Some(session) }, Some(id)) => Some(one(&Text::new(format!("{id}:{session}")))),
            (Kind::Root, _) => Some(one(self.account.as_ref()?)),
            _ => None,
        }
    }
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Resource {
    /// The ARN as the service checks it (`arn:aws:s3:::bucket/key` for an object), or `*` for actions on none.
    pub arn: Text,
    /// The account that owns it. `None`: not known.
    pub account: Option<Text>,
    /// Its tags. `None`: not known.
    pub tags: Option<Vec<(Text, Text)>>,
}

impl Resource {
    /// The resource with this ARN; its account is that of the ARN where it has one.
    pub fn new(arn: &str) -> Resource {
        let account = Arn::split(arn).map(|arn| arn.account).filter(|account| is_account(account));
        Resource { arn: Text::new(arn), account: account.map(Text::new), tags: None }
    }

    /// In `account`.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Resource {
        self.account = Some(Text::new(account));
        self
    }

    /// With its tags, and no others.
    #[must_use]
    pub fn with_tags<'a>(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Resource {
        self.tags = Some(tags.into_iter().map(|(key, value)| (Text::new(key), Text::new(value))).collect());
        self
    }
}

/// Whether text is an account's number.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
