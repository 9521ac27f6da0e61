//! The one table of endpoints. Routing, roles, the OpenAPI document and the tests that prove refusals all follow from it.

mod governing;

use super::Api;
use super::access::policy::Deed;
use super::call::{Answer, Call};
use super::governing as govern;
use super::{act, changes, hunt, login, mutes, notes, oidc, openapi, read, tokens};
use futures_util::future::BoxFuture;
use governing::{
    ACCESS, ACCESS_BRIEF, ACCESS_IDENTITY, ANSWERED, APP, APP_WHOLE, CHANGE, CHANGE_WHOLE, DUE, SHARE, WISH,
};

/// What answers.
pub type Handler = for<'a> fn(&'a Api, &'a Call) -> BoxFuture<'a, Answer>;

/// The methods that there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Method {
    /// Looks.
    Get,
    /// Asks for something to be done.
    Post,
    /// Takes something away.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// A name, and of what type its value is: `string`, `time`, `integer`, `boolean`, `object`, `array`, `number`; behind it `?` where it
/// may be missing or null.
pub type Field = (&'static str, &'static str);

/// One endpoint.
pub struct Endpoint {
    /// How it is called.
    pub method: Method,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// What it does; nothing where whoever comes may call it.
    pub deed: Option<Deed>,
    /// To which area it belongs.
    pub area: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Filters.
    pub query: &'static [Field],
    /// What the body holds.
    pub body: &'static [Field],
    /// The status of a good answer.
    pub status: u16,
    /// The `kind` of the answer; for lists that of the list, for documents their media type.
    pub kind: &'static str,
    /// What the answer holds beside its kind; for lists, an item.
    pub fields: &'static [Field],
    /// Whether the answer is a list of items.
    pub list: bool,
    /// What answers.
    pub run: Handler,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method.word(), self.path)
    }
}

/// The areas that a token can be limited to.
pub const AREAS: [&str; 12] = [
    "now",
    "incidents",
    "plans",
    "findings",
    "exposure",
    "map",
    "access",
    "detectors",
    "hunt",
    "ledger",
    "settings",
    "tokens",
];

/// Calls a handler of the table.
macro_rules! run {
    ($handler:path) => {
        |api, call| Box::pin($handler(api, call))
    };
}

const fn get(
    area: &'static str,
    path: &'static str,
    summary: &'static str,
    kind: &'static str,
    run: Handler,
) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path,
        deed: Some(Deed::Read),
        area,
        summary,
        query: &[],
        body: &[],
        status: 200,
        kind,
        fields: &[],
        list: false,
        run,
    }
}

const fn post(
    area: &'static str,
    path: &'static str,
    summary: &'static str,
    kind: &'static str,
    run: Handler,
) -> Endpoint {
    let looks = get(area, path, summary, kind, run);
    Endpoint { method: Method::Post, deed: Some(Deed::Respond), status: 202, ..looks }
}

impl Endpoint {
    const fn with(mut self, fields: &'static [Field]) -> Endpoint {
        self.fields = fields;
        self
    }

    const fn list(mut self, query: &'static [Field], fields: &'static [Field]) -> Endpoint {
        (self.list, self.query, self.fields) = (true, query, fields);
        self
    }

    const fn asked(mut self, query: &'static [Field]) -> Endpoint {
        self.query = query;
        self
    }

    const fn taking(mut self, body: &'static [Field]) -> Endpoint {
        self.body = body;
        self
    }

    const fn doing(mut self, deed: Deed) -> Endpoint {
        self.deed = Some(deed);
        self
    }

    const fn status(mut self, status: u16) -> Endpoint {
        self.status = status;
        self
    }

    const fn deleting(mut self) -> Endpoint {
        (self.method, self.status) = (Method::Delete, 204);
        self
    }

    /// Whether it changes anything.
    pub fn changes(&self) -> bool {
        self.method != Method::Get
    }
}

