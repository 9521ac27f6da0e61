//! Tar archives: ustar headers, with long names as GNU's and POSIX's tar write them.

use super::{Bounded, Each, Member, broken};
use crate::gather::{Limits, is_document};
use std::io::{self, Read};

const BLOCK: usize = 512;
/// The longest name and the longest set of extended headers that is read.
const NAME_MAX: u64 = 64 << 10;

/// Whether bytes begin like a tar archive.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Gives each document of the archive to `each`.
pub(crate) fn tar(from: impl Read, limits: Limits, each: &mut Each<'_>) -> io::Result<()> {
    let mut from = Bounded::new(from, limits.archive);
    let (mut long_name, mut long_size) = (None, None);
    for _ in 0..limits.members {
        let mut header = [0_u8; BLOCK];
        if !fill(&mut from, &mut header)? || header.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let size = match long_size.take() {
            Some(size) => size,
            None => number(&header[124..136]).ok_or_else(|| broken("a member without a size"))?,
        };
        let mut body = (&mut from).take(size);
        match header[156] {
            b'L' | b'x' if size <= NAME_MAX => {
                let mut bytes = Vec::new();
                body.read_to_end(&mut bytes)?;
                if header[156] == b'L' {
                    long_name = Some(text(&bytes));
                } else {
                    long_name = extended(&bytes, b"path").map(text).or(long_name);
                    long_size = extended(&bytes, b"size").and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
                }
            }
            b'0' | 0 => {
                let name = long_name.take().unwrap_or_else(|| name(&header));
                if is_document(&name) {
                    each(Member::File(name, &mut body))?;
                }
            }
            _ => long_name = None,
        }
        // What nobody read, and what fills the last block.
        let left = body.limit() + (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        let skipped = io::copy(&mut (&mut from).take(left), &mut io::sink())?;
        if skipped < left {
            return Err(broken("the archive ends inside a member"));
        }
    }
    each(Member::Problem(String::new(), format!("more than the {} files that are read", limits.members)))
}

/// Fills `block`; `false` at the end of the archive.
fn fill(from: &mut impl Read, block: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < block.len() {
        match from.read(&mut block[filled..])? {
            0 if filled == 0 => return Ok(false),
            0 => return Err(broken("the archive ends inside a header")),
            read => filled += read,
        }
    }
    Ok(true)
}

fn name(header: &[u8; BLOCK]) -> String {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    if is_tar(header) && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Octal digits; or, for what they cannot say, a number of which the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let (high, low) = field.split_at(field.len() - 8);
        let fits = high.iter().skip(1).all(|byte| *byte == 0);
        return fits.then(|| low.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
    }
    let digits: Vec<u8> = field.iter().copied().filter(|byte| !matches!(byte, b' ' | 0)).collect();
    digits.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// The value of `key` in `<length> <key>=<value>\n` lines.
fn extended<'b>(bytes: &'b [u8], key: &[u8]) -> Option<&'b [u8]> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let line = rest.get(space + 1..length)?;
        if let Some(value) = line.strip_prefix(key).and_then(|line| line.strip_prefix(b"=")) {
            return Some(value.strip_suffix(b"\n").unwrap_or(value));
        }
        rest = rest.get(length..)?;
    }
    None
}
