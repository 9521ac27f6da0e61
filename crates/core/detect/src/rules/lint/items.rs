//! Items whose modifiers or values are likely not meant so.

use super::Lints;
use crate::rules::Detection;
use crate::rules::filter;
use crate::rules::pattern::{self, Piece};
use crate::rules::section::Item;
use crate::rules::yaml::scalar_text;

pub(super) fn lint(rule: &Detection, lints: &mut Lints) {
    let used = rule.written.section.used();
    // Searches of a filter stand in another file.
    let own = rule.written.section.searches.iter().filter(|(name, _)| !filter::is_of_filter(name));
    for (name, search) in own {
        if !used.contains(name) {
            let mut line = rule.attributes.line;
            search.each(&mut |item| line = line.max(item.line));
            let what = format!("the condition never uses the search `{name}`");
            lints.push("unused_search", &rule.attributes, line, what, "name it in `condition`, or remove it");
        }
        search.each(&mut |item| {
            // What a pipeline has changed is not as the author wrote it.
            if !item.applied.is_empty() {
                return;
            }
            texts(rule, item, lints);
            modifiers(rule, item, lints);
            keys(rule, item, lints);
        });
    }
}

/// Values and the wildcards in them.
fn texts(rule: &Detection, item: &Item, lints: &mut Lints) {
    let part = ["contains", "startswith", "endswith"].into_iter().find(|word| item.has(word));
    let plain = !["re", "cidr", "exists", "fieldref", "gt", "gte", "lt", "lte"].iter().any(|word| item.has(word));
    if !plain {
        return;
    }
    for text in item.all_values().filter_map(scalar_text) {
        let pieces = pattern::pieces(&text);
        let anything = pieces.iter().all(|piece| *piece == Piece::Many);
        if anything && (part.is_some() || item.field.is_empty()) {
            let what = format!("`{}: '{text}'` holds wherever there is a value", item.key());
            let cure = "write `|exists: true` if that is meant, else the text to look for";
            lints.push("any_value", &rule.attributes, item.line, what, cure);
            continue;
        }
        let (first, last) = (pieces.first() == Some(&Piece::Many), pieces.last() == Some(&Piece::Many));
        let needless = match part {
            Some("startswith") => first,
            Some("endswith") => last,
            _ => false,
        };
        if needless {
            let what = format!("`{}: '{text}'` is `contains`: its wildcard lets the text stand anywhere", item.key());
            let cure = "use `|contains` if that is meant, else remove the wildcard";
            lints.push("wildcard_undoes_modifier", &rule.attributes, item.line, what, cure);
        } else if part == Some("contains") && (first || last) {
            let what = format!("`{}: '{text}'` has a wildcard at an end, which `contains` adds by itself", item.key());
            let cure = "remove it, or escape it with a backslash if the sign itself is meant";
            lints.push("needless_wildcard", &rule.attributes, item.line, what, cure);
        }
    }
}

fn modifiers(rule: &Detection, item: &Item, lints: &mut Lints) {
    let values: Vec<String> = item.all_values().filter_map(scalar_text).collect();
    let mut push = |name, what: String, cure: &str| lints.push(name, &rule.attributes, item.line, what, cure);
    if item.has("re") {
        let flags = item.has("i");
        for text in values.iter().filter(|text| !text.is_empty() && regex::escape(text) == **text) {
            let what = format!("the regular expression `{text}` of `{}` is plain text", item.field);
            let cure =
                if flags { "use `|contains`" } else { "use `|contains|cased`, or `|contains` if case does not matter" };
            push("plain_expression", what, cure);
        }
    }
    if item.has("all") && item.values.len() == 1 {
        let what = format!("`{}` has one value, of which `all` is itself", item.key());
        push("all_of_one", what, "add the other values, or remove `|all`");
    }
    let equality = item.modifiers.iter().all(|word| matches!(word.as_str(), "all" | "cased"));
    let fixed = |text: &String| !pattern::pieces(text).iter().any(|piece| !matches!(piece, Piece::Literal(_)));
    if item.has("all") && equality && !item.field.is_empty() && values.len() > 1 && values.iter().all(fixed) {
        let what = format!("`{}` must equal several values at once, which only a list can", item.key());
        push("all_equal", what, "remove `|all`, or add `|contains`");
    }
    if item.has("windash") && !values.iter().any(|text| text.contains(['-', '/', '–', '—', '―'])) {
        let what = format!("`{}` has no value with a dash for `windash` to change", item.key());
        push("no_dash", what, "write the option with its dash, or remove `|windash`");
    }
    if item.has("fieldref") && values.contains(&item.field) {
        push("own_field", format!("`{}` compares the field with itself", item.key()), "name the other field");
    }
    if item.has("cidr") {
        for text in &values {
            if let Ok(network) = text.parse::<ipnet::IpNet>()
                && network.trunc() != network
            {
                let what = format!("`{text}` names a host and not a network: it is read as `{}`", network.trunc());
                push("host_in_network", what, "write the network, or a /32 or /128 for the host");
            }
        }
    }
}

/// Values that one of Firebreak's own keys never has.
fn keys(rule: &Detection, item: &Item, lints: &mut Lints) {
    const OUTCOMES: [&str; 4] = ["success", "denied", "failure", "unknown"];
    if item.field != "firebreak.outcome"
        || item.modifiers.iter().any(|word| !matches!(word.as_str(), "cased" | "neq" | "all"))
    {
        return;
    }
    for text in item.all_values().filter_map(scalar_text).filter(|text| !text.contains(['*', '?'])) {
        let known = if item.has("cased") { text.clone() } else { text.to_lowercase() };
        if !OUTCOMES.contains(&known.as_str()) {
            let what = format!("`firebreak.outcome` is never `{text}`");
            let cure = format!("it is one of {}", OUTCOMES.join(", "));
            lints.push("impossible_value", &rule.attributes, item.line, what, cure);
        }
    }
}
