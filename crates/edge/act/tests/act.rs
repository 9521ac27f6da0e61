//! The tests of acting: against real servers where there are any, and with a failure at every single call.

#![allow(clippy::print_stdout, reason = "tests say what they skipped and what they counted")]

mod bench;
mod beside;
mod cases;
mod contract;
mod durable;
mod effect;
mod faults;
mod guided;
mod lab;
mod plans;
mod standin;
