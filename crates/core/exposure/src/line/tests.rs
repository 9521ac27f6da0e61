//! Lines as they really look, and what they say.

use super::*;
use expect_test::{Expect, expect};
use firebreak_package::CoolDown;

fn check(line: &str, expected: Expect) {
    let (time, text) = split(line);
    let mut said = String::new();
    if let Some(time) = time {
        said += &format!("{time}\n");
    }
    for statement in statements(&text) {
        said += &match statement {
            Statement::Saw(kind) | Statement::Shows(kind) => {
                format!("{}\n", sonic_rs::to_string(&kind).expect("plain data"))
            }
            other => format!("{other:?}\n"),
        };
    }
    expected.assert_eq(&said);
}

#[test]
fn actions_that_the_runner_fetched() {
    check(
        "2026-03-19T20:14:19.1063512Z Download action repository 'aquasecurity/trivy-action@0.24.0' (SHA:e0198fd2b6e1679e36d32933941182d9afa82f6f)",
        expect![[r#"
            2026-03-19T20:14:19.106351Z
            {"kind":"commit","repository":"aquasecurity/trivy-action","reference":"0.24.0","sha":"e0198fd2b6e1679e36d32933941182d9afa82f6f"}
        "#]],
    );
    check(
        "build\tUNKNOWN STEP\t2026-03-19T20:14:19.1063512Z ##[group]Run aquasecurity/setup-trivy@v0.2.1",
        expect![[r#"
            2026-03-19T20:14:19.106351Z
            {"kind":"commit","repository":"aquasecurity/setup-trivy","reference":"v0.2.1","sha":null}
        "#]],
    );
    check("Run ./.github/actions/local@x", expect![""]);
}

#[test]
fn the_ends_of_a_log() {
    check(
        "\u{feff}2026-03-24T10:58:12.0000000Z Current runner version: '2.332.0'",
        expect![[r#"
        2026-03-24T10:58:12Z
        Start
    "#]],
    );
    check(
        "2026-03-24T10:59:40.0000000Z Cleaning up orphan processes",
        expect![[r#"
        2026-03-24T10:59:40Z
        End
    "#]],
    );
}

#[test]
fn what_pip_and_uv_record() {
    check(
        "  Downloading litellm-1.82.8-py3-none-any.whl (15.6 MB)",
        expect![[r#"
        {"kind":"installed","ecosystem":"PyPI","name":"litellm","version":"1.82.8","sha256":null}
    "#]],
    );
    check("  Downloading litellm-1.82.8-py3-none-any.whl.metadata (40 kB)", expect![""]);
    check(
        "Successfully installed python-dateutil-2.9.0.post0 litellm-1.82.8",
        expect![[r#"
        {"kind":"installed","ecosystem":"PyPI","name":"python-dateutil","version":"2.9.0.post0","sha256":null}
        {"kind":"installed","ecosystem":"PyPI","name":"litellm","version":"1.82.8","sha256":null}
    "#]],
    );
    check(
        "#11 14.22  + litellm==1.82.8",
        expect![[r#"
        {"kind":"installed","ecosystem":"PyPI","name":"litellm","version":"1.82.8","sha256":null}
    "#]],
    );
    check(
        "Requirement already satisfied: litellm[proxy]>=1.60 in ./.venv/lib/python3.12/site-packages (from crewai) (1.82.6)",
        expect![[r#"
            {"kind":"installed","ecosystem":"PyPI","name":"litellm","version":"1.82.6","sha256":null}
        "#]],
    );
    check(
        "  - Updating litellm (1.82.6 -> 1.82.8)",
        expect![[r#"
        {"kind":"installed","ecosystem":"PyPI","name":"litellm","version":"1.82.8","sha256":null}
    "#]],
    );
}

#[test]
fn commands_that_fix_nothing() {
    check(
        "2026-03-24T10:58:41.0012345Z ##[group]Run pip install -U crewai",
        expect![[r#"
        2026-03-24T10:58:41.001234Z
        {"kind":"unpinned","ecosystem":"PyPI","name":"*","reference":"pip install -U crewai"}
    "#]],
    );
    check(
        "\u{1b}[36;1mpython -m pip install --upgrade pip\u{1b}[0m",
        expect![[r#"
        {"kind":"unpinned","ecosystem":"PyPI","name":"*","reference":"python -m pip install --upgrade pip"}
    "#]],
    );
    check(
        "sudo apt-get install -y trivy jq=1.7.1-3",
        expect![[r#"
        {"kind":"unpinned","ecosystem":"Debian","name":"trivy","reference":"sudo apt-get install -y trivy jq=1.7.1-3"}
    "#]],
    );
    check("[notice] To update, run: pip install --upgrade pip", expect![""]);
    check("WARNING: try `pip install foo`", expect![""]);
}

#[test]
fn what_a_command_says_of_itself() {
    let days = |days| Some(CoolDown::days(days));
    assert_eq!(cool_down("uv pip install --exclude-newer '3 days' crewai"), days(3));
    assert_eq!(cool_down("uv pip install --exclude-newer=1week crewai"), days(7));
    assert_eq!(cool_down("UV_EXCLUDE_NEWER=P2D uv pip install crewai"), days(2));
    assert_eq!(cool_down("npm install --min-release-age=2"), days(2));
    assert_eq!(cool_down("pip install --exclude-newer '3 days' crewai"), None);
    assert_eq!(cool_down("uv pip install --exclude-newer '3 days' --exclude-newer-package litellm=false crewai"), None);
    assert_eq!(cool_down("uv pip install crewai"), None);
    let asked = |command| asked(command, &firebreak_package::Ecosystem::PyPI, "litellm");
    assert_eq!(asked("pip install 'LiteLLM[proxy]>=1.80,<1.82.7' crewai"), ["LiteLLM[proxy]>=1.80,<1.82.7"]);
    assert_eq!(asked("pip install litellm==1.82.*"), ["litellm==1.82.*"]);
    // The shell reads from a file called `1.82.7` there.
    for open in ["pip install litellm<1.82.7", "pip install 'litellm<1.82.7", "pipx install 'litellm<1.82.7' crewai"] {
        assert_eq!(asked(open), Vec::<String>::new(), "{open}");
    }
    assert_eq!(
        (tool_of("sudo pip3.12 install x"), tool_of("uvx x"), tool_of("litellm>=1")),
        (Some("pip"), Some("uv"), None)
    );
    assert!(follows_lock("uv sync --locked") && !follows_lock("uv sync") && follows_lock("CI=1 npm ci"));
    assert!(is_quiet("pip install -q x") && !is_quiet("pip install quiet"));
    let pypi = firebreak_package::Ecosystem::PyPI;
    assert_eq!(fixes("pip install 'LiteLLM[proxy]==1.82.6'", &pypi, "litellm"), Some("1.82.6"));
    assert_eq!(fixes("pip install litellm==1.*", &pypi, "litellm"), None);
    check("Run uv run pytest -q", expect![""]);
}

#[test]
fn what_a_command_says_for_all_that_it_installs() {
    use firebreak_package::Ecosystem::{Npm, PyPI};
    for (command, ecosystem, right) in [
        ("pip install -q litellm==1.82.6 crewai", PyPI, true),
        ("pipx install litellm==1.82.6", PyPI, true),
        ("pipx install crewai litellm==1.82.6", PyPI, false),
        ("python -m pipx install crewai litellm==1.82.6", PyPI, false),
        ("uv pip install --override o.txt litellm==1.82.6", PyPI, false),
        ("UV_OVERRIDE=o.txt uv pip install litellm==1.82.6", PyPI, false),
        ("npm install -g axios@1.13.0", Npm, true),
        ("npm install -g axios@1.13.0 other", Npm, false),
        ("npm install axios@1.13.0", Npm, false),
        ("npx axios@1.13.0", Npm, true),
    ] {
        assert_eq!(is_for_all(command, &ecosystem), right, "{command}");
    }
    for (command, right) in [
        ("yarn install --frozen-lockfile", true),
        ("yarn --immutable", true),
        ("pnpm i --frozen-lockfile", true),
        ("pnpm i --frozen-lockfile --no-lockfile", false),
        ("yarn add x --frozen-lockfile", false),
        ("npm install", false),
        ("pdm sync", true),
        ("pdm install", false),
        ("pdm install --frozen-lockfile", true),
        ("poetry install", true),
        ("poetry update", false),
        ("pip install -U -r requirements.txt", false),
        ("pip install --require-hashes -r requirements.txt", true),
    ] {
        assert_eq!(follows_lock(command), right, "{command}");
    }
}

#[test]
fn what_apt_records() {
    check(
        "Get:1 https://get.trivy.dev/deb generic/main amd64 trivy amd64 0.69.4 [50.1 MB]",
        expect![[r#"
        {"kind":"installed","ecosystem":"Debian","name":"trivy","version":"0.69.4","sha256":null}
    "#]],
    );
    check("Get:2 http://archive.ubuntu.com/ubuntu noble InRelease [256 kB]", expect![""]);
    check(
        "Unpacking trivy (0.69.4) over (0.69.3) ...",
        expect![[r#"
        {"kind":"installed","ecosystem":"Debian","name":"trivy","version":"0.69.4","sha256":null}
    "#]],
    );
    check(
        "trivy is already the newest version (0.69.3).",
        expect![[r#"
        {"kind":"installed","ecosystem":"Debian","name":"trivy","version":"0.69.3","sha256":null}
    "#]],
    );
    check(
        "Preparing to unpack .../00-trivy_0.69.4_amd64.deb ...",
        expect![[r#"
        {"kind":"installed","ecosystem":"Debian","name":"trivy","version":"0.69.4","sha256":null}
    "#]],
    );
    check(
        "  Installing       : trivy-0.69.4-1.x86_64          1/1",
        expect![[r#"
        {"kind":"installed","ecosystem":"RPM","name":"trivy","version":"0.69.4-1","sha256":null}
    "#]],
    );
    check(
        "aquasecurity/trivy info found version: 0.69.4 for v0.69.4/Linux/64bit",
        expect![[r#"
        {"kind":"installed","ecosystem":"Go","name":"github.com/aquasecurity/trivy","version":"0.69.4","sha256":null}
    "#]],
    );
    check(
        "curl -sSL https://github.com/aquasecurity/trivy/releases/download/v0.69.4/trivy_0.69.4_Linux-64bit.tar.gz",
        expect![[r#"
        {"kind":"installed","ecosystem":"Go","name":"github.com/aquasecurity/trivy","version":"0.69.4","sha256":null}
        {"kind":"contacted","host":"github.com"}
    "#]],
    );
}

#[test]
fn images() {
    check(
        "Status: Downloaded newer image for aquasec/trivy:0.69.5",
        expect![[r#"
        {"kind":"image","name":"aquasec/trivy","tag":"0.69.5","digest":null}
    "#]],
    );
    check(
        "#5 resolve docker.io/aquasec/trivy:0.69.4@sha256:27f4 done",
        expect![[r#"
        {"kind":"image","name":"docker.io/aquasec/trivy","tag":"0.69.4","digest":"sha256:27f4"}
    "#]],
    );
    check(
        "##[command]/usr/bin/docker pull registry.local:5000/aquasec/trivy:latest",
        expect![[r#"
        {"kind":"image","name":"registry.local:5000/aquasec/trivy","tag":"latest","digest":null}
    "#]],
    );
}

#[test]
fn contacts_are_hosts_and_never_credentials() {
    check(
        "* Connected to models.litellm.cloud (46.151.182.203) port 443",
        expect![[r#"
        {"kind":"contacted","host":"models.litellm.cloud"}
    "#]],
    );
    check(
        "+ curl -X POST https://x-access-token:***@Scan.Aquasecurtiy.org/ -d @tpcp.tar.gz",
        expect![[r#"
        {"kind":"contacted","host":"scan.aquasecurtiy.org"}
    "#]],
    );
}

#[test]
fn what_installers_of_other_languages_record() {
    let said = |line: &str| -> Vec<String> {
        let statements = statements(&split(line).1);
        let installed = statements.into_iter().filter_map(|statement| match statement {
            Statement::Saw(ObservationKind::Installed { ecosystem, name, version, .. }) => {
                Some(format!("{ecosystem} {name} {version}"))
            }
            _ => None,
        });
        installed.collect()
    };
    for (line, expected) in [
        ("npm http fetch GET 200 https://npm.example/axios/-/axios-1.14.1.tgz 23ms (cache miss)", "npm axios 1.14.1"),
        ("npm http fetch GET 200 https://npm.example/@a/b/-/b-1.2.3.tgz 2ms", "npm @a/b 1.2.3"),
        ("│ ├─┬ axios@1.14.1 deduped", "npm axios 1.14.1"),
        ("+ axios 1.14.1 (1.15.0 is available)", "npm axios 1.14.1"),
        ("installed axios@1.14.1 with binaries:", "npm axios 1.14.1"),
        (
            "➤ YN0013: │ axios@npm:1.14.1 can't be found in the cache and will be fetched from the remote registry",
            "npm axios 1.14.1",
        ),
        ("go: downloading github.com/x/y v1.2.3", "Go github.com/x/y 1.2.3"),
        ("   Compiling serde v1.0.219", "crates.io serde 1.0.219"),
        ("Installed package `ripgrep v14.1.0` (executable `rg`)", "crates.io ripgrep 14.1.0"),
        ("Installing rack 3.0.8 (was 3.0.7)", "RubyGems rack 3.0.8"),
        ("(2/5) Upgrading curl (8.4.0-r0 -> 8.5.0-r0)", "Alpine curl 8.5.0-r0"),
        ("Created wheel for x: filename=x-1.0-py3-none-any.whl size=1 sha256=00", "PyPI x 1.0"),
        ("Found existing installation: litellm 1.82.8", "PyPI litellm 1.82.8"),
        ("  installed package litellm 1.82.8, installed using Python 3.12.3", "PyPI litellm 1.82.8"),
        ("  ✔ Install litellm 1.82.8 successful", "PyPI litellm 1.82.8"),
    ] {
        assert_eq!(said(line), [expected], "{line}");
    }
    // A gem and a single package of pip are told in the same words.
    assert_eq!(said("Successfully installed rack-3.0.8"), ["PyPI rack 3.0.8", "RubyGems rack 3.0.8"]);
    for line in [
        "Collecting litellm==1.82.8",
        "Would install litellm-1.82.8",
        "Would uninstall: litellm-1.82.8",
        "Successfully uninstalled litellm-1.82.8",
        "Inst trivy (0.69.4 Trivy:generic [amd64])",
        "add axios 1.14.1",
        "  • Installing litellm (1.82.8): Skipped for the following reason: Not required",
        "  - litellm==1.82.8",
        "├── UNMET DEPENDENCY axios@1.14.1",
        "   Compiling mine v0.1.0 (/src/mine)",
        "+ sleep 5.0",
        "Using Python 3.12.3",
        "echo Successfully installed litellm-1.82.8",
        "+ echo ' + litellm==1.82.8'",
        "$ printf 'Downloading litellm-1.82.8-py3-none-any.whl'",
        "# Successfully installed litellm-1.82.8",
        "##[group]Run echo \"curl https://github.com/aquasecurity/trivy/releases/download/v0.69.4/trivy.deb\"",
    ] {
        assert_eq!(said(line), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn what_is_only_written_down_contacts_and_asks_for_nothing() {
    for line in [
        "$ echo 'curl https://models.litellm.cloud'",
        "# curl https://models.litellm.cloud",
        "pip install --dry-run crewai",
        "apt-get install -s trivy",
        "Run npm install --dry-run axios",
    ] {
        let said = statements(&split(line).1);
        let quiet = |one: &Statement| matches!(one, Statement::Prints(_) | Statement::Rehearses(_));
        assert!(said.iter().all(quiet), "{line}: {said:?}");
    }
    check(
        "Run go install github.com/aquasecurity/trivy/cmd/trivy@latest",
        expect![[r#"
            {"kind":"unpinned","ecosystem":"Go","name":"github.com/aquasecurity/trivy","reference":"go install github.com/aquasecurity/trivy/cmd/trivy@latest"}
        "#]],
    );
    check("Run go install example.com/x@v1.2.3", expect![""]);
    check("apk add --no-cache curl=8.5.0-r0", expect![""]);
}

#[test]
fn what_gitlab_and_circleci_write() {
    check(
        "2026-03-24T10:58:46.962646Z 00O \u{1b}[32;1m$ pip install -U crewai\u{1b}[0;m",
        expect![[r#"
            2026-03-24T10:58:46.962646Z
            {"kind":"unpinned","ecosystem":"PyPI","name":"*","reference":"pip install -U crewai"}
        "#]],
    );
    check(
        "\u{1b}[0Ksection_end:1774349000:prepare\r\u{1b}[0Ksection_start:1774349001:step_script[collapsed=true]\r\u{1b}[0KSuccessfully installed crewai-1.0 litellm-1.82.8",
        expect![[r#"
            2026-03-24T10:43:21Z
            {"kind":"installed","ecosystem":"PyPI","name":"crewai","version":"1.0","sha256":null}
            {"kind":"installed","ecosystem":"PyPI","name":"litellm","version":"1.82.8","sha256":null}
        "#]],
    );
    check(
        "Using docker image sha256:aa for python:3.12 with digest python@sha256:bb ...",
        expect![[r#"
            {"kind":"image","name":"python","tag":"3.12","digest":"sha256:bb"}
        "#]],
    );
    check(
        "  using image cimg/python@sha256:cc",
        expect![[r#"
            {"kind":"image","name":"cimg/python","tag":null,"digest":"sha256:cc"}
        "#]],
    );
    check("section_start:x:y", expect![""]);
}

#[test]
fn ordinary_lines_say_nothing() {
    for line in
        ["", "#", "# 1", "hello @ world", "##[endgroup]", "+ echo done", "Post job cleanup.", "\u{1b}[", "a@b/c@"]
    {
        let (_, text) = split(line);
        assert_eq!(statements(&text), [], "{line}");
    }
}

proptest::proptest! {
    #[test]
    fn any_line_is_read_without_a_panic(line in "\\PC{0,80}") {
        let (_, text) = split(&line);
        let _ = statements(&text);
    }
}
