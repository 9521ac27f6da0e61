//! Drive: what is downloaded, what is exported, what a change costs, what is refused.

use crate::{Heard, Hush, Platform, bytes, gap, json, later, noting, records, resource, scan};
use firebreak_stores::stores::drive::{DriveAccess, drive};
use firebreak_stores::{ScanError, State};
use firebreak_world::Response;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const OWN: &str = "resource:google/drive/ana@corp.example";
const SHARED: &str = "resource:google/drive/0SHARED";

/// Id, name, kind, MD5 and bytes.
type File = (&'static str, &'static str, &'static str, &'static str, Vec<u8>);

#[derive(Default)]
struct Google {
    /// Of the own drive.
    own: Mutex<Vec<File>>,
    /// Calls that are still put off.
    busy: Mutex<u32>,
}

fn refused(status: u16, reason: &str) -> Response {
    json(status, json!({"error": {"code": status, "errors": [{"reason": reason}]}}))
}

impl Google {
    fn answer(&self, heard: &Heard) -> Response {
        let path: Vec<&str> = heard.path.iter().map(String::as_str).collect();
        let own = self.own.lock().unwrap();
        match path[2..] {
            ["about"] => json(200, json!({"user": {"emailAddress": "Ana@corp.example"}})),
            ["drives"] => json(200, json!({"drives": [{"id": "0SHARED"}]})),
            ["files"] if heard.asked("corpora") == "drive" => {
                assert_eq!(heard.asked("driveId"), "0SHARED");
                json(
                    200,
                    json!({"files": [{"id": "s1", "name": "s.csv", "mimeType": "text/csv", "size": "25", "md5Checksum": "s"}]}),
                )
            }
            ["files"] => {
                assert_eq!(heard.asked("q"), "'me' in owners");
                // One file a page.
                let at: usize = heard.asked("pageToken").parse().unwrap_or(0);
                let next = (at + 1 < own.len()).then(|| (at + 1).to_string());
                let (id, name, kind, md5, content) = &own[at];
                let mut file = json!({"id": id, "name": name, "mimeType": kind, "modifiedTime": "t"});
                if !md5.is_empty() {
                    file["md5Checksum"] = json!(md5);
                    file["size"] = json!(content.len().to_string());
                }
                json(200, json!({"files": [file], "nextPageToken": next}))
            }
            ["files", "s1"] if std::mem::take(&mut *self.busy.lock().unwrap()) > 0 => later(7),
            ["files", "s1"] => heard.part(b"id,ssn\n1,219-09-9123\n2,x\n"),
            ["files", "closed"] => refused(403, "cannotDownloadFile"),
            ["files", id] => {
                assert_eq!((heard.asked("alt"), heard.asked("supportsAllDrives")), ("media", "true"));
                heard.part(&own.iter().find(|file| file.0 == id).unwrap().4)
            }
            ["files", "huge", "export"] => refused(403, "exportSizeLimitExceeded"),
            ["files", id, "export"] => {
                assert_eq!(heard.asked("mimeType"), "text/plain");
                bytes(200, &own.iter().find(|file| file.0 == id).unwrap().4)
            }
            _ => json(404, Value::Null),
        }
    }
}

fn furnished() -> Arc<Google> {
    let google = Google { busy: Mutex::new(1), ..Google::default() };
    let mut large = b"id,ssn\n1,219-09-9123\n".to_vec();
    // 9 MB: three ranges, with a number of social security in the first and in the last.
    large.extend(b"2,nothing of the kind\n".repeat(9 << 20 >> 5));
    large.extend(b"3,457-55-5462\n");
    let own = |kind: &str| -> &'static str { String::leak(format!("application/vnd.google-apps.{kind}")) };
    *google.own.lock().unwrap() = vec![
        ("f1", "people.csv", "text/csv", "m1", large),
        ("d1", "Letter", own("document"), "", b"SSN: 457-55-5462\n".to_vec()),
        ("huge", "Book", own("document"), "", Vec::new()),
        ("closed", "closed.pdf", "application/pdf", "m2", vec![7]),
        ("form", "Form", own("form"), "", Vec::new()),
        ("dir", "Folder", own("folder"), "", Vec::new()),
    ];
    Arc::new(google)
}

