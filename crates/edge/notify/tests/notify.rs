//! Notifiers held against their cases, the courier against receivers that answer slowly, twice and not at all, and the
//! doors for mail and plain messages against real sockets.

mod cases;
mod courier;
mod doors;
mod script;
mod tls;
