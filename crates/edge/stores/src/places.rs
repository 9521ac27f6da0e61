//! Where in the documents of a file system something was found: for whoever has to go there and look. Nothing of it is kept.

use crate::answer::{joined, said};
use crate::scan::{Gap, Means, ScanError};
use crate::store::Reader;
use crate::stores::files::{found, named};
use firebreak_classify::{Confidence, Finding, Scanner};
use firebreak_document::{Sign, Sink, Text, read};
use firebreak_world::Tree;
use serde::Serialize;
use std::io::Read;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

/// One finding. The value is in none of its fields.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Place {
    /// Where in the file, for what is packed in it: `sheet1.xml`. Empty for the file itself.
    pub inside: String,
    /// The class.
    pub class: String,
    /// Who issued it, for tokens; the country or kind, for documents.
    pub provider: Option<String>,
    /// Its bytes, counted from the beginning of the text; `None` where the whole is of the class.
    pub bytes: Option<Range<u64>>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why.
    pub why: String,
    /// A keyed fingerprint of the value.
    pub fingerprint: Option<String>,
}

/// Gives `each` what is found in every file under `root`, in the order of their paths, and says at the end what was not read.
///
/// # Errors
/// If the directory cannot be listed.
pub fn places(
    tree: &dyn Tree,
    root: &Path,
    means: &Means<'_>,
    each: &mut dyn FnMut(&Path, &Place),
) -> Result<Vec<Gap>, ScanError> {
    let listed = tree.entries(root, &mut |_| ControlFlow::Break(()));
    listed.map_err(|error| ScanError::Unlisted(format!("`{}` cannot be listed: {error}", root.display())))?;
    let mut gaps = Vec::new();
    let mut paths: Vec<PathBuf> = found(tree, root, means.fingerprinter, means.options.pieces, &mut gaps)
        .into_iter()
        .map(|file| file.place)
        .collect();
    paths.sort_unstable();
    for path in paths {
        let Ok(mut input) = tree.regular(&path, 0) else {
            gaps.push(Gap::new("a file cannot be opened"));
            continue;
        };
        let mut tell = |place: Place| each(&path, &place);
        gaps.extend(look(&named(&path), &mut input, &means.reader(), &mut tell));
    }
    Ok(joined(gaps))
}

/// Tells what is found in the document `name`, and gives what was not read of it.
pub(crate) fn look(name: &str, input: &mut dyn Read, reader: &Reader<'_>, tell: &mut dyn FnMut(Place)) -> Vec<Gap> {
    let mut found = Found { reader: *reader, scanner: None, inside: String::new(), tell };
    let reading = read(name, input, reader.limits, &mut found);
    let mut gaps: Vec<Gap> = reading.problems.iter().map(|problem| Gap::new(&said(problem.fault.word()))).collect();
    if reading.more_problems > 0 {
        gaps.push(Gap { what: said("bound"), count: reading.more_problems });
    }
    gaps
}

struct Found<'a> {
    reader: Reader<'a>,
    scanner: Option<Scanner<'a>>,
    inside: String,
    tell: &'a mut dyn FnMut(Place),
}

impl Found<'_> {
    fn values(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            (self.tell)(Place {
                inside: self.inside.clone(),
                class: finding.class.word().to_owned(),
                provider: finding.provider.map(str::to_owned),
                bytes: Some(finding.range),
                confidence: finding.confidence,
                why: finding.why.to_string(),
                fingerprint: Some(finding.fingerprint),
            });
        }
    }

    fn whole(&mut self, class: &str, kind: &str, confidence: Confidence, why: String) {
        (self.tell)(Place {
            inside: self.inside.clone(),
            class: class.to_owned(),
            provider: Some(kind.to_owned()),
            bytes: None,
            confidence,
            why,
            fingerprint: None,
        });
    }
}

impl Sink for Found<'_> {
    fn begin(&mut self, text: &Text<'_>) {
        let hint = firebreak_classify::Hint { file: Some(text.file), ..firebreak_classify::Hint::default() };
        text.place.clone_into(&mut self.inside);
        self.scanner = Some(Scanner::new(self.reader.classes, self.reader.fingerprinter).with_hint(hint));
    }

    fn feed(&mut self, bytes: &[u8]) {
        let findings = self.scanner.as_mut().map(|scanner| scanner.feed(bytes)).unwrap_or_default();
        self.values(findings);
    }

    fn end(&mut self) {
        let Some(finished) = self.scanner.take().map(Scanner::finish) else { return };
        self.values(finished.findings);
        for document in finished.documents {
            self.whole(document.class.word(), &document.kind, document.confidence, document.why.join("; "));
        }
    }

    fn sign(&mut self, sign: &Sign<'_>) {
        let confidence = if sign.sure { Confidence::High } else { Confidence::Medium };
        sign.place.clone_into(&mut self.inside);
        self.whole(sign.class, sign.kind, confidence, sign.why.clone());
    }

    fn reads_letters(&self) -> bool {
        self.reader.letters.is_some()
    }

    fn letters(&mut self, picture: &[u8]) -> Result<Vec<u8>, String> {
        self.reader.letters.map_or(Ok(Vec::new()), |letters| letters.of(picture))
    }
}
