//! An estate written down for programs that know neither keys nor facts: arrays of little-endian `u32` in a folder.

use crate::estate::{Estate, NONE};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes one array.
pub(crate) fn array(path: &Path, numbers: &[u32]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    numbers.iter().try_for_each(|number| file.write_all(&number.to_le_bytes()))?;
    file.flush()
}

/// Writes topology, prices and crown jewels of an estate. A price of 0 says that nothing permitted cuts it.
pub(crate) fn estate(folder: &Path, estate: &Estate) -> std::io::Result<Value> {
    std::fs::create_dir_all(folder)?;
    let (mut from, mut to, mut prices, mut gates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    estate.ties(|tie| {
        from.push(tie.from);
        to.push(tie.to);
        prices.push(tie.price.and_then(|price| price.permitted()).unwrap_or(0));
        for premise in tie.premises.iter().filter(|premise| **premise != NONE) {
            gates.extend([tie.number, *premise]);
        }
    });
    let price = |node: u32| estate.price(node).and_then(|price| price.permitted()).unwrap_or(0);
    let on_nodes: Vec<u32> = (0..estate.node_count()).map(price).collect();
    let edges = from.len();
    for (name, numbers) in [
        ("from", from),
        ("to", to),
        ("edge_price", prices),
        ("node_price", on_nodes),
        ("gates", gates),
        ("jewels", estate.jewels()),
    ] {
        array(&folder.join(name), &numbers)?;
    }
    Ok(json!({ "folder": folder, "nodes": estate.node_count(), "edges": edges }))
}
