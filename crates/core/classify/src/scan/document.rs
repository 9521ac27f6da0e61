//! What a whole document is: by its first bytes, by words of forms, and by the shape of its lines.

use super::finding::{Confidence, Document};
use firebreak_model::DataClass;

/// Words that stand in one kind of document.
pub(super) struct Mark {
    /// The words.
    pub(super) text: &'static str,
    kind: &'static str,
    /// Three points make a document what it is.
    points: u8,
}

macro_rules! marks {
    ($($kind:literal: $($text:literal $points:literal),*;)*) => {
        &[$($(Mark { text: $text, kind: $kind, points: $points }),*),*]
    };
}

/// The marks of all kinds.
pub(super) const MARKS: &[Mark] = marks! {
    "W-9": "form w 9" 2, "request for taxpayer identification number" 2, "exempt payee code" 2, "fatca reporting code" 1, "federal tax classification" 1, "backup withholding" 1, "part i taxpayer identification" 1, "name as shown on your income tax return" 1;
    "W-2": "form w 2" 2, "wage and tax statement" 2, "wages, tips, other compensation" 2, "employer identification number (ein)" 1, "social security wages" 1, "medicare wages and tips" 1, "federal income tax withheld" 1;
    "W-4": "form w 4" 2, "employee's withholding certificate" 2, "multiple jobs or spouse works" 2, "claim dependent" 1, "extra withholding" 1, "married filing jointly or qualifying" 1;
    "W-8BEN": "form w 8ben" 2, "w 8ben" 1, "certificate of foreign status of beneficial owner" 2, "claim of tax treaty benefits" 2, "country of citizenship" 1, "foreign tax identifying number" 1, "permanent residence address" 1;
    "1099": "form 1099" 2, "1099 nec" 2, "1099 misc" 2, "1099 int" 2, "1099 div" 2, "1099 k" 2, "nonemployee compensation" 1, "recipient's tin" 1, "payer's tin" 1, "miscellaneous income" 1;
    "1040": "form 1040" 2, "u.s. individual income tax return" 2, "adjusted gross income" 1, "filing status" 1, "standard deduction" 1, "amount you owe" 1, "schedule c" 1;
    "P60": "end of year certificate" 2, "p60" 1, "paye reference" 1, "in this employment" 1;
    "interview": "interviewer" 2, "interviewee" 2, "candidate:" 1, "interview transcript" 3, "tell me about yourself" 2, "walk me through" 1, "your background" 1, "why do you want" 1, "participant:" 1, "moderator:" 1, "recording" 1, "speaker 1" 1, "speaker 2" 1;
    "passport": "passport no" 1, "place of birth" 1, "issuing authority" 1, "date of issue" 1, "date of expiry" 1, "surname" 1, "given names" 1, "nationality" 1;
};

/// Which marks a document has.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(Vec<u16>);

impl Marks {
    /// Notes one.
    pub(super) fn add(&mut self, mark: u16) {
        if let Err(place) = self.0.binary_search(&mark) {
            self.0.insert(place, mark);
        }
    }

    fn of(&self, kind: &str) -> (u8, Vec<String>) {
        let marks = self.0.iter().filter_map(|mark| MARKS.get(usize::from(*mark))).filter(|mark| mark.kind == kind);
        marks.fold((0, Vec::new()), |(points, mut why), mark| {
            why.push(format!("says `{}`", mark.text));
            (points + mark.points, why)
        })
    }
}

fn document(class: &str, kind: &str, confidence: Confidence, why: Vec<String>) -> Document {
    Document { class: DataClass::new(class), kind: kind.to_owned(), confidence, why }
}

/// How much of the beginning of a document decides what it is by form, in bytes.
pub(super) const HEAD: usize = 16 << 10;

/// What a document is whose first bytes are `head` and whose file is called `name`.
pub(super) fn judge(head: &[u8], name: Option<&str>, marks: &Marks) -> Vec<Document> {
    let mut found = Vec::new();
    found.extend(weights(head, name));
    found.extend(training(head));
    found.extend(transcript(head, marks));
    found.extend(source(head, name));
    for kind in ["W-9", "W-2", "W-4", "W-8BEN", "1099", "1040", "P60"] {
        let (points, why) = marks.of(kind);
        if points >= 3 {
            found.push(document(
                "tax_form",
                kind,
                if points >= 4 { Confidence::High } else { Confidence::Medium },
                why,
            ));
        }
    }
    let (points, why) = marks.of("passport");
    if points >= 5 {
        found.push(document("identity_document", "passport", Confidence::Medium, why));
    }
    found
}

