//! Which products and services the sources produce, in Sigma's words. A test holds this list against the sources' cases.

use firebreak_intake::Source;

/// A source, its product, and its services. A source that decides by the record has several.
pub struct Known {
    /// The source's folder.
    pub source: &'static str,
    /// Sigma `product`.
    pub product: &'static str,
    /// Sigma `service`.
    pub services: &'static [&'static str],
}

const fn known(source: &'static str, product: &'static str, services: &'static [&'static str]) -> Known {
    Known { source, product, services }
}

/// Every source whose records rules can ask about.
pub static KNOWN: &[Known] = &[
    known("anthropic_compliance", "anthropic", &["compliance"]),
    known("aws_cloudtrail", "aws", &["cloudtrail"]),
    known("aws_s3_access", "aws", &["s3_access"]),
    known("aws_vpc_flow", "aws", &["vpc_flow"]),
    known("route53_resolver", "aws", &["route53_resolver"]),
    known("squid", "squid", &["access"]),
    known("zeek", "zeek", &["conn", "dns", "http", "ssl", "quic"]),
    known("aws_guardduty", "aws", &["guardduty", "securityhub"]),
    known("ndjson", "ndjson", &["event"]),
    known(
        "ocsf",
        "ocsf",
        &[
            "base_event",
            "file_activity",
            "kernel_extension_activity",
            "kernel_activity",
            "memory_activity",
            "module_activity",
            "scheduled_job_activity",
            "process_activity",
            "event_log_activity",
            "script_activity",
            "peripheral_activity",
            "security_finding",
            "vulnerability_finding",
            "compliance_finding",
            "detection_finding",
            "incident_finding",
            "data_security_finding",
            "application_security_posture_finding",
            "iam_analysis_finding",
            "account_change",
            "authentication",
            "authorize_session",
            "entity_management",
            "user_access",
            "group_management",
            "network_activity",
            "http_activity",
            "dns_activity",
            "dhcp_activity",
            "rdp_activity",
            "smb_activity",
            "ssh_activity",
            "ftp_activity",
            "email_activity",
            "network_file_activity",
            "email_file_activity",
            "email_url_activity",
            "ntp_activity",
            "tunnel_activity",
            "inventory_info",
            "config_state",
            "user_inventory",
            "patch_state",
            "kernel_object_query",
            "file_query",
            "folder_query",
            "admin_group_query",
            "job_query",
            "module_query",
            "network_connection_query",
            "networks_query",
            "peripheral_device_query",
            "process_query",
            "service_query",
            "session_query",
            "user_query",
            "device_config_state_change",
            "software_info",
            "osint_inventory_info",
            "startup_item_query",
            "cloud_resources_inventory_info",
            "evidence_info",
            "web_resources_activity",
            "application_lifecycle",
            "api_activity",
            "web_resource_access_activity",
            "datastore_activity",
            "file_hosting",
            "scan_activity",
            "application_error",
            "remediation_activity",
            "file_remediation_activity",
            "process_remediation_activity",
            "network_remediation_activity",
            "drone_flights_activity",
            "airborne_broadcast_activity",
            "registry_key_activity",
            "registry_value_activity",
            "windows_resource_activity",
            "windows_service_activity",
            "registry_key_query",
            "registry_value_query",
            "prefetch_query",
        ],
    ),
    known("azure_activity", "azure", &["activitylogs"]),
    known("azure_activity", "azure", &["signinlogs", "auditlogs", "riskdetection", "pim"]),
    known("azure_activity", "kubernetes", &["audit"]),
    known("ci_log", "ci", &["github_actions"]),
    known("circleci_log", "ci", &["circleci"]),
    known("databricks", "databricks", &["audit"]),
    known("entra_signin", "azure", &["signinlogs", "auditlogs", "riskdetection", "pim"]),
    known("firebreak_guardrail", "guardrail", &["exchange"]),
    known("gcp_audit", "gcp", &["gcp.audit"]),
    known("github_audit", "github", &["audit"]),
    known("github_webhook", "github", &["webhook"]),
    known("gitlab_ci_log", "ci", &["gitlab_ci"]),
    known(
        "google_workspace",
        "gcp",
        &[
            "google_workspace",
            "google_workspace.access_transparency",
            "google_workspace.admin",
            "google_workspace.calendar",
            "google_workspace.chat",
            "google_workspace.chrome",
            "google_workspace.context_aware_access",
            "google_workspace.drive",
            "google_workspace.gmail",
            "google_workspace.groups",
            "google_workspace.groups_enterprise",
            "google_workspace.login",
            "google_workspace.meet",
            "google_workspace.mobile",
            "google_workspace.rules",
            "google_workspace.saml",
            "google_workspace.token",
        ],
    ),
    known("keycloak", "keycloak", &["event", "admin_event"]),
    known("kubernetes_audit", "kubernetes", &["audit"]),
    known("litellm", "litellm", &["spend_logs", "audit", "access"]),
    known("m365_audit", "m365", &["audit", "exchange", "threat_management", "threat_detection"]),
    known("mcp_gateway", "mcp", &["gateway"]),
    known("okta_system", "okta", &["okta"]),
    known("onepassword", "onepassword", &["signin", "item_usage", "audit"]),
    known("openai_audit", "openai", &["audit"]),
    known("package_install", "package", &["install"]),
    known("postgres_log", "postgresql", &["log", "pgaudit"]),
    known("shared_signals", "shared_signals", &["caep", "other", "risc"]),
    known("slack_audit", "slack", &["audit"]),
    known(
        "snowflake",
        "snowflake",
        &[
            "access_history",
            "login_history",
            "query_history",
            "sessions",
            "grants_to_roles",
            "grants_to_users",
            "data_transfer_history",
            "stages",
            "users",
        ],
    ),
];

