//! Races of the matchers: the parse alone, ours, and the other engines, over the same records and rules.

use crate::clock::{Contestant, ROUNDS, Results, median, race, undisturbed};
use crate::records::Source;
use firebreak_model::LogSource;
use firebreak_peers::engines::{Ours, Rsigma, SigmaRust, parse_only};
use firebreak_peers::shape::{Vocabulary, Wanted, rules};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

/// The seed of every rule set.
const SEED: u64 = 3;
/// Fields that public rules use: on CloudTrail, and over all logs.
const FIELDS_ONE: usize = 21;
const FIELDS_ALL: usize = 114;

/// What the rules of a source are like.
struct Kind {
    log_source: LogSource,
    operation: &'static [&'static str],
    common: &'static [&'static str],
}

fn kind(source: &str) -> Kind {
    let kind =
        |product, service, operation, common| Kind { log_source: LogSource { product, service }, operation, common };
    match source {
        "aws_cloudtrail" => kind(
            "aws",
            "cloudtrail",
            &["eventSource", "eventName"],
            &[
                "errorCode",
                "userAgent",
                "userIdentity.type",
                "userIdentity.arn",
                "errorMessage",
                "sourceIPAddress",
                "eventType",
                "userIdentity.sessionContext.sessionIssuer.type",
                "requestParameters.bucketName",
            ],
        ),
        "github_audit" => kind("github", "audit", &["action"], &["actor", "repo", "visibility", "user_agent", "org"]),
        "okta_system" => kind(
            "okta",
            "okta",
            &["eventType"],
            &["outcome.result", "displayMessage", "outcome.reason", "actor.alternateId", "target.displayName"],
        ),
        _ => kind(
            "gcp",
            "google_workspace.admin",
            &["type", "name"],
            &[
                "parameters.doc_type",
                "parameters.visibility",
                "actor.email",
                "id.applicationName",
                "parameters.NEW_VALUE",
            ],
        ),
    }
}

/// A generated rule set for `source`.
pub(crate) fn rule_set(source: &Source, count: usize, keyword_rules: usize) -> Vec<String> {
    let kind = kind(source.name);
    let vocabulary = Vocabulary::of(&source.records, kind.operation);
    let wanted = Wanted {
        seed: SEED,
        count,
        fields: if count <= 57 { FIELDS_ONE } else { FIELDS_ALL },
        keyword_rules,
        log_source: (kind.log_source.product, kind.log_source.service),
        operation: kind.operation,
        common: kind.common,
    };
    rules(&wanted, &vocabulary)
}

fn ours(source: &Source, texts: &[String]) -> Ours {
    let (ours, problems) = Ours::load(texts, kind(source.name).log_source);
    assert!(problems.is_empty(), "ours refuses generated rules: {problems:?}");
    ours
}

fn rsigma(texts: &[String]) -> Rsigma {
    let (rsigma, problems) = Rsigma::load(texts);
    assert!(problems.is_empty(), "rsigma refuses generated rules: {problems:?}");
    rsigma
}

fn sigma_rust(texts: &[String]) -> SigmaRust {
    let (sigma_rust, problems) = SigmaRust::load(texts);
    assert!(problems.is_empty(), "sigma-rust refuses generated rules: {problems:?}");
    sigma_rust
}

