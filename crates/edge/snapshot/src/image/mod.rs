//! Container images on disk: an OCI layout or what `docker save` writes, as a directory or as one archive.

mod archive;
mod layers;

use crate::blind::BlindSpots;
use crate::gather::Gather;
use crate::limits::Limits;
use crate::record::{Image, Layer};
use archive::Archive;
use firebreak_world::{Clock, Tree};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// The most layers of one image that are read.
const MAX_LAYERS: usize = 1_000;

/// How much of a document of an image is read, in bytes.
const DOCUMENT: u64 = 16 << 20;

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It cannot be read.
    #[error("`{0}` cannot be read: {1}\nhint: give an OCI layout or what `docker save` wrote")]
    Unread(String, std::io::Error),
    /// It is something else.
    #[error("`{0}` is no container image: {1}\nhint: give an OCI layout or what `docker save` wrote")]
    NoImage(String, &'static str),
}

/// An image and its layers, looked at.
pub(crate) struct Looked {
    pub(crate) image: Image,
    pub(crate) layers: Vec<Layer>,
    /// The name for the environment's key.
    pub(crate) key: String,
}

/// What an image is made of.
struct Parts {
    name: Option<String>,
    digest: Option<String>,
    config: Option<String>,
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    digest: String,
    #[serde(default, rename = "mediaType")]
    media_type: String,
    #[serde(default)]
    platform: Value,
    #[serde(default)]
    annotations: Value,
}

/// Looks into the image at `path`: every layer, from the bottom.
pub(crate) fn look(
    (tree, clock): (&dyn Tree, &dyn Clock),
    path: &Path,
    limits: Limits,
    gather: &mut Gather<'_>,
    blind: &mut BlindSpots,
) -> Result<Looked, ImageError> {
    let shown = crate::shown::shown_path(path);
    let archive = Archive::open(tree, path).map_err(|error| ImageError::Unread(shown.clone(), error))?;
    let parts = match archive.document("manifest.json", DOCUMENT) {
        // Newer Docker writes both; its own names the layers in order too.
        Some(manifest) => of_docker(&manifest, blind),
        None => of_oci(&archive, blind),
    };
    let parts =
        parts.ok_or(ImageError::NoImage(shown.clone(), "it has no `index.json` and no `manifest.json` with layers"))?;
    if let Some(config) = parts.config.as_deref().and_then(|name| archive.document(name, DOCUMENT)) {
        settings(&config, gather, blind);
    } else {
        blind.note("the image's settings could not be read", "");
    }
    let mut layers = layers::Layers::new(clock, limits);
    for (number, name) in parts.layers.iter().take(MAX_LAYERS).enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        layers.layer(&archive, name, number, gather, blind);
    }
    if parts.layers.len() > MAX_LAYERS {
        blind.harm("the image has more layers than are looked at", format!("{MAX_LAYERS}"));
    }
    let found = layers.finish(gather);
    let (name, tag) = named(parts.name.as_deref().unwrap_or_default());
    let file = path.file_stem().map(crate::shown::shown_path).unwrap_or_default();
    let name = if name.is_empty() { file } else { name };
    let key = match &parts.digest {
        Some(digest) => format!("{name}@{digest}"),
        None => name.clone(),
    };
    Ok(Looked { image: Image { name, tag, digest: parts.digest }, layers: found, key })
}

/// `registry:5000/name:tag` apart.
fn named(reference: &str) -> (String, Option<String>) {
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name.to_owned(), Some(tag.to_owned())),
        _ => (reference.to_owned(), None),
    }
}

/// `manifest.json` of `docker save`.
fn of_docker(bytes: &[u8], blind: &mut BlindSpots) -> Option<Parts> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Saved {
        #[serde(default)]
        config: String,
        #[serde(default)]
        repo_tags: Option<Vec<String>>,
        #[serde(default)]
        layers: Vec<String>,
    }
    let mut saved: Vec<Saved> = serde_json::from_slice(bytes).ok()?;
    if saved.len() > 1 {
        blind.harm("only the first image of an archive is looked at", format!("{} images", saved.len()));
    }
    let first = if saved.is_empty() { return None } else { saved.swap_remove(0) };
    // Its name is its digest: `<hex>.json` or `blobs/sha256/<hex>`.
    let hex = first.config.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
    let digest = (hex.len() == 64).then(|| format!("sha256:{hex}"));
    let name = first.repo_tags.and_then(|tags| tags.into_iter().next());
    Some(Parts { name, digest, config: Some(first.config), layers: first.layers })
}

