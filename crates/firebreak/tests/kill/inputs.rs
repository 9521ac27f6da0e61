//! Logs of three sources that grow while the program reads them: appended, torn, rotated, and delivered as whole
//! compressed files. It knows the name of every record that it wrote.

use crate::receiver::up_to;
use firebreak_model::Time;
use firebreak_world::{Clock, SeededRandom, SystemClock};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Intruders whose deeds end in a plan each.
pub const INTRUDERS: u64 = 6;

/// What was written.
#[derive(Default)]
pub struct Written {
    /// Names of good records, as the lake knows them.
    pub records: BTreeSet<String>,
    /// Marks inside records that are no events.
    pub malformed: BTreeSet<String>,
}

/// Writes the logs.
pub struct Inputs {
    root: PathBuf,
    random: SeededRandom,
    rounds: u64,
    rotated: u64,
    /// What was written so far.
    pub written: Written,
}

fn now() -> Time {
    SystemClock.now()
}

impl Inputs {
    /// Logs below `root`, with a backlog that was there before the program.
    pub fn begin(root: &Path, seed: u64) -> Inputs {
        for directory in ["kubernetes_audit/prod", "github_audit", "aws_cloudtrail"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        let random = SeededRandom::new(seed);
        let mut inputs = Inputs { root: root.to_owned(), random, rounds: 0, rotated: 0, written: Written::default() };
        let backlog: String = (0..1_500).map(|number| inputs.kubernetes(&format!("backlog-{number}"), None)).collect();
        inputs.append("kubernetes_audit/prod/audit.log", &backlog);
        inputs
    }

    /// Adds a little to every log; in its turn also what an intruder does.
    pub fn grow(&mut self) {
        let round = self.rounds;
        self.rounds += 1;
        let mut lines = String::new();
        for place in 0..=up_to(&self.random, 5) {
            lines.push_str(&self.kubernetes(&format!("{round}-{place}"), None));
        }
        if round % 4 == 1 && round / 4 < INTRUDERS {
            lines.push_str(&self.kubernetes(&format!("{round}-pod"), Some(round / 4)));
        }
        if up_to(&self.random, 3) == 0 {
            let mark = format!("malformed-k{round}");
            lines.push_str(&format!("{{\"kind\":\"Event\",\"auditID\":\"{mark}\",\"verb\":}}\n"));
            self.written.malformed.insert(mark);
        }
        // Torn: the program may look between the two writes.
        let cut = usize::try_from(up_to(&self.random, lines.len() as u64)).unwrap();
        self.append("kubernetes_audit/prod/audit.log", &lines[..cut]);
        self.append("kubernetes_audit/prod/audit.log", &lines[cut..]);
        if up_to(&self.random, 15) == 0 {
            // As logrotate does it: every file takes the path of the one before it.
            let path = |number: u64| match number {
                0 => self.root.join("kubernetes_audit/prod/audit.log"),
                number => self.root.join(format!("kubernetes_audit/prod/audit.log.{number}")),
            };
            (0..=self.rotated).rev().for_each(|number| fs::rename(path(number), path(number + 1)).unwrap());
            self.rotated += 1;
        }
        let github = self.github(round);
        self.append("github_audit/audit.ndjson", &github);
        if up_to(&self.random, 2) == 0 {
            self.cloudtrail(round);
        }
    }

    fn append(&self, path: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.root.join(path)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// A record of the API server; of an intruder, the one that trips a detector.
    fn kubernetes(&mut self, id: &str, intruder: Option<u64>) -> String {
        self.written.records.insert(id.to_owned());
        let at = now();
        let (user, verb, object, more) = match intruder {
            None => ("system:kube-scheduler".to_owned(), "get", "\"namespace\":\"ci\"", String::new()),
            Some(number) => {
                let spec = "{\"containers\":[{\"name\":\"c\",\"securityContext\":{\"privileged\":true}}],\
                    \"volumes\":[{\"name\":\"h\",\"hostPath\":{\"path\":\"/\"}}]}";
                let user = format!("system:serviceaccount:ci:bot-{number}");
                (user, "create", "\"namespace\":\"kube-system\"", format!(",\"requestObject\":{{\"spec\":{spec}}}"))
            }
        };
        format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"{id}\",\"stage\":\"ResponseComplete\",\
             \"verb\":\"{verb}\",\"user\":{{\"username\":\"{user}\"}},\"userAgent\":\"Python-urllib/3.12\",\
             \"objectRef\":{{\"resource\":\"pods\",{object}}},\"responseStatus\":{{\"code\":200}},\
             \"requestReceivedTimestamp\":\"{at}\"{more}}}\n"
        )
    }

    fn github(&mut self, round: u64) -> String {
        let at = now().0 / 1_000;
        if round % 7 == 3 {
            let mark = format!("malformed-g{round}");
            self.written.malformed.insert(mark.clone());
            return format!(
                "{{\"action\":\"git.clone\",\"_document_id\":\"{mark}\",\"actor\":\"ada\",\"repo\":\"o/r\"}}\n"
            );
        }
        let id = format!("g{round}");
        self.written.records.insert(id.clone());
        format!(
            "{{\"@timestamp\":{at},\"_document_id\":\"{id}\",\"action\":\"git.clone\",\"actor\":\"ada\",\"org\":\"o\",\
             \"repo\":\"o/r\"}}\n"
        )
    }

    fn cloudtrail(&mut self, round: u64) {
        let at = Time::from_seconds(now().seconds());
        let mut records: Vec<String> = Vec::new();
        for place in 0..=up_to(&self.random, 40) {
            let id = format!("c{round}-{place}");
            records.push(format!(
                "{{\"eventVersion\":\"1.10\",\"userIdentity\":{{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/ci\",\
                 \"accountId\":\"111122223333\",\"accessKeyId\":\"AKIAEXAMPLEEXAMPLE01\"}},\"eventTime\":\"{at}\",\
                 \"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"ListObjects\",\"awsRegion\":\"us-east-1\",\
                 \"eventID\":\"{id}\"}}"
            ));
            self.written.records.insert(id);
        }
        if round.is_multiple_of(3) {
            let mark = format!("malformed-c{round}");
            records.push(format!(
                "{{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"{mark}\",\"eventTime\":\"soon\"}}"
            ));
            self.written.malformed.insert(mark);
        }
        let text = format!("{{\"Records\":[{}]}}", records.join(","));
        let part = self.root.join(format!("c{round}.part"));
        let mut gzip = flate2::write::GzEncoder::new(fs::File::create(&part).unwrap(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap();
        fs::rename(part, self.root.join(format!("aws_cloudtrail/c{round:06}.json.gz"))).unwrap();
    }
}

/// The owner's statement: each intruder's service account can read the one store that must not be lost, and another
/// system can take its tokens away.
pub fn estate() -> String {
    let accounts = || (0..INTRUDERS).map(|number| format!("identity:k8s/prod/ci/bot-{number}"));
    let identities: Vec<serde_json::Value> = accounts()
        .map(|identity| {
            let cut = serde_json::json!({
                "action": "webhook/request", "parameters": {"request": "delete_k8s_service_account_tokens"},
                "cost": 25, "delay_seconds": 300, "reversibility": "recreate_only",
            });
            serde_json::json!({"identity": identity, "cut": cut})
        })
        .collect();
    let store = "resource:aws/arn:aws:s3:::vault";
    let grants: Vec<serde_json::Value> = accounts()
        .map(|from| serde_json::json!({"from": from, "to": store, "kind": "may_act", "actions": ["s3:*"]}))
        .collect();
    let holdings = serde_json::json!([{"class": "interview_video", "residency": "eu", "records": 10, "bytes": 1000}]);
    let stores = serde_json::json!([{"resource": store, "label": "vault", "crown_jewel": true, "holdings": holdings}]);
    let statement = serde_json::json!({
        "format": "firebreak.estate/1", "taken": "2026-11-01T00:00:00Z", "complete": true,
        "stores": stores, "identities": identities, "grants": grants,
    });
    statement.to_string()
}
