//! Every key of the configuration file, with its default and meaning: the only list there is.

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Dotted path. Keys of `[[source]]` begin with `source.`.
    pub path: &'static str,
    /// The default as TOML; empty where the key must be given or has none.
    pub default: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

/// Every key, in the order of the reference page.
pub const KEYS: &[Key] = &[
    Key { path: "data", default: "\"firebreak-data\"", meaning: "Directory for state, lake, quarantine and ledger." },
    Key {
        path: "fingerprint_key",
        default: "",
        meaning: "Where the key of the fingerprints is: `env:NAME` or `file:/path` to 64 hexadecimal digits. Without it, a \
                  random key is made once and kept in the data directory.",
    },
    Key {
        path: "source.name", default: "", meaning: "Folder name of the source: `aws_cloudtrail`, `github_audit`, …"
    },
    Key {
        path: "source.paths",
        default: "",
        meaning: "Files, directories and globs to read and to watch. gzip and zstd are recognised by their first bytes.",
    },
    Key {
        path: "inventory.paths",
        default: "[]",
        meaning: "Directories of inventory files; read again when they change.",
    },
    Key {
        path: "inventory.keep_days",
        default: "400",
        meaning: "For so many days it is remembered what was known of the estate and what held in it; what had ended before that is \
                  forgotten, once a day; of the fleet too, with every tenth of that time. 0 forgets nothing.",
    },
    Key { path: "collect.scanner", default: "", meaning: "Folder name of the scanner whose platform is asked." },
    Key {
        path: "collect.url",
        default: "",
        meaning: "Address of the platform's API, or of the server: the scanner's page shows its form.",
    },
    Key {
        path: "collect.credential",
        default: "",
        meaning: "Where our credential there is: `env:NAME` or `file:/path`. It needs to read only.",
    },
    Key {
        path: "collect.values",
        default: "{}",
        meaning: "What the calls need beside it, by name (organisation, tenant, account): the scanner's page lists them.",
    },
    Key {
        path: "collect.every_minutes",
        default: "60",
        meaning: "Minutes between two times that `run` asks the platform. What it answers goes into the first of `inventory.paths`.",
    },
    Key {
        path: "store.address",
        default: "",
        meaning: "A data store that `run` reads: a directory, `git PATH`, `postgres://role@host/database`, `s3://bucket/prefix`, `drive://USER` \
                  or `slack://WORKSPACE`. What it holds goes as numbers into the first of `inventory.paths`, below `stores`.",
    },
    Key {
        path: "store.name",
        default: "",
        meaning: "What it is called on the map, as `firebreak classify --name` takes it.",
    },
    Key {
        path: "store.credential",
        default: "",
        meaning: "Where the password, the secret access key or the token is: `env:NAME` or `file:/path`. It needs to read only.",
    },
    Key { path: "store.access_key_id", default: "", meaning: "Of a bucket: where the access key's id is." },
    Key { path: "store.endpoint", default: "", meaning: "Another server than the platform's own." },
    Key { path: "store.region", default: "", meaning: "Of a bucket: its region; without it `us-east-1`." },
    Key {
        path: "store.budget_mib",
        default: "",
        meaning: "MiB of the sample, which gives intervals; without it everything is read.",
    },
    Key { path: "store.rate_mib", default: "", meaning: "MiB that are read in a second at most." },
    Key {
        path: "store.letters",
        default: "",
        meaning: "A program that reads what is written in pictures, with its words between spaces: `tesseract stdin stdout`. Without it nobody does.",
    },
    Key { path: "store.classes", default: "", meaning: "A file with classes of your own." },
    Key {
        path: "store.every_minutes",
        default: "1440",
        meaning: "Minutes between two times that `run` reads the store again, where it has changed. Stores are read one after the other.",
    },
    Key { path: "intake.batch_records", default: "5000", meaning: "Records that are committed together." },
    Key { path: "intake.poll_seconds", default: "1.0", meaning: "Seconds between two looks at the inputs." },
    Key {
        path: "intake.ndjson.name",
        default: "",
        meaning: "Name of the source that this mapping makes: small letters, digits and `_`. See the page of the source `ndjson`.",
    },
    Key { path: "intake.ndjson.product", default: "", meaning: "Sigma's product for its events." },
    Key { path: "intake.ndjson.service", default: "", meaning: "Sigma's service." },
    Key { path: "intake.ndjson.time", default: "", meaning: "Dotted path of the time." },
    Key {
        path: "intake.ndjson.time_format",
        default: "",
        meaning: "`auto`, `seconds`, `millis`, `micros` or `nanos`; without it `auto`.",
    },
    Key {
        path: "intake.ndjson.id",
        default: "",
        meaning: "Path of the record's own id; without it, an id is made from the record.",
    },
    Key { path: "intake.ndjson.operation", default: "", meaning: "Path of what was done." },
    Key { path: "intake.ndjson.actor.path", default: "", meaning: "Path of who acted." },
    Key {
        path: "intake.ndjson.actor.system",
        default: "",
        meaning: "System of the actor: `person` for e-mail addresses.",
    },
    Key { path: "intake.ndjson.actor.kind", default: "", meaning: "Kind of node, where it is not `identity`." },
    Key {
        path: "intake.ndjson.credential.path",
        default: "",
        meaning: "Path of the credential's public id, never the secret.",
    },
    Key { path: "intake.ndjson.credential.system", default: "", meaning: "Its system." },
    Key { path: "intake.ndjson.credential.kind", default: "", meaning: "Kind of node, where it is not `credential`." },
    Key { path: "intake.ndjson.target.path", default: "", meaning: "Path of what was acted on." },
    Key { path: "intake.ndjson.target.system", default: "", meaning: "Its system." },
    Key { path: "intake.ndjson.target.kind", default: "", meaning: "Kind of node, where it is not `resource`." },
    Key { path: "intake.ndjson.session", default: "", meaning: "Path of the session's id." },
    Key { path: "intake.ndjson.address", default: "", meaning: "Path of the address." },
    Key { path: "intake.ndjson.user_agent", default: "", meaning: "Path of the client's description of itself." },
    Key { path: "intake.ndjson.outcome", default: "", meaning: "Path of how it ended." },
    Key {
        path: "intake.ndjson.success",
        default: "",
        meaning: "Words of the outcome that mean success; without them the usual words.",
    },
    Key { path: "intake.ndjson.denied", default: "", meaning: "Words of the outcome that mean a refusal." },
    Key { path: "intake.ndjson.bytes", default: "", meaning: "Path of the number of bytes that left." },
    Key { path: "intake.ndjson.records", default: "", meaning: "Path of the number of records that were read." },
    Key { path: "detect.rules", default: "[]", meaning: "Directories of further Sigma rules (`*.yml`)." },
    Key {
        path: "detect.pipelines",
        default: "[]",
        meaning: "Files and directories of processing pipelines (`*.yml`), in the form of pySigma; see `docs/sigma.md`.",
    },
    Key {
        path: "detect.placeholders",
        default: "{}",
        meaning: "Values of the placeholders of rules, by name: `{ admins = [\"root\", \"adm_*\"] }`.",
    },
    Key {
        path: "detect.lateness_seconds",
        default: "300",
        meaning: "Seconds by which an event may arrive late and still be correlated as if it had not.",
    },
    Key {
        path: "detect.shards",
        default: "",
        meaning: "Shards of the keys of correlations, from 1 to 255: large batches have each in a thread. They share 64 MiB in \
                  equal parts. What is found does not depend on their number, unless keys are evicted. Without it one for each \
                  core, 8 at most; 1 starts no threads.",
    },
    Key {
        path: "detect.learning_seconds",
        default: "259200",
        meaning: "Seconds for which an identity is learnt before anything about it counts as new.",
    },
    Key {
        path: "detect.budget_bytes",
        default: "2147483648",
        meaning: "Bytes an hour that one identity may take of one data class while its own habit is not known.",
    },
    Key { path: "detect.budget_records", default: "5000", meaning: "Records an hour, likewise." },
    Key {
        path: "detect.networks",
        default: "",
        meaning: "A file of lines `prefix,asn,country,latitude,longitude,kind` (kind: `fixed`, `mobile`, `vpn`, `hosting`). \
                  Without it nobody's travel is judged.",
    },
    Key {
        path: "detect.habit_seconds",
        default: "604800",
        meaning: "Seconds for which an identity's operations, data and volumes are learnt before they are judged.",
    },
    Key { path: "detect.dormant_days", default: "30", meaning: "Days without use after which an identity is dormant." },
    Key {
        path: "detect.peers",
        default: "3",
        meaning: "What so many other actors do in peace is nobody's novelty; for operations and data also a tenth of the kind.",
    },
    Key {
        path: "detect.strange_records",
        default: "200",
        meaning: "Records a day that anyone may take from a new network or with a new client.",
    },
    Key { path: "detect.strange_bytes", default: "67108864", meaning: "Bytes a day, likewise." },
    Key { path: "detect.sweep_secrets", default: "20", meaning: "Different secrets an hour that anyone may read." },
    Key {
        path: "detect.budget.identity",
        default: "",
        meaning: "A budget that you set: whose. The key of an identity or a credential, or how such keys begin, ending in `*`; then it is a budget for each of them. See [behaviour](behaviour.md).",
    },
    Key {
        path: "detect.budget.class",
        default: "",
        meaning: "Of which class of data. Without it: of everything together, whatever its class.",
    },
    Key {
        path: "detect.budget.bytes",
        default: "",
        meaning: "So many bytes; 0 allows none. Bytes, records or both must be set.",
    },
    Key { path: "detect.budget.records", default: "", meaning: "So many records; 0 allows none." },
    Key {
        path: "detect.budget.window_seconds",
        default: "",
        meaning: "Within so many seconds, from 60 to 2,678,400 (31 days); an hour if not set.",
    },
    Key { path: "exposure.profiles", default: "[]", meaning: "Directories of further incident profiles." },
    Key {
        path: "contain.policy",
        default: "\"watch\"",
        meaning: "`watch`: nothing is done. `ask`: every plan waits for people. `act`: certain, reversible and cheap plans \
                  run by themselves, the others wait.",
    },
    Key {
        path: "contain.policies",
        default: "[]",
        meaning: "Cedar files of your own, in place of `contain.policy` (policies/README.md).",
    },
    Key {
        path: "contain.lease_hours",
        default: "24",
        meaning: "Hours for which a containment stands before someone must confirm it.",
    },
    Key {
        path: "contain.recent_hours",
        default: "24",
        meaning: "How old the newest finding of an incident may be when it is read. Where it is older (the backlog of a first start, logs that \
                  were put in later) the plan waits for a person, whatever the policy says. 0: age does not count.",
    },
    Key {
        path: "contain.standing_policies",
        default: "[]",
        meaning: "Directories of further standing policies. See [standing policies](standing-policies.md).",
    },
    Key {
        path: "contain.standing.name",
        default: "",
        meaning: "A standing policy: `mass_external_share`, `dangerous_consent`, `public_key`, `exposed_live_keys`, `breaker`, `mass_download`, `mass_clone`, `bulk_export`, `sensitive_made_public`, or one of your own.",
    },
    Key {
        path: "contain.standing.mode",
        default: "",
        meaning: "`off`: nothing comes of it, as if it were not named. `ask`: its plan waits for a person. `on`: the gate decides; `act` lets it pass up to a cost of 5,000, but for what can never be taken back.",
    },
    Key {
        path: "contain.standing.irreversible",
        default: "",
        meaning: "What of it can never be taken back, where it is `on`. `ask` (if not set): waits for a person, and the rest goes ahead. `allow`: the gate decides over it as over the rest.",
    },
    Key {
        path: "contain.standing.except",
        default: "",
        meaning: "What it leaves alone, nothing where it is not said: keys of things, beginnings of keys that end in `*`, or values of parameters (the client of an app that you trust).",
    },
    Key {
        path: "act.mode",
        default: "\"dry_run\"",
        meaning: "`dry_run`: everything but the calls. `live`: approved steps call the platforms.",
    },
    Key {
        path: "change.policies",
        default: "[]",
        meaning: "Your own Cedar files for changes that people ask for on a quiet day, in place of `policies/change.cedar`. With \
                  `contain.policy = \"watch\"` and no files of your own nothing is ever changed.",
    },
    Key {
        path: "change.watch_hours",
        default: "168",
        meaning: "For so many hours after a change the first refusal that it causes takes it back by itself. See [access](access.md).",
    },
    Key {
        path: "drill.every_hours",
        default: "0",
        meaning: "How often `run` drills each canary, in hours; 0: only `firebreak drill` does. See [drills](drills.md).",
    },
    Key { path: "drill.valid_days", default: "30", meaning: "For so many days a drill that passed counts." },
    Key {
        path: "drill.canary.action",
        default: "",
        meaning: "What is done to an identity that exists for it: `postgres_role/disable`.",
    },
    Key { path: "drill.canary.target", default: "", meaning: "That identity: `identity:postgres/db.internal/canary`." },
    Key {
        path: "drill.canary.parameters",
        default: "",
        meaning: "What the action needs beside it, by name: the responder's page lists the names.",
    },
    Key {
        path: "metrics.listen",
        default: "",
        meaning: "Address on this machine where `/metrics` is shown in the text format of Prometheus: `127.0.0.1:9469`. Without it nothing listens. See `docs/metrics.md`.",
    },
    Key {
        path: "metrics.token",
        default: "",
        meaning: "Where the token is that a reader shows: `env:NAME` or `file:/path`. Without it, a random one is made once and kept as `metrics.token` in the data directory.",
    },
    Key {
        path: "guardrail.listen",
        default: "\"127.0.0.1:9472\"",
        meaning: "Address on this machine where `firebreak guardrail` answers gateways. See [guardrail](guardrail.md).",
    },
    Key {
        path: "guardrail.token",
        default: "",
        meaning: "Where the token is that a gateway shows: `env:NAME` or `file:/path`. Without it, a random one is made once and kept \
                  as `guardrail.token` in the data directory.",
    },
    Key { path: "guardrail.policies", default: "[]", meaning: "Cedar policies of your own in place of those shipped." },
    Key {
        path: "guardrail.classes",
        default: "",
        meaning: "File with classes of your own, as [classification](classify.md) has them.",
    },
    Key {
        path: "guardrail.masks_answers",
        default: "false",
        meaning: "Whether the gateway puts masked texts into answers that stream. Where it does not, an answer that would have to be \
                  masked is refused.",
    },
    Key {
        path: "console.listen",
        default: "",
        meaning: "Address on this machine where the console and the API are shown: `127.0.0.1:9470`. Without it nothing listens. See `docs/api.md`.",
    },
    Key {
        path: "console.address",
        default: "",
        meaning: "The address under which people reach the console, where a proxy with TLS stands before `console.listen`: `https://firebreak.example.com`. Calls under other names are refused.",
    },
    Key {
        path: "console.admin",
        default: "\"admin@localhost\"",
        meaning: "Who opens a login link that is printed on this machine: what they ask for is recorded under this name.",
    },
    Key {
        path: "console.oidc.issuer",
        default: "",
        meaning: "The identity provider by which people log in (OpenID Connect), as it writes itself: `https://id.example.com/realms/staff`. Without it only login links log in. See `docs/api.md`.",
    },
    Key { path: "console.oidc.client", default: "", meaning: "What the provider calls us: the client id." },
    Key {
        path: "console.oidc.secret",
        default: "",
        meaning: "Where our secret there is: `env:NAME` or `file:/path`. None for a public client.",
    },
    Key {
        path: "console.oidc.name",
        default: "",
        meaning: "The claim that names a person: `email` (if not set; it must be verified), `preferred_username`, …",
    },
    Key {
        path: "console.oidc.groups",
        default: "",
        meaning: "The claim that lists groups: `groups` (if not set), `realm_access.roles`, …",
    },
    Key {
        path: "console.oidc.role.group",
        default: "",
        meaning: "A group of the provider. The first that fits counts.",
    },
    Key {
        path: "console.oidc.role.role",
        default: "",
        meaning: "What whoever is in it may do: `viewer`, `responder`, `approver`, `auditor` or `admin`. Who is in none is refused.",
    },
    Key {
        path: "hunt.saved.name",
        default: "",
        meaning: "A question to the lake that is saved: what it is called. See [hunting](hunt.md).",
    },
    Key { path: "hunt.saved.about", default: "", meaning: "What it answers, in a line." },
    Key { path: "hunt.saved.sql", default: "", meaning: "The question: one SELECT over `events`." },
    Key {
        path: "outward.listen",
        default: "",
        meaning: "Where approvals and signals come in: an address of this machine, `127.0.0.1:9470`. A reverse proxy with TLS stands before it.",
    },
    Key { path: "notify.name", default: "", meaning: "What the channel is called. See [notifiers](notifiers.md)." },
    Key {
        path: "notify.kind",
        default: "",
        meaning: "The notifier: `slack`, `teams`, `pagerduty`, `opsgenie`, `jira`, `github_issue`, `email`, `webhook`, `syslog`.",
    },
    Key {
        path: "notify.at_least",
        default: "",
        meaning: "What is milder is not told: `informational`, `low`, `medium` (if not set), `high`, `critical`. What asks for an approval always is.",
    },
    Key {
        path: "notify.title",
        default: "",
        meaning: "Title of each notice, with fields: `{severity} {incident}: {title}`. `{title}` if not set.",
    },
    Key { path: "notify.text", default: "", meaning: "Its text, likewise. `{text}` if not set." },
    Key {
        path: "notify.approver",
        default: "",
        meaning: "E-mail address of the one person whom the channel reaches: plans that wait then carry a link to approve with.",
    },
    Key {
        path: "notify.settings",
        default: "",
        meaning: "What the notifier needs, by name: its page lists the names. Secrets are `env:NAME` or `file:/path`.",
    },
    Key { path: "approvals.address", default: "", meaning: "Address under which people reach `outward.listen`." },
    Key {
        path: "approvals.key",
        default: "",
        meaning: "Where the key of the links is: `env:NAME` or `file:/path` to 32 random bytes or more.",
    },
    Key {
        path: "approvals.lasts_minutes",
        default: "",
        meaning: "Minutes for which a link holds, at most a day; 60 if not set.",
    },
    Key {
        path: "approvals.slack.signing_secret",
        default: "",
        meaning: "Where the signing secret of the Slack App is.",
    },
    Key { path: "approvals.slack.team", default: "", meaning: "Our workspace: `T…`." },
    Key {
        path: "approvals.slack.people",
        default: "",
        meaning: "E-mail addresses by Slack user: `{ U0123 = \"alice@example.com\" }`.",
    },
    Key {
        path: "signals.transmit.issuer",
        default: "",
        meaning: "Our name as a transmitter, and the address under which receivers reach `outward.listen`. See [Shared Signals](shared-signals.md).",
    },
    Key {
        path: "signals.transmit.keys",
        default: "",
        meaning: "Where the signing keys are, as PEM: the first signs, the others stay in the key set.",
    },
    Key {
        path: "signals.transmit.issuers",
        default: "",
        meaning: "Issuers by the system of our keys, so that others know whom we mean: `{ okta = \"https://meridian.okta.com\" }`.",
    },
    Key { path: "signals.transmit.receivers.name", default: "", meaning: "What we call the receiver." },
    Key { path: "signals.transmit.receivers.audience", default: "", meaning: "What its tokens call it." },
    Key {
        path: "signals.transmit.receivers.token",
        default: "",
        meaning: "Where the token is with which it calls us.",
    },
    Key {
        path: "signals.transmit.receivers.push_below",
        default: "",
        meaning: "Beginning of the addresses that we push to; without it the receiver polls.",
    },
    Key {
        path: "signals.transmit.receivers.push_authorization",
        default: "",
        meaning: "Where the whole `Authorization` header of our pushes is.",
    },
    Key {
        path: "signals.transmit.authorization_servers.issuer",
        default: "",
        meaning: "Issuer of access tokens (RFC 9068) that are taken too.",
    },
    Key { path: "signals.transmit.authorization_servers.audience", default: "", meaning: "What they call us." },
    Key { path: "signals.transmit.authorization_servers.jwks", default: "", meaning: "Where the server's keys are." },
    Key {
        path: "signals.transmit.authorization_servers.clients",
        default: "",
        meaning: "Receivers by the client that they are: `{ client-1 = \"name\" }`.",
    },
    Key {
        path: "signals.receive.name",
        default: "",
        meaning: "What we call the transmitter: small letters, digits and `-`.",
    },
    Key { path: "signals.receive.issuer", default: "", meaning: "The transmitter." },
    Key { path: "signals.receive.audience", default: "", meaning: "What its tokens call us." },
    Key { path: "signals.receive.token", default: "", meaning: "Where our token there is." },
    Key { path: "signals.receive.delivery", default: "", meaning: "`poll` (if not set) or `push`." },
    Key {
        path: "signals.receive.push_url",
        default: "",
        meaning: "Where it brings events: what stands before `outward.listen`, and `/ssf/events/<name>`.",
    },
    Key {
        path: "signals.receive.push_token",
        default: "",
        meaning: "Where the token is that it shows when it brings them.",
    },
    Key {
        path: "responder",
        default: "",
        meaning: "`[responder.<name>]` configures one responder; its page lists its keys.",
    },
];

