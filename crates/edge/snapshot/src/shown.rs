//! Paths as text: whatever bytes a name has, nothing is lost and nothing in it can break a line or a terminal.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

/// `bytes` as text: UTF-8 as it is; other bytes and control characters as `\xNN`; a backslash doubled.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                letter if letter.is_control() => {
                    letter.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escape(&mut text, byte));
                }
                letter => text.push(letter),
            }
        }
        chunk.invalid().iter().for_each(|byte| escape(&mut text, *byte));
    }
    text
}

fn escape(text: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// A name or path of the disk as text.
pub(crate) fn shown_path(path: impl AsRef<OsStr>) -> String {
    shown(path.as_ref().as_bytes())
}

/// `directory/name`, without a second slash at the root.
pub(crate) fn joined(directory: &str, name: &str) -> String {
    match directory.ends_with('/') {
        true => format!("{directory}{name}"),
        false => format!("{directory}/{name}"),
    }
}

/// The directory and the name of `path`.
pub(crate) fn split(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(parts) => parts,
        None => ("", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_never_look_alike() {
        assert_eq!(shown(b"a\xffb"), "a\\xffb");
        assert_eq!(shown(b"a\\xffb"), "a\\\\xffb");
        assert_eq!(shown("naïve\u{1b}[31m\n".as_bytes()), "naïve\\x1b[31m\\x0a");
        assert_eq!(split("/a"), ("/", "a"));
        assert_eq!(joined("/", "a"), "/a");
    }
}
