//! Settings in sections: `[section]`, `key = value`, values continued by indented lines.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    /// Its section; empty before the first.
    pub(crate) section: &'a str,
    pub(crate) key: &'a str,
    /// Its lines, joined with line ends.
    pub(crate) value: String,
    /// Line, from 1.
    pub(crate) line: u32,
}

/// The settings of `text`, in their order. Comments begin with `#` or `;`.
pub(crate) fn settings(text: &str) -> Vec<Setting<'_>> {
    let mut settings: Vec<Setting<'_>> = Vec::new();
    let (mut section, mut open) = ("", false);
    for (line, written) in (1u32..).zip(text.lines()) {
        let trimmed = written.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if written.starts_with([' ', '\t']) && open {
            if let Some(last) = settings.last_mut() {
                last.value.push('\n');
                last.value.push_str(trimmed);
            }
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            (section, open) = (name.trim(), false);
            continue;
        }
        open = true;
        let (key, value) = trimmed.split_once('=').or_else(|| trimmed.split_once(':')).unwrap_or((trimmed, ""));
        settings.push(Setting { section, key: key.trim(), value: value.trim().to_owned(), line });
    }
    settings
}
