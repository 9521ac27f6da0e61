//! What permissions of Microsoft's APIs let an application do.

use super::role::Power;

/// What a permission reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reached {
    /// A power over the directory or over everybody's data.
    Power(Power),
    /// Mail, files or messages, of everybody or, for a consent, of the user.
    Data(&'static str),
    /// Who signs on, or who does not, and nothing more.
    SignOn,
    /// What is not known here.
    Unknown,
}

/// What the permission `name` reaches, whether an application has it of its own or for a user.
pub(super) fn of_permission(name: &str) -> Reached {
    use Power::{Administer, Apps, Federation, Groups, Read, ResetAll, ResetPasswords, RoleGroups};
    let reached = match name {
        "openid" | "profile" | "email" | "offline_access" | "User.Read" | "user_impersonation" => {
            return Reached::SignOn;
        }
        // Ending sessions and shutting accounts lead nowhere.
        "User.RevokeSessions.All" | "User.EnableDisableAccount.All" => return Reached::SignOn,
        "RoleManagement.ReadWrite.Directory"
        | "AppRoleAssignment.ReadWrite.All"
        | "RoleAssignmentSchedule.ReadWrite.Directory"
        | "RoleEligibilitySchedule.ReadWrite.Directory"
        | "RoleManagementPolicy.ReadWrite.Directory" => Administer,
        "Application.ReadWrite.All" | "Application-RemoteDesktopConfig.ReadWrite.All" => Apps,
        "UserAuthenticationMethod.ReadWrite.All" => ResetAll,
        "User-PasswordProfile.ReadWrite.All" | "Directory.AccessAsUser.All" => ResetPasswords,
        "Directory.ReadWrite.All" | "Group.ReadWrite.All" | "GroupMember.ReadWrite.All" => Groups,
        "PrivilegedAccess.ReadWrite.AzureADGroup"
        | "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"
        | "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"
        | "RoleManagement.ReadWrite.All" => RoleGroups,
        "EntitlementManagement.ReadWrite.All" => Groups,
        "Domain.ReadWrite.All" | "Organization.ReadWrite.All" => Federation,
        "User.ReadWrite.All" => Power::Profiles,
        _ => return of_family(name, Read),
    };
    Reached::Power(reached)
}

/// By the part before the first point: `Mail`, `Files`, `Sites`.
fn of_family(name: &str, read: Power) -> Reached {
    let family = name.split('.').next().unwrap_or_default();
    match family {
        "full_access_as_app" | "Mail" | "MailboxSettings" | "MailboxFolder" | "MailboxItem" | "Calendars"
        | "Contacts" | "EWS" | "IMAP" | "POP" | "SMTP" | "Exchange" => Reached::Data("mailboxes"),
        "Files" | "Sites" | "Notes" | "AllSites" | "MyFiles" => Reached::Data("drives"),
        "Chat"
        | "ChatMessage"
        | "ChannelMessage"
        | "OnlineMeetingTranscript"
        | "OnlineMeetingRecording"
        | "CallRecords" => Reached::Data("messages"),
        _ if name.ends_with(".Read.All") || name.ends_with(".Read") || name.ends_with(".ReadBasic.All") => {
            Reached::Power(read)
        }
        _ => Reached::Unknown,
    }
}

/// Why a permission on data may not reach all of it.
pub(super) fn narrowing(name: &str) -> &'static str {
    match name {
        "Sites.Selected" | "Files.SelectedOperations.Selected" | "Lists.SelectedOperations.Selected" => {
            "the site is one that the application was given"
        }
        "full_access_as_app" => "no access policy of Exchange keeps the application out",
        name if name.starts_with("Mail") => "no access policy of Exchange keeps the application out",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_reaches_what_its_name_says_and_unknown_ones_are_told_apart() {
        assert_eq!(of_permission("RoleManagement.ReadWrite.Directory"), Reached::Power(Power::Administer));
        assert_eq!(of_permission("Mail.ReadWrite"), Reached::Data("mailboxes"));
        assert_eq!(of_permission("AuditLog.Read.All"), Reached::Power(Power::Read));
        assert_eq!(of_permission("User.Read"), Reached::SignOn);
        assert_eq!(of_permission("Quantum.ReadWrite.All"), Reached::Unknown);
        assert_ne!(narrowing("Sites.Selected"), "");
    }
}
