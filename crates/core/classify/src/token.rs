//! Tokens that their issuer marked with a prefix.

use crate::SecretKind;
use crate::anchor::Candidate;
use crate::checksum::base62_crc_holds;
use crate::run::{self, slice};

fn candidate(kind: SecretKind, at: usize, end: usize, validated: bool) -> Option<Candidate> {
    Some(Candidate { kind, range: at..end, validated, public: None })
}

/// `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_` and at least 36 characters, of which the last six are a checksum.
pub(crate) fn github_classic(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at + 4, run::word);
    let body = slice(input, at + 4..end);
    (run::begins(input, at) && body.len() >= 36)
        .then(|| candidate(SecretKind::GithubToken, at, end, body.len() == 36 && base62_crc_holds(body)))?
}

/// `github_pat_`, 22 characters, `_`, 59 characters.
pub(crate) fn github_fine_grained(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at + 11, run::word);
    let body = slice(input, at + 11..end);
    let formed = body.len() == 82 && body.get(22) == Some(&b'_');
    (run::begins(input, at) && body.len() >= 36).then(|| candidate(SecretKind::GithubToken, at, end, formed))?
}

/// `xoxb-` and its sisters: numbers and a secret, joined by `-`.
pub(crate) fn slack(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at + 5, run::token);
    let body = slice(input, at + 5..end);
    let parts = body.split(|byte| *byte == b'-').count();
    let digits = body.iter().any(u8::is_ascii_digit);
    // `xoxe.xoxp-…` is one token: the character before may be the dot of its first half.
    (run::begins(input, at) && body.len() >= 12 && digits)
        .then(|| candidate(SecretKind::SlackToken, at, end, parts >= 3))?
}

/// `sk-ant-…` (Anthropic), `sk-proj-…` and `sk-…T3BlbkFJ…` (OpenAI), `sk-` and 22 characters (LiteLLM).
pub(crate) fn language_model(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at + 3, run::token);
    let body = slice(input, at + 3..end);
    // Slugs such as `sk-learn-pipeline-for-text` hold one case; keys hold both and change class all the time.
    let cases = body.iter().any(u8::is_ascii_uppercase) && body.iter().any(u8::is_ascii_lowercase);
    let random = cases && run::changes(body) * 3 >= body.len();
    if !run::begins(input, at) || body.len() < 20 {
        return None;
    }
    if body.starts_with(b"ant-") {
        return candidate(SecretKind::AnthropicKey, at, end, body.len() >= 90);
    }
    if memchr::memmem::find(body, b"T3BlbkFJ").is_some() {
        return candidate(SecretKind::OpenaiKey, at, end, true);
    }
    let marked = [b"proj-".as_slice(), b"svcacct-", b"admin-", b"or-v1-"].iter().any(|mark| body.starts_with(mark));
    if marked || (random && body.len() >= 32) {
        return candidate(SecretKind::OpenaiKey, at, end, false);
    }
    if random { candidate(SecretKind::LitellmKey, at, end, body.len() == 22) } else { None }
}

/// `pypi-` and a serialised macaroon for `pypi.org`.
pub(crate) fn pypi(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at + 5, run::token);
    let body = slice(input, at + 5..end);
    (run::begins(input, at) && body.len() >= 40)
        .then(|| candidate(SecretKind::PypiToken, at, end, body.starts_with(b"AgEIcHlwaS5vcmc")))?
}

/// `npm_` and 36 characters, of which the last six are a checksum.
pub(crate) fn npm(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at + 4, run::alphanumeric);
    let body = slice(input, at + 4..end);
    let next = input.get(end).is_some_and(|byte| run::token(*byte));
    (run::begins(input, at) && body.len() == 36 && !next)
        .then(|| candidate(SecretKind::NpmToken, at, end, base62_crc_holds(body)))?
}

/// `AIza` and 35 characters.
pub(crate) fn google(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at, run::token);
    (run::begins(input, at) && end - at == 39).then(|| candidate(SecretKind::GoogleApiKey, at, end, true))?
}
