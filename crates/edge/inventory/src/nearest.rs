//! The known word nearest to one that is not known.

/// The word among `known` that takes the fewest edits to reach from `word`, if it is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let (distance, best) = known.iter().map(|candidate| (edits(word, candidate), *candidate)).min()?;
    (distance <= 1 + best.len() / 3).then_some(best)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_far_off() {
        assert_eq!(nearest("crown_jewels", &["crown_jewel", "label"]), Some("crown_jewel"));
        assert_eq!(nearest("lable", &["crown_jewel", "label"]), Some("label"));
        assert_eq!(nearest("zzzzzz", &["crown_jewel", "label"]), None);
    }
}
