//! The OCSF 1.8 classes that Firebreak emits. Mapping is each source's own; the numbers are the schema's.

use serde::{Deserialize, Serialize};

/// The schema version written into every record.
pub const VERSION: &str = "1.8.0";

/// An OCSF event class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Base Event: what no class has a field for.
    BaseEvent,
    /// Process Activity.
    ProcessActivity,
    /// Detection Finding.
    DetectionFinding,
    /// Account Change.
    AccountChange,
    /// Authentication.
    Authentication,
    /// Authorize Session.
    AuthorizeSession,
    /// Entity Management.
    EntityManagement,
    /// User Access Management.
    UserAccess,
    /// Group Management.
    GroupManagement,
    /// Network Activity.
    NetworkActivity,
    /// HTTP Activity.
    HttpActivity,
    /// DNS Activity.
    DnsActivity,
    /// Web Resources Activity.
    WebResourcesActivity,
    /// Application Lifecycle.
    ApplicationLifecycle,
    /// API Activity.
    ApiActivity,
    /// Datastore Activity.
    DatastoreActivity,
    /// File Hosting Activity.
    FileHosting,
}

impl Class {
    /// Every class that we emit.
    pub const ALL: [Class; 17] = [
        Class::BaseEvent,
        Class::ProcessActivity,
        Class::DetectionFinding,
        Class::AccountChange,
        Class::Authentication,
        Class::AuthorizeSession,
        Class::EntityManagement,
        Class::UserAccess,
        Class::GroupManagement,
        Class::NetworkActivity,
        Class::HttpActivity,
        Class::DnsActivity,
        Class::WebResourcesActivity,
        Class::ApplicationLifecycle,
        Class::ApiActivity,
        Class::DatastoreActivity,
        Class::FileHosting,
    ];

    /// `class_uid`.
    pub const fn uid(self) -> u32 {
        match self {
            Class::BaseEvent => 0,
            Class::ProcessActivity => 1007,
            Class::DetectionFinding => 2004,
            Class::AccountChange => 3001,
            Class::Authentication => 3002,
            Class::AuthorizeSession => 3003,
            Class::EntityManagement => 3004,
            Class::UserAccess => 3005,
            Class::GroupManagement => 3006,
            Class::NetworkActivity => 4001,
            Class::HttpActivity => 4002,
            Class::DnsActivity => 4003,
            Class::WebResourcesActivity => 6001,
            Class::ApplicationLifecycle => 6002,
            Class::ApiActivity => 6003,
            Class::DatastoreActivity => 6005,
            Class::FileHosting => 6006,
        }
    }

    /// `category_uid`.
    pub const fn category_uid(self) -> u32 {
        self.uid() / 1000
    }

    /// `type_uid` of an activity of this class.
    pub const fn type_uid(self, activity_id: u32) -> u32 {
        self.uid() * 100 + activity_id
    }
}
