//! Questions to begin with, and what the help says of functions that every SQL has.

/// A question that comes with the program.
#[derive(Debug)]
pub struct Saved {
    /// What it is called.
    pub name: &'static str,
    /// What it answers.
    pub about: &'static str,
    /// The question.
    pub sql: &'static str,
}

/// Functions over groups, and those that take any kind.
pub const AGGREGATES: [(&str, &str); 10] = [
    ("count(*)", "how many rows; count(x) those where x is there, count(DISTINCT x) different ones"),
    ("sum(number)", "their sum"),
    ("avg(number)", "their mean"),
    ("min(x), max(x)", "the least, the most; of times the first, the last"),
    ("… FILTER (WHERE condition)", "behind a function over groups: only rows that meet it"),
    ("now()", "the present moment; now() - INTERVAL '24 hours'"),
    ("coalesce(x, y, …)", "the first that is there"),
    ("nullif(x, y)", "x, and NULL where it equals y"),
    ("round(number[, places])", "rounded"),
    ("regexp_like(text, 'pattern')", "whether the regular expression matches; also text ~ 'pattern'"),
];

/// Questions that hunters begin with.
pub const SAVED: [Saved; 8] = [
    Saved {
        name: "by_hour",
        about: "Events an hour",
        sql: "SELECT date_trunc('hour', time) AS hour, count(*) AS events\nFROM events\nGROUP BY hour\nORDER BY hour",
    },
    Saved {
        name: "by_source",
        about: "What is kept of each source, and from when to when",
        sql: "SELECT source, count(*) AS events, min(time) AS first, max(time) AS last\nFROM events\nGROUP BY source\nORDER BY events DESC",
    },
    Saved {
        name: "denials",
        about: "Who is refused most: whoever tries doors",
        sql: "SELECT credential, count(*) AS refused, count(DISTINCT operation) AS operations, max(time) AS last\nFROM events\nWHERE outcome = 'denied' AND credential IS NOT NULL\nGROUP BY credential\nORDER BY refused DESC\nLIMIT 50",
    },
    Saved {
        name: "many_addresses",
        about: "Credentials that were used from most addresses",
        sql: "SELECT credential, count(DISTINCT address) AS addresses, count(*) AS events, min(time) AS first, max(time) AS last\nFROM events\nWHERE credential IS NOT NULL\nGROUP BY credential\nHAVING count(DISTINCT address) > 1\nORDER BY addresses DESC\nLIMIT 50",
    },
    Saved {
        name: "scanners",
        about: "Clients that describe themselves as scanners or bare tools",
        sql: "SELECT user_agent, source, count(*) AS events, count(DISTINCT credential) AS credentials, min(time) AS first\nFROM events\nWHERE user_agent ~ '(?i)trufflehog|gitleaks|nuclei|python-requests|go-http-client|curl/'\nGROUP BY user_agent, source\nORDER BY events DESC\nLIMIT 50",
    },
    Saved {
        name: "taken",
        about: "Who took most, and from where",
        sql: "SELECT actor, target, sum(bytes) AS bytes, sum(records) AS records, count(*) AS events\nFROM events\nWHERE bytes > 0 OR records > 0\nGROUP BY actor, target\nORDER BY bytes DESC\nLIMIT 50",
    },
    Saved {
        name: "minted",
        about: "Credentials that others made",
        sql: "SELECT time, source, operation, actor, credential, minted\nFROM events\nWHERE minted IS NOT NULL\nORDER BY time DESC\nLIMIT 200",
    },
    Saved {
        name: "after_a_mint",
        about: "What was done with credentials that others made",
        sql: "SELECT credential, operation, count(*) AS events, min(time) AS first, max(time) AS last\nFROM events\nWHERE credential IN (SELECT minted FROM events WHERE minted IS NOT NULL)\nGROUP BY credential, operation\nORDER BY first\nLIMIT 200",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::Time;

    #[test]
    fn every_question_that_is_shipped_is_one() {
        for saved in SAVED {
            firebreak_hunt::question(saved.sql, Time(0)).unwrap_or_else(|refusal| panic!("{}: {refusal}", saved.name));
        }
    }
}
