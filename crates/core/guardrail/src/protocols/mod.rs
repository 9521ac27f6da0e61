//! The protocols in which gateways ask: bytes in, an exchange out; a judgement in, the gateway's answer out.

pub mod ext_authz;
pub mod litellm;
