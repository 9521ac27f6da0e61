//! What goes in comes out; what was damaged is said to be; what no manifest names goes away.

use super::*;
use firebreak_model::{EventUid, NodeKey, Outcome};
use firebreak_world::Disk;

fn row(number: u64, source: &str, time: &str) -> Row {
    let full = number.is_multiple_of(2);
    Row {
        uid: EventUid::of(source, &number.to_be_bytes()),
        source: Text::new(source),
        native_id: Text::new(format!("native-{number}")),
        time: Time::parse(time).unwrap(),
        class_uid: 6003,
        actor: full.then(|| NodeKey::identity("aws", "arn:aws:iam::123456789012:user/ci")),
        credential: full.then(|| NodeKey::credential("aws", "AKIAIOSFODNN7EXAMPLE")),
        address: full.then(|| Text::new("203.0.113.9")),
        user_agent: (!full).then(|| Text::new("TruffleHog")),
        operation: Text::new("s3:GetObject"),
        target: Some(NodeKey::resource("aws", "arn:aws:s3:::interviews")),
        outcome: if full { Outcome::Success } else { Outcome::Denied },
        bytes: full.then_some(number),
        records: (!full).then_some(1),
        environment: None,
        minted: None,
        session: None,
        raw: vec![0, 255, number as u8],
        ocsf: "{\"class_uid\":6003}".to_owned(),
    }
}

fn lake() -> (World, Lake) {
    let world = World::simulated(1);
    let lake = Lake::open(world.clone(), Path::new("/lake")).unwrap();
    (world, lake)
}

const DAY: &str = "2026-03-24T23:59:59.999999Z";
const NEXT: &str = "2026-03-25T00:00:00Z";

#[test]
fn rows_come_back_as_they_were_in_one_file_a_date() {
    let (_, lake) = lake();
    let rows = [row(1, "okta", DAY), row(2, "aws", DAY), row(3, "aws", NEXT), row(4, "aws", "1969-12-31T23:00:00Z")];
    let files = lake.write(&rows).unwrap();
    let dates: Vec<&str> = files.iter().map(|file| file.name.split('/').next().unwrap()).collect();
    assert_eq!(dates, ["date=1969-12-31", "date=2026-03-24", "date=2026-03-25"]);
    assert_eq!(lake.read(&files[1]).unwrap(), [rows[1].clone(), rows[0].clone()]);
    assert_eq!((files[1].from, files[1].to, files[1].rows), (rows[0].time, rows[0].time, 2));
    assert_eq!(files[1].sources, BTreeMap::from([(Text::new("aws"), 1), (Text::new("okta"), 1)]));
    assert_eq!(lake.write(&[]).unwrap(), []);
}

#[test]
fn the_same_events_give_the_same_file_in_any_order_and_once() {
    let (world, lake) = lake();
    let rows: Vec<Row> = (0..50).map(|number| row(number, "aws", DAY)).collect();
    let first = lake.write(&rows).unwrap();
    let again: Vec<Row> = rows.iter().rev().chain(&rows).cloned().collect();
    assert_eq!(lake.write(&again).unwrap(), first);
    assert_eq!(world.disk.list(Path::new("/lake")).unwrap().len(), 1);
    assert_ne!(lake.write(&rows[1..]).unwrap()[0].name, first[0].name);
}

#[test]
fn each_kind_of_damage_is_said() {
    let (world, lake) = lake();
    let file = lake.write(&[row(1, "aws", DAY)]).unwrap().remove(0);
    let path = Path::new("/lake").join(&file.name);
    let good = world.disk.read(&path).unwrap();
    for bad in [&good[..good.len() / 2], &[], b"not parquet at all"] {
        world.disk.write(&path, bad).unwrap();
        let error = lake.read(&file).unwrap_err().to_string();
        assert!(error.contains(&file.name) && error.contains("SHA-256") && error.contains("hint:"), "{error}");
        // Even where the digest is made to fit, nothing but Parquet with these columns is read.
        let forged = DataFile { sha256: hex::encode(Sha256::digest(bad)), ..file.clone() };
        assert!(matches!(lake.read(&forged), Err(LakeError::Damaged { .. })));
    }
    world.disk.remove(&path).unwrap();
    assert!(lake.read(&file).unwrap_err().to_string().contains("it is not there"));
}

#[test]
fn orphans_go_and_nothing_else() {
    let (world, lake) = lake();
    let kept = lake.write(&[row(1, "aws", DAY)]).unwrap().remove(0);
    let orphan = lake.write(&[row(2, "aws", DAY)]).unwrap().remove(0);
    let part = "date=2026-03-24/x.parquet.part".to_owned();
    for name in [part.as_str(), "notes.txt", "date=2026-03-24/readme.txt"] {
        world.disk.write(&Path::new("/lake").join(name), b"x").unwrap();
    }
    let mut removed = lake.discard_orphans(&BTreeSet::from([kept.name.clone()])).unwrap();
    removed.sort();
    let mut expected = vec![orphan.name, part];
    expected.sort();
    assert_eq!(removed, expected);
    assert_eq!(lake.read(&kept).unwrap().len(), 1);
    assert_eq!(world.disk.list(Path::new("/lake")).unwrap().len(), 3);
}

#[test]
fn a_hundred_thousand_rows_survive_a_real_disk() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(World::offline(), folder.path()).unwrap();
    let rows: Vec<Row> = (0..100_000).map(|number| row(number, "aws", DAY)).collect();
    let file = lake.write(&rows).unwrap().remove(0);
    let back = lake.read(&file).unwrap();
    assert_eq!(back.len(), rows.len());
    let uids: BTreeSet<EventUid> = back.iter().map(|row| row.uid).collect();
    assert_eq!(uids.len(), rows.len());
    assert!(firebreak_world::RealDisk.meta(&folder.path().join(format!("{}.part", file.name))).is_err());
}
