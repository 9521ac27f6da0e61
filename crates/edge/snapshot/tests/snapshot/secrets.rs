//! Fifty kinds of secrets are planted, and then every byte that was written is searched for them.

use crate::support::{fingerprinter, of_root, options, plant, tar, with};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use firebreak_snapshot::{Ended, Limits, Options, Snapshot, Subject, bytes, take, wrap};
use firebreak_world::RealTree;
use std::collections::BTreeSet;
use std::process::Command;
use zeroize::Zeroizing;

/// A place, what stands there with `@` for the secret, and the secret. An empty kind: a store that stays closed.
struct Planted {
    path: &'static str,
    text: &'static str,
    secret: String,
    kind: &'static str,
}

fn token(service_account: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims =
        format!(r#"{{"sub":"system:serviceaccount:{service_account}","exp":1999999999,"jti":"j1","iss":"https://k"}}"#);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&claims), part("signature-of-planted-token"))
}

fn key(label: &str) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjPLANTED".repeat(3)
    )
}

fn openssh() -> String {
    let field = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let parts = [
        field(b"aes256-ctr"),
        field(b"bcrypt"),
        field(b"salt"),
        vec![0, 0, 0, 1],
        field(b"public-half"),
        field(&[9; 90]),
    ];
    let body = STANDARD.encode([&b"openssh-key-v1\0"[..], &parts.concat()].concat());
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----")
}