const INCIDENT: &[Field] = &[
    ("id", "string"),
    ("opened", "time"),
    ("updated", "time"),
    ("severity", "string"),
    ("status", "string"),
    ("grounds", "array"),
    ("findings", "integer"),
    ("judgements", "integer"),
    ("sources", "array"),
    ("reachable", "array"),
    ("crown_jewels", "array"),
    ("plan", "string?"),
    ("gaps", "array"),
    ("joined", "array"),
];
const NOTE: &[Field] =
    &[("id", "string"), ("incident", "string"), ("at", "time"), ("by", "string"), ("text", "string")];
const FINDING: &[Field] = &[
    ("id", "string"),
    ("detector", "string"),
    ("title", "string"),
    ("severity", "string"),
    ("signal", "string"),
    ("subject", "string?"),
    ("actor", "string?"),
    ("class", "string?"),
    ("first", "time"),
    ("at", "time"),
    ("events", "array"),
    ("event_count", "integer"),
    ("explanation", "string"),
    ("techniques", "array"),
    ("muted", "string?"),
];
const MUTE: &[Field] = &[
    ("id", "string"),
    ("detector", "string"),
    ("about", "string?"),
    ("until", "time"),
    ("by", "string"),
    ("at", "time"),
    ("because", "string"),
    ("held_back", "integer"),
];
const JUDGEMENT: &[Field] = &[
    ("environment", "string"),
    ("profile", "string"),
    ("revision", "integer"),
    ("verdict", "string"),
    ("interval", "object?"),
    ("decided_by", "array?"),
    ("gaps", "array?"),
    ("at", "time?"),
];
const PLAN: &[Field] = &[("plan", "object"), ("incident", "string"), ("status", "string")];
const NODE: &[Field] = &[("key", "string"), ("type", "string"), ("label", "string"), ("crown_jewel", "boolean")];
const ENTRY: &[Field] =
    &[("index", "integer"), ("id", "string"), ("entry_kind", "string"), ("time", "time"), ("body", "object")];
const TOKEN: &[Field] = &[
    ("id", "string"),
    ("person", "string"),
    ("role", "string"),
    ("scopes", "array"),
    ("made", "time"),
    ("expires", "time"),
    ("revoked", "time?"),
];
const SESSION: &[Field] = &[
    ("name", "string"),
    ("role", "string"),
    ("via", "string"),
    ("csrf", "string?"),
    ("expires", "time"),
    ("actions", "array"),
    ("scopes", "array"),
    ("acting", "boolean"),
];

/// What providers send back with a browser: what they add of their own is known, and means nothing here.
const RETURNED: &[Field] = &[
    ("state", "string?"),
    ("code", "string?"),
    ("iss", "string?"),
    ("error", "string?"),
    ("error_description", "string?"),
    ("error_uri", "string?"),
    ("session_state", "string?"),
    ("client_info", "string?"),
    ("scope", "string?"),
    ("authuser", "string?"),
    ("hd", "string?"),
    ("prompt", "string?"),
];

