//! What the name of a value says: whether it is a secret, and of what kind.

/// Words of a name that mark a secret.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "clientkeydata",
    "credential",
    "authkey",
    "licensekey",
    "connectionstring",
    "webhookurl",
    "mnemonic",
    "seedphrase",
    "pgpass",
    "accountkey",
    "storagekey",
    "adminkey",
    "deploykey",
    "sessionkey",
];

/// Ends of a name after which its value is none, whatever came before.
const PUBLIC_END: &[&str] = &[
    "file",
    "path",
    "dir",
    "id",
    "url",
    "uri",
    "name",
    "type",
    "expiry",
    "expires",
    "expiration",
    "expiresat",
    "expiresin",
    "ttl",
    "timeout",
    "endpoint",
    "length",
    "limit",
    "count",
    "enabled",
    "helper",
    "scope",
    "scopes",
    "tokens",
    "version",
    "host",
    "port",
    "region",
    "audience",
    "issuer",
    "algorithm",
    "format",
    "prefix",
    "lifetime",
    "hash",
    "provider",
    "username",
    "user",
    "email",
    "arn",
    "store",
    "manager",
    "mode",
    "policy",
    "servicename",
    "class",
    "exp",
    "hint",
];

/// Whole names that are secrets though no word marks them.
const EXACT: &[&str] = &[
    "auth",
    "pass",
    "pwd",
    "pat",
    "key",
    "clientkey",
    "identitytoken",
    "sas",
    "authorization",
    "extraheader",
    "mysqlpwd",
    "nodeauth",
];

/// A name with nothing but its letters and digits, in lower case.
pub(super) fn squeezed(name: &str) -> String {
    name.chars().filter(|letter| letter.is_ascii_alphanumeric()).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether `name` says that its value is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let last = name.rsplit([':', '.', '/']).next().unwrap_or(name);
    let name = squeezed(last);
    if EXACT.contains(&name.as_str()) || name.ends_with("pat") && last.ends_with("_PAT") {
        return true;
    }
    let webhook = name.ends_with("webhookurl") || name.ends_with("connectionstring");
    let public = !webhook && PUBLIC_END.iter().any(|end| name.ends_with(end));
    !public && (SECRET.iter().any(|word| name.contains(word)) || last.ends_with("_KEY") || last.ends_with("_PASS"))
}

/// Whether `name` is one of the three parts of an AWS key.
pub(super) fn is_aws(name: &str) -> bool {
    let name = squeezed(name);
    ["accesskeyid", "secretaccesskey", "sessiontoken", "securitytoken"].iter().any(|part| name.ends_with(part))
}

