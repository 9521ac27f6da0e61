//! Real servers for the tests: started on free ports of this machine, stopped when they are dropped.
//!
//! `FIREBREAK_LAB` names the directory that `lab/prepare` filled. Without it the tests say that they were skipped; with
//! it a server that cannot be started fails them.

pub(crate) mod aws;
pub(crate) mod aws_more;
pub(crate) mod keycloak;
pub(crate) mod kubernetes;
pub(crate) mod oauth;
pub(crate) mod postgres;
pub(crate) mod receiver;
pub(crate) mod scim;
pub(crate) mod server;
pub(crate) mod standin;
pub(crate) mod standins;
pub(crate) mod vault;

pub(crate) use server::{Server, free_port, prepared};
