//! A database of advisories drawn from a seed: the same on every machine, with the shapes that public ones have.
//!
//! Of ten names seven are malware (one record, every version or a few), one and a half are libraries with mistakes (a
//! Pareto number of records, each a range, a CVE number and a vector), the rest are packages of distributions (several
//! records, each a range in two releases). It is an anchor for this program, no claim about any database.

use std::fmt::Write;

/// Families of names: what is made of them, and their share of a thousand.
const SHARES: [(Kind, &str, usize); 12] = [
    (Kind::Malware, "npm", 640),
    (Kind::Malware, "PyPI", 50),
    (Kind::Malware, "RubyGems", 10),
    (Kind::Library, "npm", 40),
    (Kind::Library, "PyPI", 30),
    (Kind::Library, "Maven", 30),
    (Kind::Library, "Packagist", 20),
    (Kind::Library, "Go", 15),
    (Kind::Library, "crates.io", 10),
    (Kind::Library, "NuGet", 5),
    (Kind::Distribution, "Debian", 100),
    (Kind::Distribution, "Alpine", 50),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Malware,
    Library,
    Distribution,
}

/// Which records there are; a record is written when it is asked for.
pub(crate) struct Database {
    /// The name and the number among its records, of each record.
    records: Vec<(u32, u32)>,
    names: usize,
}

/// What is looked up: ecosystem, name, version.
pub(crate) struct Asked {
    pub(crate) known: Vec<(String, String, String)>,
    pub(crate) unknown: Vec<(String, String, String)>,
    pub(crate) mixed: Vec<(String, String, String)>,
}

