//! A real S3 server that checks signatures and rights: what lies in a bucket, what a change costs, what is refused.

use crate::aws::{Fakecloud, Keys};
use crate::server;
use firebreak_classify::Classes;
use firebreak_model::{Fingerprinter, Time};
use firebreak_stores::stores::s3::{S3Access, s3};
use firebreak_stores::{Means, Options, Scan, ScanError, State, statement};
use firebreak_world::{RustlsHttp, Secrets, SecretsError, SystemClock, World};
use secrecy::SecretString;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What this emulator calls `s3:ListBucket`.
const LISTS: &str = "s3:ListObjectsV2";

struct Own(Keys);

impl Secrets for Own {
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from(if reference == "env:ID" { self.0.id.clone() } else { self.0.secret.clone() }))
    }
}

fn policy(actions: &[&str]) -> String {
    let statement = serde_json::json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    serde_json::json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn scan(cloud: &Fakecloud, keys: &Keys, options: &Options, state: &mut State) -> Result<Scan, ScanError> {
    let secrets = Own(keys.clone());
    let place = (Some(&*cloud.endpoint), "us-east-1");
    let access = S3Access::read("s3://payroll/people", place, ("env:ID", "env:SECRET", None), &secrets).unwrap();
    let world =
        World { http: Arc::new(RustlsHttp::new().unwrap()), clock: Arc::new(SystemClock), ..World::simulated(1) };
    let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
    let means =
        Means { options, classes: &classes, fingerprinter: &key, letters: None, wait: &|_| {}, stop: &|| false };
    let resource = "resource:aws/arn:aws:s3:::payroll";
    s3(&world, access, resource, Arc::new(|_| {})).unwrap().scan(&means, state, &mut |_| Ok(()))
}

fn records(scan: &Scan, class: &str) -> u64 {
    scan.resources[0].held.iter().find(|held| held.class == class).map_or(0, |held| held.estimate.records)
}

/// A bucket with 1,100 objects, so that its list has two pages; every tenth holds a number of social security.
fn furnished(cloud: &Fakecloud, runtime: &Runtime) -> Keys {
    runtime.block_on(async {
        cloud.s3("PUT", "/payroll", "").await;
        for at in 0..1_100 {
            let text = if at % 10 == 0 { format!("id,ssn\n{at},219-09-9123\n") } else { format!("notes {at}\n") };
            let (status, said) = cloud.s3("PUT", &format!("/payroll/people/{at:04}%20a.csv"), &text).await;
            assert!(status < 300, "{status} {said}");
        }
        cloud.s3("PUT", "/payroll/elsewhere.csv", "id,ssn\n1,457-55-5462\n").await;
        cloud.user("reader", &policy(&[LISTS, "s3:ListBucket", "s3:GetObject"])).await
    })
}

#[test]
fn a_live_bucket_says_what_its_objects_hold_and_a_rescan_reads_what_changed() {
    let Some(lab) = server::prepared() else { return };
    let (cloud, runtime) = (Fakecloud::start(&lab), Runtime::new().unwrap());
    let keys = furnished(&cloud, &runtime);
    let (mut state, options) = (State::new("1"), Options::default());
    let first = scan(&cloud, &keys, &options, &mut state).unwrap();
    let bucket = &first.resources[0];
    assert_eq!((bucket.documents, bucket.read, records(&first, "ssn")), (1_100, 1_100, 110), "{:?}", bucket.gaps);
    assert!(first.is_whole(), "{:?}", bucket.gaps);
    let again = scan(&cloud, &keys, &options, &mut state).unwrap();
    assert_eq!((again.resources[0].read, again.resources[0].bytes_read, records(&again, "ssn")), (0, 0, 110));
    runtime.block_on(async {
        cloud.s3("PUT", "/payroll/people/0001%20a.csv", "id,ssn\n1,457-55-5462\n2,457-55-5463\n").await;
        cloud.s3("PUT", "/payroll/people/new.csv", "id,ssn\n1,457-55-5462\n").await;
        cloud.s3("DELETE", "/payroll/people/0000%20a.csv", "").await;
    });
    let changed = scan(&cloud, &keys, &options, &mut state).unwrap();
    assert_eq!((changed.resources[0].read, changed.resources[0].documents, records(&changed, "ssn")), (2, 1_100, 112));
    let written = format!("{}{}", String::from_utf8(state.bytes()).unwrap(), statement(&changed, Time(0)));
    assert!(!written.contains("457-55") && !written.contains("0001 a"), "a value or a name was written");
}

#[test]
fn a_large_object_is_read_in_ranges_and_a_sample_gives_intervals() {
    let Some(lab) = server::prepared() else { return };
    let (cloud, runtime) = (Fakecloud::start(&lab), Runtime::new().unwrap());
    let keys = furnished(&cloud, &runtime);
    let mut text = "id,ssn\n".to_owned();
    // 9 MB: three ranges, with a number of social security in the first and in the last.
    text.push_str("1,219-09-9123\n");
    text.push_str(&"2,nothing of the kind\n".repeat(9 << 20 >> 5));
    text.push_str("3,457-55-5462\n");
    runtime.block_on(cloud.s3("PUT", "/payroll/people/large.csv", &text));
    let mut state = State::new("1");
    let whole = scan(&cloud, &keys, &Options::default(), &mut state).unwrap();
    assert_eq!((records(&whole, "ssn"), whole.is_whole()), (112, true), "{:?}", whole.resources[0].gaps);
    assert_eq!(whole.resources[0].bytes_read, whole.resources[0].bytes);
    let options = Options { budget: 8_000, ..Options::default() };
    let part = scan(&cloud, &keys, &options, &mut State::new("1")).unwrap();
    let bucket = &part.resources[0];
    assert!(bucket.sampled > 0 && bucket.sampled < bucket.documents && !part.is_whole());
}

#[test]
fn what_may_not_be_read_is_a_gap_and_who_may_not_list_gets_nothing() {
    let Some(lab) = server::prepared() else { return };
    let (cloud, runtime) = (Fakecloud::start(&lab), Runtime::new().unwrap());
    furnished(&cloud, &runtime);
    let lister = runtime.block_on(cloud.user("lister", &policy(&[LISTS, "s3:ListBucket"])));
    let listed = scan(&cloud, &lister, &Options::default(), &mut State::new("1")).unwrap();
    let gap = listed.resources[0].gaps.iter().find(|gap| gap.what.contains("may not read an object"));
    assert_eq!(gap.map(|gap| gap.count), Some(1_100), "{:?}", listed.resources[0].gaps);
    let nobody = runtime.block_on(cloud.user("nobody", &policy(&["sts:GetCallerIdentity"])));
    let refused = scan(&cloud, &nobody, &Options::default(), &mut State::new("1")).unwrap_err();
    assert!(matches!(&refused, ScanError::Unlisted(why) if why.contains("may not read this")), "{refused:?}");
}
