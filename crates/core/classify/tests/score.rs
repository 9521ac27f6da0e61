//! Precision and recall by class on generated corpora with known truth, beside other scanners on the same files. The corpora hold hard
//! negatives: what is found on a line where nothing stands counts against precision.

#![allow(clippy::print_stdout, reason = "scores are printed")]

#[allow(dead_code, reason = "the benchmark uses the rest")]
mod corpus;

use corpus::{File, Random, is_secret, layouts, peers};
use firebreak_classify::{Classes, Finished, Hint, scan};
use firebreak_model::Fingerprinter;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

const HEAD: &str = "\
# Score of classification

Written by `BLESS=1 cargo xtask score classify`; a test fails when a class becomes worse. The corpora are generated from two seeds with valid
checksums, each computed in another way than the scanner's: personal data in CSV and TSV with the header at the top, JSON lines, prose and logs;
secrets in settings, source, YAML, JSON and logs; and files with nothing but what looks alike (lockfiles, hashes, UUIDs, images in base 64,
minified code, order numbers that satisfy Luhn, test cards, placeholders, numbers that were never issued). A finding is right where its class
was planted on that line. The peers know other classes, so they are compared over a whole group: a line with a secret, or with
personal data of a class that the peer knows. Corpora of one's own show what one thought of; others will score lower.

";

type Found = BTreeSet<(String, usize, String)>;

#[derive(Default, Clone, Copy)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn precision(self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    fn recall(self) -> f64 {
        self.right as f64 / (self.right + self.missed).max(1) as f64
    }

    fn json(self) -> Value {
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        json!({"precision": round(self.precision()), "recall": round(self.recall()), "planted": self.right + self.missed})
    }
}

fn corpus() -> Vec<File> {
    let mut files = Vec::new();
    for seed in [20_260_324, 7] {
        let mut random = Random(seed);
        let mut made = layouts::people(&mut random, 60);
        made.extend(layouts::secrets(&mut random, 60));
        made.extend(layouts::decoys(&mut random, 60));
        made.iter_mut().for_each(|file| file.name = format!("{seed}-{}", file.name));
        files.extend(made);
    }
    files
}

/// What we find, and how many planted values stand in anything that we say.
fn ours(files: &[File]) -> (Found, usize) {
    let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
    let (mut found, mut said) = (Found::new(), String::new());
    for file in files {
        let Finished { findings, documents, .. } =
            scan(file.text.as_bytes(), &classes, &key, Hint { file: Some(&file.name), ..Hint::default() });
        let (mut line, mut counted) = (1, 0);
        // Places are numbers and may hold the digits of a value by chance; everything else is searched.
        for finding in &findings {
            let mut shown = serde_json::to_value(finding).unwrap();
            shown.as_object_mut().unwrap().remove("range");
            shown.as_object_mut().unwrap().remove("fingerprint");
            writeln!(said, "{shown} {finding:?}").unwrap();
            let start = finding.range.start as usize;
            line += file.text.as_bytes()[counted..start].iter().filter(|byte| **byte == b'\n').count();
            counted = start;
            found.insert((file.name.clone(), line, finding.class.word().to_owned()));
        }
        writeln!(said, "{documents:?}").unwrap();
    }
    let values: BTreeSet<&str> = files.iter().flat_map(|file| &file.planted).map(|one| one.value.as_str()).collect();
    let values: Vec<&str> = values.into_iter().filter(|value| value.len() > 6).collect();
    let leaked = aho_corasick::AhoCorasick::new(values).unwrap().find_iter(&said).count();
    (found, leaked)
}

/// Scores by class: each finding must be of the class that was planted on its line.
fn by_class(files: &[File], found: &Found) -> BTreeMap<&'static str, Score> {
    let planted: BTreeMap<(String, usize, &str), &'static str> = files
        .iter()
        .flat_map(|file| {
            file.planted.iter().map(|planted| ((file.name.clone(), planted.line, planted.class), planted.class))
        })
        .collect();
    let mut scores: BTreeMap<&'static str, Score> = BTreeMap::new();
    for ((file, line, class), known) in &planted {
        let score = scores.entry(known).or_default();
        if found.contains(&(file.clone(), *line, (*class).to_owned())) { score.right += 1 } else { score.missed += 1 }
    }
    for (file, line, class) in found {
        if !planted.contains_key(&(file.clone(), *line, class.as_str())) {
            let known = planted.values().find(|known| **known == class.as_str()).copied().unwrap_or("other classes");
            scores.entry(known).or_default().wrong += 1;
        }
    }
    scores
}

/// Scores over a group: lines with anything of the group against lines where anything of it was found.
fn by_line(files: &[File], planted: impl Fn(&str) -> bool, found: impl Fn(&str) -> bool, all: &Found) -> Score {
    let lines: BTreeSet<(&str, usize)> = files
        .iter()
        .flat_map(|file| file.planted.iter().filter(|one| planted(one.class)).map(|one| (file.name.as_str(), one.line)))
        .collect();
    let said: BTreeSet<(&str, usize)> =
        all.iter().filter(|(.., class)| found(class)).map(|(file, line, _)| (file.as_str(), *line)).collect();
    let right = lines.intersection(&said).count();
    // A table's row holds many values: it cannot be wrong, and counts as found once.
    Score { right, wrong: said.len() - right, missed: lines.len() - right }
}

