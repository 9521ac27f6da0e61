//! The classes of OCSF 1.x by number. Their names are Sigma's services.

/// Every class, ordered by number.
const CLASSES: [(u64, &str); 83] = [
    (0, "base_event"),
    (1001, "file_activity"),
    (1002, "kernel_extension_activity"),
    (1003, "kernel_activity"),
    (1004, "memory_activity"),
    (1005, "module_activity"),
    (1006, "scheduled_job_activity"),
    (1007, "process_activity"),
    (1008, "event_log_activity"),
    (1009, "script_activity"),
    (1010, "peripheral_activity"),
    (2001, "security_finding"),
    (2002, "vulnerability_finding"),
    (2003, "compliance_finding"),
    (2004, "detection_finding"),
    (2005, "incident_finding"),
    (2006, "data_security_finding"),
    (2007, "application_security_posture_finding"),
    (2008, "iam_analysis_finding"),
    (3001, "account_change"),
    (3002, "authentication"),
    (3003, "authorize_session"),
    (3004, "entity_management"),
    (3005, "user_access"),
    (3006, "group_management"),
    (4001, "network_activity"),
    (4002, "http_activity"),
    (4003, "dns_activity"),
    (4004, "dhcp_activity"),
    (4005, "rdp_activity"),
    (4006, "smb_activity"),
    (4007, "ssh_activity"),
    (4008, "ftp_activity"),
    (4009, "email_activity"),
    (4010, "network_file_activity"),
    (4011, "email_file_activity"),
    (4012, "email_url_activity"),
    (4013, "ntp_activity"),
    (4014, "tunnel_activity"),
    (5001, "inventory_info"),
    (5002, "config_state"),
    (5003, "user_inventory"),
    (5004, "patch_state"),
    (5006, "kernel_object_query"),
    (5007, "file_query"),
    (5008, "folder_query"),
    (5009, "admin_group_query"),
    (5010, "job_query"),
    (5011, "module_query"),
    (5012, "network_connection_query"),
    (5013, "networks_query"),
    (5014, "peripheral_device_query"),
    (5015, "process_query"),
    (5016, "service_query"),
    (5017, "session_query"),
    (5018, "user_query"),
    (5019, "device_config_state_change"),
    (5020, "software_info"),
    (5021, "osint_inventory_info"),
    (5022, "startup_item_query"),
    (5023, "cloud_resources_inventory_info"),
    (5040, "evidence_info"),
    (6001, "web_resources_activity"),
    (6002, "application_lifecycle"),
    (6003, "api_activity"),
    (6004, "web_resource_access_activity"),
    (6005, "datastore_activity"),
    (6006, "file_hosting"),
    (6007, "scan_activity"),
    (6008, "application_error"),
    (7001, "remediation_activity"),
    (7002, "file_remediation_activity"),
    (7003, "process_remediation_activity"),
    (7004, "network_remediation_activity"),
    (8001, "drone_flights_activity"),
    (8002, "airborne_broadcast_activity"),
    (201001, "registry_key_activity"),
    (201002, "registry_value_activity"),
    (201003, "windows_resource_activity"),
    (201004, "windows_service_activity"),
    (205004, "registry_key_query"),
    (205005, "registry_value_query"),
    (205019, "prefetch_query"),
];

/// The name of the class with this number.
pub(super) fn named(uid: u64) -> Option<&'static str> {
    let at = CLASSES.binary_search_by_key(&uid, |(uid, _)| *uid).ok()?;
    CLASSES.get(at).map(|(_, name)| *name)
}

/// The class whose name a pipeline wrote without its number: `NetworkActivity`.
pub(super) fn written(name: &str) -> Option<&'static str> {
    let bare: String = name.chars().filter(|letter| *letter != '_').collect();
    let same =
        |known: &str| known.chars().filter(|letter| *letter != '_').collect::<String>().eq_ignore_ascii_case(&bare);
    CLASSES.iter().map(|(_, known)| *known).find(|known| same(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_by_number_and_name() {
        assert!(CLASSES.is_sorted());
        assert_eq!((named(6003), named(1), named(0)), (Some("api_activity"), None, Some("base_event")));
        assert_eq!((written("NetworkActivity"), written("Poetry")), (Some("network_activity"), None));
    }
}
