//! The events that the benchmark feeds, and the rules that it loads.

use firebreak_detect::{Matcher, Observed, Rules, Scratch};
use firebreak_model::{Event, EventUid, Keys, LogSource, NodeKey, Outcome, Text, Time};
use std::sync::Arc;

/// Four detections, and ten correlations over them of each kind.
pub(crate) const RULES: &str = "
title: Read
name: read
logsource: {product: aws}
detection: {s: {firebreak.operation: 's3:GetObject'}, condition: s}
---
title: Denied
name: denied
logsource: {product: aws}
detection: {s: {firebreak.outcome: denied}, condition: s}
---
title: Probe
name: probe
logsource: {product: aws}
detection: {s: {firebreak.operation: 'sts:GetCallerIdentity'}, condition: s}
---
title: Listed
name: listed
logsource: {product: aws}
detection: {s: {firebreak.operation: 'secretsmanager:ListSecrets'}, condition: s}
firebreak: {signal: tripwire, armed_by: novelty}
---
title: Many denied
name: many_denied
correlation: {type: event_count, rules: [denied], group-by: [firebreak.actor], timespan: 10m, condition: {gte: 50}}
---
title: Many denied for one key
correlation: {type: event_count, rules: [denied], group-by: [firebreak.credential], timespan: 1h, condition: {gte: 200}}
---
title: Many probes
correlation: {type: event_count, rules: [probe], group-by: [firebreak.actor], timespan: 1h, condition: {gte: 10}}
---
title: Many targets refused
correlation:
  {type: value_count, rules: [denied], group-by: [firebreak.actor], timespan: 1h, condition: {gte: 20, field: firebreak.target}}
---
title: Many listed
correlation: {type: event_count, rules: [listed], group-by: [firebreak.actor], timespan: 1h, condition: {gte: 20}}
---
title: Probe then list
correlation: {type: temporal_ordered, rules: [probe, listed], group-by: [firebreak.actor], timespan: 10m}
---
title: Probe and denied
correlation: {type: temporal, rules: [probe, denied], group-by: [firebreak.actor], timespan: 1h}
---
title: Probe then many denied
correlation: {type: temporal_ordered, rules: [probe, many_denied], group-by: [firebreak.actor], timespan: 1h}
---
title: Few probes
correlation: {type: event_count, rules: [probe], group-by: [firebreak.actor], timespan: 1h, condition: {lte: 1}}
firebreak: {signal: watch}
---
title: Many addresses
correlation:
  {type: value_count, rules: [probe], group-by: [firebreak.actor], timespan: 1h, condition: {gte: 5, field: firebreak.address}}
";