/// Weights of models by their first bytes.
fn weights(head: &[u8], name: Option<&str>) -> Option<Document> {
    let said = |kind: &str, confidence: Confidence, why: &str| {
        Some(document("model_weights", kind, confidence, vec![why.to_owned()]))
    };
    let end = |end: &str| name.is_some_and(|name| name.to_ascii_lowercase().ends_with(end));
    let holds = |part: &[u8]| memchr::memmem::find(head, part).is_some();
    let length = head.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    if head.starts_with(b"GGUF") || head.starts_with(b"ggjt") || head.starts_with(b"tjgg") {
        return said("gguf", Confidence::High, "begins as GGUF");
    }
    if length.is_some_and(|length| (2..100 << 20).contains(&length))
        && head.get(8) == Some(&b'{')
        && (holds(b"\"dtype\"") || holds(b"__metadata__"))
    {
        return said("safetensors", Confidence::High, "begins with a header of tensors");
    }
    if head.starts_with(b"PK\x03\x04") && (holds(b"/data.pkl") || holds(b"archive/data")) {
        return said("pytorch", Confidence::High, "an archive with a pickle of tensors");
    }
    if head.starts_with(b"\x80")
        && matches!(head.get(1), Some(2..=5))
        && (holds(b"torch") || end(".pt") || end(".pth") || end(".bin"))
    {
        return said(
            "pytorch",
            if holds(b"torch") { Confidence::High } else { Confidence::Medium },
            "a pickle of tensors",
        );
    }
    if head.starts_with(b"\x93NUMPY") {
        return said("numpy", Confidence::Medium, "begins as a NumPy array");
    }
    if head.starts_with(b"PK\x03\x04") && holds(b".npy") {
        return said("numpy", Confidence::Medium, "an archive of NumPy arrays");
    }
    if head.starts_with(b"\x89HDF\r\n\x1a\n")
        && (holds(b"layer_names") || holds(b"model_weights") || end(".h5") || end(".keras"))
    {
        return said("keras", Confidence::Medium, "HDF5 with layers");
    }
    let onnx = head.starts_with(b"\x08") && (holds(b"onnx") || holds(b"pytorch") || end(".onnx"));
    if onnx && (end(".onnx") || holds(b"ai.onnx") || holds(b"pytorch")) {
        return said("onnx", Confidence::High, "a graph of operators");
    }
    if head.get(4..8) == Some(b"TFL3") {
        return said("tflite", Confidence::High, "begins as TensorFlow Lite");
    }
    None
}

/// Training data: lines or a list of JSON records with the fields of conversations, preferences or instructions.
fn training(head: &[u8]) -> Option<Document> {
    const KINDS: &[(&str, &[&str])] = &[
        ("chat", &["\"messages\"", "\"role\"", "\"content\""]),
        ("chat", &["\"conversations\"", "\"from\"", "\"value\""]),
        ("preference", &["\"chosen\"", "\"rejected\""]),
        ("instruction", &["\"instruction\"", "\"output\""]),
        ("completion", &["\"prompt\"", "\"completion\""]),
        ("completion", &["\"prompt\"", "\"response\""]),
        ("annotation", &["\"annotator", "\"label\""]),
    ];
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let record = |line: &&&[u8]| line.starts_with(b"{") || line.starts_with(b"[{") || line.starts_with(b"  {");
    let all = |line: &[u8], fields: &[&str]| {
        fields.iter().all(|field| memchr::memmem::find(line, field.as_bytes()).is_some())
    };
    KINDS.iter().find_map(|(kind, fields)| {
        let holding = lines.iter().filter(record).filter(|line| all(line, fields)).count();
        let listed = head.starts_with(b"[")
            && all(head, fields)
            && memchr::memmem::find_iter(head, fields.first()?.as_bytes()).count() >= 2;
        let enough = holding >= 2 && holding * 2 >= lines.len();
        let why = vec![format!("records with {}", fields.join(", "))];
        (enough || listed).then(|| {
            document("training_data", kind, if holding >= 5 { Confidence::High } else { Confidence::Medium }, why)
        })
    })
}

