//! What scopes of Slack's API let an application do.

/// What a scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reached {
    /// Conversations in which the application's bot, or the user, is.
    Conversations,
    /// Every public channel: it may enter.
    Join,
    /// Direct messages in which the application's bot, or the user, is.
    Messages,
    /// The workspace: it administers.
    Admin,
    /// Who is there, and what it is called.
    Read,
    /// Nothing that reads: posting, commands, reactions, signing on.
    Nothing,
    /// What is not known here.
    Unknown,
}

/// What `scope` reaches.
pub(super) fn of_scope(scope: &str) -> Reached {
    match scope {
        "channels:history"
        | "groups:history"
        | "files:read"
        | "search:read"
        | "pins:read"
        | "bookmarks:read"
        | "canvases:read"
        | "search:read.public"
        | "search:read.private"
        | "search:read.files"
        | "stars:read"
        | "links:read"
        | "remote_files:read" => Reached::Conversations,
        "channels:join" => Reached::Join,
        "im:history" | "mpim:history" | "im:read" | "mpim:read" | "search:read.im" | "search:read.mpim" => {
            Reached::Messages
        }
        // The scopes of old tokens are everything that the user may do.
        "admin" | "client" | "post" | "read" | "identify:admin" => Reached::Admin,
        other if other.starts_with("admin.") || other.starts_with("auditlogs") => Reached::Admin,
        "channels:read"
        | "groups:read"
        | "users:read"
        | "users:read.email"
        | "users.profile:read"
        | "team:read"
        | "usergroups:read"
        | "emoji:read"
        | "reactions:read"
        | "dnd:read"
        | "conversations.connect:read"
        | "team.preferences:read"
        | "team.billing:read" => Reached::Read,
        "openid"
        | "email"
        | "profile"
        | "identify"
        | "commands"
        | "bot"
        | "incoming-webhook"
        | "connections:write"
        | "authorizations:read"
        | "app_mentions:read" => Reached::Nothing,
        other if other.starts_with("identity.") || other.ends_with(":write") || other.starts_with("chat:write") => {
            Reached::Nothing
        }
        _ => Reached::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reaches_what_its_name_says() {
        assert_eq!(of_scope("groups:history"), Reached::Conversations);
        assert_eq!(of_scope("admin.users:write"), Reached::Admin);
        assert_eq!(of_scope("chat:write.customize"), Reached::Nothing);
        assert_eq!(of_scope("files:write"), Reached::Nothing);
        assert_eq!(of_scope("telepathy:read"), Reached::Unknown);
    }
}
