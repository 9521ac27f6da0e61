//! What npm, pnpm, Yarn and Bun are told about choosing versions. Each has a cool-down in a unit of its own: npm in days, pnpm
//! and Yarn in minutes, Bun in seconds.

use crate::Ecosystem;
use crate::formats::cool_down::{self, DAY};
use crate::formats::duration;
use crate::formats::lister::{Lister, address, shown};
use crate::formats::listing::{CoolDown, Include, IncludeKind, Required, Settings};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind, ini, npm};
use firebreak_model::Text;

/// `.npmrc`, which pnpm reads as well.
pub(crate) static FORMAT: Format = Format {
    name: "npm_settings",
    kind: Kind::Settings,
    named: |file| file.name == ".npmrc" || file.name == "npmrc",
    headed: None,
    read: npmrc,
};

/// `pnpm-workspace.yaml`.
pub(crate) static PNPM: Format = Format {
    name: "npm_settings",
    kind: Kind::Settings,
    named: |file| file.is("pnpm-workspace.yaml"),
    headed: None,
    read: pnpm,
};

/// `.yarnrc.yml`.
pub(crate) static YARN: Format = Format {
    name: "npm_settings",
    kind: Kind::Settings,
    named: |file| file.name == ".yarnrc.yml",
    headed: None,
    read: yarn,
};

/// `bunfig.toml`.
pub(crate) static BUN: Format = Format {
    name: "npm_settings",
    kind: Kind::Settings,
    named: |file| matches!(file.name, "bunfig.toml" | ".bunfig.toml"),
    headed: None,
    read: bun,
};

const MINUTE: u64 = 60;

fn npmrc(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::Npm);
    let (mut aged, mut dated) = (false, false);
    for setting in ini::settings(text) {
        let value = setting.value.trim_matches(['"', '\'']);
        match setting.key {
            "min-release-age" => {
                settings.cool_down = cool_down::units("min-release-age (days)", value, DAY);
                cool_down::told(settings, "npm", value);
                aged = true;
            }
            "minimum-release-age" => {
                settings.cool_down = cool_down::units("minimum-release-age (minutes)", value, MINUTE);
                cool_down::told(settings, "pnpm", value);
            }
            "before" => {
                settings.exclude_newer = Some(Text::new(shown(value)));
                cool_down::told(settings, "npm", value);
                dated = true;
            }
            "min-release-age-exclude[]" | "min-release-age-exclude" | "minimum-release-age-exclude[]" => {
                exempt(settings, &[value])
            }
            "ignore-scripts" => settings.ignore_scripts = Some(value == "true"),
            "registry" => settings.indexes.push(address(value)),
            key if key.ends_with(":registry") => settings.indexes.push(address(value)),
            _ => {}
        }
    }
    if aged && dated {
        settings.ages.retain(|age| age.tool != "npm");
        lister.gap("`before` and `min-release-age` stand together, which npm refuses: which of them held is not known");
    }
}

fn exempt(settings: &mut Settings, names: &[&str]) {
    settings.exempt.extend(names.iter().map(|name| (Text::new(*name), Text::new("false"))));
}

fn pnpm(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.yaml(input) else { return };
    let listing = &mut lister.listing;
    listing.settings.ecosystem = Some(Ecosystem::Npm);
    if let Some(minutes) = document.get("minimumReleaseAge").and_then(Node::word) {
        listing.settings.cool_down = cool_down::units("minimumReleaseAge (minutes)", minutes, MINUTE);
        cool_down::told(&mut listing.settings, "pnpm", minutes);
    }
    exempt(&mut listing.settings, &document.get("minimumReleaseAgeExclude").map(Node::texts).unwrap_or_default());
    listing.settings.ignore_scripts = document.get("ignoreScripts").and_then(Node::boolean);
    for member in document.get("packages").map(Node::texts).unwrap_or_default() {
        listing.includes.push(Include { path: Text::new(member), kind: IncludeKind::Project, line: None });
    }
    for (name, range) in document.fields_at("overrides") {
        let last = name.rsplit('>').next().unwrap_or(name);
        let last = npm::split(last).map_or(last, |(name, _)| name);
        let held = Required::new(Ecosystem::Npm, last, range.word().unwrap_or_default());
        listing.settings.overrides.push(held);
    }
    // Catalogues hold the ranges that members name with `catalog:`.
    let named = document.fields_at("catalogs").iter().map(|(_, catalogue)| catalogue);
    for catalogue in document.get("catalog").into_iter().chain(named) {
        for (name, range) in catalogue.fields() {
            let mut required = Required::new(Ecosystem::Npm, name, range.word().unwrap_or_default());
            required.constraint = true;
            lister.require(required);
        }
    }
}

fn yarn(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.yaml(input) else { return };
    let gate = document.get("npmMinimalAgeGate").and_then(Node::word);
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::Npm);
    settings.indexes.extend(document.text_at("npmRegistryServer").map(address));
    settings.ignore_scripts = document.get("enableScripts").and_then(Node::boolean).map(|enabled| !enabled);
    exempt(settings, &document.get("npmPreapprovedPackages").map(Node::texts).unwrap_or_default());
    for (scope, rules) in document.fields_at("npmScopes") {
        if let Some(rule) = rules.get("npmMinimalAgeGate").and_then(Node::word) {
            settings.exempt.push((Text::new(format!("@{scope}/*")), Text::new(rule)));
        }
    }
    let Some(gate) = gate else { return };
    cool_down::told(settings, "yarn", gate);
    settings.cool_down = cool_down::units("npmMinimalAgeGate (minutes)", gate, MINUTE).or_else(|| {
        let written = Text::new(format!("npmMinimalAgeGate = {}", shown(gate)));
        Some(CoolDown { written, seconds: duration::words(gate)? })
    });
    if gate.parse::<f64>().is_err() {
        lister.gap(format!(
            "Yarn 4.10 took the number of `{}` for minutes: whether the gate held depends on the release",
            shown(gate)
        ));
    }
}

fn bun(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::Npm);
    let Some(install) = document.get("install") else { return };
    if let Some(seconds) = install.get("minimumReleaseAge").and_then(Node::word) {
        settings.cool_down = cool_down::units("install.minimumReleaseAge (seconds)", seconds, 1);
        cool_down::told(settings, "bun", seconds);
    }
    exempt(settings, &install.get("minimumReleaseAgeExcludes").map(Node::texts).unwrap_or_default());
    settings.ignore_scripts = install.get("ignoreScripts").and_then(Node::boolean);
    let registry = install.get("registry").and_then(|registry| registry.text().or_else(|| registry.text_at("url")));
    settings.indexes.extend(registry.map(address));
}
