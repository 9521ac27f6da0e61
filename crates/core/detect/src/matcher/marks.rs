//! What was found out about one event so far: which predicates hold, which tables were looked up, and which rules are
//! therefore worth evaluating.

use super::index::Index;

/// Marks of one event. A mark is the event's number, so that nothing is cleared between events.
#[derive(Debug, Default)]
pub(super) struct Marks {
    event: u32,
    predicates: Vec<u32>,
    tables: Vec<u32>,
    rules: Vec<u32>,
    /// Rules to evaluate for this event, by place in the plan.
    pub(super) candidates: Vec<u32>,
}

impl Marks {
    /// Forgets the event before, and makes room for so many of each.
    pub(super) fn begin(&mut self, predicates: usize, tables: usize, rules: usize) {
        self.candidates.clear();
        for (marks, count) in [(&mut self.predicates, predicates), (&mut self.tables, tables), (&mut self.rules, rules)]
        {
            if marks.len() < count {
                marks.resize(count, 0);
            }
        }
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            [&mut self.predicates, &mut self.tables, &mut self.rules].into_iter().for_each(|marks| marks.fill(0));
            self.event = 1;
        }
    }

    /// Whether the predicate was found to hold.
    #[inline]
    pub(super) fn holds(&self, predicate: u32) -> bool {
        self.predicates.get(predicate as usize) == Some(&self.event)
    }

    /// The predicate holds.
    #[inline]
    pub(super) fn set(&mut self, predicate: u32, index: &Index) {
        let Some(mark) = self.predicates.get_mut(predicate as usize) else { return };
        if std::mem::replace(mark, self.event) == self.event {
            return;
        }
        for rule in index.witnessed_by(predicate) {
            if let Some(mark) = self.rules.get_mut(*rule as usize)
                && std::mem::replace(mark, self.event) != self.event
            {
                self.candidates.push(*rule);
            }
        }
    }

    /// The table is looked up now; whether it had not been before.
    #[inline]
    pub(super) fn open(&mut self, table: u32) -> bool {
        self.tables.get_mut(table as usize).is_some_and(|mark| std::mem::replace(mark, self.event) != self.event)
    }

    /// Counts the predicates that were found to hold.
    pub(super) fn count(&self, counts: &mut [u32]) {
        for (count, mark) in counts.iter_mut().zip(&self.predicates) {
            *count += u32::from(*mark == self.event);
        }
    }
}
