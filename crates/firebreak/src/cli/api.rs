//! The flags of who may call the API.

use clap::{Args, Subcommand};

/// `api`.
#[derive(Debug, Args)]
pub struct ApiArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ApiCommand,
}

/// What is done about callers.
#[derive(Debug, Subcommand)]
pub enum ApiCommand {
    /// Print a fresh login link for the console: it holds once and for 15 minutes
    Login,
    /// Make, list and revoke tokens for machines
    Token(TokenArgs),
}

/// `api token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// What to do
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// What is done with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, once: only its digest is kept
    New(TokenNewArgs),
    /// List tokens, never their secrets
    List,
    /// End a token at once
    Revoke {
        /// The token's id
        id: String,
    },
}

/// `api token new`.
#[derive(Clone, Debug, Args)]
pub struct TokenNewArgs {
    /// Who calls with it: what they ask for is recorded under this name
    #[arg(long = "for", value_name = "NAME")]
    pub person: String,
    /// viewer, responder, approver, admin or auditor
    #[arg(long, value_name = "ROLE", default_value = "viewer")]
    pub role: String,
    /// Only this area (repeat it for several); without one, all that the role may
    #[arg(long = "scope", value_name = "AREA")]
    pub scopes: Vec<String>,
    /// For how many days it holds
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub days: u32,
}
