//! The one table of endpoints. Routing, roles, the OpenAPI document and the tests that prove refusals all follow from it.

mod answers;
mod governing;

use super::access::policy::Deed;
pub use super::endpoint::{Endpoint, Field, Method, Verb};
use super::endpoint::{get, post};
use super::governing as govern;
use super::{act, changes, hunt, login, mutes, notes, oidc, openapi, read, tokens, verbs};
use answers::{ENTRY, FINDING, INCIDENT, JUDGEMENT, MUTE, NODE, NOTE, PLAN, RETURNED, SESSION, TOKEN};
use governing::{
    ACCESS, ACCESS_BRIEF, ACCESS_IDENTITY, AI_SERVICES, ANSWERED, APP, APP_WHOLE, CHANGE, CHANGE_WHOLE, DUE,
    EDITOR_EXTENSION, SHARE, SHARED, WISH,
};

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
    get("now", "/now", "What burns, what waits, what is not seen", "now", run!(read::now::now)).verb("top").with(&[
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
            ("budget_bytes", "integer?"),
            ("budget_records", "integer?"),
            ("window_seconds", "integer"),
            ("set_for", "string?"),
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
        .asked(&[("as_of", "time?"), ("limit", "many?"), ("cursor", "cursor?")])
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
        .taking(&[("text", "note")])
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
        .verb("approve")
        .doing(Deed::Approve)
        .with(&[("by", "string"), ("plan_id", "string"), ("at", "time"), ("expires", "time")]),
    post("plans", "/plans/{id}/decline", "Speaks against a plan that waits", "decline", run!(act::decline)).with(&[
        ("request", "string"),
        ("plan", "string"),
        ("by", "string"),
        ("at", "time"),
    ]),
    post("plans", "/plans/{id}/cancel", "Has not begun what has not begun", "cancel", run!(act::cancel))
        .verb("cancel")
        .taking(&[("step", "step?"), ("because", "reason")])
        .with(&[
            ("request", "string"),
            ("plan", "string"),
            ("step", "integer?"),
            ("by", "string"),
            ("because", "string"),
        ]),
    post("plans", "/plans/{id}/undo", "Takes back what a plan did", "undo", run!(act::undo))
        .verb("undo")
        .taking(&[("step", "step?"), ("rotated", "boolean?"), ("because", "reason?")])
        .with(&[
            ("request", "string"),
            ("plan", "string"),
            ("step", "integer?"),
            ("by", "string"),
            ("rotated", "boolean"),
            ("because", "string?"),
        ]),
    post("plans", "/pause", "Pauses automatic actions", "pause", run!(act::pause))
        .verb("pause")
        .taking(&[("because", "reason")])
        .with(&[("by", "string"), ("at", "time"), ("because", "string")]),
    post("plans", "/resume", "Lets automatic actions go on", "resume", run!(act::resume))
        .verb("resume")
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
        .verb("exposed")
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
    .verb("fleet who")
    .asked(&[("what", "text"), ("since", "time?"), ("until", "time?")])
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
        .list(&[("q", "string?"), ("type", "type?")], NODE),
    get("map", "/map/node", "One node, and what is beside it", "node", run!(read::map::node))
        .asked(&[("key", "key")])
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
    get("map", "/questions", "What the map says on a quiet day", "questions", run!(read::map::questions))
        .verb("map questions")
        .with(&[
            ("at", "time"),
            ("exposures", "array"),
            ("neighbours", "array"),
            ("keyrings", "object"),
            ("choke_points", "object"),
            ("coverage", "object"),
        ]),
    get("map", "/data", "Where each class of data is, and who reaches it", "data", run!(read::map::data))
        .verb("data")
        .with(&[("at", "time"), ("days", "integer?"), ("classes", "array"), ("gaps", "array")]),
    get(
        "access",
        "/access",
        "What was granted in AWS against what was used, and what would be enough",
        "access",
        run!(govern::access::overview),
    )
    .verb("access")
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
    .asked(&[("key", "key")])
    .with(ACCESS_IDENTITY),
    post(
        "access",
        "/access/narrow",
        "Asks for the proposal of one identity to be put in place",
        "change_asked",
        run!(govern::access::narrow),
    )
    .verb("access apply")
    .taking(&[("identity", "string"), ("proposal", "string")])
    .with(WISH),
    get("access", "/review", "What is due for a look by its owner", "review", run!(govern::review::list))
        .verb("access review")
        .list(&[("sort", "string?")], DUE),
    get("access", "/review/answers", "What was answered, the newest first", "answers", run!(govern::review::answers))
        .list(&[("item", "string?")], ANSWERED),
    post(
        "access",
        "/review",
        "Says what is to become of something that is due",
        "answer",
        run!(govern::review::answer),
    )
    .verb("access answer")
    .taking(&[
        ("item", "string"),
        ("keep_until", "time?"),
        ("remove", "boolean?"),
        ("ask_owner", "boolean?"),
        ("because", "reason"),
    ])
    .with(ANSWERED),
    get("access", "/changes", "Changes that were asked for, the newest first", "changes", run!(govern::changes::list))
        .verb("access changes")
        .list(&[("stage", "string?"), ("purpose", "string?"), ("subject", "string?")], CHANGE),
    get("access", "/changes/{id}", "One change, by its plan", "change_made", run!(govern::changes::one))
        .with(CHANGE_WHOLE),
    get("access", "/apps", "Apps, agents, tool servers, models and keys", "apps", run!(govern::apps::list))
        .verb("apps")
        .list(&[("sort", "string?"), ("q", "string?")], APP),
    get("access", "/apps/app", "One of them, and what would take it out of use", "app", run!(govern::apps::one))
        .asked(&[("key", "key")])
        .with(APP_WHOLE),
    get(
        "access",
        "/apps/services",
        "AI services that logs, packages and found keys show, those that no inventory names first",
        "ai_services",
        run!(govern::services::used),
    )
    .with(AI_SERVICES),
    get(
        "access",
        "/apps/extensions",
        "Extensions of editors, as snapshots list them",
        "editor_extensions",
        run!(govern::services::editors),
    )
    .list(&[("q", "string?")], EDITOR_EXTENSION),
    post(
        "access",
        "/apps/quarantine",
        "Asks for an app to be taken out of use",
        "change_asked",
        run!(govern::apps::quarantined),
    )
    .verb("apps quarantine")
    .taking(&[("app", "key")])
    .with(WISH),
    post("access", "/apps/leash", "Asks for an app to do less", "change_asked", run!(govern::apps::leashed))
        .verb("apps leash")
        .taking(&[("app", "key"), ("models", "names?"), ("mcp_servers", "names?"), ("max_budget", "number?")])
        .with(WISH),
    post("access", "/apps/release", "Takes back what was done to an app", "release", run!(govern::apps::released))
        .verb("apps release")
        .taking(&[("app", "key"), ("because", "reason")])
        .with(&[("app", "string"), ("plans", "array"), ("by", "string"), ("because", "string")]),
    get("access", "/shares", "Whom the end of a share touches", "share", run!(govern::shares::preview))
        .asked(&[("resource", "key"), ("from", "key?")])
        .with(SHARE),
    get(
        "access",
        "/shares/all",
        "What is shared with anyone, in public or by a link, what holds the most records first",
        "shares",
        run!(govern::shares::all),
    )
    .list(&[("q", "string?")], SHARED),
    post("access", "/shares/end", "Asks for a share to end", "change_asked", run!(govern::shares::ended))
        .verb("data unshare")
        .taking(&[("resource", "key"), ("from", "key?")])
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
        .verb("mute")
        .taking(&[("detector", "text"), ("about", "key?"), ("until", "time"), ("because", "reason")])
        .with(MUTE),
    post("detectors", "/mutes/{id}/end", "Ends a mute; what it held back counts", "unmute", run!(mutes::unmute))
        .verb("unmute")
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
        .verb("hunt")
        .doing(Deed::Hunt)
        .taking(&[("sql", "string"), ("rows", "rows?")])
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
    .verb("responders")
    .list(
        &[],
        &[
            ("action", "string"),
            ("title", "string"),
            ("platform", "string"),
            ("level", "string"),
            ("reversibility", "string"),
            ("idempotency", "string"),
            ("convergence", "any"),
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
    .verb("verify")
    .doing(Deed::Audit),
    get("plans", "/plans/{id}/playbook", "The plan as a CACAO 2.0 playbook", "playbook_export", run!(verbs::ask))
        .verb_of("playbook export", &["id"])
        .by_command()
        .with(&[("plan", "string"), ("id", "string"), ("playbook", "object"), ("problems", "array")]),
    post(
        "plans",
        "/drills",
        "Asks for drills: canaries are cut, timed and given back",
        "drill_asked",
        run!(act::drill),
    )
    .doing(Deed::Approve)
    .verb("drill")
    .taking(&[("action", "string?")])
    .with(&[("by", "string"), ("at", "time"), ("action", "string?"), ("canaries", "integer")]),
    get("map", "/map/reach", "What a compromise reaches, by which path and how soon", "reach", run!(verbs::ask))
        .verb("reach")
        .by_command()
        .asked(&[("from", "keys"), ("since", "time?"), ("as_of", "time?"), ("as_known_at", "time?")])
        .with(&[
            ("sources", "array"),
            ("nodes", "integer"),
            ("losses", "object"),
            ("ways", "array"),
            ("problems", "array"),
        ]),
    get("map", "/map/plan", "The cheapest cut for a compromise, and what a policy says", "plan", run!(verbs::ask))
        .verb("plan")
        .by_command()
        .asked(&[
            ("from", "keys"),
            ("since", "time?"),
            ("as_of", "time?"),
            ("as_known_at", "time?"),
            ("policy", "policy?"),
            ("alternatives", "few?"),
        ])
        .with(&[
            ("plan", "object?"),
            ("decision", "string"),
            ("reasons", "array"),
            ("alternatives", "array"),
            ("problems", "array"),
        ]),
    get("map", "/duties", "Who may have to be told of a loss, by when, under which rule", "duties", run!(verbs::ask))
        .verb("duties")
        .by_command()
        .asked(&[
            ("from", "keys"),
            ("since", "time?"),
            ("as_of", "time?"),
            ("as_known_at", "time?"),
            ("discovered", "time?"),
        ])
        .with(&[
            ("discovered", "time"),
            ("now", "time"),
            ("statement", "object"),
            ("duties", "array"),
            ("gaps", "array"),
            ("drafts", "array"),
            ("problems", "array"),
        ]),
    get("map", "/map/joins", "What was joined and why, and what waits for the owner's word", "joins", run!(verbs::ask))
        .verb("map joins")
        .by_command()
        .list(
            &[("as_known_at", "time?")],
            &[
                ("join_kind", "string"),
                ("keys", "array"),
                ("reasons", "array"),
                ("verified", "boolean"),
                ("doubts", "array"),
                ("refused_by", "string?"),
            ],
        ),
    get("map", "/map/changes", "What was learnt of the estate since a time", "changes", run!(verbs::ask))
        .verb("map changes")
        .by_command()
        .list(&[("since", "time"), ("until", "time?")], &[("change", "object")]),
    get("map", "/map/export", "The map, for other programs", "text/plain; charset=utf-8", run!(verbs::document))
        .verb("map export")
        .by_command()
        .asked(&[("format", "form?"), ("from", "keys?"), ("as_known_at", "time?")]),
    get("exposure", "/posture", "Dependencies by what an evil release would reach", "posture", run!(verbs::ask))
        .verb("posture")
        .by_command()
        .list(
            &[("as_of", "time?")],
            &[
                ("ecosystem", "string"),
                ("name", "string"),
                ("weaknesses", "array"),
                ("reach", "integer?"),
                ("credentials", "integer"),
                ("records", "integer"),
                ("environments", "array"),
            ],
        ),
    get(
        "exposure",
        "/exposure/report",
        "The verdict of one incident profile on every environment",
        "application/json",
        run!(verbs::document),
    )
    .verb("fleet report")
    .by_command()
    .asked(&[("profile", "text")]),
    get("exposure", "/advisories", "Which advisories name a package, and why", "look_up", run!(verbs::ask))
        .verb_of("advisories look-up", &["ecosystem", "name", "version"])
        .by_command()
        .list(
            &[("ecosystem", "text"), ("name", "text?"), ("version", "text?")],
            &[("advisory", "string"), ("malicious", "boolean"), ("answer", "string"), ("summary", "string")],
        ),
    post(
        "detectors",
        "/detectors/{name}/backtest",
        "How often a detector would have fired on what the lake keeps",
        "backtest",
        run!(verbs::ask_lake),
    )
    .doing(Deed::Hunt)
    .verb_of("detector backtest", &["name"])
    .by_command()
    .taking(&[("from", "time?"), ("to", "time?")])
    .with(&[
        ("detector", "string"),
        ("events", "integer"),
        ("quarantined", "integer"),
        ("asked", "integer"),
        ("met", "integer"),
        ("findings", "integer"),
        ("from", "time?"),
        ("to", "time?"),
        ("per_day", "object"),
        ("per_day_per_1000_identities", "number"),
        ("identities", "integer"),
        ("subjects", "array"),
        ("targets", "array"),
        ("operations", "array"),
        ("hints", "array"),
        ("seconds_per_million", "number"),
        ("problems", "array"),
    ])
    .status(200),
    post(
        "detectors",
        "/detectors/{name}/explain",
        "Why a detector is met by an event that the lake keeps, or why not",
        "explain",
        run!(verbs::ask_lake),
    )
    .doing(Deed::Hunt)
    .verb_of("detector explain", &["name"])
    .by_command()
    .taking(&[("event_uid", "uid")])
    .with(&[
        ("detector", "string"),
        ("event", "string"),
        ("operation", "string"),
        ("events", "integer"),
        ("meets", "boolean"),
        ("findings", "integer"),
        ("rules", "array"),
        ("correlations", "array"),
        ("problems", "array"),
    ])
    .status(200),
    get("settings", "/check", "What is wrong with configuration, rules and policies", "check", run!(verbs::ask))
        .verb("check")
        .by_command()
        .list(&[], &[]),
    get(
        "settings",
        "/policy/simulate",
        "What another policy would have done with past plans",
        "policy_simulation",
        run!(verbs::ask),
    )
    .verb("policy simulate")
    .by_command()
    .list(
        &[("policy", "policy")],
        &[
            ("plan", "string"),
            ("incident", "string"),
            ("at", "time"),
            ("steps", "integer"),
            ("cost", "integer"),
            ("standing_policy", "string?"),
            ("was", "string"),
            ("would", "object?"),
        ],
    ),
    get("tokens", "/tokens", "Tokens of the API", "tokens", run!(tokens::list))
        .verb("api token list")
        .doing(Deed::Audit)
        .list(&[], TOKEN),
    post("tokens", "/tokens", "Makes a token; it is shown once", "token", run!(tokens::make))
        .verb("api token new")
        .doing(Deed::Administer)
        .taking(&[("person", "person"), ("role", "role"), ("scopes", "areas?"), ("days", "days?")])
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
    post("tokens", "/tokens/{id}", "Ends a token", "", run!(tokens::revoke))
        .verb("api token revoke")
        .doing(Deed::Administer)
        .deleting(),
    get("now", "/events", "Says when something changed", "text/event-stream", run!(changes::stream)),
    get("settings", "/openapi.json", "This API, as OpenAPI 3.1", "application/json", run!(openapi::serve)),
];