/// CloudTrail at three sizes, all engines.
pub(crate) fn cloudtrail(source: &Source, figures: &mut Map<String, Value>) {
    let sets = [57, 300, 800].map(|count| rule_set(source, count, 0));
    let keywords = rule_set(source, 300, 30);
    let [mut at_57, mut at_300, mut at_800] = [0, 1, 2].map(|set| ours(source, &sets[set]));
    let mut with_keywords = ours(source, &keywords);
    let [rsigma_57, rsigma_300, rsigma_800] = [0, 1, 2].map(|set| rsigma(&sets[set]));
    let [rust_57, rust_300, rust_800] = [0, 1, 2].map(|set| sigma_rust(&sets[set]));
    hits(source, [&mut at_57, &mut at_300, &mut at_800], [&rsigma_57, &rsigma_300, &rsigma_800], figures);
    let contestants = vec![
        Contestant::new("parse only (sonic-rs)", |record| parse_only(record.as_bytes())),
        Contestant::new("firebreak, 57 rules", |record| at_57.count(record.as_bytes())),
        Contestant::new("firebreak, 300 rules", |record| at_300.count(record.as_bytes())),
        Contestant::new("firebreak, 800 rules", |record| at_800.count(record.as_bytes())),
        Contestant::new("firebreak, 300 rules, 3% keywords", |record| with_keywords.count(record.as_bytes())),
        Contestant::new("rsigma 0.23, 57 rules", |record| rsigma_57.count(record.as_bytes())),
        Contestant::new("rsigma 0.23, 300 rules", |record| rsigma_300.count(record.as_bytes())),
        Contestant::new("rsigma 0.23, 800 rules", |record| rsigma_800.count(record.as_bytes())),
        Contestant::new("sigma-rust 0.7, 57 rules", |record| rust_57.count(record)),
        Contestant::new("sigma-rust 0.7, 300 rules", |record| rust_300.count(record)),
        Contestant::new("sigma-rust 0.7, 800 rules", |record| rust_800.count(record)),
    ];
    let results = race(&source.records, contestants);
    results.print("CloudTrail, one thread, CPU time", "records/s", PARSE);
    let mut put = |key: &str, value: f64| drop(figures.insert(key.to_owned(), rounded(value)));
    put("parse_per_second", results.rate(PARSE));
    for (count, [own, theirs, rust]) in [
        (57, ["firebreak, 57 rules", "rsigma 0.23, 57 rules", "sigma-rust 0.7, 57 rules"]),
        (300, ["firebreak, 300 rules", "rsigma 0.23, 300 rules", "sigma-rust 0.7, 300 rules"]),
        (800, ["firebreak, 800 rules", "rsigma 0.23, 800 rules", "sigma-rust 0.7, 800 rules"]),
    ] {
        put(&format!("match_per_second_{count}"), results.rate(own));
        put(&format!("ratio_to_parse_{count}"), results.ratio(own, PARSE));
        put(&format!("ratio_to_rsigma_{count}"), results.ratio(own, theirs));
        put(&format!("ratio_to_sigma_rust_{count}"), results.ratio(own, rust));
    }
    put("loss_57_to_800", 1.0 - results.ratio("firebreak, 800 rules", "firebreak, 57 rules"));
    put("ratio_to_parse_300_with_keywords", results.ratio("firebreak, 300 rules, 3% keywords", PARSE));
}

const PARSE: &str = "parse only (sonic-rs)";

/// How often the rules are met, and that the two indexed engines agree on the count.
fn hits(source: &Source, ours: [&mut Ours; 3], rsigma: [&Rsigma; 3], figures: &mut Map<String, Value>) {
    for ((own, theirs), count) in ours.into_iter().zip(rsigma).zip([57, 300, 800]) {
        let met: usize = source.records.iter().map(|record| own.count(record.as_bytes())).sum();
        let same = source.records.iter().all(|record| own.count(record.as_bytes()) == theirs.count(record.as_bytes()));
        let rate = met as f64 / source.records.len() as f64;
        println!(
            "  {count} rules: {rate:.3} rules met by a record; {}",
            if same { "as rsigma" } else { "rsigma differs" }
        );
        figures.insert(format!("hits_per_record_{count}"), rounded(rate));
    }
}

/// Another source at two sizes.
pub(crate) fn other(source: &Source, figures: &mut Map<String, Value>) {
    let sets = [57, 300].map(|count| rule_set(source, count, 0));
    let [mut at_57, mut at_300] = [0, 1].map(|set| ours(source, &sets[set]));
    let [rsigma_57, rsigma_300] = [0, 1].map(|set| rsigma(&sets[set]));
    let rust_57 = sigma_rust(&sets[0]);
    let contestants = vec![
        Contestant::new(PARSE, |record| parse_only(record.as_bytes())),
        Contestant::new("firebreak, 57 rules", |record| at_57.count(record.as_bytes())),
        Contestant::new("firebreak, 300 rules", |record| at_300.count(record.as_bytes())),
        Contestant::new("rsigma 0.23, 57 rules", |record| rsigma_57.count(record.as_bytes())),
        Contestant::new("rsigma 0.23, 300 rules", |record| rsigma_300.count(record.as_bytes())),
        Contestant::new("sigma-rust 0.7, 57 rules", |record| rust_57.count(record)),
    ];
    let results = race(&source.records, contestants);
    let bytes: usize = source.records.iter().map(String::len).sum();
    let title = format!(
        "{}: {} records of {} bytes, {} different real ones",
        source.name,
        source.records.len(),
        bytes / source.records.len().max(1),
        source.real
    );
    results.print(&title, "records/s", PARSE);
    figures.insert(
        source.name.to_owned(),
        json!({
            "parse_per_second": rounded(results.rate(PARSE)),
            "match_per_second_57": rounded(results.rate("firebreak, 57 rules")),
            "ratio_to_parse_57": rounded(results.ratio("firebreak, 57 rules", PARSE)),
            "ratio_to_parse_300": rounded(results.ratio("firebreak, 300 rules", PARSE)),
            "ratio_to_rsigma_57": rounded(results.ratio("firebreak, 57 rules", "rsigma 0.23, 57 rules")),
            "ratio_to_rsigma_300": rounded(results.ratio("firebreak, 300 rules", "rsigma 0.23, 300 rules")),
            "ratio_to_sigma_rust_57": rounded(results.ratio("firebreak, 57 rules", "sigma-rust 0.7, 57 rules")),
        }),
    );
}

