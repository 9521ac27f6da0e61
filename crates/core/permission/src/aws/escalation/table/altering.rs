//! Identities themselves: credentials made for someone else, trust rewritten, policies changed.

/// Someone else's credentials, made or replaced, or a role's trust rewritten: the caller becomes the target.
#[derive(Clone, Copy, Debug)]
pub struct Takeover {
    /// The path.
    pub id: &'static str,
    /// What the caller does, to be followed by the target.
    pub how: &'static str,
    /// Whether the target is a role, not a user.
    pub role: bool,
    /// All of these must be allowed on the target.
    pub actions: &'static [&'static str],
    /// The user has two access keys already: without this, it must have fewer.
    pub two_keys: bool,
    /// The user has a password (`Some(true)`), has none (`Some(false)`), or it does not matter.
    pub password: Option<bool>,
}

/// Every such path, the least demanding first.
pub const TAKEOVERS: &[Takeover] = &[
    Takeover {
        id: "iam-002",
        how: "makes an access key of",
        role: false,
        actions: &["iam:CreateAccessKey"],
        two_keys: false,
        password: None,
    },
    Takeover {
        id: "iam-003",
        how: "deletes an access key of, and makes another for,",
        role: false,
        actions: &["iam:CreateAccessKey", "iam:DeleteAccessKey"],
        two_keys: true,
        password: None,
    },
    Takeover {
        id: "iam-004",
        how: "gives a password to",
        role: false,
        actions: &["iam:CreateLoginProfile"],
        two_keys: false,
        password: Some(false),
    },
    Takeover {
        id: "iam-006",
        how: "changes the password of",
        role: false,
        actions: &["iam:UpdateLoginProfile"],
        two_keys: false,
        password: Some(true),
    },
    Takeover {
        id: "iam-012",
        how: "rewrites the trust policy of, and assumes,",
        role: true,
        actions: &["iam:UpdateAssumeRolePolicy"],
        two_keys: false,
        password: None,
    },
];

/// On what a change of policies must be allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Altered {
    /// On the user who gains by it.
    User,
    /// On the role that gains by it.
    Role,
    /// On a group of the user who gains by it.
    Group,
    /// On a managed policy that is attached to the one who gains by it, or to one of its groups.
    Policy,
    /// On such a policy that has another version, which makes administrators.
    Version,
}

/// A change of what policies allow someone. Whoever can make it and is (or becomes) that one may do anything.
#[derive(Clone, Copy, Debug)]
pub struct Alteration {
    /// The path.
    pub id: &'static str,
    /// What the caller does, to be followed by the one who gains.
    pub how: &'static str,
    /// What must be allowed.
    pub action: &'static str,
    /// On what.
    pub on: Altered,
    /// The policy is chosen among those that exist, so that a condition on `iam:PolicyARN` can limit the choice.
    pub attaches: bool,
}

/// Every such path.
pub const ALTERATIONS: &[Alteration] = &[
    alteration("iam-007", "writes an inline policy for", "iam:PutUserPolicy", Altered::User, false),
    alteration("iam-008", "attaches an administrator's policy to", "iam:AttachUserPolicy", Altered::User, true),
    alteration("iam-005", "writes an inline policy for", "iam:PutRolePolicy", Altered::Role, false),
    alteration("iam-009", "attaches an administrator's policy to", "iam:AttachRolePolicy", Altered::Role, true),
    alteration("iam-011", "writes an inline policy for a group of", "iam:PutGroupPolicy", Altered::Group, false),
    alteration(
        "iam-010",
        "attaches an administrator's policy to a group of",
        "iam:AttachGroupPolicy",
        Altered::Group,
        true,
    ),
    alteration(
        "iam-001",
        "writes a new version of a policy that is attached to",
        "iam:CreatePolicyVersion",
        Altered::Policy,
        false,
    ),
    alteration(
        "x-version",
        "puts another version in force of a policy that is attached to",
        "iam:SetDefaultPolicyVersion",
        Altered::Version,
        false,
    ),
    alteration("iam-013", "adds a user that it is or becomes to", "iam:AddUserToGroup", Altered::Group, false),
];

const fn alteration(
    id: &'static str,
    how: &'static str,
    action: &'static str,
    on: Altered,
    attaches: bool,
) -> Alteration {
    Alteration { id, how, action, on, attaches }
}

/// A new user or role, with policies of the caller's choice: an administrator.
#[derive(Clone, Copy, Debug)]
pub struct Creation {
    /// The path.
    pub id: &'static str,
    /// What the caller does.
    pub how: &'static str,
    /// One action of each of these must be allowed, all on one resource.
    pub all: &'static [&'static [&'static str]],
    /// The form of the resource.
    pub form: &'static str,
}

/// Every such path.
pub const CREATIONS: &[Creation] = &[
    Creation {
        id: "x-create-role",
        how: "creates a role that it may assume, and makes it an administrator: it becomes one of",
        all: &[&["iam:CreateRole"], &["iam:AttachRolePolicy", "iam:PutRolePolicy"]],
        form: "arn:aws:iam::{account}:role/*",
    },
    Creation {
        id: "x-create-user",
        how: "creates a user with credentials, and makes it an administrator: it becomes one of",
        all: &[
            &["iam:CreateUser"],
            &["iam:AttachUserPolicy", "iam:PutUserPolicy"],
            &["iam:CreateAccessKey", "iam:CreateLoginProfile"],
        ],
        form: "arn:aws:iam::{account}:user/*",
    },
];