macro_rules! correlation {
    ($text:literal) => {
        concat!(
            "
title: Read
name: read
logsource: {product: aws}
detection: {s: {firebreak.operation: 's3:GetObject'}, condition: s}
---
title: Probe
name: probe
logsource: {product: aws}
detection: {s: {firebreak.operation: 'sts:GetCallerIdentity'}, condition: s}
---
title: Correlation
correlation: {group-by: [firebreak.actor], timespan: 1d, ",
            $text,
            "}
"
        )
    };
}

pub(crate) const EVENT_COUNT: &str = correlation!("rules: [read], type: event_count, condition: {gte: 1000000}");
pub(crate) const VALUE_COUNT_SMALL: &str =
    correlation!("rules: [read], type: value_count, condition: {gte: 20, field: firebreak.target}");
pub(crate) const VALUE_COUNT_LARGE: &str =
    correlation!("rules: [read], type: value_count, condition: {gte: 20000, field: firebreak.target}");
pub(crate) const VALUE_COUNT_LARGEST: &str =
    correlation!("rules: [read], type: value_count, condition: {gte: 1000000, field: firebreak.target}");

/// One correlation of each kind of state.
pub(crate) const KINDS: [(&str, &str); 6] = [
    ("none", ""),
    ("event_count", correlation!("rules: [read], type: event_count, condition: {gte: 10}")),
    ("value_count", correlation!("rules: [read], type: value_count, condition: {gte: 10, field: firebreak.target}")),
    ("whole_span", correlation!("rules: [read], type: event_count, condition: {lte: 3}")),
    ("temporal", correlation!("type: temporal, rules: [read, probe]")),
    ("temporal_ordered", correlation!("type: temporal_ordered, rules: [read, probe]")),
];

/// What happens.
#[derive(Clone, Copy)]
pub(crate) enum Story {
    /// 1,000 identities at work: every fourth event takes data, every thirtieth is refused, every hundredth is a probe.
    Benign,
    /// 1,000 identities that do nothing but what rules look for.
    Attack,
    /// So many identities of which each does nothing but what rules look for.
    Crowd(u64),
    /// One identity that reads so many different things, again and again.
    Values(u64),
    /// So many identities, of which each reads one thing twice.
    Keys(u64),
}

impl Story {
    /// How many events are told.
    pub(crate) fn events(self) -> u64 {
        match self {
            Story::Benign | Story::Attack | Story::Crowd(_) => 200_000,
            Story::Values(values) => values.max(100_000) * 2,
            Story::Keys(keys) => keys * 2,
        }
    }

    /// Event `number` of the story.
    pub(crate) fn event(self, number: u64) -> Event {
        let chance = mixed(number);
        let (identity, at) = match self {
            // 50 events a second, each up to two minutes late.
            Story::Benign | Story::Attack => {
                (chance % 1_000, number as i64 * 20_000 - (chance >> 32) as i64 % 120_000_000)
            }
            Story::Crowd(identities) => (chance % identities, number as i64 * 20_000),
            Story::Values(_) => (7, number as i64 * 10_000),
            Story::Keys(keys) => (number % keys, number as i64 * 10_000),
        };
        let mut keys = Keys {
            actor: Some(NodeKey::identity(
                "aws",
                &format!("arn:aws:iam::123456789012:user/engineering/user-{identity}"),
            )),
            credential: Some(NodeKey::credential("aws", &format!("AKIA{:016}", identity * 7))),
            session: None,
            address: format!("198.51.{}.{}", identity % 100, chance % 3).parse().ok(),
            user_agent: Some(Text::new("aws-cli/2.15.30 Python/3.11.8 Linux/6.1 exe/x86_64")),
            operation: Text::new("ec2:DescribeInstances"),
            target: Some(NodeKey::resource("aws", &format!("arn:aws:s3:::bucket-of-some-length-{}", chance % 5_000))),
            outcome: Outcome::Success,
            ..Keys::default()
        };
        match (self, chance >> 16) {
            (Story::Values(values), _) => {
                keys.operation = Text::new("s3:GetObject");
                let name = format!("arn:aws:s3:::bucket-of-some-length-{}", number * 7_919 % values);
                keys.target = Some(NodeKey::resource("aws", &name));
            }
            (Story::Keys(_), _) => keys.operation = Text::new("s3:GetObject"),
            (Story::Attack | Story::Crowd(_), chance) if chance % 2 == 0 => keys.outcome = Outcome::Denied,
            (Story::Attack | Story::Crowd(_), _) => keys.operation = Text::new("sts:GetCallerIdentity"),
            (Story::Benign, chance) if chance % 100 == 0 => keys.operation = Text::new("sts:GetCallerIdentity"),
            (Story::Benign, chance) if chance % 30 == 0 => keys.outcome = Outcome::Denied,
            (Story::Benign, chance) if chance % 4 == 0 => (keys.bytes, keys.records) = (Some(4_000), Some(1)),
            (Story::Benign, _) => {}
        }
        let native_id = Text::new(format!("{number}"));
        Event {
            uid: EventUid(u128::from(mixed(number)) << 64 | u128::from(mixed(!number))),
            source: "aws_cloudtrail",
            native_id,
            time: Time(at + 1_700_000_000_000_000),
            log_source: LogSource { product: "aws", service: "cloudtrail" },
            keys,
            body: firebreak_model::Json::new(),
            raw: Arc::from(&b"{}"[..]),
        }
    }
}

/// Scattered bits, the same for the same number.
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The story as the matcher hands it on, one event at a time.
pub(crate) fn told<'a>(rules: &Arc<Rules>, story: Story) -> impl Iterator<Item = Observed> + use<'a> {
    let (matcher, mut scratch) = (Matcher::new(Arc::clone(rules)), Scratch::default());
    (0..story.events()).map(move |number| {
        let event = story.event(number);
        let matches = matcher.matches(&event, &mut scratch).to_vec();
        Observed { event: Arc::new(event), matches }
    })
}
