//! Which of Entra's logs a record is of.

use crate::json;
use firebreak_model::Json;

/// One of Entra's logs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A sign-in, of whomever.
    SignIn,
    /// A change in the directory.
    Audit,
    /// A risk that Identity Protection saw.
    Risk,
    /// An alert of Privileged Identity Management.
    Privileged,
}

/// Categories of Azure Monitor, and the tables of Log Analytics that are named after them.
const CATEGORIES: [(&str, Kind); 14] = [
    ("SignInLogs", Kind::SignIn),
    ("SigninLogs", Kind::SignIn),
    ("NonInteractiveUserSignInLogs", Kind::SignIn),
    ("AADNonInteractiveUserSignInLogs", Kind::SignIn),
    ("ServicePrincipalSignInLogs", Kind::SignIn),
    ("AADServicePrincipalSignInLogs", Kind::SignIn),
    ("ManagedIdentitySignInLogs", Kind::SignIn),
    ("AADManagedIdentitySignInLogs", Kind::SignIn),
    ("ADFSSignInLogs", Kind::SignIn),
    ("AuditLogs", Kind::Audit),
    ("UserRiskEvents", Kind::Risk),
    ("AADUserRiskEvents", Kind::Risk),
    ("ServicePrincipalRiskEvents", Kind::Risk),
    ("AADServicePrincipalRiskEvents", Kind::Risk),
];

impl Kind {
    /// The kind of a record.
    pub(super) fn of(record: &Json) -> Option<Kind> {
        Kind::of_category(record).or_else(|| {
            let has = |names: &[&str]| names.iter().any(|name| json::at(record, &[name]).is_some());
            match () {
                () if has(&["riskEventType", "RiskEventType"]) => Some(risk(record)),
                () if has(&["activityDisplayName", "ActivityDisplayName", "initiatedBy", "InitiatedBy"]) => {
                    Some(Kind::Audit)
                }
                () if has(&["userPrincipalName", "UserPrincipalName", "servicePrincipalId", "ServicePrincipalId"])
                    && has(&["status", "Status", "ResultType", "createdDateTime", "appId", "AppId"]) =>
                {
                    Some(Kind::SignIn)
                }
                () => None,
            }
        })
    }

    /// The kind of a record of Azure Monitor or Log Analytics. Directory audits carry the audit's own category in some
    /// pipelines: they are known by who initiated them.
    pub(super) fn of_category(record: &Json) -> Option<Kind> {
        let paths: [&[&str]; 3] = [&["category"], &["Type"], &["Category"]];
        let named = paths.iter().filter_map(|path| json::text(record, path));
        let known = named.filter_map(|name| CATEGORIES.iter().find(|(category, _)| *category == name)).next();
        if let Some((_, kind)) = known {
            let inner = json::at(record, &["properties"]).unwrap_or(record);
            return Some(if *kind == Kind::Risk { risk(inner) } else { *kind });
        }
        let entra = json::text(record, &["resourceId"])
            .is_some_and(|id| id.to_ascii_lowercase().contains("/providers/microsoft.aadiam"));
        let audit = ["initiatedBy", "activityDisplayName"];
        let audit = audit.iter().any(|name| json::at(record, &["properties", name]).is_some());
        entra.then_some(if audit || json::at(record, &["properties", "userPrincipalName"]).is_none() {
            Kind::Audit
        } else {
            Kind::SignIn
        })
    }

    /// Sigma's service.
    pub(super) fn service(self) -> &'static str {
        match self {
            Kind::SignIn => "signinlogs",
            Kind::Audit => "auditlogs",
            Kind::Risk => "riskdetection",
            Kind::Privileged => "pim",
        }
    }
}

/// Alerts of Privileged Identity Management are named `…AlertIncident` and `…AlertConfiguration`.
fn risk(record: &Json) -> Kind {
    let name = json::text_of(record, &[&["riskEventType"], &["RiskEventType"]]).unwrap_or_default();
    let alert = name.ends_with("AlertIncident") || name.ends_with("AlertConfiguration");
    if alert { Kind::Privileged } else { Kind::Risk }
}
