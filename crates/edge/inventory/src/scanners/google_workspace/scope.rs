//! What scopes of Google's APIs let an application do.

use super::role::Power;

/// What a scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reached {
    /// Mail, calendar and contacts.
    Mail,
    /// Files.
    Files,
    /// A power of an administrator, where an administrator gave it.
    Admin(Power),
    /// Everything that the user may do in Google Cloud.
    Cloud,
    /// Who signs on, and nothing more.
    SignOn,
    /// What is not known here.
    Unknown,
}

/// What `scope` reaches.
pub(super) fn of_scope(scope: &str) -> Reached {
    let name = scope.strip_prefix("https://www.googleapis.com/auth/").unwrap_or(scope).trim_end_matches('/');
    match name {
        "openid" | "email" | "profile" | "userinfo.email" | "userinfo.profile" | "plus.me" | "plus.login" => {
            Reached::SignOn
        }
        "https://mail.google.com" | "https://www.google.com/m8/feeds" | "https://www.google.com/calendar/feeds" => {
            Reached::Mail
        }
        // An application that may only open what it made, or keeps its settings there.
        "drive.file" | "drive.appdata" | "drive.appfolder" | "drive.install" => Reached::SignOn,
        "cloud-platform" | "cloud-platform.read-only" | "compute" | "devstorage.full_control" | "bigquery" => {
            Reached::Cloud
        }
        "admin.directory.rolemanagement" | "admin.directory.domain" => Reached::Admin(Power::Administer),
        "admin.directory.user" => Reached::Admin(Power::Passwords),
        "admin.directory.user.security" => Reached::Admin(Power::Security),
        "admin.directory.group" | "admin.directory.group.member" | "cloud-identity.groups" | "apps.groups.settings" => {
            Reached::Admin(Power::Groups)
        }
        "ediscovery" | "admin.datatransfer" => Reached::Admin(Power::Discovery),
        _ => of_family(name),
    }
}

fn of_family(name: &str) -> Reached {
    match name.split('.').next().unwrap_or_default() {
        "gmail" | "calendar" | "contacts" | "directory" | "tasks" | "keep" | "chat" | "meetings" => Reached::Mail,
        "drive" | "documents" | "spreadsheets" | "presentations" | "forms" | "script" | "photoslibrary" => {
            Reached::Files
        }
        "admin" if name.ends_with(".readonly") => Reached::Admin(Power::Read),
        _ => Reached::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reaches_what_its_name_says() {
        let of = |name: &str| of_scope(&format!("https://www.googleapis.com/auth/{name}"));
        assert_eq!(of("gmail.readonly"), Reached::Mail);
        assert_eq!(of("calendar"), Reached::Mail);
        assert_eq!(of_scope("https://mail.google.com/"), Reached::Mail);
        assert_eq!(of("drive"), Reached::Files);
        assert_eq!(of("drive.file"), Reached::SignOn);
        assert_eq!(of("admin.reports.audit.readonly"), Reached::Admin(Power::Read));
        assert_eq!(of("admin.directory.user"), Reached::Admin(Power::Passwords));
        assert_eq!(of("quantum"), Reached::Unknown);
    }
}
