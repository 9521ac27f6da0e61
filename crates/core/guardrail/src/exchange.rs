//! What passes a gateway once: who, where to, which way, and the pieces of text in it.

use crate::{Changed, Tool};
use serde::Serialize;

/// Which way it goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a person or an agent to a model.
    Prompt,
    /// From a model back.
    Answer,
    /// From an agent to a tool, or a tool's name and arguments on their way there.
    ToolCall,
    /// Any other request that passes an HTTP gateway.
    Request,
}

impl Direction {
    /// Its word in policies and records.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Prompt => "prompt",
            Direction::Answer => "answer",
            Direction::ToolCall => "tool_call",
            Direction::Request => "request",
        }
    }
}

/// Who asks, as the gateway says. What it does not say is empty.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Caller {
    /// The person, or what the gateway calls the user.
    pub user: String,
    /// Their team.
    pub team: String,
    /// Their organization.
    pub organization: String,
    /// The public name of the key: its hash.
    pub key: String,
}

/// What kind of place it goes to or comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A model behind a gateway.
    Model,
    /// A tool of an MCP server.
    Tool,
    /// Another site behind an HTTP gateway.
    Site,
}

impl Place {
    /// Its word in policies and records.
    pub const fn word(self) -> &'static str {
        match self {
            Place::Model => "model",
            Place::Tool => "tool",
            Place::Site => "site",
        }
    }
}

/// Where it goes or comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Destination {
    /// What kind of place.
    pub kind: Place,
    /// Its name; empty where it is not said.
    pub name: String,
}

/// One text in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// The key whose value it is, where it stands in an object.
    pub key: Option<String>,
    /// Whether the gateway would put a masked text in its place.
    pub maskable: bool,
}

/// What passes once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// The gateway's id of the call; empty where it gives none.
    pub id: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Who asks.
    pub caller: Caller,
    /// Where it goes or comes from.
    pub destination: Destination,
    /// Its texts. Those that can be masked stand in the order in which the gateway wants them back.
    pub pieces: Vec<Piece>,
    /// Definitions of tools that the model may call.
    pub tools: Vec<Tool>,
    /// Those of them that are other than they were when they were pinned; whoever keeps the pins says so.
    pub changed: Vec<Changed>,
    /// How many images it has, which are not looked into.
    pub images: u64,
    /// What of it could not be read, and why.
    pub unread: Vec<String>,
}
