//! The three answers, and how they combine: what is undecided stays undecided only where it matters.

/// Whether something may be done.
///
/// `and`, `or` and `not` are those of Kleene: learning more turns `May` into `Yes` or `No`, and never one of these
/// into another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Answer {
    /// It is refused.
    #[default]
    No,
    /// It depends on what is not known.
    May,
    /// It is permitted.
    Yes,
}

impl Answer {
    /// Both.
    #[must_use]
    pub fn and(self, other: Answer) -> Answer {
        self.min(other)
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Answer) -> Answer {
        self.max(other)
    }

    /// The contrary; what is undecided stays so.
    #[must_use]
    pub fn negated(self) -> Answer {
        match self {
            Answer::No => Answer::Yes,
            Answer::May => Answer::May,
            Answer::Yes => Answer::No,
        }
    }

    /// What is common to two possible worlds: `May` where they differ.
    #[must_use]
    pub fn agreed(self, other: Answer) -> Answer {
        if self == other { self } else { Answer::May }
    }

    /// At most `May`.
    #[must_use]
    pub fn doubted(self) -> Answer {
        self.min(Answer::May)
    }

    /// Not refused.
    pub fn possible(self) -> bool {
        self != Answer::No
    }

    /// The word for people and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Answer::No => "no",
            Answer::May => "may",
            Answer::Yes => "yes",
        }
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Answer {
        if yes { Answer::Yes } else { Answer::No }
    }
}