/// One error text for each key in `table` that is not in [`KEYS`].
pub fn unknown(table: &toml::Table) -> Vec<String> {
    let mut errors = Vec::new();
    walk(table, "", &mut errors);
    errors
}

fn walk(table: &toml::Table, prefix: &str, errors: &mut Vec<String>) {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if path == "responder" {
            continue;
        }
        let below = KEYS.iter().any(|key| key.path.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
        match value {
            toml::Value::Table(inner) if below => walk(inner, &path, errors),
            toml::Value::Array(items) if below => {
                items.iter().filter_map(toml::Value::as_table).for_each(|item| walk(item, &path, errors));
            }
            _ if KEYS.iter().any(|key| key.path == path) => {}
            _ => {
                let nearest = nearest(&path, KEYS.iter().map(|key| key.path));
                errors.push(format!("no key `{path}`\nhint: did you mean `{nearest}`?"));
            }
        }
    }
}

/// The one of `known` that takes the fewest edits to become `word`.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> &'k str {
    known.min_by_key(|candidate| edits(word, candidate)).unwrap_or_default()
}

/// Levenshtein distance in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The reference page.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\nOne TOML file: `firebreak --config firebreak.toml <command>`. An unknown key is an error. This page is generated from\n`crates/firebreak/src/config/keys.rs`.\n\n| key | default | meaning |\n|---|---|---|\n",
    );
    for key in KEYS {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let tables = [
            "source",
            "collect",
            "store",
            "intake.ndjson",
            "detect.budget",
            "contain.standing",
            "notify",
            "signals.receive",
            "signals.transmit.receivers",
            "signals.transmit.authorization_servers",
        ];
        let of =
            |table: &&str| key.path.strip_prefix(table)?.strip_prefix('.').map(|name| format!("[[{table}]] {name}"));
        let path = tables.iter().find_map(of).unwrap_or_else(|| key.path.to_owned());
        page.push_str(&format!("| `{path}` | {default} | {} |\n", key.meaning));
    }
    page
}
