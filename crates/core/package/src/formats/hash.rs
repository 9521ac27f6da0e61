//! Digests as formats write them: `sha256:…`, `--hash=sha256=…`, SRI integrity, bare hexadecimal, Go's `h1:`.

use super::listing::{Algorithm, Hash};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use firebreak_model::Text;

impl Algorithm {
    /// The algorithm that `word` names (`sha256`, `SHA-256`, `SHA256`).
    pub fn of(word: &str) -> Option<Algorithm> {
        let word: String = word.chars().filter(|letter| *letter != '-').flat_map(char::to_lowercase).collect();
        Some(match word.as_str() {
            "md5" => Algorithm::Md5,
            "sha1" => Algorithm::Sha1,
            "sha224" => Algorithm::Sha224,
            "sha256" => Algorithm::Sha256,
            "sha384" => Algorithm::Sha384,
            "sha512" => Algorithm::Sha512,
            "h1" => Algorithm::GoH1,
            _ => return None,
        })
    }

    /// Its usual word.
    pub fn word(self) -> &'static str {
        match self {
            Algorithm::Md5 => "md5",
            Algorithm::Sha1 => "sha1",
            Algorithm::Sha224 => "sha224",
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha512 => "sha512",
            Algorithm::GoH1 => "h1",
        }
    }

    /// Bytes of a digest.
    fn length(self) -> usize {
        match self {
            Algorithm::Md5 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::Sha224 => 28,
            Algorithm::Sha256 | Algorithm::GoH1 => 32,
            Algorithm::Sha384 => 48,
            Algorithm::Sha512 => 64,
        }
    }
}

impl Hash {
    /// A digest in hexadecimal. `None` where it has not the algorithm's length.
    pub fn hex(algorithm: Algorithm, digits: &str) -> Option<Hash> {
        let digits = digits.trim();
        let formed = digits.len() == algorithm.length() * 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        formed.then(|| Hash { algorithm, digits: Text::new(digits.to_ascii_lowercase()) })
    }

    /// A digest in base64, with or without padding, of either alphabet.
    pub fn base64(algorithm: Algorithm, text: &str) -> Option<Hash> {
        let text = text.trim().trim_end_matches('=');
        // No digest is longer than 64 bytes; longer text is not decoded at all.
        if text.len() > 96 {
            return None;
        }
        let bytes = STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()?;
        Hash::hex(algorithm, &hex::encode(bytes))
    }

    /// `sha256:…` or `sha256=…`, in hexadecimal or base64.
    pub fn prefixed(text: &str) -> Option<Hash> {
        let (word, digits) = text.trim().split_once([':', '='])?;
        let algorithm = Algorithm::of(word)?;
        Hash::hex(algorithm, digits).or_else(|| Hash::base64(algorithm, digits))
    }

    /// Each digest of a subresource integrity (`sha512-…`, several with spaces, options after `?`).
    pub fn integrity(text: &str) -> Vec<Hash> {
        let one = |token: &str| {
            let token = token.split('?').next()?;
            let (word, digits) = token.split_once('-')?;
            Hash::base64(Algorithm::of(word)?, digits)
        };
        text.split_ascii_whitespace().filter_map(one).collect()
    }

    /// A bare digest, whose length tells the algorithm.
    pub fn bare(digits: &str) -> Option<Hash> {
        let of = [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];
        of.into_iter().find_map(|algorithm| Hash::hex(algorithm, digits))
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.algorithm.word(), self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn one_digest_in_many_spellings() {
        for written in [
            format!("sha256:{EMPTY}"),
            format!("sha256={}", EMPTY.to_uppercase()),
            "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
            "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".to_owned(),
        ] {
            assert_eq!(Hash::prefixed(&written).unwrap().to_string(), format!("sha256:{EMPTY}"), "{written}");
        }
        let both =
            Hash::integrity("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=?x");
        assert_eq!(both.len(), 2);
        assert_eq!(both[0].digits, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }

    #[test]
    fn what_is_no_digest_is_none() {
        for written in ["sha256:abc", "sha256:", "whirlpool:00", "md5", &format!("sha512:{EMPTY}")] {
            assert_eq!(Hash::prefixed(written), None, "{written}");
        }
        assert_eq!(Hash::integrity("sha512-!!!! nothing"), Vec::new());
    }
}