/// `index.json` of an OCI layout, and the manifests that it leads to.
fn of_oci(archive: &Archive<'_>, blind: &mut BlindSpots) -> Option<Parts> {
    #[derive(Deserialize)]
    struct Index {
        #[serde(default)]
        manifests: Vec<Descriptor>,
    }
    #[derive(Deserialize)]
    struct Manifest {
        config: Descriptor,
        #[serde(default)]
        layers: Vec<Descriptor>,
    }
    let mut bytes = archive.document("index.json", DOCUMENT)?;
    let mut name = None;
    // An index may lead to another one, not for ever.
    for _ in 0..4 {
        let index: Index = serde_json::from_slice(&bytes).ok()?;
        let chosen = choose(&index.manifests, blind)?;
        let annotation = |key: &str| chosen.annotations.get(key).and_then(Value::as_str).map(str::to_owned);
        name = name
            .or_else(|| annotation("io.containerd.image.name"))
            .or_else(|| annotation("org.opencontainers.image.ref.name"));
        let document = archive.document(&blob(&chosen.digest)?, DOCUMENT)?;
        if chosen.media_type.contains("index") || chosen.media_type.contains("manifest.list") {
            bytes = document;
            continue;
        }
        let manifest: Manifest = serde_json::from_slice(&document).ok()?;
        let layers = manifest.layers.iter().filter_map(|layer| blob(&layer.digest)).collect();
        return Some(Parts {
            name,
            digest: Some(chosen.digest.clone()),
            config: blob(&manifest.config.digest),
            layers,
        });
    }
    None
}

/// The manifest to look into: Linux on x86-64 where there are several.
fn choose<'d>(manifests: &'d [Descriptor], blind: &mut BlindSpots) -> Option<&'d Descriptor> {
    let is = |one: &Descriptor, key: &str, want: &str| one.platform.get(key).and_then(Value::as_str) == Some(want);
    let real = |one: &&Descriptor| !is(one, "architecture", "unknown");
    let candidates: Vec<&Descriptor> = manifests.iter().filter(real).collect();
    let usual = candidates.iter().find(|one| is(one, "architecture", "amd64") && is(one, "os", "linux"));
    let chosen = usual.or(candidates.first()).copied();
    if candidates.len() > 1 {
        let others = candidates.len() - 1;
        blind.harm("images for other platforms in it were not looked at", format!("{others}"));
    }
    chosen
}

/// Where the blob with `digest` lies. Nothing else in the archive can be named.
fn blob(digest: &str) -> Option<String> {
    let (algorithm, hex) = digest.split_once(':')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain(algorithm) && plain(hex)).then(|| format!("blobs/{algorithm}/{hex}"))
}

/// The variables of the image and the commands that built it: both are there for whoever pulls it.
fn settings(config: &[u8], gather: &mut Gather<'_>, blind: &mut BlindSpots) {
    let Ok(config) = serde_json::from_slice::<Value>(config) else {
        return blind.note("the image's settings could not be read", "");
    };
    let lines = |value: Option<&Value>| {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(|line| format!("{line}\n")).collect::<String>()
    };
    let environment = lines(config.get("config").and_then(|inner| inner.get("Env")));
    gather.text("image variables", "environment_secret", environment.as_bytes(), blind);
    let history = config.get("history").and_then(Value::as_array).into_iter().flatten();
    for step in history.filter_map(|step| step.get("created_by")?.as_str()) {
        // `ARG TOKEN=…` and `|1 TOKEN=… /bin/sh -c …`
        let words: String = step.split_ascii_whitespace().map(|word| format!("{word}\n")).collect();
        gather.text("image history", "build_argument", words.as_bytes(), blind);
    }
}
