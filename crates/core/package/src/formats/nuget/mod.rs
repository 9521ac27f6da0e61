//! .NET: `packages.lock.json`, `packages.config`, project files, and `*.deps.json` of what was built.

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::{Algorithm, Hash, Listed, Required};
use crate::formats::xml::{self, Xml};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The lock.
pub(crate) static FORMAT: Format =
    Format { name: "nuget", kind: Kind::Lock, named: |file| file.is("packages.lock.json"), headed: None, read: lock };

/// Packages of older projects, each in one version.
pub(crate) static CONFIG: Format =
    Format { name: "nuget", kind: Kind::Lock, named: |file| file.is("packages.config"), headed: None, read: config };

/// What a project asks for.
pub(crate) static PROJECT: Format = Format {
    name: "nuget",
    kind: Kind::Manifest,
    named: |file| file.ends(&[".csproj", ".fsproj", ".vbproj"]) || file.is("Directory.Packages.props"),
    headed: None,
    read: project,
};

/// What was built into an application.
pub(crate) static BUILT: Format = Format {
    name: "nuget",
    kind: Kind::Installed,
    named: |file| file.ends(&[".deps.json"]),
    headed: None,
    read: built,
};

fn nuget() -> Ecosystem {
    Ecosystem::of("NuGet")
}

fn lock(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    if document.get("dependencies").is_none() {
        return lister.broken(None, "no `dependencies`: this is no lock of NuGet");
    }
    for (framework, packages) in document.fields_at("dependencies") {
        for (name, package) in packages.fields() {
            let kind = package.text_at("type").unwrap_or_default();
            // Projects of the same solution.
            if kind == "Project" {
                continue;
            }
            let Some(version) = package.text_at("resolved") else {
                lister.odd(package.line(), format!("`{}` has no `resolved`", shown(name)));
                continue;
            };
            let mut listed = Listed::new(nuget(), name, version);
            let sum = package.text_at("contentHash");
            listed.hashes.extend(sum.and_then(|sum| Hash::base64(Algorithm::Sha512, sum)));
            listed.direct = Some(kind == "Direct");
            listed.marker = Some(framework.clone());
            listed.line = package.line();
            lister.add(listed);
        }
    }
    lister.complete(nuget());
}

fn config(input: &Input<'_>, lister: &mut Lister) {
    let Some(xml) = Xml::parse(input, lister) else { return };
    if xml.root().tag_name().name() != "packages" {
        return lister.broken(Some(1), "no `packages`: this is no list of NuGet");
    }
    for package in xml::children(xml.root(), "package") {
        let (Some(name), Some(version)) = (xml::attribute(package, "id"), xml::attribute(package, "version")) else {
            lister.odd(xml.line(package), "a package lacks `id` or `version`");
            continue;
        };
        let mut listed = Listed::new(nuget(), name, version);
        listed.line = xml.line(package);
        listed.marker = xml::attribute(package, "targetFramework").map(Text::new);
        let dev = xml::attribute(package, "developmentDependency") == Some("true");
        listed.groups.extend(dev.then(|| Text::new("dev")));
        lister.add(listed);
    }
    lister.complete(nuget());
}

fn project(input: &Input<'_>, lister: &mut Lister) {
    let Some(xml) = Xml::parse(input, lister) else { return };
    let mut asked = 0;
    for item in xml.root().descendants().filter(roxmltree::Node::is_element) {
        let kind = item.tag_name().name();
        if !matches!(kind, "PackageReference" | "PackageVersion" | "GlobalPackageReference") {
            continue;
        }
        let Some(name) = xml::attribute(item, "Include").or_else(|| xml::attribute(item, "Update")) else {
            lister.odd(xml.line(item), format!("`{kind}` has no `Include`"));
            continue;
        };
        let version = xml::attribute(item, "VersionOverride")
            .or_else(|| xml::attribute(item, "Version"))
            .or_else(|| xml::text(item, "Version"));
        // Where versions are kept centrally, the reference has none.
        let mut required = Required::new(nuget(), name, version.unwrap_or_default());
        required.line = xml.line(item);
        required.constraint = kind == "PackageVersion";
        asked += usize::from(!required.constraint);
        if version.is_some_and(|version| version.contains("$(")) {
            lister.gap(format!("the version of `{}` is a property, which is not evaluated", shown(name)));
        }
        lister.require(required);
    }
    if asked > 0 {
        lister.require(Required::any(nuget(), "dependencies of these packages are not pinned"));
    }
}

fn built(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    if document.get("libraries").is_none() {
        return lister.broken(None, "no `libraries`: this does not say what was built");
    }
    for (key, library) in document.fields_at("libraries") {
        if library.text_at("type") != Some("package") {
            continue;
        }
        let Some((name, version)) = key.split_once('/') else {
            lister.odd(library.line(), format!("`{}` is no name and version", shown(key)));
            continue;
        };
        let mut listed = Listed::new(nuget(), name, version);
        listed.hashes = library.text_at("sha512").map(Hash::integrity).unwrap_or_default();
        listed.line = library.line();
        lister.add(listed);
    }
}
