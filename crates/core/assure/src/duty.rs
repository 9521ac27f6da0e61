//! Duties that may follow from a loss: which notification rules may apply to which residents' records, and by when.
//!
//! It reads a table of rules, one row each with its source, date and confidence, and matches. It gives no legal advice: every
//! duty is for counsel to confirm, and whether data was encrypted, whether harm is likely and who is regulated is not
//! known here.

use crate::csv;
use firebreak_model::{DataClass, Holding, Position, Problem, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is said of every duty.
pub const CONFIRM: &str = "for counsel to confirm";

/// One rule of the table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Whose: `US-CA`, `EU-GDPR`, `US-HIPAA`.
    pub jurisdiction: Text,
    /// The statute's name.
    pub statute: String,
    /// By when people must be told, in the table's words.
    pub individual: String,
    /// Whether an authority must be told, in the table's words.
    pub authority: String,
    /// From how many people on.
    pub authority_threshold: String,
    /// By when, in the table's words.
    pub authority_deadline: String,
    /// Which authority, where the table says.
    pub regulator: String,
    /// What the table says of kinds of data: `pi_biometric`, `pi_gov_id`, `pi_health`, `pi_credentials`.
    pub kinds: BTreeMap<Text, String>,
    /// Where the table has it from.
    pub source: String,
    /// When that was read.
    pub source_date: String,
    /// How sure the table is: `high`, `medium`, `low`.
    pub confidence: String,
    /// Further remarks of the table.
    pub notes: String,
}

/// Reads a table of rules with a header line. Unknown columns are left out; a row that lacks a column it needs is a problem and
/// is left out too.
pub fn rules(text: &str, input: &str) -> (Vec<Rule>, Vec<Problem>) {
    let (mut rules, mut problems) = (Vec::new(), Vec::new());
    let mut rows = csv::rows(text).into_iter();
    let Some((_, header)) = rows.next() else {
        let hint = "name a table with a header line and one rule a line";
        return (rules, vec![problem(input, 1, "it holds no rule".to_string(), hint)]);
    };
    for (line, row) in rows {
        if row.len() != header.len() {
            let reason = format!("it has {} fields where the header has {}", row.len(), header.len());
            problems.push(problem(input, line, reason, "quote fields that hold a comma"));
            continue;
        }
        let fields: BTreeMap<&str, &str> =
            header.iter().map(|name| name.trim()).zip(row.iter().map(|field| field.trim())).collect();
        match rule(&fields) {
            Ok(rule) => rules.push(rule),
            Err(missing) => {
                let reason = format!("it says nothing under `{missing}`");
                problems.push(problem(input, line, reason, "a rule needs a jurisdiction, a statute and a source"));
            }
        }
    }
    (rules, problems)
}

fn rule(fields: &BTreeMap<&str, &str>) -> Result<Rule, &'static str> {
    let field = |name: &str| fields.get(name).copied().unwrap_or_default().to_string();
    let needed = |name: &'static str| match field(name) {
        text if text.is_empty() => Err(name),
        text => Ok(text),
    };
    let kinds = fields.iter().filter(|(name, _)| name.starts_with("pi_"));
    Ok(Rule {
        jurisdiction: Text::new(needed("jurisdiction")?),
        statute: needed("statute")?,
        individual: field("individual_deadline_days"),
        authority: field("ag_required"),
        authority_threshold: field("ag_threshold"),
        authority_deadline: field("ag_deadline"),
        regulator: field("regulator"),
        kinds: kinds.map(|(name, says)| (Text::new(name), (*says).to_string())).collect(),
        source: needed("source_url")?,
        source_date: field("source_date"),
        confidence: field("confidence"),
        notes: field("notes"),
    })
}

fn problem(input: &str, line: u64, reason: String, hint: &str) -> Problem {
    let position = Position { input: input.to_string(), line: Some(line), ..Position::default() };
    Problem { source: Text::new_static("duty"), position, reason, hint: hint.to_string() }
}