fn platform(google: &Arc<Google>) -> Arc<Platform> {
    let google = Arc::clone(google);
    Platform::of("google", move |heard| google.answer(heard))
}

#[test]
fn drives_say_what_their_files_hold_and_a_rescan_reads_what_changed() {
    let (google, waited) = (furnished(), Arc::new(Mutex::new(0)));
    let platform = platform(&google);
    let mut state = State::new("1");
    let mut again = || {
        let access = DriveAccess::read("ana@corp.example", None, "env:T", &Hush).unwrap();
        scan(drive(&platform.world(), access, noting(&waited)).unwrap(), &mut state)
    };
    let first = again().unwrap();
    let own = resource(&first, OWN);
    assert_eq!((own.documents, own.read, records(own, "ssn")), (4, 2, 3), "{own:?}");
    assert_eq!(gap(&own.gaps, "does not export"), 1, "a form; a folder holds nothing: {:?}", own.gaps);
    assert_eq!((gap(&own.gaps, "larger than"), gap(&own.gaps, "does not let")), (1, 1), "{:?}", own.gaps);
    assert_eq!(records(resource(&first, SHARED), "ssn"), 1);
    assert_eq!(*waited.lock().unwrap(), 7, "what it asked for");
    platform.asked();
    google.own.lock().unwrap()[1].4 = b"nothing\n".to_vec();
    let same = again().unwrap();
    let reads = |asked: &[String]| asked.iter().filter(|one| one.contains("/files/")).count();
    assert_eq!((resource(&same, OWN).read, records(resource(&same, OWN), "ssn")), (0, 3));
    assert_eq!(reads(&platform.asked()), 2, "what was refused is tried again, and nothing else is read");
    google.own.lock().unwrap()[0].3 = "m9";
    google.own.lock().unwrap()[0].4 = b"id,ssn\n1,457-55-5462\n".to_vec();
    let changed = again().unwrap();
    assert_eq!((resource(&changed, OWN).read, records(resource(&changed, OWN), "ssn")), (1, 2));
    let kept = format!("{}{}", String::from_utf8(state.bytes()).unwrap(), serde_json::to_string(&changed).unwrap());
    assert!(!kept.contains("457-55") && !kept.contains("people.csv"), "a value or a name was written");
}

#[test]
fn the_token_of_somebody_else_and_hostile_answers_end_in_words() {
    let listed = |user: &str, answer: fn(&Heard) -> Response| {
        let access = DriveAccess::read(user, None, "env:T", &Hush).unwrap();
        let platform = Platform::of("google", answer);
        scan(drive(&platform.world(), access, Arc::new(|_| {})).unwrap(), &mut State::new("1"))
    };
    let other = listed("ana@corp.example", |_| json(200, json!({"user": {"emailAddress": "eve@corp.example"}})));
    assert!(matches!(&other, Err(ScanError::Unlisted(why)) if why.contains("not that of `ana@")), "{other:?}");
    let circle = listed("me", |heard| match heard.path[2].as_str() {
        "about" => json(200, json!({"user": {"emailAddress": "eve@corp.example"}})),
        _ => json(200, json!({"files": [], "nextPageToken": "again"})),
    });
    assert!(matches!(&circle, Err(ScanError::Unlisted(why)) if why.contains("back to itself")), "{circle:?}");
    let refused = listed("me", |_| refused(401, "authError"));
    assert!(matches!(&refused, Err(ScanError::Unlisted(why)) if why.contains("not accepted")), "{refused:?}");
    let noise = listed("me", |_| bytes(200, b"<html>"));
    assert!(matches!(&noise, Err(ScanError::Unlisted(why)) if why.contains("not JSON")), "{noise:?}");
    for wrong in ["", "ana", "a b@c.d", "ana@corp.example/x"] {
        assert!(DriveAccess::read(wrong, None, "env:T", &Hush).is_err(), "{wrong}");
    }
    assert!(DriveAccess::read("me", Some("http://far.example"), "env:T", &Hush).is_err(), "in clear text");
    let access = DriveAccess::read("me", None, "env:T", &Hush).unwrap();
    assert!(!format!("{access:?}").contains("hush"));
}
