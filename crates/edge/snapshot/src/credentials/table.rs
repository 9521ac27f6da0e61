//! Where credentials lie, by the names of files. A new place is one line.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How a file is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    /// `key = value`, `key: value` or `export KEY=value`, one a line; all the values of keys that name a secret.
    Lines,
    /// JSON: the values of keys that name a secret.
    Json,
    /// Only what is a secret by its own form.
    Forms,
    /// The whole file is one token.
    Token,
    /// A pod's token.
    ServiceAccount,
    /// The AWS command line's `credentials` and `config`.
    Aws,
    /// Temporary AWS credentials that were cached.
    AwsCache,
    /// `machine … login … password …`.
    Netrc,
    /// Docker's `config.json`.
    Docker,
    /// A key of a Google account or service account.
    Google,
    /// `host:port:database:user:password`.
    Pgpass,
    /// SSH and PEM private keys.
    PrivateKey,
    /// `<password>…</password>`.
    Tags,
    /// Its presence is all that is said.
    Closed,
}

/// A place where credentials lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SecretFile {
    /// The end of its path; `*` stands for part of one name.
    pub(crate) pattern: &'static str,
    /// What its secrets are, unless their own form says more.
    pub(crate) kind: &'static str,
    /// How it is read.
    pub(crate) reader: Reader,
}

impl SecretFile {
    /// How much of it is read, in bytes.
    pub(crate) fn limit(&self) -> u64 {
        match self.reader {
            Reader::Closed => 0,
            Reader::Token | Reader::ServiceAccount | Reader::PrivateKey => 64 << 10,
            Reader::Forms => 8 << 20,
            _ => 2 << 20,
        }
    }
}

/// The place that the file `name` in `directory` is, if it is one.
pub(crate) fn of(directory: &str, name: &str) -> Option<&'static SecretFile> {
    let index = &*INDEX;
    let exact = index.exact.get(name).into_iter().flatten();
    exact.chain(&index.wild).copied().find(|file| matches(file.pattern, directory, name))
}

/// The reader of a file that a variable points at.
pub(crate) fn named(pattern: &str) -> Option<&'static SecretFile> {
    FILES.iter().find(|file| file.pattern == pattern)
}

struct Index {
    exact: HashMap<&'static str, Vec<&'static SecretFile>>,
    wild: Vec<&'static SecretFile>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { exact: HashMap::new(), wild: Vec::new() };
    for file in FILES {
        let name = file.pattern.rsplit('/').next().unwrap_or_default();
        match name.contains('*') {
            true => index.wild.push(file),
            false => index.exact.entry(name).or_default().push(file),
        }
    }
    index
});

fn matches(pattern: &str, directory: &str, name: &str) -> bool {
    let mut wanted = pattern.rsplit('/');
    let mut have = std::iter::once(name).chain(directory.rsplit('/'));
    wanted.all(|wanted| have.next().is_some_and(|have| glob(wanted, have)))
}

/// `*` is any text, within one name.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    while let Some((part, after)) = rest.split_once('*') {
        match text.find(part) {
            Some(at) => text = text.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
        rest = after;
    }
    text.ends_with(rest)
}

const fn file(pattern: &'static str, kind: &'static str, reader: Reader) -> SecretFile {
    SecretFile { pattern, kind, reader }
}

