//! What a token says of itself: checksums and inner structure, where its issuer put any.

use crate::checksum::{base58_check_holds, base62_crc_holds, bech32_holds, crc32};
use crate::generic::BASE64_URL;
use base64::Engine;

/// How a token of some form is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Check {
    /// Its issuer put nothing in it that could be checked.
    None,
    /// The last six characters are the CRC-32 of what stands between the prefix and them, in base 62.
    Base62Crc,
    /// The last seven characters are the CRC-32 of all before them, in base 36.
    GitlabCrc,
    /// The last eight digits are the CRC-32 of all before the last `_`, low byte first.
    GrafanaCrc,
    /// The characters hold a number of an account.
    AwsAccount,
    /// A temporary key id: it is in every log, and opens nothing without its secret, which is looked for on its own.
    Temporary,
    /// Bech32 with its checksum.
    Bech32,
    /// Base 58 with the first bytes of a double digest.
    Base58,
    /// Base 64 of JSON.
    Json,
    /// Base 64 of a macaroon for `pypi.org`.
    Pypi,
}

/// What a check said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// There is nothing to check.
    Nothing,
    /// It holds.
    Holds,
    /// It does not hold: no token that its issuer made.
    Fails,
}

impl Check {
    /// The check that the table calls by this word.
    pub(crate) fn named(word: &str) -> Option<Check> {
        Some(match word.trim() {
            "" => Check::None,
            "crc62" => Check::Base62Crc,
            "gitlab" => Check::GitlabCrc,
            "grafana" => Check::GrafanaCrc,
            "awsid" => Check::AwsAccount,
            "temporary" => Check::Temporary,
            "bech32" => Check::Bech32,
            "base58" => Check::Base58,
            "json" => Check::Json,
            "pypi" => Check::Pypi,
            _ => return None,
        })
    }

    /// What it says of `token`.
    pub(crate) fn of(self, token: &[u8]) -> Said {
        let holds = match self {
            Check::None => return Said::Nothing,
            Check::Base62Crc => base62_crc_holds(after(token, b'_')),
            // Tokens from before routing have the same form without a checksum.
            Check::GitlabCrc if !gitlab_crc_holds(token) => return Said::Nothing,
            Check::GitlabCrc => true,
            Check::GrafanaCrc => grafana_crc_holds(token),
            Check::Temporary => false,
            Check::AwsAccount => aws_account(token).is_some(),
            Check::Bech32 => bech32_holds(token),
            Check::Base58 => base58_check_holds(token),
            Check::Json => decoded(token, b"eyJ").is_some_and(|bytes| bytes.starts_with(b"{\"")),
            Check::Pypi => {
                decoded(token, b"AgE").is_some_and(|bytes| memchr::memmem::find(&bytes, b"pypi.org").is_some())
            }
        };
        if holds { Said::Holds } else { Said::Fails }
    }
}

fn after(token: &[u8], mark: u8) -> &[u8] {
    let at = memchr::memchr(mark, token).map_or(0, |at| at + 1);
    token.get(at..).unwrap_or_default()
}

/// The beginning of what the base 64 that begins with `head` holds. The end may be cut or salted: only the start counts.
fn decoded(token: &[u8], head: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memmem::find(token, head)?;
    let text = token.get(at..)?;
    let end = text.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_+/".contains(byte)));
    let whole = text.get(..end.unwrap_or(text.len()).min(120) / 4 * 4)?;
    let plain: Vec<u8> = whole
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    BASE64_URL.decode(plain).ok()
}

fn gitlab_crc_holds(token: &[u8]) -> bool {
    let Some((head, check)) = token.len().checked_sub(7).and_then(|at| token.split_at_checked(at)) else {
        return false;
    };
    let mut rest = crc32(head);
    check.iter().rev().all(|have| {
        let digit = (rest % 36) as u8;
        rest /= 36;
        *have == if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
    })
}

fn grafana_crc_holds(token: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'_', token) else { return false };
    let (Some(head), Some(check)) = (token.get(..at), token.get(at + 1..)) else { return false };
    let want = hex::encode(crc32(head).to_le_bytes());
    check == want.as_bytes()
}

/// The account whose number stands in a key id: 40 bits after the prefix, less a shift of seven.
fn aws_account(id: &[u8]) -> Option<u64> {
    let digits = id.get(4..14)?;
    let bits = digits.iter().try_fold(0u64, |bits, byte| {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        Some(bits << 5 | u64::from(value))
    })?;
    // Ten characters are 50 bits; the account takes the 40 after the highest of the first 48.
    let account = (bits >> 2 & 0x7fff_ffff_ff80) >> 7;
    (account < 1_000_000_000_000).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_tell_what_was_issued_from_what_looks_alike() {
        // The check digits come from another implementation (Python's zlib.crc32).
        let grafana = b"glsa_HOruNAb7SOiCdshU7algkrq7FDsNSLAa_ff147a9e";
        assert_eq!(Check::GrafanaCrc.of(grafana), Said::Holds);
        assert_eq!(Check::GrafanaCrc.of(&[&grafana[..grafana.len() - 1], b"f"].concat()), Said::Fails);
        assert_eq!(aws_account(b"ASIAY34FZKBOKMUTVV7A"), Some(609_629_065_308));
        assert_eq!(Check::None.of(b"x"), Said::Nothing);
    }
}
