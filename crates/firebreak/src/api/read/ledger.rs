//! The ledger: entries, and what proves each against the signed checkpoint.

use crate::api::Api;
use crate::api::call::{Answer, Call, Reply};
use crate::api::page::{cursor, limit, listed, seen};
use crate::api::problem::Problem;
use crate::ledgering::Book;
use anyhow::anyhow;
use firebreak_ledger::record::Record;
use firebreak_ledger::{Ledger, LedgerError};
use serde_json::{Value, json};

/// So many entries are looked through for those of a kind before a page ends.
const LOOKED_MAX: u64 = 10_000;

fn book(api: &Api) -> Result<&Book, Problem> {
    api.book.reading().ok_or_else(|| Problem::not_found("ledger yet"))
}

fn shown(record: &Record) -> Value {
    json!({
        "kind": "entry", "index": record.index, "id": record.id, "entry_kind": record.kind, "time": record.time,
        "body": record.body,
    })
}

fn broken(error: LedgerError) -> Problem {
    Problem::broken(&anyhow!(error))
}

/// `GET /ledger`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let (limit, wanted, text) = (limit(call)?, call.filter("entry_kind"), call.filter("q").map(str::to_lowercase));
    let says = |record: &Record| text.as_ref().is_none_or(|text| record.text().to_lowercase().contains(text));
    let last = seen(call)?.map(|text| text.parse::<u64>());
    let last = last
        .transpose()
        .map_err(|_| Problem::conflict("`cursor` is none that was given".to_owned(), "leave it out to begin anew"))?;
    book(api)?.with(|ledger| {
        let size = ledger.size();
        let (mut at, mut items, mut looked) = (last.unwrap_or(size).min(size), Vec::new(), 0);
        while at > 0 && items.len() < limit && looked < LOOKED_MAX {
            (at, looked) = (at - 1, looked + 1);
            let record = ledger.record(at).map_err(broken)?;
            if wanted.is_none_or(|wanted| record.kind == wanted) && says(&record) {
                items.push(shown(&record));
            }
        }
        let next = (at > 0).then(|| cursor(&at.to_string()));
        let total = (wanted.is_none() && text.is_none()).then(|| usize::try_from(size).unwrap_or(usize::MAX));
        Ok(listed("entries", items, next, total))
    })
}

/// `GET /ledger/{index}`.
pub(in crate::api) async fn one(api: &Api, call: &Call) -> Answer {
    let absent = || Problem::not_found("entry of this number");
    let index: u64 = call.at("index").parse().map_err(|_| absent())?;
    book(api)?.with(|ledger| proven(ledger, index)?.map(|value| Reply::Object(200, value)).ok_or_else(absent))
}

/// The entry at `index`, with all that a reader needs to check it.
fn proven(ledger: &Ledger, index: u64) -> Result<Option<Value>, Problem> {
    let size = ledger.size();
    if index >= size {
        return Ok(None);
    }
    let record = ledger.record(index).map_err(broken)?;
    let (Some(receipt), Some(proof)) = (ledger.receipt(&record.id), ledger.inclusion_proof(index, size)) else {
        return Ok(None);
    };
    let (_, commitment) = record.line();
    let mut shown = shown(&record);
    let proof: Vec<String> = proof.iter().map(hex::encode).collect();
    // The commitment is SHA-256 of salt and record; the leaf SHA-256 of a zero byte and the commitment (RFC 6962).
    shown["record"] = record.text().into();
    shown["salt"] = hex::encode(record.salt).into();
    shown["commitment"] = hex::encode(commitment).into();
    shown["leaf"] = hex::encode(receipt.leaf_hash).into();
    shown["proof"] = proof.into();
    shown["size"] = size.into();
    shown["root"] = hex::encode(ledger.root()).into();
    shown["checkpoint"] = ledger.checkpoint().into();
    shown["key"] = ledger.verifier().to_string().into();
    Ok(Some(shown))
}

/// So many entries are exported with an incident.
const NAMING_MAX: usize = 2_000;

/// The entries that name one of `names`, each with what proves it, and whether there are more. None where there is no ledger yet.
pub(super) fn naming(api: &Api, names: &[String]) -> Result<(Vec<Value>, bool), Problem> {
    let Some(book) = api.book.reading() else { return Ok((Vec::new(), false)) };
    book.with(|ledger| {
        let mut entries = Vec::new();
        for at in 0..ledger.size() {
            let record = ledger.record(at).map_err(broken)?;
            let text = record.text();
            if !names.iter().any(|name| text.contains(name.as_str())) {
                continue;
            }
            if entries.len() == NAMING_MAX {
                return Ok((entries, true));
            }
            entries.extend(proven(ledger, at)?);
        }
        Ok((entries, false))
    })
}

/// `GET /bundle`.
pub(in crate::api) async fn bundle(api: &Api, _: &Call) -> Answer {
    let bytes = book(api)?.with(|ledger| ledger.export_bundle()).map_err(broken)?;
    Ok(Reply::Document("application/x-ndjson", "ledger-bundle.ndjson", bytes))
}