/// Every endpoint.
pub static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        deed: None,
        ..post("session", "/session", "Opens a session with the code of a login link", "session", run!(login::open))
    }
    .taking(&[("code", "string")])
    .with(SESSION)
    .status(201),
    get("session", "/session", "Says who calls, and what they may do", "session", run!(login::who)).with(SESSION),
    post("session", "/session", "Ends the session", "", run!(login::close)).doing(Deed::Read).deleting(),
    Endpoint { deed: None, ..get("session", "/login/ways", "Says how one can log in", "login_ways", run!(oidc::ways)) }
        .with(&[("provider", "string?"), ("start", "string?")]),
    Endpoint {
        deed: None,
        ..get("session", "/login", "Sends the browser to the identity provider", "", run!(oidc::begin))
    }
    .status(303),
    Endpoint {
        deed: None,
        ..get("session", "/login/return", "Where the identity provider sends the browser back to", "", run!(oidc::end))
    }
    .asked(RETURNED)
    .status(303),
    get("now", "/now", "What burns, what waits, what is not seen", "now", run!(read::now::now)).with(&[
        ("at", "time"),
        ("mode", "string"),
        ("policy", "string"),
        ("running", "boolean"),
        ("paused", "object?"),
        ("incidents", "array"),
        ("waiting", "array"),
        ("changes", "array"),
        ("verdicts", "object"),
        ("exposed", "array"),
        ("sources", "array"),
        ("coverage", "object?"),
        ("mutes", "array"),
        ("breakers", "array"),
        ("budgets", "array"),
        ("unasked", "array"),
        ("steps", "object"),
        ("totals", "object"),
    ]),
    get("now", "/budgets", "Budgets of data that are nearly spent", "budgets", run!(read::now::near)).list(
        &[],
        &[
            ("identity", "string?"),
            ("class", "string?"),
            ("bytes", "integer"),
            ("records", "integer"),
            ("budget_bytes", "integer"),
            ("budget_records", "integer"),
            ("share", "number"),
            ("learning", "boolean"),
            ("until", "time"),
        ],
    ),
    get(
        "incidents",
        "/incidents",
        "Incidents, those that changed last first",
        "incidents",
        run!(read::incidents::list),
    )
    .list(&[("status", "string?"), ("severity", "string?")], INCIDENT),
    get("incidents", "/incidents/{id}", "One incident", "incident", run!(read::incidents::one)).with(INCIDENT),
    get(
        "incidents",
        "/incidents/{id}/timeline",
        "What happened, in order",
        "timeline",
        run!(read::incidents::timeline),
    )
    .list(&[], &[("at", "time"), ("what", "string"), ("text", "string"), ("severity", "string?"), ("ref", "object")]),
    get("incidents", "/incidents/{id}/findings", "Its findings", "findings", run!(read::incidents::findings))
        .list(&[], FINDING),
    get("incidents", "/incidents/{id}/judgements", "Its judgements", "judgements", run!(read::incidents::judgements))
        .list(&[], JUDGEMENT),
    get("incidents", "/incidents/{id}/graph", "What it reaches, by arrival", "graph", run!(read::blast::graph))
        .asked(&[("as_of", "time?"), ("limit", "integer?"), ("cursor", "string?")])
        .with(&[
            ("at", "time?"),
            ("nodes", "array"),
            ("edges", "array"),
            ("unknown", "array"),
            ("next", "string?"),
            ("total", "integer"),
        ]),
    get("incidents", "/incidents/{id}/notes", "What people wrote about it", "notes", run!(notes::list)).list(&[], NOTE),
    post("incidents", "/incidents/{id}/notes", "Writes a note about it", "note", run!(notes::add))
        .taking(&[("text", "string")])
        .with(NOTE)
        .status(201),
    get(
        "incidents",
        "/incidents/{id}/export",
        "All that is known of it, with what proves it, for an auditor",
        "application/json",
        run!(read::export::export),
    )
    .doing(Deed::Audit),
    get("plans", "/plans", "Plans", "plans", run!(read::plans::list))
        .list(&[("status", "string?"), ("incident", "string?")], PLAN),
    get("plans", "/plans/{id}", "One plan, and where each step stands", "plan", run!(read::plans::one)).with(&[
        ("plan", "object"),
        ("incident", "string"),
        ("status", "string"),
        ("steps", "array"),
        ("approvals", "array"),
    ]),
    post("plans", "/plans/{id}/approve", "Approves a plan that waits", "approve", run!(act::approve))
        .doing(Deed::Approve)
        .with(&[("by", "string"), ("plan_id", "string"), ("at", "time"), ("expires", "time")]),
    post("plans", "/plans/{id}/decline", "Speaks against a plan that waits", "decline", run!(act::decline)).with(&[
        ("request", "string"),
        ("plan", "string"),
        ("by", "string"),
        ("at", "time"),
    ]),
    post("plans", "/plans/{id}/cancel", "Has not begun what has not begun", "cancel", run!(act::cancel))
        .taking(&[("step", "integer?"), ("because", "string")])
        .with(&[
            ("request", "string"),
            ("plan", "string"),
            ("step", "integer?"),
            ("by", "string"),
            ("because", "string"),
        ]),
    post("plans", "/plans/{id}/undo", "Takes back what a plan did", "undo", run!(act::undo))
        .taking(&[("step", "integer?"), ("rotated", "boolean?"), ("because", "string?")])
        .with(&[
            ("request", "string"),
            ("plan", "string"),
            ("step", "integer?"),
            ("by", "string"),
            ("rotated", "boolean"),
            ("because", "string?"),
        ]),
    post("plans", "/pause", "Pauses automatic actions", "pause", run!(act::pause))
        .taking(&[("because", "string")])
        .with(&[("by", "string"), ("at", "time"), ("because", "string")]),
    post("plans", "/resume", "Lets automatic actions go on", "resume", run!(act::resume))
        .doing(Deed::Approve)
        .with(&[("request", "string"), ("by", "string")]),
    get("findings", "/findings", "Findings, the newest first", "findings", run!(read::findings::list)).list(
        &[
            ("detector", "string?"),
            ("severity", "string?"),
            ("subject", "string?"),
            ("since", "time?"),
            ("until", "time?"),
            ("muted", "boolean?"),
        ],
        FINDING,
    ),
    get("findings", "/findings/{id}", "One finding", "finding", run!(read::findings::one)).with(FINDING),
    get("exposure", "/judgements", "Verdicts over environments", "judgements", run!(read::exposure::judgements))
        .list(&[("verdict", "string?"), ("profile", "string?"), ("environment", "string?")], JUDGEMENT),
    get("exposure", "/profiles", "Incident profiles", "profiles", run!(read::exposure::profiles)).list(
        &[],
        &[
            ("profile", "string"),
            ("revision", "integer"),
            ("title", "string"),
            ("known", "time"),
            ("verdicts", "object"),
        ],
    ),
    get(
        "exposure",
        "/exposure/who",
        "Who had a package, digest, commit, image or host",
        "fleet_who",
        run!(read::exposure::who),
    )
    .asked(&[("what", "string"), ("since", "time?"), ("until", "time?")])
    .with(&[
        ("asked", "string"),
        ("from", "time?"),
        ("to", "time?"),
        ("environments", "integer"),
        ("intervals", "integer"),
        ("untold", "integer"),
        ("clear", "integer"),
        ("forgotten_before", "time?"),
        ("had", "array"),
        ("untold_environments", "array"),
    ]),
    get("map", "/identities", "People, services, agents and apps", "identities", run!(read::map::identities)).list(
        &[("party", "string?"), ("q", "string?")],
        &[("key", "string"), ("party", "string"), ("label", "string"), ("jewels", "array"), ("grants", "integer")],
    ),
    get("map", "/map/nodes", "Nodes of the map", "nodes", run!(read::map::nodes))
        .list(&[("q", "string?"), ("type", "string?")], NODE),
    get("map", "/map/node", "One node, and what is beside it", "node", run!(read::map::node))
        .asked(&[("key", "string")])
        .with(&[
            ("key", "string"),
            ("type", "string"),
            ("label", "string"),
            ("crown_jewel", "boolean"),
            ("evidence", "string"),
            ("holdings", "array"),
            ("cuts", "array"),
            ("out", "array"),
            ("into", "array"),
            ("more", "boolean"),
        ]),
    get("map", "/questions", "What the map says on a quiet day", "questions", run!(read::map::questions)).with(&[
        ("at", "time"),
        ("exposures", "array"),
        ("neighbours", "array"),
        ("keyrings", "object"),
        ("choke_points", "object"),
        ("coverage", "object"),
    ]),
    get("map", "/data", "Where each class of data is, and who reaches it", "data", run!(read::map::data)).with(&[
        ("at", "time"),
        ("days", "integer?"),
        ("classes", "array"),
        ("gaps", "array"),
    ]),
    get(
        "access",
        "/access",
        "What was granted in AWS against what was used, and what would be enough",
        "access",
        run!(govern::access::overview),
    )
    .with(ACCESS),
    get(
        "access",
        "/access/identities",
        "Identities of AWS, those of whom most can go first",
        "access_identities",
        run!(govern::access::identities),
    )
    .list(&[("q", "string?")], ACCESS_BRIEF),
    get(
        "access",
        "/access/identity",
        "What one identity would keep, and what it would lose",
        "access_identity",
        run!(govern::access::one),
    )
    .asked(&[("key", "string")])
    .with(ACCESS_IDENTITY),
    post(
        "access",
        "/access/narrow",
        "Asks for the proposal of one identity to be put in place",
        "change_asked",
        run!(govern::access::narrow),
    )
    .taking(&[("identity", "string"), ("proposal", "string")])
    .with(WISH),
    get("access", "/review", "What is due for a look by its owner", "review", run!(govern::review::list))
        .list(&[("sort", "string?")], DUE),
    post(
        "access",
        "/review",
        "Says what is to become of something that is due",
        "answer",
        run!(govern::review::answer),
    )
    .taking(&[
        ("item", "string"),
        ("keep_until", "time?"),
        ("remove", "boolean?"),
        ("ask_owner", "boolean?"),
        ("because", "string"),
    ])
    .with(ANSWERED),
    get("access", "/changes", "Changes that were asked for, the newest first", "changes", run!(govern::changes::list))
        .list(&[("stage", "string?"), ("purpose", "string?"), ("subject", "string?")], CHANGE),
    get("access", "/changes/{id}", "One change, by its plan", "change_made", run!(govern::changes::one))
        .with(CHANGE_WHOLE),
    get("access", "/apps", "Apps, agents, tool servers, models and keys", "apps", run!(govern::apps::list))
        .list(&[("sort", "string?"), ("q", "string?")], APP),
    get("access", "/apps/app", "One of them, and what would take it out of use", "app", run!(govern::apps::one))
        .asked(&[("key", "string")])
        .with(APP_WHOLE),
    post(
        "access",
        "/apps/quarantine",
        "Asks for an app to be taken out of use",
        "change_asked",
        run!(govern::apps::quarantined),
    )
    .taking(&[("app", "string")])
    .with(WISH),
    post("access", "/apps/leash", "Asks for an app to do less", "change_asked", run!(govern::apps::leashed))
        .taking(&[("app", "string"), ("models", "array?"), ("mcp_servers", "array?"), ("max_budget", "number?")])
        .with(WISH),
    post("access", "/apps/release", "Takes back what was done to an app", "release", run!(govern::apps::released))
        .taking(&[("app", "string"), ("because", "string")])
        .with(&[("app", "string"), ("plans", "array"), ("by", "string"), ("because", "string")]),
    get("access", "/shares", "Whom the end of a share touches", "share", run!(govern::shares::preview))
        .asked(&[("resource", "string"), ("from", "string?")])
        .with(SHARE),
    post("access", "/shares/end", "Asks for a share to end", "change_asked", run!(govern::shares::ended))
        .taking(&[("resource", "string"), ("from", "string?")])
        .with(WISH),
    get("detectors", "/detectors", "Detectors, and what they found", "detectors", run!(read::detectors::list)).list(
        &[("q", "string?")],
        &[
            ("name", "string"),
            ("title", "string"),
            ("severity", "string?"),
            ("signal", "string?"),
            ("techniques", "array"),
            ("product", "string?"),
            ("service", "string?"),
            ("findings", "integer"),
            ("last", "time?"),
        ],
    ),
    get("detectors", "/mutes", "What detectors find that needs nobody for a while", "mutes", run!(mutes::list))
        .list(&[], MUTE),
    post("detectors", "/mutes", "Mutes what a detector finds, until a time", "mute", run!(mutes::mute))
        .taking(&[("detector", "string"), ("about", "string?"), ("until", "time"), ("because", "string")])
        .with(MUTE),
    post("detectors", "/mutes/{id}/end", "Ends a mute; what it held back counts", "unmute", run!(mutes::unmute))
        .with(&[("request", "string"), ("mute", "string"), ("by", "string")]),
    get(
        "detectors",
        "/coverage",
        "Techniques of ATT&CK that detectors see",
        "coverage",
        run!(read::detectors::coverage),
    )
    .list(&[], &[("technique", "string"), ("detectors", "array"), ("findings", "integer")]),
    get("hunt", "/hunt", "What can be asked of the lake", "hunt_schema", run!(hunt::schema)).doing(Deed::Hunt).with(&[
        ("table", "string"),
        ("columns", "array"),
        ("functions", "array"),
        ("saved", "array"),
        ("rows_max", "integer"),
        ("seconds", "integer"),
    ]),
    post("hunt", "/hunt", "Asks the lake in SQL; the question is recorded", "hunt", run!(hunt::ask))
        .doing(Deed::Hunt)
        .taking(&[("sql", "string"), ("rows", "integer?")])
        .with(&[
            ("sql", "string"),
            ("columns", "array"),
            ("rows", "array"),
            ("more", "boolean"),
            ("events", "integer"),
            ("gaps", "array"),
            ("seconds", "number"),
        ])
        .status(200),
    get(
        "settings",
        "/responders",
        "What can be cut, and how far that was tested",
        "responders",
        run!(read::settings::responders),
    )
    .list(
        &[],
        &[
            ("action", "string"),
            ("title", "string"),
            ("platform", "string"),
            ("level", "string"),
            ("reversibility", "string"),
            ("idempotency", "string"),
            ("convergence", "object"),
            ("scopes", "array"),
            ("terms", "object"),
            ("calls", "array"),
            ("blast_radius", "string"),
            ("last_drill", "string?"),
        ],
    ),
    get(
        "settings",
        "/sources",
        "Sources of events, and how far each was read",
        "sources",
        run!(read::settings::sources),
    )
    .list(
        &[],
        &[
            ("source", "string"),
            ("configured", "boolean"),
            ("inputs", "integer"),
            ("events", "integer"),
            ("last_event", "time?"),
            ("silent", "boolean?"),
        ],
    ),
    get("settings", "/policy", "The policy that decides over plans", "policy", run!(read::settings::policy)).with(&[
        ("policy", "string"),
        ("mode", "string"),
        ("lease_hours", "integer"),
        ("files", "array"),
    ]),
    get("ledger", "/ledger", "Entries of the ledger, the newest first", "entries", run!(read::ledger::list))
        .doing(Deed::Audit)
        .list(&[("entry_kind", "string?"), ("q", "string?")], ENTRY),
    get("ledger", "/ledger/{index}", "One entry, with what proves it", "entry", run!(read::ledger::one))
        .doing(Deed::Audit)
        .with(&[
            ("index", "integer"),
            ("id", "string"),
            ("entry_kind", "string"),
            ("time", "time"),
            ("body", "object"),
            ("record", "string"),
            ("salt", "string"),
            ("commitment", "string"),
            ("leaf", "string"),
            ("proof", "array"),
            ("size", "integer"),
            ("root", "string"),
            ("checkpoint", "string"),
            ("key", "string"),
        ]),
    get(
        "ledger",
        "/bundle",
        "The whole ledger, for `firebreak verify`",
        "application/x-ndjson",
        run!(read::ledger::bundle),
    )
    .doing(Deed::Audit),
    get("tokens", "/tokens", "Tokens of the API", "tokens", run!(tokens::list)).doing(Deed::Audit).list(&[], TOKEN),
    post("tokens", "/tokens", "Makes a token; it is shown once", "token", run!(tokens::make))
        .doing(Deed::Administer)
        .taking(&[("person", "string"), ("role", "string"), ("scopes", "array?"), ("days", "integer?")])
        .with(&[
            ("id", "string"),
            ("person", "string"),
            ("role", "string"),
            ("scopes", "array"),
            ("made", "time"),
            ("expires", "time"),
            ("revoked", "time?"),
            ("token", "string"),
        ])
        .status(201),
    post("tokens", "/tokens/{id}", "Ends a token", "", run!(tokens::revoke)).doing(Deed::Administer).deleting(),
    get("now", "/events", "Says when something changed", "text/event-stream", run!(changes::stream)),
    get("settings", "/openapi.json", "This API, as OpenAPI 3.1", "application/json", run!(openapi::serve)),
];
