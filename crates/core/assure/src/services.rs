//! AI services that nobody said are used: which of them logs show, which packages call them, which of their keys were found.
//!
//! What belongs to whom is a table of facts: hosts and packages, each with its source. A service that the table does not have is
//! not seen, which is not the same as "it is not used".

mod outbound;
mod provider;

#[cfg(test)]
mod tests;

pub use outbound::{Outbound, Used};
pub use provider::{FoundKey, Packaged, Provider, Spender, providers};

use crate::csv;
use firebreak_model::{Position, Problem, Text};
use std::collections::{BTreeMap, BTreeSet};

/// What is known, as shipped.
pub const SHIPPED: &str = include_str!("../../../../services/ai-services.csv");

/// What a row names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A host, with all below it; `*` stands for a label, or for its beginning.
    Host,
    /// A package: ecosystem, slash, name.
    Package,
}

/// One fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// Whose: the word that inventories have for its system, where they have one.
    pub vendor: Text,
    /// What people call it.
    pub service: Text,
    /// What `name` is.
    pub kind: Kind,
    /// The host or the package.
    pub name: String,
    /// Where that stands.
    pub source: String,
    /// When it was read.
    pub read: String,
    /// How sure it is: `high`, `medium`, `low`.
    pub confidence: String,
}

/// What is known of AI services.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// By the last label of the host, which is never a `*`.
    hosts: BTreeMap<String, Vec<Known>>,
    packages: BTreeMap<String, Known>,
}

impl Table {
    /// Adds the rows of a table with a header line; gives what is wrong with it. A row that cannot be used is left out and told.
    pub fn read(&mut self, text: &str, input: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut rows = csv::rows(text).into_iter();
        let Some((_, header)) = rows.next() else {
            return vec![problem(input, 1, "it holds no row".to_owned())];
        };
        for (line, row) in rows {
            if row.len() != header.len() {
                let reason = format!("it has {} fields where the header has {}", row.len(), header.len());
                problems.push(problem(input, line, reason));
                continue;
            }
            let fields: BTreeMap<&str, &str> =
                header.iter().map(|name| name.trim()).zip(row.iter().map(|field| field.trim())).collect();
            match known(&fields) {
                Ok(known) => self.add(known),
                Err(reason) => problems.push(problem(input, line, reason)),
            }
        }
        problems
    }

    fn add(&mut self, known: Known) {
        match known.kind {
            Kind::Package => drop(self.packages.insert(known.name.clone(), known)),
            Kind::Host => {
                let last = known.name.rsplit('.').next().unwrap_or_default().to_owned();
                self.hosts.entry(last).or_default().push(known);
            }
        }
    }

    /// Whose a host is. Of several rows the longest counts.
    pub fn of_host(&self, host: &str) -> Option<&Known> {
        let rows = self.hosts.get(host.rsplit('.').next()?)?;
        rows.iter().filter(|known| is_below(host, &known.name)).max_by_key(|known| known.name.len())
    }

    /// Whose a package is: ecosystem in small letters, slash, name as its ecosystem spells it.
    pub fn of_package(&self, package: &str) -> Option<&Known> {
        self.packages.get(package)
    }

    /// The packages of the table, as `pypi/openai`.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    /// Whose they are.
    pub fn vendors(&self) -> BTreeSet<&Text> {
        self.hosts.values().flatten().chain(self.packages.values()).map(|known| &known.vendor).collect()
    }
}

/// Whether `host` is what `pattern` names, or below it.
fn is_below(host: &str, pattern: &str) -> bool {
    let mut labels = host.rsplit('.');
    pattern.rsplit('.').all(|wanted| {
        let Some(label) = labels.next() else { return false };
        wanted.strip_prefix('*').map_or(wanted == label, |end| label.ends_with(end) && !label.is_empty())
    })
}

fn known(fields: &BTreeMap<&str, &str>) -> Result<Known, String> {
    let field = |name: &str| fields.get(name).copied().unwrap_or_default().to_owned();
    let needed = |name: &str| match field(name) {
        text if text.is_empty() => Err(format!("it says nothing under `{name}`")),
        text => Ok(text),
    };
    let (kind, name) = match (needed("kind")?.as_str(), needed("name")?) {
        ("host", name) => (Kind::Host, name.to_ascii_lowercase()),
        ("package", name) if name.contains('/') => (Kind::Package, name),
        ("package", name) => return Err(format!("`{name}` names no ecosystem: write `pypi/{name}`")),
        (other, _) => return Err(format!("its kind is `{other}`, and `host` and `package` are read")),
    };
    if kind == Kind::Host && (!name.contains('.') || name.rsplit('.').next().is_none_or(|last| last.contains('*'))) {
        return Err(format!("`{name}` would stand for hosts of anybody"));
    }
    Ok(Known {
        vendor: Text::new(needed("vendor")?.to_lowercase()),
        service: Text::new(needed("service")?),
        kind,
        name,
        source: needed("source_url")?,
        read: needed("read")?,
        confidence: field("confidence"),
    })
}

fn problem(input: &str, line: u64, reason: String) -> Problem {
    Problem {
        source: Text::new_static("services"),
        position: Position { input: input.to_owned(), line: Some(line), ..Position::default() },
        reason,
        hint:
            "a row has vendor, service, kind (host or package), name, source_url and read, as services/ai-services.csv"
                .to_owned(),
    }
}
