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

/// The signs that begin an option on a command line of Windows.
const DASHES: [char; 5] = ['-', '/', '–', '—', '―'];
/// An expression for any of them.
pub(super) const ANY_DASH: &str = "[-/–—―]";
/// Values with more options than this are not spelled out: each has five spellings.
const DASHES_MAX: usize = 2;

/// The ways to write a value's options.
pub(super) enum Windash {
    /// Each dash in each of its forms, combined with all others.
    Spelled(Vec<String>),
    /// The value with [`DASH_MARK`] for each dash: there are too many ways.
    Marked(String),
}

/// Stands for any dash; a private letter that no honest value has.
pub(super) const DASH_MARK: char = '\u{e0fb}';

/// The ways to write a value's options: a dash begins one where a word follows it and none stands before it.
pub(super) fn windash(text: &str) -> Windash {
    let word = |letter: Option<&char>| letter.is_some_and(|letter| letter.is_alphanumeric() || *letter == '_');
    let letters: Vec<char> = text.chars().collect();
    let begins_option = |place: &usize| {
        letters.get(*place).is_some_and(|letter| DASHES.contains(letter))
            && word(letters.get(place + 1))
            && !place.checked_sub(1).is_some_and(|before| word(letters.get(before)))
    };
    let places: Vec<usize> = (0..letters.len()).filter(begins_option).collect();
    if places.len() > DASHES_MAX {
        let mark = |(place, letter): (usize, char)| if places.contains(&place) { DASH_MARK } else { letter };
        return Windash::Marked(letters.iter().copied().enumerate().map(mark).collect());
    }
    let mut variants = vec![letters.clone()];
    for place in places {
        let written = |variant: &Vec<char>| {
            let mut forms = vec![variant.clone()];
            for dash in DASHES {
                let mut form = variant.clone();
                if let Some(letter) = form.get_mut(place).filter(|letter| **letter != dash) {
                    *letter = dash;
                    forms.push(form);
                }
            }
            forms
        };
        variants = variants.iter().flat_map(written).collect();
    }
    Windash::Spelled(variants.into_iter().map(String::from_iter).collect())
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
        let written = |text: &str| match windash(text) {
            Windash::Spelled(spelled) => spelled,
            Windash::Marked(marked) => panic!("{marked}"),
        };
        assert_eq!(written(" -enc"), [" -enc", " /enc", " –enc", " —enc", " ―enc"]);
        assert_eq!(written("/c"), ["/c", "-c", "–c", "—c", "―c"]);
        assert_eq!(written("\"-e\" /f").len(), 25);
        assert_eq!(
            written("a-b c- - http://x-y"),
            [
                "a-b c- - http://x-y",
                "a-b c- - http:/-x-y",
                "a-b c- - http:/–x-y",
                "a-b c- - http:/—x-y",
                "a-b c- - http:/―x-y"
            ]
        );
        assert!(
            matches!(windash("-a /b x-c -d"), Windash::Marked(marked) if marked == "\u{e0fb}a \u{e0fb}b x-c \u{e0fb}d")
        );
        assert_eq!(utf16le(b"ab"), [97, 0, 98, 0]);
    }
}
