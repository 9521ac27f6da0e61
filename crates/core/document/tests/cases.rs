//! Every format's cases: a document that another program made, and what is read of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, unreachable_pub, reason = "a test")]

mod shown;

use firebreak_document::Limits;
use shown::shown;
use std::fs;
use std::path::Path;

#[test]
fn every_case_is_read_as_expected() {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats");
    let mut cases = 0;
    for format in fs::read_dir(formats).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for case in fs::read_dir(format.join("cases")).unwrap().map(|entry| entry.unwrap().path()) {
            let inputs = fs::read_dir(&case).unwrap().map(|entry| entry.unwrap().path());
            let input = inputs.into_iter().find(|path| path.file_name().unwrap() != "expected.txt").unwrap();
            let name = input.file_name().unwrap().to_str().unwrap();
            let (mut sink, reading) = shown(name, &fs::read(&input).unwrap(), &Limits::default());
            for problem in &reading.problems {
                sink.text.push_str(&format!("problem ({}) {problem}\n", problem.fault.word()));
            }
            sink.text.push_str(&format!("{:?}\n", reading.formats));
            let expected = case.join("expected.txt");
            if std::env::var_os("BLESS").is_some() {
                fs::write(&expected, &sink.text).unwrap();
            }
            assert_eq!(sink.text, fs::read_to_string(&expected).unwrap_or_default(), "{}", case.display());
            cases += 1;
        }
    }
    assert!(cases >= 20);
}