/// Transcripts of interviews: captions or turns of speakers, and words of interviews.
fn transcript(head: &[u8], marks: &Marks) -> Option<Document> {
    let (points, mut why) = marks.of("interview");
    let arrows = memchr::memmem::find_iter(head, b" --> ").count();
    let turns = head.split(|byte| *byte == b'\n').filter(|line| is_turn(line)).count();
    let captions = head.starts_with(b"WEBVTT") || arrows >= 2;
    if captions {
        why.push("captions with times".to_owned());
    }
    if turns >= 3 {
        why.push("turns of speakers".to_owned());
    }
    let confidence = match (captions || turns >= 4, points) {
        (true, 3..) => Confidence::High,
        (true, 2) => Confidence::Medium,
        _ => return None,
    };
    let kind = if head.starts_with(b"WEBVTT") {
        "webvtt"
    } else if arrows >= 2 {
        "srt"
    } else {
        "turns"
    };
    Some(document("interview_transcript", kind, confidence, why))
}

/// `Interviewer: …`, `[00:01:02] Ana: …`, `<v Ana>…`, `Speaker 2: …`.
fn is_turn(line: &[u8]) -> bool {
    let line = match line.first() {
        Some(b'[') => line.split(|byte| *byte == b']').nth(1).unwrap_or_default().trim_ascii_start(),
        _ => line,
    };
    if line.starts_with(b"<v ") {
        return true;
    }
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let words = name.split(|byte| *byte == b' ').count();
    name.len() < line.len()
        && (1..=32).contains(&name.len())
        && words <= 3
        && name.first().is_some_and(u8::is_ascii_uppercase)
        && line.get(name.len() + 1) == Some(&b' ')
        && line.len() > name.len() + 8
}

const SOURCE: &[&str] = &[
    ".rs", ".py", ".js", ".ts", ".tsx", ".jsx", ".go", ".java", ".kt", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".rb",
    ".php", ".swift", ".scala", ".sh", ".ps1", ".sql", ".lua", ".pl", ".r", ".jl", ".hs", ".ml", ".ex", ".erl", ".clj",
    ".dart", ".vue", ".tf", ".proto", ".cu", ".m", ".zig",
];

/// Source code: by the name of its file, or by lines that only programs have.
fn source(head: &[u8], name: Option<&str>) -> Option<Document> {
    let lower = name.unwrap_or_default().to_ascii_lowercase();
    if let Some(end) = SOURCE.iter().find(|end| lower.ends_with(*end)) {
        let why = vec![format!("its name ends in `{end}`")];
        return Some(document("source_code", end.trim_start_matches('.'), Confidence::High, why));
    }
    const BEGINNINGS: &[&[u8]] = &[
        b"import ",
        b"from ",
        b"#include",
        b"package ",
        b"use ",
        b"def ",
        b"class ",
        b"func ",
        b"fn ",
        b"pub ",
        b"const ",
        b"let ",
        b"var ",
        b"function ",
        b"return",
        b"if (",
        b"if ",
        b"for (",
        b"for ",
        b"while ",
        b"public ",
        b"private ",
        b"static ",
        b"export ",
        b"namespace ",
        b"using ",
        b"async ",
        b"struct ",
        b"impl ",
        b"interface ",
        b"type ",
        b"@",
        b"} else",
        b"try",
        b"#!/",
        b"elif ",
        b"else:",
        b"switch",
    ];
    let lines: Vec<&[u8]> =
        head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
    let ended = |line: &&&[u8]| {
        line.ends_with(b";")
            || line.ends_with(b"{")
            || line.ends_with(b"}")
            || line.ends_with(b"):")
            || line.ends_with(b");")
    };
    let begun = lines.iter().filter(|line| BEGINNINGS.iter().any(|word| line.starts_with(word))).count();
    let closed = lines.iter().filter(ended).count();
    let shebang = head.starts_with(b"#!/");
    let enough = lines.len() >= 4
        && begun * 5 >= lines.len()
        && (closed * 5 >= lines.len() * 2 || (begun >= 4 && closed * 8 >= lines.len()));
    (shebang || enough)
        .then(|| document("source_code", "code", Confidence::Medium, vec!["its lines are statements".to_owned()]))
}
