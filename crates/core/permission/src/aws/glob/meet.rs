//! What two patterns have in common: a walk over pairs of places, in which each way through is a pattern.

use super::{ANY, GAP, NAME, STAR, Work, many, next_character, starts};

/// How many steps are taken through pairs of places that lead to an end.
const STEPS_MAX: usize = 20_000;

/// Where a step leads in each pattern, and what it writes: a range of the first (`false`) or the second pattern.
#[derive(Clone, Copy)]
struct Step {
    to: (usize, usize),
    writes: Option<(bool, usize, usize)>,
}

/// The ways through, at most `most`, and whether these are all.
pub(super) fn meets(one: &[u8], two: &[u8], most: usize, work: &mut Work) -> (Vec<Vec<u8>>, bool) {
    let live = live(one, two, work);
    let width = two.len() + 1;
    let is_live = |(i, j): (usize, usize)| live.get(i * width + j).copied().unwrap_or(false);
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut out: Vec<u8> = Vec::new();
    let mut taken = 0;
    let mut open = vec![((0, 0), 0, None)];
    while let Some((at, keep, writes)) = open.pop().filter(|_| is_live((0, 0))) {
        taken += 1;
        if taken > STEPS_MAX {
            return (found, false);
        }
        out.truncate(keep);
        write(&mut out, one, two, writes);
        if at == (one.len(), two.len()) {
            if found.len() == most && !found.contains(&out) {
                return (found, false);
            }
            if !found.contains(&out) {
                found.push(out.clone());
            }
            continue;
        }
        let next = steps(one, two, at.0, at.1).into_iter().flatten().filter(|step| is_live(step.to));
        open.extend(next.map(|step| (step.to, out.len(), step.writes)));
    }
    work.0 += taken as u64;
    (found, true)
}

fn write(out: &mut Vec<u8>, one: &[u8], two: &[u8], writes: Option<(bool, usize, usize)>) {
    let Some((second, from, to)) = writes else { return };
    let source = if second { two } else { one };
    match source.get(from..to).unwrap_or_default() {
        // Two wildcards in a row are one.
        [STAR] if matches!(out.last(), Some(&STAR)) => {}
        [NAME] if matches!(out.last(), Some(&NAME)) => {}
        bytes => out.extend_from_slice(bytes),
    }
}

/// For each pair of places, whether some text leads from it to the end of both.
fn live(one: &[u8], two: &[u8], work: &mut Work) -> Vec<bool> {
    let width = two.len() + 1;
    let mut live = vec![false; (one.len() + 1) * width];
    work.0 += live.len() as u64;
    for i in (0..=one.len()).rev() {
        for j in (0..=two.len()).rev() {
            let end = (i, j) == (one.len(), two.len());
            let leads = |step: &Step| live.get(step.to.0 * width + step.to.1).copied().unwrap_or(false);
            let on = end || steps(one, two, i, j).iter().flatten().any(leads);
            if let Some(slot) = live.get_mut(i * width + j) {
                *slot = on;
            }
        }
    }
    live
}

/// Where two patterns may go on together from a pair of places; what is preferred comes last.
fn steps(one: &[u8], two: &[u8], i: usize, j: usize) -> [Option<Step>; 2] {
    let first = |to, length: usize| Some(Step { to, writes: Some((false, i, i + length)) });
    let second = |to, length: usize| Some(Step { to, writes: Some((true, j, j + length)) });
    let silent = |to| Some(Step { to, writes: None });
    match (one.get(i).copied(), two.get(j).copied()) {
        (Some(a), Some(b)) if many(a) && many(b) => {
            let takes = |to| if stricter(b, a) { second(to, 1) } else { first(to, 1) };
            [takes((i, j + 1)), takes((i + 1, j))]
        }
        (Some(a), b) if many(a) => {
            let takes = b.filter(|b| a != NAME || *b != b':').and_then(|_| second((i, j + 1), 1));
            [takes, silent((i + 1, j))]
        }
        (a, Some(b)) if many(b) => {
            let takes = a.filter(|a| b != NAME || *a != b':').and_then(|_| first((i + 1, j), 1));
            [takes, silent((i, j + 1))]
        }
        (Some(a), Some(b)) if a == b => [first((i + 1, j + 1), 1), None],
        (Some(ANY), Some(b)) if starts(b) => {
            let end = next_character(two, j);
            [second((i + 1, end), end - j), None]
        }
        (Some(a), Some(ANY)) if starts(a) => {
            let end = next_character(one, i);
            [first((end, j + 1), end - i), None]
        }
        _ => [None, None],
    }
}

/// Whether a wildcard stands for less than another, or for text that is not known.
fn stricter(one: u8, other: u8) -> bool {
    one == NAME || (one == GAP && other == STAR)
}
