//! Checksums that tell a real token or card number from something that looks like one.

use sha2::{Digest, Sha256};

/// CRC-32 (IEEE 802.3) of `bytes`.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// Whether the last six characters of `body` are the CRC-32 of the rest, in base 62 with leading zeros: the form of
/// GitHub's and npm's classic tokens without their prefix.
pub(crate) fn base62_crc_holds(body: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((payload, check)) = body.len().checked_sub(6).and_then(|at| body.split_at_checked(at)) else {
        return false;
    };
    let mut rest = crc32(payload);
    check.iter().rev().all(|have| {
        let want = DIGITS.get((rest % 62) as usize);
        rest /= 62;
        want == Some(have)
    })
}

/// The characters of Bech32 (BIP 173) by their values.
pub(crate) const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Whether `text` (a readable part, `1`, and at least six characters of which the last six are the checksum) is Bech32.
pub(crate) fn bech32_holds(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    let Some(at) = memchr::memrchr(b'1', &lower) else { return false };
    let (Some(readable), Some(data)) = (lower.get(..at), lower.get(at + 1..)) else { return false };
    let step = |sum: u32, value: u8| {
        const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let mixed = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        GENERATOR.iter().enumerate().fold(
            mixed,
            |mixed, (bit, term)| {
                if sum >> 25 >> bit & 1 == 1 { mixed ^ term } else { mixed }
            },
        )
    };
    let head = readable.iter().map(|byte| byte >> 5).chain([0]).chain(readable.iter().map(|byte| byte & 31));
    let values: Option<Vec<u8>> =
        data.iter().map(|byte| BECH32.iter().position(|known| known == byte).map(|place| place as u8)).collect();
    let Some(values) = values else { return false };
    !mixed && values.len() >= 6 && head.chain(values).fold(1, step) == 1
}

/// Whether `text` is base 58 whose last four bytes begin the double SHA-256 of the others.
pub(crate) fn base58_check_holds(text: &[u8]) -> bool {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for digit in text {
        let Some(place) = DIGITS.iter().position(|known| known == digit) else { return false };
        let mut carry = place as u32;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 255) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 255) as u8);
            carry >>= 8;
        }
    }
    bytes.extend(text.iter().take_while(|digit| **digit == b'1').map(|_| 0));
    bytes.reverse();
    let Some((payload, check)) = bytes.len().checked_sub(4).and_then(|at| bytes.split_at_checked(at)) else {
        return false;
    };
    Sha256::digest(Sha256::digest(payload)).as_slice().starts_with(check)
}

/// Whether the decimal `digits` (values 0 to 9) satisfy Luhn's check.
pub(crate) fn luhn_holds(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(if place % 2 == 1 { doubled(*digit) } else { *digit }))
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_hold_for_the_real_thing_alone() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert!(base62_crc_holds(b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"));
        assert!(!base62_crc_holds(b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18"));
        assert!(!base62_crc_holds(b"17"));
        assert!(bech32_holds(b"A12UEL5L") && bech32_holds(b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"));
        assert!(!bech32_holds(b"A12UEL5M") && !bech32_holds(b"a12UEL5L"));
        assert!(base58_check_holds(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"));
        assert!(!base58_check_holds(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"));
        assert!(luhn_holds(&[4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]));
        assert!(!luhn_holds(&[4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]));
    }
}
