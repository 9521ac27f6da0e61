//! Tests against something slow and plainly right: time in sixty-four slots of a second, a bit for each slot, rules applied until
//! nothing changes, and every subset of actions tried. It shares nothing with the search or with `check`.

mod against;
mod ahead;
mod changes;
mod engines;
mod model;
mod stories;
