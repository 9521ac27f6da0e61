//! `firebreak pause` and `firebreak resume`: break-glass for everything that happens by itself.

use super::End;
use super::approve::open;
use crate::cli::{PauseArgs, ResumeArgs};
use crate::config::Config;
use crate::live::{Request, person};
use crate::output::Output;
use crate::store::{PAUSE, RESUME};
use anyhow::{Result, bail};
use firebreak_contain::gate::Pause;
use firebreak_world::World;

/// Runs `firebreak pause`.
pub(super) fn pause(args: &PauseArgs, config: &Config, output: Output) -> Result<End> {
    let because = args.because.trim().to_owned();
    if because.is_empty() {
        bail!("a pause needs a reason\nhint: say it with --because <reason>; whoever resumes will want to know");
    }
    let by = person(&args.by);
    let pause = Pause { by, at: World::offline().clock.now(), because };
    ask(config, PAUSE, &Request::Pause(pause.clone()))?;
    output.text("automatic actions are paused: no further step begins unless a person approves its plan");
    output.text("what was begun is seen through, and no containment is lifted by itself");
    output.text(format!("next: firebreak approve, or firebreak resume --by {}", args.by));
    output.object("pause", &pause);
    Ok(End::Done)
}

/// Runs `firebreak resume`.
pub(super) fn resume(args: &ResumeArgs, config: &Config, output: Output) -> Result<End> {
    let request = Request::Resume { by: person(&args.by) };
    ask(config, RESUME, &request)?;
    output.text("asked to let automatic actions go on; the running process takes it up");
    output.object("resume", &request);
    Ok(End::Done)
}

fn ask(config: &Config, kind: &str, request: &Request) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { open(config).await?.ask(kind, &serde_json::to_string(request)?).await.map(drop) })
}
