//! Which part of a line of a script can do anything: not its comments, and not what a command only prints.
//!
//! It is not a shell. Quotes and separators are told apart, and no more: what is not understood is left as it is, since what
//! is left out here is not looked at by anyone.

use std::borrow::Cow;

/// The marks that logs put before a command that they echo.
const MARKS: [&str; 6] = ["##[group]Run ", "##[command]", "[command]", "Run ", "+ ", "$ "];

/// The mark before an echoed command, if there is one, and the rest.
pub(super) fn marked(text: &str) -> (&str, &str) {
    let split = MARKS.iter().find_map(|mark| text.strip_prefix(mark).map(|rest| (*mark, rest)));
    split.unwrap_or(("", text))
}

/// The line without comments and without commands that only print (`echo`, `printf`, `:`).
pub(super) fn acting(text: &str) -> Cow<'_, str> {
    if !["echo", "printf", "#", ": "].iter().any(|sign| text.contains(sign)) || text.starts_with("##[error]") {
        return Cow::Borrowed(text);
    }
    let (mark, rest) = marked(text);
    let parts = parts(rest);
    let fed = |at: usize| parts.get(at + 1).is_some_and(|next| is_shell(next.command));
    let silent = |(at, part): (usize, &Part<'_>)| is_silent(part.command) && !(part.ends == End::Pipe && fed(at));
    if !parts.iter().enumerate().any(silent) && parts.iter().all(|part| part.ends != End::Comment) {
        return Cow::Borrowed(text);
    }
    let kept = parts.iter().enumerate().filter(|(at, part)| !silent((*at, *part)));
    let kept: Vec<&Part<'_>> = kept.map(|(_, part)| part).collect();
    if kept.iter().all(|part| part.command.trim().is_empty()) {
        return Cow::Borrowed("");
    }
    let mut said = String::with_capacity(text.len());
    said.push_str(mark);
    for part in kept {
        said.push_str(part.command);
        said.push(if part.ends == End::Pipe { '|' } else { ';' });
    }
    Cow::Owned(said)
}

/// What a command of the line prints, word for word, where it only prints: `echo "Successfully installed x-1"`.
pub(super) fn printed(text: &str) -> Vec<&str> {
    if !text.contains("echo ") && !text.contains("printf ") {
        return Vec::new();
    }
    let (_, rest) = marked(text);
    let printed = |part: &Part<'_>| -> Option<usize> {
        let command = part.command.trim_start();
        let after = command.strip_prefix("echo ").or_else(|| command.strip_prefix("printf "))?;
        (part.ends != End::Pipe).then_some(after.len())
    };
    let mut found = Vec::new();
    for part in parts(rest) {
        let Some(length) = printed(&part) else { continue };
        let at = part.command.len().saturating_sub(length);
        let words = part.command.get(at..).unwrap_or_default().trim();
        let words =
            ["-e ", "-n ", "-ne ", "-en "].iter().find_map(|option| words.strip_prefix(option)).unwrap_or(words);
        // With a redirection it is not printed into the log.
        if words.contains('>') || is_expanded(words) {
            continue;
        }
        let plain = words.trim().trim_matches(['"', '\'']).trim_end_matches("\\n");
        if !plain.is_empty() {
            found.push(plain);
        }
    }
    found
}

fn is_expanded(words: &str) -> bool {
    words.contains("$(") || words.contains('`')
}

/// How a command ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Line,
    Pipe,
    Other,
    Comment,
}

struct Part<'a> {
    command: &'a str,
    ends: End,
}

/// Whether the command does nothing but print. What is inserted by another command is not only printed.
fn is_silent(command: &str) -> bool {
    let command = command.trim_start();
    let name = command.split_whitespace().next().unwrap_or_default();
    matches!(name, "echo" | "printf" | ":") && !is_expanded(command)
}

/// Whether the command runs what it is fed.
fn is_shell(command: &str) -> bool {
    let mut words = command.split_whitespace().filter(|word| *word != "sudo" && !word.starts_with('-'));
    let program = words.next().and_then(|word| word.rsplit('/').next());
    matches!(program, Some("sh" | "bash" | "zsh" | "dash" | "xargs"))
}

/// The commands of a line, each without what separates them. A quote that stays open reaches to the end of the line.
fn parts(line: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut push = |from: usize, to: usize, ends: End| {
        if let Some(command) = line.get(from..to) {
            found.push(Part { command, ends });
        }
    };
    let (mut start, mut open, mut before) = (0, None, ' ');
    for (at, letter) in line.char_indices() {
        match (open, letter) {
            (Some(quote), _) if letter == quote && before != '\\' => open = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if before != '\\' => open = Some(letter),
            (None, '#') if before.is_whitespace() => {
                push(start, at, End::Comment);
                return found;
            }
            (None, '|' | ';' | '&') if !matches!(before, '>' | '<') => {
                let ends = if letter == '|' { End::Pipe } else { End::Other };
                push(start, at, ends);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
        before = letter;
    }
    push(start, line.len(), End::Line);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_what_is_only_printed_do_nothing() {
        for (line, left) in [
            ("# pip install litellm", ""),
            ("+ echo pip install litellm", ""),
            ("##[group]Run echo \"Successfully installed litellm-1.82.8\"", ""),
            ("echo 'a; pip install b' && pip install c", " pip install c;"),
            ("pip install c # pip install b", "pip install c ;"),
            // What is inserted is run.
            ("echo $(curl https://x.example)", "echo $(curl https://x.example)"),
            ("Successfully installed echo-1.0", "Successfully installed echo-1.0"),
            // What is fed to a shell is run.
            ("echo 'pip install b' | sudo bash", "echo 'pip install b' | sudo bash"),
            ("curl 'https://x.example/#a' | sh", "curl 'https://x.example/#a' | sh"),
        ] {
            assert_eq!(acting(line).trim_start_matches(';'), left, "{line}");
        }
    }

    #[test]
    fn what_is_printed_is_known_word_for_word() {
        assert_eq!(printed("echo -e \"Successfully installed x-1\\n\""), ["Successfully installed x-1"]);
        assert_eq!(printed("##[group]Run echo a; echo b > file; echo c | sh; echo $(d)"), ["a"]);
    }
}