/// Whether `value` only stands for a secret: empty, a reference, or an example.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let first = value.chars().next();
    value.len() < 4
        || ["${", "$(", "{{", "<", "%(", "%{", "@", "$env:", "file:", "vault:", "op://", "arn:aws:secretsmanager"]
            .iter()
            .any(|start| lower.starts_with(start))
        || (value.starts_with('$')
            && value.chars().skip(1).all(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
        || value.chars().all(|letter| Some(letter) == first)
        || [
            "changeme",
            "change-me",
            "example",
            "placeholder",
            "your-",
            "your_",
            "true",
            "false",
            "null",
            "none",
            "redacted",
        ]
        .iter()
        .any(|word| lower == *word || (word.ends_with(['-', '_']) && lower.starts_with(word)))
        || lower.starts_with("firebreak:")
}

/// What the secret called `name` is for, where the name tells.
pub(super) fn kind(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    KINDS.iter().find(|(mark, _)| name.contains(mark)).map(|(_, kind)| *kind)
}

/// Marks in names, the more special ones first.
const KINDS: &[(&str, &str)] = &[
    ("ACTIONS_ID_TOKEN", "github_oidc_request_token"),
    ("ACTIONS_RUNTIME_TOKEN", "github_runtime_token"),
    ("ACTIONS_RESULTS", "github_runtime_token"),
    ("CI_JOB_TOKEN", "gitlab_job_token"),
    ("CI_JOB_JWT", "gitlab_id_token"),
    ("CI_REGISTRY_PASSWORD", "gitlab_job_token"),
    ("CI_DEPLOY", "gitlab_deploy_token"),
    ("CIRCLE_OIDC", "circleci_oidc_token"),
    ("CIRCLE", "circleci_token"),
    ("BUILDKITE", "buildkite_token"),
    ("SYSTEM_ACCESSTOKEN", "azure_pipelines_token"),
    ("AZURE_OPENAI", "azure_openai_key"),
    ("OPENAI", "openai_key"),
    ("ANTHROPIC", "anthropic_key"),
    ("CLAUDE", "anthropic_key"),
    ("LITELLM", "litellm_key"),
    ("COHERE", "cohere_key"),
    ("GEMINI", "google_api_key"),
    ("MISTRAL", "mistral_key"),
    ("GROQ", "groq_key"),
    ("TOGETHER", "together_key"),
    ("REPLICATE", "replicate_token"),
    ("DEEPSEEK", "deepseek_key"),
    ("PERPLEXITY", "perplexity_key"),
    ("PINECONE", "pinecone_key"),
    ("LANGSMITH", "langsmith_key"),
    ("LANGCHAIN", "langsmith_key"),
    ("HUGGING", "huggingface_token"),
    ("HF_", "huggingface_token"),
    ("WANDB", "wandb_key"),
    ("GITHUB", "github_token"),
    ("GH_", "github_token"),
    ("GITLAB", "gitlab_token"),
    ("BITBUCKET", "bitbucket_token"),
    ("SLACK", "slack_token"),
    ("DISCORD", "discord_token"),
    ("TELEGRAM", "telegram_token"),
    ("NPM", "npm_token"),
    ("NODE_AUTH", "npm_token"),
    ("PYPI", "pypi_token"),
    ("TWINE", "pypi_token"),
    ("UV_PUBLISH", "pypi_token"),
    ("CARGO_REGISTRY", "cargo_token"),
    ("DOCKER", "registry_password"),
    ("REGISTRY", "registry_password"),
    ("NUGET", "nuget_key"),
    ("CODECOV", "codecov_token"),
    ("SONAR", "sonar_token"),
    ("SENTRY", "sentry_token"),
    ("DATADOG", "datadog_key"),
    ("DD_API", "datadog_key"),
    ("STRIPE", "stripe_key"),
    ("TWILIO", "twilio_token"),
    ("SENDGRID", "sendgrid_key"),
    ("CLOUDFLARE", "cloudflare_token"),
    ("VERCEL", "vercel_token"),
    ("HEROKU", "heroku_token"),
    ("SNOWFLAKE", "snowflake_password"),
    ("DATABRICKS", "databricks_token"),
    ("VAULT", "vault_token"),
    ("TF_", "terraform_token"),
    ("PULUMI", "pulumi_token"),
    ("OKTA", "okta_token"),
    ("AWS", "aws_secret"),
    ("AZURE", "azure_secret"),
    ("ARM_", "azure_secret"),
    ("GOOGLE", "google_credential"),
    ("GCP", "google_credential"),
    ("PGPASS", "postgres_password"),
    ("POSTGRES", "postgres_password"),
    ("MYSQL", "mysql_password"),
    ("REDIS", "redis_password"),
    ("MONGO", "mongodb_password"),
    ("DATABASE", "database_password"),
    ("DB_", "database_password"),
    ("JWT", "signing_key"),
    ("KUBE", "kubernetes_credential"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_secret() {
        for name in [
            "GITHUB_TOKEN",
            "//registry.npmjs.org/:_authToken",
            "client-key-data",
            "DB_PASS",
            "oauth_token",
            "password",
            "OPENAI_API_KEY",
            "MY_PAT",
            "_auth",
            "SLACK_WEBHOOK_URL",
            "secret_key_base_secret",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "TOKEN_FILE",
            "AWS_ACCESS_KEY_ID",
            "token_uri",
            "MAX_TOKENS",
            "PATH",
            "SSH_AUTH_SOCK",
            "credential.helper",
            "expiresAt",
            "PASSWORD_STORE",
            "author",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        for value in ["${TOKEN}", "$TOKEN", "<your token>", "****", "changeme", "", "true"] {
            assert!(is_placeholder(value), "{value}");
        }
        assert!(!is_placeholder("hunter22") && !is_placeholder("$ecret-word!"));
    }
}