/// Two threads over one, each over its own half of the records, 300 rules.
pub(crate) fn threads(source: &Source, figures: &mut Map<String, Value>) {
    const TIMES: usize = 12;
    let set = rule_set(source, 300, 0);
    let mut one = ours(source, &set);
    let mut two = one.twin();
    let pass = |ours: &mut Ours, records: &[String]| {
        (0..TIMES).flat_map(|_| records).map(|record| ours.count(record.as_bytes())).sum::<usize>()
    };
    let (left, right) = source.records.split_at(source.records.len() / 2);
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (_, alone) = undisturbed(|| pass(&mut one, left));
        let slowest: Duration = std::thread::scope(|scope| {
            let other = scope.spawn(|| undisturbed(|| pass(&mut two, right)).1);
            let own = undisturbed(|| pass(&mut one, left)).1;
            own.max(other.join().expect("a thread that ends"))
        });
        ratios.push(2.0 * alone.as_secs_f64() / slowest.as_secs_f64());
    }
    let ratio = median(ratios);
    println!("\nTwo threads: {ratio:.2} times one");
    figures.insert("threads_2_to_1".to_owned(), rounded(ratio));
}

/// Files on the disk, compressed: decompress and parse, and the same with matching.
pub(crate) fn gzip(source: &Source, figures: &mut Map<String, Value>) {
    let folder = std::env::temp_dir().join(format!("firebreak-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let mut plain_bytes = 0;
    let files: Vec<PathBuf> = source
        .records
        .chunks(2_000)
        .enumerate()
        .map(|(number, records)| {
            let text = records.join("\n");
            plain_bytes += text.len();
            let path = folder.join(format!("{number}.json.gz"));
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text.as_bytes()).expect("memory");
            std::fs::write(&path, encoder.finish().expect("memory")).expect("a file");
            path
        })
        .collect();
    let mut at_300 = ours(source, &rule_set(source, 300, 0));
    let over = |work: &mut dyn FnMut(&[u8]) -> usize| {
        for path in &files {
            let mut text = Vec::new();
            let file = std::fs::File::open(path).expect("the file just written");
            GzDecoder::new(file).read_to_end(&mut text).expect("what we compressed");
            text.split(|byte| *byte == b'\n').map(&mut *work).sum::<usize>();
        }
    };
    let (mut parse, mut matched) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        parse.push(rate(plain_bytes, || over(&mut parse_only)));
        matched.push(rate(plain_bytes, || over(&mut |record| at_300.count(record))));
    }
    drop(std::fs::remove_dir_all(&folder));
    let results =
        Results::of(vec![("decompress and parse", parse), ("decompress, parse and match, 300 rules", matched)]);
    results.print("CloudTrail from gzip files", "MB/s", "decompress and parse");
    figures.insert("gzip_mb_per_second".to_owned(), rounded(results.rate("decompress, parse and match, 300 rules")));
    let ratio = results.ratio("decompress, parse and match, 300 rules", "decompress and parse");
    figures.insert("gzip_ratio_to_parse".to_owned(), rounded(ratio));
}

/// Megabytes a second of CPU time.
fn rate(bytes: usize, mut work: impl FnMut()) -> f64 {
    let (mut spent, mut times) = (Duration::ZERO, 0);
    while spent < crate::clock::ROUND {
        spent += crate::clock::cpu(&mut work).1;
        times += 1;
    }
    (bytes * times) as f64 / 1e6 / spent.as_secs_f64()
}

/// Four digits are more than the measurement holds.
pub(crate) fn rounded(value: f64) -> Value {
    let places = if value.abs() >= 100.0 { 1.0 } else { 1e4 };
    json!((value * places).round() / places)
}
