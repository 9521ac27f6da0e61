//! Package installs as OCSF: Application Lifecycle. A line can name several packages: they stay together in one record.

use crate::ocsf::{OTHER, Record};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let action = crate::json::text(&event.body, &["action"]).unwrap_or_default();
    let activity = match action {
        "install" | "add" | "download" => 1,
        "uninstall" | "remove" => 2,
        "update" | "upgrade" => 8,
        _ => OTHER,
    };
    let first = crate::json::first(&event.body, &["targets"]).unwrap_or("unknown").to_owned();
    let mut record = Record::new(event, Class::ApplicationLifecycle, activity, "package-install log", "Firebreak");
    record.move_time(&["time"]);
    let (name, version) = name_and_version(&first);
    record.put("app.name", name);
    record.put("app.version", version);
    record.profile("host");
    record.move_text(&["host"], "device.name");
    record.put("device.type_id", 0);
    record.move_text(&["user"], "actor.user.name");
    record.finish()
}

/// `requests==2.32.5`, `left-pad@1.3.0` and `requests`.
fn name_and_version(target: &str) -> (&str, &str) {
    target
        .split_once("==")
        .or_else(|| target.rsplit_once('@').filter(|(name, _)| !name.is_empty()))
        .unwrap_or((target, ""))
}
