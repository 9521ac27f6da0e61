//! Snapshots of trees and images that the tests make, of hostile ones, and of this machine.

mod hostile;
mod images;
mod machine;
mod secrets;
mod support;
mod trees;