/// How sure it is that a rule is about a class of data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// The table names this kind of data, or the rule is about all personal data.
    Named,
    /// The table does not say.
    Doubtful,
    /// Whether the rule applies hangs on what the organisation is (a bank, a health plan, a listed company), not on the
    /// data alone.
    IfRegulated,
}

/// By when something must be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deadline {
    /// In the table's words.
    pub words: String,
    /// The latest instant, where the words are a number of days or hours from discovery; calendar time, not business days.
    pub at: Option<Time>,
}

/// Who must be told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The people whom the data is about.
    People,
    /// An authority.
    Authority,
}

/// One duty that may follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Duty {
    /// Whose rule.
    pub jurisdiction: Text,
    /// Which.
    pub statute: String,
    /// Who must be told.
    pub notice: Notice,
    /// The authority and its threshold, in the table's words; empty for people.
    pub addressee: String,
    /// About which data: class, how many records (not people), and how sure it is that the rule covers it.
    pub about: Vec<(DataClass, u64, Coverage)>,
    /// By when.
    pub deadline: Deadline,
    /// Where the table has the rule from, and when that was read.
    pub source: String,
    /// How sure the table is.
    pub confidence: String,
    /// Always [`CONFIRM`].
    pub standing: String,
}

/// The duties that may follow from the loss of `lost`, discovered at `discovered`: the earliest deadline first, then those
/// without a date. Also what could not be matched, in words.
pub fn duties(lost: &[Holding], discovered: Time, rules: &[Rule]) -> (Vec<Duty>, Vec<String>) {
    let (mut duties, mut gaps) = (Vec::new(), BTreeSet::new());
    let known: BTreeSet<&str> = rules.iter().map(|rule| rule.jurisdiction.as_str()).collect();
    for holding in lost.iter().filter(|holding| holding.records > 0 && kind(&holding.class) != Kind::NotPersonal) {
        let home = jurisdiction(&holding.residency);
        if holding.residency == "unknown" {
            gaps.insert(format!(
                "{} records of {} are about people whose residence is not known",
                holding.records, holding.class
            ));
        } else if !known.contains(home) {
            gaps.insert(format!("the table has no rule for residents of `{}`", holding.residency));
        }
    }
    for rule in rules {
        let mut about: BTreeMap<(DataClass, Coverage), u64> = BTreeMap::new();
        for holding in lost.iter().filter(|holding| holding.records > 0) {
            if let Some(coverage) = coverage(rule, holding) {
                let records = about.entry((holding.class.clone(), coverage)).or_default();
                *records = records.saturating_add(holding.records);
            }
        }
        if !about.is_empty() {
            let about = about.into_iter().map(|((class, coverage), records)| (class, records, coverage)).collect();
            of_rule(rule, about, discovered, &mut duties);
        }
    }
    duties.sort_by_key(|duty| (duty.deadline.at.unwrap_or(Time::MAX), duty.jurisdiction.clone(), duty.notice));
    (duties, gaps.into_iter().collect())
}

fn of_rule(rule: &Rule, about: Vec<(DataClass, u64, Coverage)>, discovered: Time, duties: &mut Vec<Duty>) {
    let duty = |notice, addressee: String, words: &str| Duty {
        jurisdiction: rule.jurisdiction.clone(),
        statute: rule.statute.clone(),
        notice,
        addressee,
        about: about.clone(),
        deadline: Deadline { words: words.to_string(), at: date(words, discovered) },
        source: format!("{} ({})", rule.source, rule.source_date),
        confidence: rule.confidence.clone(),
        standing: CONFIRM.to_string(),
    };
    if !matches!(rule.individual.as_str(), "" | "n/a") {
        let words = match rule.individual.parse::<u32>() {
            Ok(days) => format!("{days} days"),
            Err(_) => rule.individual.clone(),
        };
        duties.push(duty(Notice::People, String::new(), &words));
    }
    if !matches!(rule.authority.as_str(), "" | "no") {
        let parts = [&rule.regulator, &rule.authority, &rule.authority_threshold];
        let addressee: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        duties.push(duty(Notice::Authority, addressee.join("; "), &rule.authority_deadline));
    }
}

