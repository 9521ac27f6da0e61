//! SPDX bills of materials: 2 in JSON and tag-value, 3 in JSON-LD.

use crate::formats::lister::{Lister, shown};
use crate::formats::listing::{Algorithm, Hash, Listed};
use crate::formats::purl::Purl;
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "spdx",
    kind: Kind::Bill,
    named: |file| file.ends(&[".spdx.json", ".spdx3.json", ".spdx"]),
    headed: Some(|head| {
        let head = String::from_utf8_lossy(head);
        head.starts_with("SPDXVersion:")
            || head.trim_start().starts_with('{')
                && (head.contains("\"spdxVersion\"") || head.contains("spdx.org/rdf/3"))
    }),
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let json = input.bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
    let unnamed = if json == Some(&b'{') { read_json(input, lister) } else { read_tags(input, lister) };
    let Some(unnamed) = unnamed else { return };
    if unnamed > 0 {
        lister
            .gap(format!("{unnamed} packages have no package URL with a version: which package they are is not known"));
    }
    lister.gap("a bill of materials in SPDX 2 or 3 is not taken for complete");
}

fn read_json(input: &Input<'_>, lister: &mut Lister) -> Option<usize> {
    let document = lister.json(input)?;
    if document.get("@graph").is_some() {
        return Some(read_graph(&document, lister));
    }
    if document.get("spdxVersion").is_none() {
        lister.broken(None, "no `spdxVersion` and no `@graph`: this is no bill of materials of SPDX");
        return None;
    }
    let mut unnamed = 0;
    for package in document.items_at("packages") {
        let of = |reference: &Node| {
            let kind = reference.text_at("referenceType")?;
            (kind == "purl" || kind.ends_with("/purl"))
                .then(|| reference.text_at("referenceLocator"))?
                .map(str::to_owned)
        };
        let purls: Vec<String> = package.items_at("externalRefs").iter().filter_map(of).collect();
        let sums = package.items_at("checksums").iter();
        let hashes: Vec<Hash> = sums
            .filter_map(|sum| Hash::hex(Algorithm::of(sum.text_at("algorithm")?)?, sum.text_at("checksumValue")?))
            .collect();
        let one =
            One { purls, version: package.text_at("versionInfo").map(str::to_owned), hashes, line: package.line() };
        unnamed += usize::from(!one.tell(lister));
    }
    Some(unnamed)
}

/// SPDX 3: one flat list of elements, packages among them.
fn read_graph(document: &Node, lister: &mut Lister) -> usize {
    let mut unnamed = 0;
    for element in document.items_at("@graph") {
        if element.text_at("type").or_else(|| element.text_at("@type")) != Some("software_Package") {
            continue;
        }
        let of = |identifier: &Node| {
            let purl = identifier.text_at("externalIdentifierType") == Some("packageUrl");
            purl.then(|| identifier.text_at("identifier"))?.map(str::to_owned)
        };
        let own = element.text_at("software_packageUrl").map(str::to_owned);
        let mut purls: Vec<String> =
            own.into_iter().chain(element.items_at("externalIdentifier").iter().filter_map(of)).collect();
        purls.dedup();
        let sums = element.items_at("verifiedUsing").iter();
        let hashes: Vec<Hash> = sums
            .filter_map(|sum| Hash::hex(Algorithm::of(sum.text_at("algorithm")?)?, sum.text_at("hashValue")?))
            .collect();
        let version = element.text_at("software_packageVersion").map(str::to_owned);
        unnamed += usize::from(!One { purls, version, hashes, line: element.line() }.tell(lister));
    }
    unnamed
}

fn read_tags(input: &Input<'_>, lister: &mut Lister) -> Option<usize> {
    let text = lister.text(input)?;
    if !text.lines().any(|line| line.starts_with("SPDXVersion:")) {
        lister.broken(None, "no `SPDXVersion`: this is no bill of materials of SPDX 2");
        return None;
    }
    let mut unnamed = 0;
    let mut open: Option<One> = None;
    for (line, written) in (1u32..).zip(text.lines()) {
        let Some((tag, value)) = written.split_once(':') else { continue };
        let value = value.trim();
        match (tag.trim(), &mut open) {
            ("PackageName", _) => {
                unnamed += usize::from(open.take().is_some_and(|one| !one.tell(lister)));
                open = Some(One { line: Some(line), ..One::default() });
            }
            // What follows describes files and snippets.
            ("FileName" | "SnippetSPDXID", _) => {
                unnamed += usize::from(open.take().is_some_and(|one| !one.tell(lister)));
            }
            ("PackageVersion", Some(one)) => one.version = Some(value.to_owned()),
            ("PackageChecksum", Some(one)) => {
                let sum = value.split_once(':');
                one.hashes.extend(sum.and_then(|(word, digits)| Hash::hex(Algorithm::of(word)?, digits)));
            }
            ("ExternalRef", Some(one)) => {
                let mut words = value.split_whitespace().skip(1);
                if words.next() == Some("purl") {
                    one.purls.extend(words.next().map(str::to_owned));
                }
            }
            _ => {}
        }
    }
    unnamed += usize::from(open.is_some_and(|one| !one.tell(lister)));
    Some(unnamed)
}

/// One package as it is read.
#[derive(Default)]
struct One {
    purls: Vec<String>,
    version: Option<String>,
    hashes: Vec<Hash>,
    line: Option<u32>,
}

impl One {
    /// Lists it; `false` where it is not known which package it is.
    fn tell(self, lister: &mut Lister) -> bool {
        let mut told = false;
        for written in &self.purls {
            let Some(mut purl) = Purl::parse(written) else {
                lister.odd(self.line, format!("`{}` is no package URL", shown(written)));
                continue;
            };
            purl.version = purl.version.or_else(|| self.version.clone());
            if let Some(listed) = purl.listed() {
                lister.add(Listed { hashes: self.hashes.clone(), line: self.line, ..listed });
                told = true;
            }
        }
        told
    }
}
