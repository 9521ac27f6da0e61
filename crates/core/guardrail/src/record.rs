//! What is kept of an exchange: who, where to, which classes, what became of it. Never a text.

use crate::{Caller, Changed, Destination, Direction, Exchange, Judgement, Outcome, Seen};
use firebreak_model::Time;
use serde::Serialize;

/// One line of the guardrail's own log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Record<'a> {
    /// When; whoever has a clock sets it.
    pub time: Time,
    /// How long reading and judging took, in microseconds.
    pub micros: u64,
    /// The gateway's id of the call.
    pub id: &'a str,
    /// The protocol in which it asked.
    pub protocol: &'static str,
    /// Which way it went.
    pub direction: Direction,
    /// Who asked.
    pub caller: &'a Caller,
    /// Where it went or came from.
    pub destination: &'a Destination,
    /// `passed`, `masked` or `refused`.
    pub outcome: &'static str,
    /// What was found.
    pub seen: &'a [Seen],
    /// Images that were not looked into.
    pub images: u64,
    /// What could not be read, and why.
    pub unread: &'a [String],
    /// Why it was masked or refused.
    pub reasons: &'a [String],
    /// Definitions of tools that are other than they were.
    #[serde(skip_serializing_if = "<[Changed]>::is_empty")]
    pub changed_tools: &'a [Changed],
}

impl<'a> Record<'a> {
    /// The record of `exchange`, judged at `time` in `micros`.
    pub fn of(
        (time, micros): (Time, u64),
        protocol: &'static str,
        exchange: &'a Exchange,
        judgement: &'a Judgement,
    ) -> Record<'a> {
        Record {
            time,
            micros,
            id: &exchange.id,
            protocol,
            direction: exchange.direction,
            caller: &exchange.caller,
            destination: &exchange.destination,
            outcome: judgement.outcome.word(),
            seen: &judgement.seen,
            images: exchange.images,
            unread: &exchange.unread,
            reasons: &judgement.reasons,
            changed_tools: &exchange.changed,
        }
    }
}

impl Outcome {
    /// Its word in records and figures.
    pub const fn word(&self) -> &'static str {
        match self {
            Outcome::Passed(_) => "passed",
            Outcome::Masked(_) => "masked",
            Outcome::Refused => "refused",
        }
    }
}
