//! What the demo leaves beside its files: the configuration of an installation over them, so that `firebreak run` meets the same
//! incident with a person at the console. It acts on nothing: every step is rehearsed.

use anyhow::{Context, Result};
use firebreak_intake::SOURCES;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Writes `firebreak.toml` below `place`, over the scenario in `scenario`, and gives where it is.
///
/// # Errors
/// If the disk refuses.
pub fn written(place: &Path, scenario: &Path) -> Result<PathBuf> {
    let whole = |path: &Path| std::path::absolute(path).with_context(|| format!("finding `{}`", path.display()));
    let (file, scenario) = (place.join("firebreak.toml"), whole(scenario)?);
    let present = SOURCES.iter().map(|source| source.name()).filter(|name| scenario.join("logs").join(name).is_dir());
    let text = configuration(&whole(place)?.join("installation"), &scenario, present);
    std::fs::write(&file, text).with_context(|| format!("writing `{}`", file.display()))?;
    Ok(file)
}

/// Nothing passes unasked, nothing is called, and the console is open on this machine.
fn configuration<'a>(data: &Path, scenario: &Path, sources: impl Iterator<Item = &'a str>) -> String {
    let quoted = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let mut text = format!("data = {}\n", quoted(data));
    for source in sources {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n[[source]]\nname = \"{source}\"\npaths = [{}]\n",
            quoted(&scenario.join("logs").join(source))
        );
    }
    let _ = write!(
        text,
        "\n[inventory]\npaths = [{}]\n\n[contain]\npolicy = \"ask\"\n\n[act]\nmode = \"dry_run\"\n\n\
         [console]\nlisten = \"127.0.0.1:9470\"\n",
        quoted(&scenario.join("inventory"))
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Mode, Policy};

    #[test]
    fn what_is_written_is_a_configuration_that_asks_and_calls_nothing() {
        let text = configuration(Path::new("/a \"b\"/c"), Path::new("/s"), ["okta_system"].into_iter());
        let config = Config::parse(&text).expect("it parses");
        assert_eq!((config.contain.policy, config.act.mode), (Policy::Ask, Mode::DryRun));
        assert_eq!(config.data_directory(), Path::new("/a \"b\"/c"));
        assert_eq!(config.source[0].paths, ["/s/logs/okta_system"]);
        assert_eq!(config.console.listen.as_deref(), Some("127.0.0.1:9470"));
    }
}
