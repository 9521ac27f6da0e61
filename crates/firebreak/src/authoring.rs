//! What people who write detectors and profiles need: a folder to begin with, its cases run, its rule tried on what was recorded. It
//! computes and returns; `commands/detector` prints.

pub mod backtest;
pub mod cases;
pub mod draft;
pub mod known;
pub mod lint;
pub mod profile;
pub mod recorded;
pub mod standing_case;
pub mod subject;

pub use cases::FolderRun;
pub use subject::Subject;
