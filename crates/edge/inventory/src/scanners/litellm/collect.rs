//! The gateway's calls: `url` is its address, the credential a key of an administrator or of a viewer of everything.

use crate::collect::{Call, Collector, Paging};

const PAGES: Paging = Paging::Page { parameter: "page" };

/// How the document is made from the gateway's API. Keys come as hashes.
pub(super) static COLLECTOR: Collector = Collector::new(
    "litellm/{gateway}.json",
    &["gateway"],
    &[
        Call::list("keys", "/key/list?return_full_object=true&include_team_keys=true&size=100")
            .items("keys")
            .paging(PAGES),
        Call::list("users", "/user/list?page_size=100").items("users").paging(PAGES),
        Call::list("teams", "/team/list"),
        Call::list("models", "/model/info").items("data"),
        Call::list("mcp_servers", "/v1/mcp/server").may_be_absent(),
        Call::list("credentials", "/credentials").items("credentials").may_be_absent(),
    ],
);
