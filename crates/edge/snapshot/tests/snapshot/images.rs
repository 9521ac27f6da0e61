//! Images: layouts, archives, packings, and what later layers take away.

use crate::support::{is_blind, options, plant, tar, with};
use firebreak_snapshot::{ImageError, Limits, Snapshot, Subject, take};
use firebreak_world::RealTree;
use std::fs;
use std::io::Write;
use std::path::Path;

const SITE: &str = "usr/lib/python3/site-packages";

fn of_image(path: &Path, limits: Limits) -> Result<Snapshot, ImageError> {
    let options = firebreak_snapshot::Options { limits, ..options(Subject::Image(path.to_path_buf())) };
    with(&RealTree, |doors| take(doors, &options))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// A Zstandard frame whose blocks are stored as they are.
fn zstandard(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    frame.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    let blocks: Vec<&[u8]> = bytes.chunks(100_000).collect();
    for (number, block) in blocks.iter().enumerate() {
        let last = u32::from(number + 1 == blocks.len());
        let header = last | (u32::try_from(block.len()).unwrap() << 3);
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(*block);
    }
    frame
}

fn metadata(name: &str, version: &str) -> String {
    format!("Name: {name}\nVersion: {version}\n")
}

/// A package and a key in the first layer, the key deleted in the second, the package replaced in the third.
fn layers() -> [Vec<u8>; 3] {
    let (old, new) = (metadata("litellm", "1.82.8"), metadata("litellm", "1.82.9"));
    let at = |rest: &str| format!("{SITE}/{rest}");
    [
        tar(&[
            (&at("litellm-1.82.8.dist-info/METADATA"), Some(old.as_bytes())),
            (&at("kept-1.0.dist-info/METADATA"), Some(metadata("kept", "1.0").as_bytes())),
            ("root/.npmrc", Some(b"//registry.npmjs.org/:_authToken=00000000-1111-2222-3333-444444444444\n")),
            ("etc/profile", Some(b"export A=1\n")),
        ]),
        tar(&[("root/.wh..npmrc", Some(b"")), ("./etc/profile", Some(b"export A=1\n"))]),
        tar(&[
            (&at(".wh.litellm-1.82.8.dist-info"), Some(b"")),
            (&at("litellm-1.82.9.dist-info/METADATA"), Some(new.as_bytes())),
            ("var/lib/.wh..wh..opq", Some(b"")),
        ]),
    ]
}

const CONFIG: &str = r#"{"config":{"Env":["PATH=/bin","OPENAI_API_KEY=sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH"]},"history":[{"created_by":"|1 DEPLOY_TOKEN=plainsecret12345 /bin/sh -c make"}]}"#;

fn check(snapshot: &Snapshot) {
    let package = |version: &str| {
        let found =
            snapshot.packages.iter().find(|one| one.name == "litellm" && one.version.as_deref() == Some(version));
        found.map(|one| (one.origin.layer, one.origin.deleted))
    };
    assert_eq!((package("1.82.8"), package("1.82.9")), (Some((Some(0), true)), Some((Some(2), false))));
    let kept = snapshot.packages.iter().find(|one| one.name == "kept").unwrap();
    assert!(!kept.origin.deleted && kept.installed.is_some());
    let npm = snapshot.credentials.iter().find(|one| one.kind == "npm_token").unwrap();
    assert!(npm.origin.deleted && npm.origin.layer == Some(0), "deleted, and still readable in its layer");
    assert_eq!(snapshot.hooks.iter().filter(|hook| hook.path == "/etc/profile").count(), 1, "written twice, one thing");
    let places: Vec<&str> = snapshot.credentials.iter().map(|one| one.place.as_str()).collect();
    assert!(places.iter().any(|place| place.starts_with("image variables")), "{places:?}");
    assert!(places.iter().any(|place| place.starts_with("image history")), "{places:?}");
    assert!(snapshot.layers.len() == 3 && snapshot.layers.iter().all(|layer| layer.complete));
    let bytes = String::from_utf8(firebreak_snapshot::bytes(snapshot)).unwrap();
    assert!(!bytes.contains("plainsecret12345") && !bytes.contains("44444444") && !bytes.contains("sk-proj-abc"));
}

#[test]
fn what_docker_saves_is_read_layer_by_layer() {
    let root = tempfile::tempdir().unwrap();
    let [one, two, three] = layers();
    let config = format!("{}.json", "ab".repeat(32));
    let manifest = format!(
        r#"[{{"Config":"{config}","RepoTags":["ghcr.io/m/app:v3"],"Layers":["1/layer.tar","2/layer.tar","3/layer.tar"]}}]"#
    );
    let archive = tar(&[
        ("1/", None),
        ("1/layer.tar", Some(&one)),
        ("2/layer.tar", Some(&gzip(&two))),
        ("3/layer.tar", Some(&zstandard(&three))),
        (&config, Some(CONFIG.as_bytes())),
        ("manifest.json", Some(manifest.as_bytes())),
    ]);
    let file = root.path().join("image.tar");
    fs::write(&file, archive).unwrap();
    let snapshot = of_image(&file, Limits::default()).unwrap();
    let digest = format!("sha256:{}", "ab".repeat(32));
    assert_eq!(snapshot.environment.as_str(), format!("environment:image/ghcr.io/m/app@{digest}"));
    assert_eq!(
        (snapshot.images[0].tag.as_deref(), snapshot.images[0].digest.as_deref()),
        (Some("v3"), Some(digest.as_str()))
    );
    check(&snapshot);
}

#[test]
fn an_oci_layout_is_read_from_its_directory() {
    let root = tempfile::tempdir().unwrap();
    let [one, two, three] = layers();
    let blob = |name: &str, bytes: &[u8]| {
        fs::create_dir_all(root.path().join("blobs/sha256")).unwrap();
        fs::write(root.path().join("blobs/sha256").join(name), bytes).unwrap();
    };
    blob("a1", &gzip(&one));
    blob("a2", &two);
    blob("a3", &[zstandard(&three), vec![0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]].concat());
    blob("c0", CONFIG.as_bytes());
    let manifest = r#"{"config":{"digest":"sha256:c0"},"layers":[{"digest":"sha256:a1"},{"digest":"sha256:a2"},{"digest":"sha256:a3"}]}"#;
    blob("m0", manifest.as_bytes());
    let index = r#"{"manifests":[{"digest":"sha256:m0","mediaType":"application/vnd.oci.image.manifest.v1+json","annotations":{"org.opencontainers.image.ref.name":"app:v3"}}]}"#;
    plant(root.path(), &[("index.json", index), ("oci-layout", "{}")]);
    let snapshot = of_image(root.path(), Limits::default()).unwrap();
    assert_eq!(snapshot.environment.as_str(), "environment:image/app@sha256:m0");
    check(&snapshot);
}

fn saved(root: &Path, layer: &[u8]) -> std::path::PathBuf {
    let manifest = br#"[{"Config":"c.json","RepoTags":null,"Layers":["l.tar","missing.tar"]}]"#;
    let file = root.join("image.tar");
    fs::write(&file, tar(&[("l.tar", Some(layer)), ("c.json", Some(b"{}")), ("manifest.json", Some(manifest))]))
        .unwrap();
    file
}

#[test]
fn an_archive_that_expands_without_end_is_left_and_told() {
    let root = tempfile::tempdir().unwrap();
    let bomb = gzip(&tar(&[("zeros", Some(&vec![0; 64 << 20]))]));
    assert!(bomb.len() < 1 << 20);
    let file = saved(root.path(), &bomb);
    let snapshot = of_image(&file, Limits { unpacked: 1 << 20, ..Limits::default() }).unwrap();
    assert!(is_blind(&snapshot, "layers unpack to more than is read"));
    assert!(is_blind(&snapshot, "a layer could not be read to its end"), "the missing one");
    assert!(snapshot.complete_ecosystems.is_empty() && !snapshot.layers[0].complete);
}

#[test]
fn broken_layers_and_paths_out_of_the_image_are_told() {
    let root = tempfile::tempdir().unwrap();
    let mut layer = tar(&[("../../etc/shadow", Some(b"x")), ("root/.env", Some(b"A_TOKEN=abcdef123456\n"))]);
    layer.truncate(layer.len() - 1_536);
    let snapshot = of_image(&saved(root.path(), &layer), Limits::default()).unwrap();
    assert!(is_blind(&snapshot, "an entry of a layer leads out of it"));
    assert!(is_blind(&snapshot, "a layer could not be read to its end"));
    fs::write(root.path().join("no.tar"), vec![7; 4_096]).unwrap();
    assert!(of_image(&root.path().join("no.tar"), Limits::default()).is_err());
    assert!(of_image(&root.path().join("absent"), Limits::default()).is_err());
}

/// The header of an archive's last file made a hard link to `target`.
fn linked(mut archive: Vec<u8>, target: &str) -> Vec<u8> {
    let at = archive.len() - 1_024 - 512;
    let header = &mut archive[at..at + 512];
    header[156] = b'1';
    header[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    archive
}

#[test]
fn a_packages_file_that_is_a_link_hides_nothing() {
    let root = tempfile::tempdir().unwrap();
    let text = metadata("a", "1.0");
    for (first, complete) in [("cache/x/a-1.0.dist-info/METADATA", true), ("cache/x/blob", false)] {
        let link = ("app/site-packages/a-1.0.dist-info/METADATA", Some(&b""[..]));
        let layer = linked(tar(&[(first, Some(text.as_bytes())), link]), first);
        let file = root.path().join("image.tar");
        let manifest = br#"[{"Config":"c.json","RepoTags":null,"Layers":["l.tar"]}]"#;
        let parts = [("l.tar", Some(&layer[..])), ("c.json", Some(b"{}")), ("manifest.json", Some(manifest))];
        fs::write(&file, tar(&parts)).unwrap();
        let snapshot = of_image(&file, Limits::default()).unwrap();
        assert_eq!(!snapshot.complete_ecosystems.is_empty(), complete, "{first}: {:?}", snapshot.blind_spots);
        assert_eq!(snapshot.packages.len(), usize::from(complete));
    }
}