/// The classes that Presidio knows by pattern, in our words and in its own.
const PRESIDIO: &[(&str, &str)] = &[
    ("ssn", "US_SSN"),
    ("itin", "US_ITIN"),
    ("payment_card", "CREDIT_CARD"),
    ("iban", "IBAN_CODE"),
    ("phone", "PHONE_NUMBER"),
    ("email", "EMAIL_ADDRESS"),
    ("passport", "US_PASSPORT"),
    ("driving_licence", "US_DRIVER_LICENSE"),
    ("bank_account", "US_BANK_NUMBER"),
];

fn beside(files: &[File], mine: &Found) -> Value {
    let folder = peers::folder("score");
    peers::write(&folder, files);
    let mut said = serde_json::Map::new();
    for (name, package, how) in peers::PEERS {
        let scores = peers::run(name, &folder).map(|run| match name {
            "presidio" => {
                let known = |class: &str| PRESIDIO.iter().any(|(ours, _)| *ours == class);
                // Rows of tables hold every class at once and would hide what is missed.
                let apart: Vec<File> = files
                    .iter()
                    .filter(|file| !file.name.contains("people.csv") && !file.name.contains("people.tsv"))
                    .cloned()
                    .collect();
                let within = |all: &Found| -> Found {
                    all.iter().filter(|(file, ..)| apart.iter().any(|one| one.name == *file)).cloned().collect()
                };
                let theirs = by_line(
                    &apart,
                    known,
                    |class| PRESIDIO.iter().any(|(_, theirs)| *theirs == class),
                    &within(&run.found),
                );
                (theirs, by_line(&apart, known, known, &within(mine)))
            }
            _ => (by_line(files, is_secret, |_| true, &run.found), by_line(files, is_secret, is_secret, mine)),
        });
        let value = match scores {
            Ok((theirs, ours)) => json!({"package": package, "how": how, "theirs": theirs.json(), "ours": ours.json()}),
            Err(why) => json!({"package": package, "theirs": null, "why": why}),
        };
        said.insert(name.replace('-', "_"), value);
    }
    Value::Object(said)
}

fn page_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../docs/classify-score.md")
}

fn page(scores: &BTreeMap<&'static str, Score>, leaked: usize) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| class | planted | precision | recall |\n|---|---|---|---|\n");
    for (class, score) in scores {
        let (precision, recall) = (score.precision(), score.recall());
        writeln!(page, "| `{class}` | {} | {precision:.3} | {recall:.3} |", score.right + score.missed).unwrap();
    }
    writeln!(page, "\nPlanted values in anything that was said: {leaked}.").unwrap();
    page
}

#[test]
fn score() {
    let files = corpus();
    let (found, leaked) = ours(&files);
    let scores = by_class(&files, &found);
    let page = page(&scores, leaked);
    println!("{page}");
    if std::env::var_os("FIREBREAK_SHOW").is_some() {
        show(&files, &found);
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page_path(), &page).unwrap();
    }
    let total = scores.values().fold(Score::default(), |total, one| Score {
        right: total.right + one.right,
        wrong: total.wrong + one.wrong,
        missed: total.missed + one.missed,
    });
    // The peers are asked where somebody scores, not in every run of the tests.
    let peers = if std::env::var_os("FIREBREAK_PEERS").is_some() { beside(&files, &found) } else { Value::Null };
    let classes: serde_json::Map<String, Value> =
        scores.iter().map(|(class, one)| ((*class).to_owned(), one.json())).collect();
    println!("{}", json!({"classes": classes, "all": total.json(), "peers": peers, "values_leaked": leaked}));
    assert_eq!(leaked, 0, "a value left the scanner");
    assert_eq!(
        std::fs::read_to_string(page_path()).unwrap_or_default(),
        page,
        "`BLESS=1 cargo xtask score classify` commits another score"
    );
}

/// What was missed and what was wrong, line by line: the values are generated and concern nobody.
fn show(files: &[File], found: &Found) {
    for file in files {
        for planted in &file.planted {
            if !found.contains(&(file.name.clone(), planted.line, planted.class.to_owned())) {
                println!(
                    "missed {}:{} {} {}",
                    file.name,
                    planted.line,
                    planted.class,
                    planted.value.lines().next().unwrap_or_default()
                );
            }
        }
        for (_, line, class) in found.iter().filter(|(name, ..)| *name == file.name) {
            if !file.planted.iter().any(|planted| planted.line == *line && planted.class == class.as_str()) {
                let text = file.text.lines().nth(line - 1).unwrap_or_default();
                println!("wrong {}:{line} {class} {}", file.name, text.chars().take(160).collect::<String>());
            }
        }
    }
}
