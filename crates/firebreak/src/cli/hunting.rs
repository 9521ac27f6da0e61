//! The flags of questions to the lake.

use clap::Args;

/// `hunt`.
#[derive(Debug, Args)]
pub struct HuntArgs {
    /// One SELECT over the table `events`
    #[arg(conflicts_with = "saved")]
    pub sql: Option<String>,
    /// A saved question, by its name
    #[arg(long, value_name = "NAME")]
    pub saved: Option<String>,
    /// Print the columns, the functions and the saved questions
    #[arg(long, conflicts_with_all = ["sql", "saved"])]
    pub schema: bool,
    /// Rows to print at most
    #[arg(long, value_name = "N", default_value_t = crate::hunting::ROWS, value_parser = rows)]
    pub rows: usize,
    /// Seconds that it may take
    #[arg(long, value_name = "N", default_value_t = crate::hunting::SECONDS, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
}

fn rows(text: &str) -> Result<usize, String> {
    let most = crate::hunting::ROWS_MAX;
    let rows = text.parse().ok().filter(|rows| (1..=most).contains(rows));
    rows.ok_or_else(|| format!("`{text}` is no number of rows from 1 to {most}"))
}