#[rustfmt::skip]
fn planted() -> Vec<Planted> {
    let p = |path, text, secret: &str, kind| Planted { path, text, secret: secret.to_owned(), kind };
    let aws = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzPLANTEDKE";
    let hash = |seed: u8| (0..36).map(|at| char::from(b'a' + (at * 7 + seed) % 26)).collect::<String>();
    vec![
        p("root/.aws/credentials", "[ci]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = @\n", aws, "aws_access_key"),
        p("root/.aws/sso/cache/a.json", r#"{"accessToken":"@","expiresAt":"2026-12-01T00:00:00Z"}"#, "aoaAAAAAGplanted-sso-token-1", "aws_sso_token"),
        p("root/.aws/cli/cache/b.json", r#"{"Credentials":{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"@","Expiration":"2026-12-01T00:00:00Z"}}"#, "zJalrXUtnFEMI/K7MDENG/bPxRfiCYzPLANTEDKX", "aws_access_key"),
        p("root/.config/gcloud/application_default_credentials.json", r#"{"type":"authorized_user","client_id":"x.apps","refresh_token":"@"}"#, "1//0planted-refresh-token-of-google", "google_credential"),
        p("srv/my-service-account.json", r#"{"type":"service_account","private_key_id":"0a1b2c","client_email":"a@b.iam.gserviceaccount.com","private_key":"-----BEGIN PRIVATE KEY-----\n@\n-----END PRIVATE KEY-----\n"}"#, "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwPLANTEDSA", "google_service_account_key"),
        p("root/.azure/msal_token_cache.json", r#"{"RefreshToken":{"a":{"secret":"@"}}}"#, "0.AXoAplanted-azure-refresh", "azure_token"),
        p("root/.azure/accessTokens.json", r#"[{"accessToken":"@"}]"#, "planted-azure-access-token", "azure_token"),
        p("root/.kube/config", "users:\n- name: a\n  user:\n    token: @\n", "planted-kube-bearer-token-77", "kubernetes_credential"),
        p("etc/kubernetes/admin.conf", "users:\n- user:\n    client-key-data: @\n", "UExBTlRFRGNsaWVudGtleWRhdGE", "kubernetes_credential"),
        p("run/secrets/kubernetes.io/serviceaccount/token", "@", &token("gateway:litellm"), "kubernetes_service_account_token"),
        p("run/secrets/db_password", "@\n", "planted-docker-secret", "container_secret"),
        p("root/.docker/config.json", r#"{"auths":{"ghcr.io":{"auth":"@"}}}"#, &STANDARD.encode("bot:planted-registry-password"), "registry_password"),
        p("root/.git-credentials", "https://bot:@@github.example\n", "planted-git-password", "git_password"),
        p("w/.git/config", "[http \"https://github.com/\"]\n\textraheader = @\n", "AUTHORIZATION: basic cGxhbnRlZDpoZWFkZXI=", "git_password"),
        p("root/.netrc", "machine api.example login a password @\n", "planted-netrc-word", "netrc_password"),
        p("root/.config/gh/hosts.yml", "github.com:\n    oauth_token: @\n", &format!("gho_{}", hash(1)), "github_token"),
        p("root/.config/glab-cli/config.yml", "hosts:\n  gitlab.com:\n    token: @\n", "glpat-planted-gitlab-1", "gitlab_token"),
        p("root/.circleci/cli.yml", "token: @\n", "planted-circle-token-000", "circleci_token"),
        p("root/.npmrc", "//registry.npmjs.org/:_authToken=@\n", "11111111-planted-npm-token", "npm_token"),
        p("w/.yarnrc.yml", "npmAuthToken: \"@\"\n", "planted-yarn-token-9", "npm_token"),
        p("root/.pypirc", "[pypi]\nusername = __token__\npassword = @\n", &format!("pypi-AgEIcHlwaS5vcmc{}{}", hash(2), hash(3)), "pypi_token"),
        p("etc/pip.conf", "[global]\nindex-url = https://u:@@pypi.example/simple\n", "planted-index-word", "pip_index_password"),
        p("root/.cargo/credentials.toml", "[registry]\ntoken = \"@\"\n", "cioplantedcargotoken12345", "cargo_token"),
        p("root/.gem/credentials", "---\n:rubygems_api_key: @\n", "rubygems_planted_0123456789", "rubygems_key"),
        p("root/.m2/settings.xml", "<server><username>u</username><password>@</password></server>", "planted-maven-word", "maven_password"),
        p("root/.gradle/gradle.properties", "signing.password=@\n", "planted-gradle-word", "gradle_secret"),
        p("root/.config/composer/auth.json", r#"{"http-basic":{"x":{"username":"u","password":"@"}}}"#, "planted-composer-word", "composer_token"),
        p("root/.claude/.credentials.json", r#"{"claudeAiOauth":{"accessToken":"@"}}"#, &format!("sk-ant-oat01-{}{}{}", hash(4), hash(5), hash(6)), "anthropic_key"),
        p("root/.codex/auth.json", r#"{"OPENAI_API_KEY":"@"}"#, "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789PLANTED", "openai_key"),
        p("root/.cache/huggingface/token", "@", "hf_plantedHuggingFaceTokenXYZ", "huggingface_token"),
        p("root/.kaggle/kaggle.json", r#"{"username":"u","key":"@"}"#, "planted0kaggle1key", "kaggle_key"),
        p("w/litellm_config.yaml", "general_settings:\n  master_key: @\n", "sk-planted-master", "language_model_key"),
        p("w/.mcp.json", r#"{"mcpServers":{"x":{"env":{"API_TOKEN":"@"}}}}"#, "planted-mcp-token-5", "mcp_server_secret"),
        p("root/.pgpass", "db.example:5432:app:reader:@\n", "planted-pg-word", "postgres_password"),
        p("root/.my.cnf", "[client]\npassword=@\n", "planted-mysql-word", "mysql_password"),
        p("root/.snowsql/config", "[connections]\npassword = @\n", "planted-snow-word", "snowflake_password"),
        p("root/.databrickscfg", "[DEFAULT]\ntoken = @\n", "dapiplanted00000000", "databricks_token"),
        p("root/.vault-token", "@", "hvs.plantedVaultToken", "vault_token"),
        p("root/.terraform.d/credentials.tfrc.json", r#"{"credentials":{"app.terraform.io":{"token":"@"}}}"#, "planted.atlasv1.token", "terraform_token"),
        p("w/terraform.tfstate", r#"{"resources":[{"instances":[{"attributes":{"password":"@"}}]}]}"#, "planted-tf-word", "terraform_state_secret"),
        p("root/.pulumi/credentials.json", r#"{"accessTokens":{"https://api":"@"}}"#, "pul-planted-token-1234", ""),
        p("root/.ssh/id_ed25519", "@", &openssh(), "ssh_private_key"),
        p("root/.ssh/legacy", "@", &key("RSA PRIVATE KEY"), "ssh_private_key"),
        p("etc/ssl/private/tls.key", "@", &key("PRIVATE KEY"), "private_key"),
        p("root/.config/sops/age/keys.txt", "# public key: age1x\n@\n", "AGE-SECRET-KEY-1PLANTED", "age_key"),
        p("root/.config/google-chrome/Default/Login Data", "@", "planted-browser-store", "browser_logins"),
        p("root/.bitcoin/wallet.dat", "@", "planted-wallet-bytes", "wallet"),
        p("root/.bash_history", "curl -H 'Authorization: Bearer @' https://x\n", "plantedbearer0123456789", "shell_history"),
        p("root/.zsh_history", ": 1:0;export SLACK=@\n", "xoxb-123456789012-123456789012-plantedSlackTok", "slack_token"),
        p("w/.env", "DATABASE_URL=postgres://app:@@db.example:5432/app\n", "planted-url-word", "postgres_password"),
        p("w/.env.production", "STRIPE_API_KEY='@' # live\n", "rk_live_plantedStripeKey", "stripe_key"),
        p("w/secrets.env", "DISCORD_TOKEN=@\n", "planted.discord.token", "discord_token"),
        p("root/.bashrc", "export GITLAB_TOKEN=\"@\"\n", "glpat-planted-profile", "gitlab_token"),
        p("w/config/master.key", "@", "0123456789abcdefplanted", "rails_master_key"),
    ]
}

impl Planted {
    fn content(&self) -> String {
        // The last `@` but one is the secret's where a URL has its own.
        match self.text.split_once("@@") {
            Some((before, after)) => format!("{before}{}@{after}", self.secret),
            None => self.text.replacen('@', &self.secret, 1).replace("a@b", "a-b"),
        }
    }
}

fn tree() -> (tempfile::TempDir, Vec<Planted>) {
    let root = tempfile::tempdir().unwrap();
    let mut all = planted();
    // The address in this one is no place for a secret.
    all.iter_mut()
        .filter(|one| one.text.contains("a@b"))
        .for_each(|one| one.text = Box::leak(one.text.replace("a@b", "a-b").into_boxed_str()));
    all.iter().for_each(|one| plant(root.path(), &[(one.path, &one.content())]));
    (root, all)
}

/// Stretches of the secret that must not be seen: all of it, each line, and what base 64 hides.
fn traces(secret: &str) -> Vec<String> {
    let mut traces: Vec<String> = secret.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned).collect();
    if let Ok(decoded) = STANDARD.decode(secret) {
        traces.extend(String::from_utf8(decoded).ok().and_then(|text| Some(text.split_once(':')?.1.to_owned())));
    }
    traces.retain(|trace| trace.len() >= 6);
    assert!(!traces.is_empty());
    traces
}

fn assert_silent(written: &[u8], all: &[Planted]) {
    let text = String::from_utf8_lossy(written);
    for one in all {
        for trace in traces(&one.secret) {
            assert!(!text.contains(&trace), "{} shows `{trace}`", one.path);
        }
    }
}

#[test]
fn every_place_is_found_and_no_value_is_shown() {
    let (root, all) = tree();
    let kinds: BTreeSet<&str> = all.iter().map(|one| one.path).collect();
    assert!(kinds.len() >= 50, "{}", kinds.len());
    let snapshot = of_root(root.path());
    assert_silent(&bytes(&snapshot), &all);
    assert_silent(format!("{snapshot:?}").as_bytes(), &all);
    let missing: Vec<String> = all
        .iter()
        .filter(|one| {
            let path = format!("/{}", one.path);
            let credential =
                snapshot.credentials.iter().any(|found| found.place.starts_with(&path) && found.kind == one.kind);
            let store = snapshot.stores.iter().any(|store| store.path == path && store.kind == one.kind);
            !credential && !store && !one.kind.is_empty()
        })
        .map(|one| {
            format!(
                "{} ({}): {:?}",
                one.path,
                one.kind,
                snapshot.credentials.iter().filter(|f| f.place.contains(one.path)).map(|f| &f.kind).collect::<Vec<_>>()
            )
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn public_ids_and_fingerprints_are_the_same_as_everywhere() {
    let (root, _) = tree();
    let snapshot = of_root(root.path());
    let find = |key: &str| {
        snapshot.credentials.iter().find(|one| one.credential.as_str() == key).unwrap_or_else(|| panic!("{key}"))
    };
    let print = |secret: &str| Some(fingerprinter().fingerprint(secret.as_bytes()));
    let aws = find("credential:aws/AKIAIOSFODNN7EXAMPLE");
    assert_eq!(aws.fingerprint, print("wJalrXUtnFEMI/K7MDENG/bPxRfiCYzPLANTEDKE"));
    assert!(find("credential:aws/ASIAIOSFODNN7EXAMPLE").expires.is_some());
    assert_eq!(find("credential:postgres/db.example/app").fingerprint, print("planted-url-word"));
    assert_eq!(find("credential:postgres/db.example/reader").fingerprint, print("planted-pg-word"));
    assert!(find("credential:gcp/0a1b2c").fingerprint.is_some());
    let account = find("credential:k8s/prod/gateway/litellm");
    assert_eq!((account.kind.as_str(), account.expires.is_some()), ("kubernetes_service_account_token", true));
    assert!(snapshot.runs_as.iter().any(|key| key.as_str() == "identity:k8s/prod/gateway/litellm"));
    let registry = fingerprinter().credential(b"planted-registry-password");
    assert_eq!(find(registry.as_str()).kind, "registry_password");
    let ssh =
        snapshot.credentials.iter().find(|one| one.credential.as_str().starts_with("credential:ssh/SHA256:")).unwrap();
    assert_eq!(ssh.encrypted, Some(true));
    let legacy = snapshot.credentials.iter().find(|one| one.place.contains(".ssh/legacy")).unwrap();
    assert_eq!(legacy.encrypted, Some(false));
    // The secret half alone is no second credential.
    let half = fingerprinter().credential(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYzPLANTEDKE");
    assert!(!snapshot.credentials.iter().any(|one| one.credential == half));
}

fn variables(all: &[Planted]) -> Vec<(Vec<u8>, Zeroizing<Vec<u8>>)> {
    let named = all.iter().enumerate().map(|(at, one)| (format!("PLANTED_{at}_TOKEN"), one.secret.clone()));
    let known =
        [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", &all[0].secret), ("PATH", "/bin")];
    let known = known.map(|(name, value)| (name.to_owned(), value.to_owned()));
    named.chain(known).map(|(name, value)| (name.into_bytes(), Zeroizing::new(value.into_bytes()))).collect()
}

#[test]
fn no_mode_and_no_error_shows_a_value() {
    let (root, all) = tree();
    // Variables; no time for the walk, so that this machine's own files stay out.
    let limits = Limits { seconds: 0.0, ..Limits::default() };
    let here = Options { variables: variables(&all), limits, ..options(Subject::Here) };
    let snapshot = with(&RealTree, |doors| take(doors, &here)).unwrap();
    assert!(snapshot.credentials.len() >= 50);
    let aws = snapshot.credentials.iter().find(|one| one.credential.as_str() == "credential:aws/AKIAIOSFODNN7EXAMPLE");
    assert_eq!(aws.unwrap().place, "env AWS_ACCESS_KEY_ID");
    assert_silent(&bytes(&snapshot), &all);
    // An image with the same files.
    let contents: Vec<String> = all.iter().map(Planted::content).collect();
    let layer =
        tar(&all.iter().zip(&contents).map(|(one, content)| (one.path, Some(content.as_bytes()))).collect::<Vec<_>>());
    let manifest = br#"[{"Config":"c.json","Layers":["l"]}]"#;
    let history: Vec<String> = all
        .iter()
        .map(|one| {
            format!(r#"{{"created_by":{}}}"#, serde_json::to_string(&format!("ARG X_TOKEN={}", one.secret)).unwrap())
        })
        .collect();
    let config = format!(r#"{{"history":[{}]}}"#, history.join(","));
    let image = tar(&[("l", Some(&layer)), ("c.json", Some(config.as_bytes())), ("manifest.json", Some(manifest))]);
    std::fs::write(root.path().join("image.bin"), image).unwrap();
    let of_image = options(Subject::Image(root.path().join("image.bin")));
    assert_silent(&bytes(&with(&RealTree, |doors| take(doors, &of_image)).unwrap()), &all);
    // A wrapped command that carries them as arguments it was given by name.
    let command: Vec<String> = all.iter().filter(|one| one.text.contains("://")).map(Planted::content).collect();
    let of_root = options(Subject::Root(root.path().to_path_buf()));
    let mut run = || Ok(Ended { code: Some(0), signal: None });
    let (wrapped, _) = with(&RealTree, |doors| wrap(doors, &of_root, &command, &mut run)).unwrap();
    assert_silent(&bytes(&wrapped.unwrap()), &all);
}

fn program(all: &[Planted], arguments: &[&str]) -> (Option<i32>, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak-snapshot"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
    for (at, one) in all.iter().enumerate() {
        command.env(format!("PLANTED_{at}_TOKEN"), &one.secret);
    }
    let output = command.output().unwrap();
    (output.status.code(), [output.stdout, output.stderr].concat())
}

#[test]
fn the_program_shows_none_in_any_mode_and_hands_the_exit_code_through() {
    let (root, all) = tree();
    let at = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let (tree, out) = (at(""), at("out.json"));
    let bad = root.path().join("w/.env").to_str().unwrap().to_owned();
    for (arguments, code) in [
        (vec!["--root", &tree], 0),
        (vec!["--max-seconds", "0"], 0),
        (vec!["--root", &tree, "--key-file", &bad], 1),
        (vec!["--image", &bad], 1),
        (vec!["--root", "/nowhere"], 1),
        (vec!["--environment", "nonsense"], 1),
        (vec!["--max-seconds", "0", "--output", &out, "--", "sh", "-c", "exit 7"], 7),
        (vec!["--max-seconds", "0", "--output", &out, "--", "sh", "-c", "kill -9 $$"], 137),
        (vec!["--max-seconds", "0", "--output", "/nowhere/out", "--", "sh", "-c", "exit 3"], 3),
        (vec!["--max-seconds", "0", "--", "no-such-command"], 127),
    ] {
        let (ended, written) = program(&all, &arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&written));
        assert_silent(&written, &all);
    }
    let kept = std::fs::read(&out).unwrap();
    assert_silent(&kept, &all);
    let snapshot: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(snapshot["format"], "firebreak.snapshot/1");
    assert!(snapshot["install"]["from"].is_string());
    assert!(snapshot.get("runs").is_none(), "one command is not all that ran there");
}

#[test]
fn an_ordinary_variable_and_an_example_are_no_credentials() {
    let text = "PATH=/usr/bin\nTOKEN=${TOKEN}\nPASSWORD=changeme\nTOKEN_FILE=/run/token\nMAX_TOKENS=4096\n";
    let root = tempfile::tempdir().unwrap();
    plant(
        root.path(),
        &[("w/.env", text), ("root/.npmrc", "registry=https://registry.npmjs.org/\n//r/:_authToken=${NPM_TOKEN}\n")],
    );
    let snapshot: Snapshot = of_root(root.path());
    assert!(snapshot.credentials.is_empty(), "{:?}", snapshot.credentials);
}
