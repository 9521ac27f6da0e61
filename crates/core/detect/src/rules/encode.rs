//! The modifiers that rewrite a value before it is compared: wide, base64, base64offset, windash.
//!
//! They yield plain text. A wildcard inside a value that is to be encoded has no meaning and is refused by the caller.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// UTF-16, little-endian, without a mark.
pub(super) fn utf16le(text: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(text).encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// UTF-16, big-endian, without a mark.
pub(super) fn utf16be(text: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(text).encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// UTF-16, little-endian, with its byte order mark.
pub(super) fn utf16(text: &[u8]) -> Vec<u8> {
    [vec![0xff, 0xfe], utf16le(text)].concat()
}

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = (at(0) << 16) | (at(1) << 8) | at(2);
        for digit in 0..4_usize {
            let sextet = ((group >> (18 - 6 * digit)) & 63) as usize;
            let letter = ALPHABET.get(sextet).copied().unwrap_or(b'=');
            text.push(if digit <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// What of `bytes` in base64 does not depend on its neighbours, for each of the three places it may begin at.
pub(super) fn base64_offsets(bytes: &[u8]) -> Vec<String> {
    (0..3_usize)
        .map(|offset| {
            let shifted = [vec![0_u8; offset], bytes.to_vec()].concat();
            let encoded = base64(&shifted);
            // Letters that mix in the bytes before or after are not ours to predict.
            let from = (offset * 8).div_ceil(6);
            let to = shifted.len() * 8 / 6;
            encoded.get(from..to.max(from)).unwrap_or_default().to_owned()
        })
        .filter(|text| !text.is_empty())
        .collect()
}

/// The ways to write an option's dash: each value with its dashes at the start of words in each of five forms.
pub(super) fn windash(text: &str) -> Vec<String> {
    let dashes = ['-', '/', '–', '—', '―'];
    let mut variants = vec![text.to_owned()];
    for to in dashes {
        let mut before = ' ';
        let written: String = text
            .chars()
            .map(|letter| {
                let starts = before == ' ';
                before = letter;
                if starts && (letter == '-' || letter == '/') { to } else { letter }
            })
            .collect();
        if !variants.contains(&written) {
            variants.push(written);
        }
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(base64(b"foob"), "Zm9vYg==");
        assert_eq!(base64(b"fooba"), "Zm9vYmE=");
        assert_eq!(base64(b""), "");
    }

    #[test]
    fn an_offset_is_found_wherever_the_text_stands() {
        let offsets = base64_offsets(b"http://");
        for before in ["", "x", "xy", "xyz"] {
            for after in ["", "1", "12", "123"] {
                let whole = base64(format!("{before}http://{after}").as_bytes());
                assert!(offsets.iter().any(|offset| whole.contains(offset)), "{whole} {offsets:?}");
            }
        }
    }

    #[test]
    fn dashes() {
        assert_eq!(windash(" -enc"), [" -enc", " /enc", " –enc", " —enc", " ―enc"]);
        assert_eq!(utf16le(b"ab"), [97, 0, 98, 0]);
    }
}