/// A number that looks like no other, from a seed (splitmix64).
fn draw(seed: u64, of: u64) -> u64 {
    let mut word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(of.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Database {
    pub(crate) fn new(names: usize) -> Database {
        let mut records = Vec::new();
        for name in 0..names {
            let many = match kind(name).0 {
                Kind::Malware => 1,
                // Pareto, from one with a mean near two.
                Kind::Library => (1.0 / (1.0 - unit(name as u64, 1)).sqrt()).min(200.0) as u32,
                Kind::Distribution => (1.0 / (1.0 - unit(name as u64, 1)).powf(0.6)).min(400.0) as u32,
            };
            records.extend((0..many.max(1)).map(|number| (name as u32, number)));
        }
        Database { records, names }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The records from one place to another as one list.
    pub(crate) fn documents(&self, from: usize, to: usize) -> String {
        let mut out = String::from("[");
        for (place, (name, number)) in self.records.iter().enumerate().take(to).skip(from) {
            if place > from {
                out.push(',');
            }
            record(&mut out, place, *name as usize, *number);
        }
        out.push(']');
        out
    }

    /// All records of one ecosystem as one list.
    pub(crate) fn documents_of(&self, ecosystem: &str) -> String {
        let mut out = String::from("[");
        for (place, (name, number)) in self.records.iter().enumerate() {
            if kind(*name as usize).1 == ecosystem {
                if out.len() > 1 {
                    out.push(',');
                }
                record(&mut out, place, *name as usize, *number);
            }
        }
        out.push(']');
        out
    }

    /// Requirement lists of PyPI: of each three lines one names a version that is affected, one a later version of a package
    /// that the database knows, one a package that it does not know.
    pub(crate) fn locks(&self, count: usize, packages: usize) -> Vec<String> {
        let known: Vec<usize> = (0..self.names).filter(|name| kind(*name).1 == "PyPI").collect();
        let line = |at: usize| {
            // A prime step: no name comes twice.
            let name = known[at * 7_919 % known.len()];
            let spelled = spelled("PyPI", kind(name).2);
            match at % 3 {
                0 => format!("{spelled}=={}\n", bad_version(name, 0)),
                1 => format!("{spelled}==99.{at}.0\n"),
                _ => format!("not-{spelled}==1.2.{at}\n"),
            }
        };
        let lock = |number: usize| (number * packages..(number + 1) * packages).map(line).collect();
        (0..count).map(lock).collect()
    }

    pub(crate) fn asked(&self, count: usize) -> Asked {
        let mut asked = Asked { known: Vec::new(), unknown: Vec::new(), mixed: Vec::new() };
        for at in 0..count as u64 {
            let name = (draw(at, 77) % self.names as u64) as usize;
            let (kind, ecosystem, place) = kind(name);
            let ecosystem = if kind == Kind::Distribution { release(ecosystem, 0) } else { ecosystem.to_owned() };
            let known = (ecosystem.clone(), spelled(ecosystem.as_str(), place), bad_version(name, 0));
            let unknown = (ecosystem, format!("not-{}", spelled("npm", place)), "1.2.3".to_owned());
            asked.mixed.push(if at % 2 == 0 { known.clone() } else { unknown.clone() });
            asked.known.push(known);
            asked.unknown.push(unknown);
        }
        asked
    }
}

/// From 0 to 1, without 1.
fn unit(of: u64, seed: u64) -> f64 {
    (draw(seed, of) >> 11) as f64 / (1_u64 << 53) as f64
}

/// What a name is, in which ecosystem, and its number.
fn kind(name: usize) -> (Kind, &'static str, usize) {
    // Every thousand names have the whole mixture, so that a smaller database is like a larger one.
    let mut of_thousand = name * 619 % 1000;
    for (kind, ecosystem, share) in SHARES {
        if of_thousand < share {
            return (kind, ecosystem, name);
        }
        of_thousand -= share;
    }
    (Kind::Malware, "npm", name)
}

/// A name as its ecosystem writes it.
fn spelled(ecosystem: &str, place: usize) -> String {
    const WORDS: [&str; 16] = [
        "react", "core", "utils", "data", "cloud", "node", "auth", "web", "api", "test", "lib", "ui", "json", "http",
        "sdk", "plugin",
    ];
    let word = |seed: u64| WORDS[(draw(seed, place as u64) % 16) as usize];
    match ecosystem.split(':').next().unwrap_or_default() {
        "Maven" => format!("org.{}.{}:{}-{place:x}", word(1), word(2), word(3)),
        "Go" => format!("github.com/{}{}/{}-{place:x}", word(1), word(2), word(3)),
        "Packagist" => format!("{}{}/{}-{place:x}", word(1), word(2), word(3)),
        "npm" if place.is_multiple_of(4) => format!("@{}-{}/{}-{place:x}", word(1), word(2), word(3)),
        _ => format!("{}-{}-{place:x}", word(1), word(2)),
    }
}

fn version(seed: u64, of: u64) -> String {
    let word = draw(seed, of);
    format!("{}.{}.{}", word % 9 + 1, word / 16 % 20, word / 512 % 12)
}

/// A version that a name's record `number` speaks of.
fn bad_version(name: usize, number: u32) -> String {
    version(1_000 + u64::from(number), name as u64)
}

/// The next version.
fn after(version: &str) -> String {
    match version.rsplit_once('.') {
        Some((rest, patch)) => format!("{rest}.{}", patch.parse().unwrap_or(0) + 1),
        None => format!("{version}.1"),
    }
}

fn release(ecosystem: &str, number: usize) -> String {
    match ecosystem {
        "Alpine" => format!("Alpine:v3.{}", 18 + number),
        other => format!("{other}:{}", 12 - number),
    }
}

fn record(out: &mut String, place: usize, name: usize, number: u32) {
    let (kind, ecosystem, seed) = kind(name);
    let bad = bad_version(name, number);
    let spelled = spelled(ecosystem, seed);
    let word = draw(9, place as u64);
    let time = format!(
        "202{}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        word % 6,
        word / 8 % 12 + 1,
        word / 99 % 28 + 1,
        word / 7 % 24,
        word / 61 % 60,
        word / 17 % 60
    );
    let _ = match kind {
        Kind::Malware => {
            let _ = write!(
                out,
                r#"{{"schema_version":"1.7.4","id":"MAL-202{}-{place}","modified":"{time}","published":"{time}","summary":"Malicious code in {spelled} ({ecosystem})","details":"{}","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{spelled}"}}"#,
                word % 4 + 3,
                "The package communicates with a domain associated with malicious activity. ".repeat(4),
            );
            if word % 10 < 6 {
                write!(out, r#","ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}}]}}]"#)
            } else {
                let more = (1..word / 32 % 4 + 1).map(|more| format!(r#","{}""#, version(more, name as u64)));
                write!(out, r#","versions":["{bad}"{}]"#, more.collect::<String>())
            }
            .and_then(|()| {
                write!(
                    out,
                    r#"}}],"database_specific":{{"malicious-packages-origins":[{{"source":"ossf-package-analysis","sha256":"{:064x}","import_time":"{time}","versions":["{bad}"]}}]}}}}"#,
                    word
                )
            })
        }
        Kind::Library => {
            let listed: Vec<String> = (0..word % 40).map(|more| format!(r#""0.{more}.0""#)).collect();
            let kind = if matches!(ecosystem, "npm" | "crates.io" | "Go") { "SEMVER" } else { "ECOSYSTEM" };
            write!(
                out,
                r#"{{"schema_version":"1.7.4","id":"GHSA-{:04x}-{:04x}-{place:04x}","modified":"{time}","published":"{time}","aliases":["CVE-202{}-{}"],"summary":"{spelled} lets a remote caller read what it should not","details":"{}","severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:{}/S:U/C:{}/I:N/A:{}"}}],"affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{spelled}"}},"ranges":[{{"type":"{kind}","events":[{{"introduced":"0"}},{{"fixed":"{}"}}]}}],"versions":[{}]}}]}}"#,
                word & 0xffff,
                word >> 16 & 0xffff,
                word % 6,
                10_000 + place,
                "An attacker who can reach the service can read files outside of its folder. ".repeat(8),
                if word & 1 == 0 { "N" } else { "R" },
                if word & 2 == 0 { "H" } else { "L" },
                if word & 4 == 0 { "N" } else { "H" },
                after(&bad),
                listed.join(","),
            )
        }
        Kind::Distribution => write!(
            out,
            r#"{{"schema_version":"1.7.4","id":"{}-CVE-202{}-{place}","modified":"{time}","published":"{time}","upstream":["CVE-202{}-{place}"],"details":"{}","affected":[{{"package":{{"ecosystem":"{}","name":"{spelled}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{bad}-r2"}}]}}]}},{{"package":{{"ecosystem":"{}","name":"{spelled}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}]}}]}}]}}"#,
            ecosystem.to_uppercase(),
            word % 6,
            word % 6,
            "A flaw was found in how lengths are checked. ".repeat(6),
            release(ecosystem, 0),
            release(ecosystem, 1),
        ),
    };
}
