//! Writes the OCSF records of sources whose events are sign-ins or calls of an interface: a source says where its fields
//! lie, and this moves them. What a source has beside that it moves itself.

use crate::ocsf::Record;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

/// A path in a record.
pub(crate) type Path = &'static [&'static str];

/// Where a source's records hold what both classes ask for. Of several paths the first that holds something counts; the
/// others go to `unmapped`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Layout {
    /// `metadata.product.name`.
    pub(crate) product: &'static str,
    /// `metadata.product.vendor_name`.
    pub(crate) vendor: &'static str,
    /// Name of the service that was signed in to or called.
    pub(crate) service: &'static str,
    /// When it happened.
    pub(crate) time: &'static [Path],
    /// The record's own id.
    pub(crate) id: &'static [Path],
    /// The client's description of itself.
    pub(crate) agent: &'static [Path],
    /// From which address.
    pub(crate) address: &'static [Path],
    /// In which session.
    pub(crate) session: &'static [Path],
    /// What the actor is called.
    pub(crate) user_name: &'static [Path],
    /// The actor's id.
    pub(crate) user_uid: &'static [Path],
    /// With which credential, by its public id.
    pub(crate) credential: &'static [Path],
    /// The result, as a code.
    pub(crate) status: &'static [Path],
    /// The result in words.
    pub(crate) detail: &'static [Path],
    /// What was done.
    pub(crate) operation: &'static [Path],
    /// The id of the request.
    pub(crate) request: &'static [Path],
}

impl Layout {
    /// The record of a sign-in (`Class::Authentication`) or of a call (any other class with an actor and `api`).
    pub(crate) fn record<'e>(&self, event: &'e Event, class: Class, activity: u32) -> Record<'e> {
        let mut record = Record::new(event, class, activity, self.product, self.vendor);
        first(&mut record, self.time, "metadata.original_time");
        first(&mut record, self.id, "metadata.original_event_uid");
        first(&mut record, self.agent, "http_request.user_agent");
        first(&mut record, self.status, "status_code");
        first(&mut record, self.detail, "status_detail");
        let address = self.address.iter().find(|path| record.look(path).is_some());
        record.source_endpoint(address.copied().unwrap_or_default());
        if class == Class::Authentication {
            self.user(&mut record, "user");
            if !record.has("user") {
                record.put("user.name", "unknown");
                record.put("user.type_id", 0);
            }
            record.put("service.name", self.service);
            first(&mut record, self.session, "session.uid");
        } else {
            self.user(&mut record, "actor.user");
            first(&mut record, self.session, "actor.session.uid");
            record.need_actor();
            record.put_operation("api.operation");
            first(&mut record, self.operation, "api.operation");
            record.put("api.service.name", self.service);
            first(&mut record, self.request, "api.request.uid");
        }
        record
    }

    fn user(&self, record: &mut Record<'_>, to: &str) {
        first(record, self.user_name, &format!("{to}.name"));
        first(record, self.user_uid, &format!("{to}.uid"));
        if record.has(to) {
            record.put(&format!("{to}.type_id"), 0);
            first(record, self.credential, &format!("{to}.credential_uid"));
        }
    }
}

/// Moves what was asked for to the request, which then needs an id: the record's own where the source gives none.
pub(crate) fn request_data(record: &mut Record<'_>, event: &Event, from: &[&str]) {
    record.move_data(from, "api.request.data");
    if record.has("api.request") && !record.has("api.request.uid") {
        record.put("api.request.uid", event.native_id.as_str());
    }
}

fn first(record: &mut Record<'_>, paths: &[Path], to: &str) {
    let found = paths.iter().find_map(|path| record.take_written(path));
    if let Some(text) = found {
        record.put(to, text);
    }
}