/// The first that fits counts; exact names come before stars.
static FILES: &[SecretFile] = &[
    // Clouds.
    file(".aws/credentials", "aws_access_key", Reader::Aws),
    file(".aws/config", "aws_access_key", Reader::Aws),
    file(".aws/sso/cache/*.json", "aws_sso_token", Reader::Json),
    file(".aws/cli/cache/*.json", "aws_access_key", Reader::AwsCache),
    file(".aws/login/cache/*.json", "aws_access_key", Reader::AwsCache),
    file("gcloud/application_default_credentials.json", "google_credential", Reader::Google),
    file("gcloud/legacy_credentials/*/adc.json", "google_credential", Reader::Google),
    file("gcloud/credentials.db", "google_credential_store", Reader::Closed),
    file("gcloud/access_tokens.db", "google_credential_store", Reader::Closed),
    file("*service-account*.json", "google_credential", Reader::Google),
    file("*service_account*.json", "google_credential", Reader::Google),
    file("*credentials*.json", "credential_file", Reader::Google),
    file("gha-creds-*.json", "google_credential", Reader::Google),
    file(".azure/msal_token_cache.json", "azure_token", Reader::Json),
    file(".azure/accessTokens.json", "azure_token", Reader::Json),
    file(".azure/service_principal_entries.json", "azure_secret", Reader::Json),
    file(".azure/msal_token_cache.bin", "azure_token_store", Reader::Closed),
    file(".oci/config", "oci_key", Reader::Lines),
    file(".aliyun/config.json", "aliyun_key", Reader::Json),
    file(".config/doctl/config.yaml", "digitalocean_token", Reader::Lines),
    file(".config/hcloud/cli.toml", "hetzner_token", Reader::Lines),
    file(".fly/config.yml", "fly_token", Reader::Lines),
    file("com.vercel.cli/auth.json", "vercel_token", Reader::Json),
    file(".config/netlify/config.json", "netlify_token", Reader::Json),
    file(".wrangler/config/default.toml", "cloudflare_token", Reader::Lines),
    file(".boto", "cloud_storage_key", Reader::Lines),
    file(".s3cfg", "cloud_storage_key", Reader::Lines),
    file("rclone/rclone.conf", "cloud_storage_key", Reader::Lines),
    // Kubernetes and containers.
    file(".kube/config", "kubernetes_credential", Reader::Lines),
    file("*.kubeconfig", "kubernetes_credential", Reader::Lines),
    file("k3s/k3s.yaml", "kubernetes_credential", Reader::Lines),
    file("etc/kubernetes/*.conf", "kubernetes_credential", Reader::Lines),
    file("secrets/kubernetes.io/serviceaccount/token", "kubernetes_service_account_token", Reader::ServiceAccount),
    file("secrets/eks.amazonaws.com/serviceaccount/token", "kubernetes_service_account_token", Reader::ServiceAccount),
    file("secrets/azure/tokens/azure-identity-token", "kubernetes_service_account_token", Reader::ServiceAccount),
    file("run/secrets/*", "container_secret", Reader::Token),
    file(".docker/config.json", "registry_password", Reader::Docker),
    file(".dockercfg", "registry_password", Reader::Docker),
    file("containers/auth.json", "registry_password", Reader::Docker),
    file("kaniko/.docker/config.json", "registry_password", Reader::Docker),
    // Git and code hosts.
    file(".git-credentials", "git_password", Reader::Forms),
    file(".config/git/credentials", "git_password", Reader::Forms),
    file(".git/config", "git_password", Reader::Lines),
    file(".gitconfig", "git_password", Reader::Lines),
    file(".netrc", "netrc_password", Reader::Netrc),
    file("_netrc", "netrc_password", Reader::Netrc),
    file(".config/gh/hosts.yml", "github_token", Reader::Lines),
    file(".config/hub", "github_token", Reader::Lines),
    file("glab-cli/config.yml", "gitlab_token", Reader::Lines),
    file(".circleci/cli.yml", "circleci_token", Reader::Lines),
    file(".travis/config.yml", "travis_token", Reader::Lines),
    file(".credentials_rsaparams", "runner_credential", Reader::Json),
    // Package registries.
    file(".npmrc", "npm_token", Reader::Lines),
    file(".yarnrc", "npm_token", Reader::Lines),
    file(".yarnrc.yml", "npm_token", Reader::Lines),
    file("bunfig.toml", "npm_token", Reader::Lines),
    file(".bunfig.toml", "npm_token", Reader::Lines),
    file(".pypirc", "pypi_token", Reader::Lines),
    file("pip.conf", "pip_index_password", Reader::Lines),
    file("pip/pip.conf", "pip_index_password", Reader::Lines),
    file("uv/credentials/credentials.toml", "pip_index_password", Reader::Lines),
    file("uv/uv.toml", "pip_index_password", Reader::Lines),
    file("pypoetry/auth.toml", "pypi_token", Reader::Lines),
    file(".condarc", "conda_token", Reader::Lines),
    file(".cargo/credentials", "cargo_token", Reader::Lines),
    file(".cargo/credentials.toml", "cargo_token", Reader::Lines),
    file(".gem/credentials", "rubygems_key", Reader::Lines),
    file(".bundle/config", "rubygems_key", Reader::Lines),
    file(".m2/settings.xml", "maven_password", Reader::Tags),
    file(".gradle/gradle.properties", "gradle_secret", Reader::Lines),
    file("NuGet.Config", "nuget_password", Reader::Tags),
    file("composer/auth.json", "composer_token", Reader::Json),
    // Language models and their tools.
    file(".claude/.credentials.json", "anthropic_token", Reader::Json),
    file(".claude.json", "anthropic_token", Reader::Json),
    file(".codex/auth.json", "openai_token", Reader::Json),
    file(".gemini/oauth_creds.json", "google_credential", Reader::Json),
    file(".continue/config.json", "language_model_key", Reader::Json),
    file(".aider.conf.yml", "language_model_key", Reader::Lines),
    file(".cache/huggingface/token", "huggingface_token", Reader::Token),
    file(".cache/huggingface/stored_tokens", "huggingface_token", Reader::Lines),
    file(".huggingface/token", "huggingface_token", Reader::Token),
    file(".streamlit/secrets.toml", "application_secret", Reader::Lines),
    file(".kaggle/kaggle.json", "kaggle_key", Reader::Json),
    file("github-copilot/hosts.json", "github_token", Reader::Json),
    file("github-copilot/apps.json", "github_token", Reader::Json),
    file("mcp.json", "mcp_server_secret", Reader::Json),
    file(".mcp.json", "mcp_server_secret", Reader::Json),
    file("litellm*config*.yaml", "language_model_key", Reader::Lines),
    // Databases and infrastructure.
    file(".pgpass", "postgres_password", Reader::Pgpass),
    file(".my.cnf", "mysql_password", Reader::Lines),
    file(".mylogin.cnf", "mysql_password_store", Reader::Closed),
    file(".dbt/profiles.yml", "database_password", Reader::Lines),
    file(".snowsql/config", "snowflake_password", Reader::Lines),
    file(".snowflake/connections.toml", "snowflake_password", Reader::Lines),
    file(".databrickscfg", "databricks_token", Reader::Lines),
    file(".vault-token", "vault_token", Reader::Token),
    file(".terraformrc", "terraform_token", Reader::Lines),
    file(".terraform.d/credentials.tfrc.json", "terraform_token", Reader::Json),
    file("terraform.tfstate", "terraform_state_secret", Reader::Json),
    file("*.tfvars", "terraform_secret", Reader::Lines),
    file(".pulumi/credentials.json", "pulumi_token", Reader::Json),
    file(".config/heroku/*.json", "heroku_token", Reader::Json),
    file("wp-config.php", "database_password", Reader::Forms),
    file("config/database.yml", "database_password", Reader::Lines),
    file("config/master.key", "rails_master_key", Reader::Token),
    // Keys.
    file(".ssh/*.pub", "", Reader::Closed),
    file(".ssh/known_hosts*", "", Reader::Closed),
    file(".ssh/authorized_keys*", "", Reader::Closed),
    file(".ssh/config", "", Reader::Closed),
    file(".ssh/*", "ssh_private_key", Reader::PrivateKey),
    file("etc/ssh/ssh_host_*_key", "ssh_host_key", Reader::PrivateKey),
    file("id_rsa", "ssh_private_key", Reader::PrivateKey),
    file("id_ed25519", "ssh_private_key", Reader::PrivateKey),
    file("id_ecdsa", "ssh_private_key", Reader::PrivateKey),
    file("*.pem", "private_key", Reader::PrivateKey),
    file("*.key", "private_key", Reader::PrivateKey),
    file("*.p8", "private_key", Reader::PrivateKey),
    file("*.ppk", "ssh_private_key_store", Reader::Closed),
    file("*.p12", "key_store", Reader::Closed),
    file("*.pfx", "key_store", Reader::Closed),
    file("*.jks", "key_store", Reader::Closed),
    file("*.kdbx", "password_database", Reader::Closed),
    file("sops/age/keys.txt", "age_key", Reader::Token),
    // Stores that stay closed.
    file("Login Data", "browser_logins", Reader::Closed),
    file("Cookies", "browser_cookies", Reader::Closed),
    file("cookies.sqlite", "browser_cookies", Reader::Closed),
    file("logins.json", "browser_logins", Reader::Closed),
    file("key4.db", "browser_logins", Reader::Closed),
    file("globalStorage/state.vscdb", "editor_token_store", Reader::Closed),
    file("c.kdbx", "editor_token_store", Reader::Closed),
    file(".cursor/auth.json", "editor_token", Reader::Json),
    file("*.keyring", "keyring", Reader::Closed),
    file("*.kwl", "keyring", Reader::Closed),
    file("*.keychain-db", "keyring", Reader::Closed),
    file(".password-store/*.gpg", "password_database", Reader::Closed),
    file(".slack/storage/*", "slack_session_store", Reader::Closed),
    // Wallets.
    file("wallet.dat", "wallet", Reader::Closed),
    file("keystore/UTC--*", "wallet", Reader::Closed),
    file(".electrum/wallets/*", "wallet", Reader::Closed),
    file("solana/id.json", "wallet", Reader::Closed),
    file("exodus.wallet/*", "wallet", Reader::Closed),
    // What people typed, and applications' own settings.
    file(".bash_history", "shell_history", Reader::Forms),
    file(".zsh_history", "shell_history", Reader::Forms),
    file(".sh_history", "shell_history", Reader::Forms),
    file(".history", "shell_history", Reader::Forms),
    file("fish_history", "shell_history", Reader::Forms),
    file(".python_history", "shell_history", Reader::Forms),
    file(".node_repl_history", "shell_history", Reader::Forms),
    file(".psql_history", "shell_history", Reader::Forms),
    file(".mysql_history", "shell_history", Reader::Forms),
    file(".bashrc", "shell_profile", Reader::Lines),
    file(".bash_profile", "shell_profile", Reader::Lines),
    file(".profile", "shell_profile", Reader::Lines),
    file(".zshrc", "shell_profile", Reader::Lines),
    file(".zshenv", "shell_profile", Reader::Lines),
    file("etc/environment", "shell_profile", Reader::Lines),
    file(".env.example", "env_file", Reader::Forms),
    file(".env.sample", "env_file", Reader::Forms),
    file(".env.template", "env_file", Reader::Forms),
    file(".env", "env_file", Reader::Lines),
    file(".envrc", "env_file", Reader::Lines),
    file(".env.*", "env_file", Reader::Lines),
    file("*.env", "env_file", Reader::Lines),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known_by_the_end_of_their_path() {
        let kind = |directory: &str, name: &str| of(directory, name).map(|file| (file.kind, file.reader));
        assert_eq!(kind("/home/a/.aws", "credentials"), Some(("aws_access_key", Reader::Aws)));
        assert_eq!(kind("/home/a", "credentials"), None);
        assert_eq!(kind("/home/a/.ssh", "deploy"), Some(("ssh_private_key", Reader::PrivateKey)));
        assert_eq!(kind("/home/a/.ssh", "id_rsa.pub"), Some(("", Reader::Closed)));
        assert_eq!(kind("/w", ".env.production"), Some(("env_file", Reader::Lines)));
        assert_eq!(kind("/w", ".env.example"), Some(("env_file", Reader::Forms)));
        assert_eq!(
            kind("/run/secrets/kubernetes.io/serviceaccount", "token"),
            Some(("kubernetes_service_account_token", Reader::ServiceAccount))
        );
    }
}