/// `45 days`, `72 hours`, `72 hours after becoming aware` and `30 days after discovery` from `discovered`; `None` for all
/// other words, which count from something that is not known here or in business days.
fn date(words: &str, discovered: Time) -> Option<Time> {
    let mut parts = words.splitn(3, ' ');
    let number: i64 = parts.next()?.parse().ok().filter(|number| (0..=3_650).contains(number))?;
    let seconds = match parts.next()? {
        "days" | "day" => 86_400,
        "hours" | "hour" => 3_600,
        _ => return None,
    };
    let from_discovery = matches!(parts.next().unwrap_or_default(), "" | "after discovery" | "after becoming aware");
    from_discovery.then(|| discovered.plus_seconds(number * seconds))
}

/// What kind of personal data a class is, as breach laws tell kinds apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Numbers that every breach law names: social security, tax, accounts, cards.
    Core,
    /// In the column of this name.
    Column(&'static str),
    /// About people, but not of a kind that the table knows.
    Other,
    /// Not about people.
    NotPersonal,
}

fn kind(class: &DataClass) -> Kind {
    match class.word() {
        "ssn" | "tax_form" | "bank_account" | "payment_card" => Kind::Core,
        "identity_document" | "driving_licence" => Kind::Column("pi_gov_id"),
        "interview_recording" | "biometric" => Kind::Column("pi_biometric"),
        "health" | "medical_record_number" | "diagnosis_code" => Kind::Column("pi_health"),
        "secret" | "password" | "provider_token" | "private_key" | "web_token" | "url_password" | "bearer_token"
        | "assigned_secret" => Kind::Column("pi_credentials"),
        // What is the organisation's own, or a company's or a bank's number.
        "source_code"
        | "training_data"
        | "model_weights"
        | "ein"
        | "bank_routing_number"
        | "swift_code"
        | "brazil_cnpj" => Kind::NotPersonal,
        _ => Kind::Other,
    }
}

/// Whether records of a class are people's, whose custody somebody must answer for. Secrets are the organisation's own.
pub(crate) fn is_personal(class: &DataClass) -> bool {
    !matches!(kind(class), Kind::NotPersonal | Kind::Column("pi_credentials"))
}

/// The jurisdiction in the table for residents of `residency`.
fn jurisdiction(residency: &str) -> &str {
    const EEA: [&str; 30] = [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    ];
    let country = residency.split('-').next().unwrap_or_default();
    if EEA.contains(&country) {
        "EU-GDPR"
    } else if country == "GB" {
        "UK-GDPR"
    } else {
        residency
    }
}

/// Whether `rule` may be about `holding`, and how sure that is.
fn coverage(rule: &Rule, holding: &Holding) -> Option<Coverage> {
    let kind = kind(&holding.class);
    if kind == Kind::NotPersonal {
        return None;
    }
    let code = rule.jurisdiction.as_str();
    let home = jurisdiction(&holding.residency);
    if code == home {
        let says = |column| rule.kinds.get(column).map_or("", String::as_str);
        return Some(match kind {
            _ if code.ends_with("-GDPR") => Coverage::Named,
            Kind::Core => Coverage::Named,
            Kind::Column(column) if !matches!(says(column), "" | "not tagged" | "no") => Coverage::Named,
            _ => Coverage::Doubtful,
        });
    }
    // Rules of a country or a union, for organisations of a kind: `US-HIPAA`, `EU-NIS2`. A region's code has two letters.
    let (union, what) = code.split_once('-')?;
    let of_country = match union {
        "US" => holding.residency == "US" || holding.residency.starts_with("US-"),
        "EU" => home == "EU-GDPR",
        _ => false,
    };
    (what.len() > 2 && of_country).then_some(Coverage::IfRegulated)
}

#[cfg(test)]
mod tests;