impl Known {
    /// The source itself.
    pub fn source(&self) -> Option<&'static dyn Source> {
        firebreak_intake::source(self.source)
    }
}

/// Whether these records are what the source is for: another source's records may be wrapped in its own.
pub fn primary(known: &Known) -> bool {
    KNOWN.iter().find(|first| first.source == known.source).is_some_and(|first| std::ptr::eq(first, known))
}

/// Whose fields these records have: records of another source that one carries are in that one's form.
pub fn writer(known: &'static Known) -> &'static Known {
    let same = |other: &&Known| primary(other) && other.product == known.product && other.services == known.services;
    if primary(known) { known } else { KNOWN.iter().find(same).unwrap_or(known) }
}

/// The sources whose records have this product and service. Without a service, all of the product.
pub fn sources(product: &str, service: Option<&str>) -> Vec<&'static Known> {
    let fits = |known: &&Known| known.product == product && service.is_none_or(|own| known.services.contains(&own));
    KNOWN.iter().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_intake::{MissingTime, Options, SOURCES, keep, read_bytes};
    use firebreak_world::World;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Every product and service that the cases of a source give is listed, and every source with cases is.
    #[test]
    fn the_list_is_what_the_sources_cases_give() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge/intake/src/sources");
        let options = Options { missing_time: MissingTime::Received, ..Options::default() };
        let mut faults = BTreeSet::new();
        for source in SOURCES {
            let cases = std::fs::read_dir(folder.join(source.name()).join("cases")).into_iter().flatten().flatten();
            for case in cases {
                for file in std::fs::read_dir(case.path()).into_iter().flatten().flatten() {
                    if !file.file_name().to_string_lossy().starts_with("input") {
                        continue;
                    }
                    let bytes = std::fs::read(file.path()).expect("a readable case");
                    let name = file.path().display().to_string();
                    for event in read_bytes(&World::offline(), &name, &bytes, *source, options, &keep).events {
                        let (product, service) = (event.log_source.product, event.log_source.service);
                        if !sources(product, Some(service)).iter().any(|known| known.source == source.name()) {
                            faults.insert(format!("{}: {product}/{service}", source.name()));
                        }
                    }
                }
            }
        }
        assert!(faults.is_empty(), "not listed: {faults:#?}");
        let strangers: Vec<_> =
            KNOWN.iter().filter(|known| known.source().is_none()).map(|known| known.source).collect();
        assert!(strangers.is_empty(), "listed, and no such source: {strangers:?}");
    }
}
