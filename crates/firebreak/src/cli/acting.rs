//! The flags of those who decide over what Firebreak does.

use clap::Args;

/// `approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The plan's id, or its first characters; without one, the plans that wait are listed
    pub plan: Option<String>,
    /// Who approves
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// `pause`.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Who pauses them
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub because: String,
}

/// `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Who lets them go on
    #[arg(long, value_name = "NAME")]
    pub by: String,
}

/// `undo`.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The plan's id, or its first characters
    pub plan: String,
    /// Only this step
    #[arg(long, value_name = "NUMBER")]
    pub step: Option<u32>,
    /// Who asks for it
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// The old credentials have been rotated: undoing lets nobody back in
    #[arg(long, conflicts_with = "because")]
    pub rotated: bool,
    /// Undo although the old credential would work again, for this reason
    #[arg(long, value_name = "REASON")]
    pub because: Option<String>,
}
