//! Hands in what is due, channel by channel, until it is taken: later where the receiver is busy or away, never again
//! where it would only be refused again.
//!
//! A notice may arrive twice where no answer came, and what that looks like stands with each notifier. It is never lost
//! without a word: what is given up is kept and counted.

use crate::approval::link::{Claim, Decision, Links};
use crate::channel::Channel;
use crate::error::NotifyError;
use crate::notice::Notice;
use crate::notifier;
use crate::notifier::{Context, Letter};
use crate::outbox::{Outbox, OutboxError, Settled, Waiting};
use crate::template::Template;
use firebreak_model::Time;
use firebreak_world::World;
use serde_json::Value;
use std::time::Duration;

/// How many letters of a channel are handed in at one go, a second apart from the next go: no incident of ten thousand
/// floods a channel, and none is dropped for it.
const LETTERS_MAX: usize = 20;
const FIRST_WAIT: Duration = Duration::from_secs(5);
const WAIT_MAX: Duration = Duration::from_secs(900);
/// No receiver makes us wait longer than this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// For so long it is tried.
const GIVE_UP_SECONDS: i64 = 86_400;

/// What one go came to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Round {
    /// Letters that were taken.
    pub sent: usize,
    /// Letters that are tried again, each with the reason.
    pub later: Vec<String>,
    /// Letters that were given up, each with the reason.
    pub dead: Vec<String>,
}

/// Hands in letters.
pub struct Courier<'a> {
    /// The doors.
    pub world: &'a World,
    /// What is to be handed in.
    pub outbox: &'a dyn Outbox,
    /// Makes links with which people approve; none where that is not configured.
    pub links: Option<&'a Links>,
}

impl Courier<'_> {
    /// Hands in what is due for `channel`, once.
    ///
    /// # Errors
    /// If the outbox cannot be used. What goes wrong on the way out is in the answer.
    pub async fn round(&self, channel: &Channel) -> Result<Round, OutboxError> {
        let mut round = Round::default();
        let now = self.world.clock.now();
        for waiting in self.outbox.due(&channel.name, now, LETTERS_MAX).await? {
            let settled = self.try_once(channel, &waiting).await?;
            match &settled {
                Settled::Sent { .. } => round.sent += 1,
                Settled::Later { reason, .. } => round.later.push(format!("{}: {reason}", channel.name)),
                Settled::Dead { reason } => {
                    round.dead.push(format!("{} was not told of `{}`: {reason}", channel.name, waiting.notice.title));
                }
            }
            self.outbox.settle(&channel.name, &waiting, &settled).await?;
            if matches!(settled, Settled::Later { .. }) {
                // The receiver is busy or away: the others wait for the next go.
                break;
            }
        }
        Ok(round)
    }

    async fn try_once(&self, channel: &Channel, waiting: &Waiting) -> Result<Settled, OutboxError> {
        let notice = waiting.notice.cleaned();
        let thread = self.outbox.thread(&channel.name, notice.subject()).await?;
        let context = Context::new(self.world, &channel.settings);
        let outcome = self.hand_in(channel, &context, &notice, thread.as_ref()).await;
        Ok(match outcome {
            Ok(made) => Settled::Sent { thread: made },
            Err(error) => self.after(&error, &context.hushed(&error.to_string()), waiting),
        })
    }

    async fn hand_in(
        &self,
        channel: &Channel,
        context: &Context<'_>,
        notice: &Notice,
        thread: Option<&Value>,
    ) -> Result<Option<Value>, NotifyError> {
        let hint = "correct the channel and start again";
        let unusable = |reason: String| NotifyError::unusable(reason, hint);
        let notifier = notifier(&channel.kind).ok_or_else(|| unusable(format!("no notifier `{}`", channel.kind)))?;
        let (title, text) = (Template::parse(&channel.title), Template::parse(&channel.text));
        let (title, text) = (title.map_err(unusable)?, text.map_err(unusable)?);
        let link = self.link(channel, notice);
        let letter = Letter { notice, link: link.as_deref(), title: &title, text: &text };
        notifier.deliver(context, &letter, thread).await
    }

    fn link(&self, channel: &Channel, notice: &Notice) -> Option<String> {
        let (links, ask, approver) = (self.links?, notice.ask.as_ref()?, channel.approver.as_ref()?);
        let expires = self.world.clock.now().plus_seconds(links.lasts_seconds);
        let claim = Claim { plan: ask.plan.clone(), approver: approver.clone(), decision: Decision::Approve, expires };
        Some(links.url(&claim))
    }

    fn after(&self, error: &NotifyError, reason: &str, waiting: &Waiting) -> Settled {
        let reason = reason.to_owned();
        let now = self.world.clock.now();
        let wait = match error {
            NotifyError::Refused { .. } => return Settled::Dead { reason },
            NotifyError::Later { wait: Some(wait), .. } => (*wait).min(RETRY_AFTER_MAX),
            _ => FIRST_WAIT.saturating_mul(2_u32.saturating_pow(waiting.tries)).min(WAIT_MAX),
        };
        let due = Time(now.0.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)));
        match due > waiting.notice.at.plus_seconds(GIVE_UP_SECONDS) && waiting.tries > 0 {
            true => Settled::Dead { reason: format!("{reason}, {} times", waiting.tries + 1) },
            false => Settled::Later { due, reason },
        }
    }
}
