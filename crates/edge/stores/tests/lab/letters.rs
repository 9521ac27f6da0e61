//! A real program that reads letters, on a picture of a page: the specimen of ICAO 9303 and a made-up number.

use firebreak_classify::Classes;
use firebreak_model::Fingerprinter;
use firebreak_stores::stores::files::files;
use firebreak_stores::{Letters, Means, Options, Scan, State};
use firebreak_world::{RealPrograms, RealTree};
use std::path::Path;

const PAGE: &[u8] = include_bytes!("passport.png");

fn scan(root: &Path, letters: Option<&Letters<'_>>) -> Scan {
    let (classes, fingerprinter, options) = (Classes::all(), Fingerprinter::new([7; 32]), Options::default());
    let means = Means {
        options: &options,
        classes: &classes,
        fingerprinter: &fingerprinter,
        letters,
        wait: &|_| {},
        stop: &|| false,
    };
    files(&RealTree, root, "resource:file/share").scan(&means, &mut State::new("1"), &mut |_| Ok(())).unwrap()
}

#[test]
fn what_is_written_on_a_scanned_page_is_classified_where_a_program_reads_it() {
    let Some(_) = crate::server::prepared() else { return };
    let root = tempfile::tempdir().unwrap();
    // Its name says nothing.
    std::fs::write(root.path().join("IMG_0041.png"), PAGE).unwrap();
    let held = |scan: &Scan, class: &str| scan.resources[0].held.iter().any(|held| held.class == class);
    let unread = scan(root.path(), None);
    assert!(!held(&unread, "ssn") && !held(&unread, "identity_document"), "{unread:?}");
    let letters = Letters::new(&RealPrograms, "tesseract stdin stdout").unwrap();
    let read = scan(root.path(), Some(&letters));
    assert!(held(&read, "ssn") && held(&read, "identity_document"), "{read:?}");
    assert!(!format!("{read:?}").contains("219-09-9123"));
}
