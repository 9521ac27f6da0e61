//! Comma-separated values as RFC 4180 has them: quotes, doubled quotes, and line ends inside quotes. Nothing else.

/// The rows of `text`, each with the number of the line on which it begins, from 1. Empty lines are left out.
pub(crate) fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut began, mut quoted) = (1, 1, false);
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(next) = rest.next() {
        line += u64::from(next == '\n');
        match next {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted && rest.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push((began, std::mem::take(&mut row)));
                began = line;
            }
            other => field.push(other),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push((began, row));
    }
    rows.retain(|(_, row)| row.iter().any(|field| !field.is_empty()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_lines_and_quotes() {
        let text = "a,b\r\n\"x, \"\"y\"\"\nz\",2\n\nlast,";
        let fields = |row: &[&str]| row.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            rows(text),
            [(1, fields(&["a", "b"])), (2, fields(&["x, \"y\"\nz", "2"])), (5, fields(&["last", ""]))]
        );
    }

    #[test]
    fn an_open_quote_ends_with_the_text() {
        assert_eq!(rows("a,\"b"), [(1, vec!["a".to_string(), "b".to_string()])]);
        assert!(rows("").is_empty());
    }
}
