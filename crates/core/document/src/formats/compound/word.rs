//! Word before 2007: the text stands in pieces, which a table puts in order.

use crate::bytes::{Bytes, latin1, stretch, utf16};

/// What a document of Word says; nothing where its tables cannot be read, and an error where it is encrypted.
pub(super) fn text(document: &[u8], table: impl Fn(&str) -> Vec<u8>) -> Result<Option<String>, ()> {
    let number = |at: usize| Bytes::from(document, at).le32();
    let flags = Bytes::from(document, 10).le16().unwrap_or_default();
    if flags & 0x100 != 0 {
        return Err(());
    }
    let version = Bytes::from(document, 2).le16().unwrap_or_default();
    // Word 95 and before: one stretch.
    if version < 0xc1 {
        let range = number(24).zip(number(28)).map(|(from, to)| (from as usize, to as usize));
        return Ok(range.map(|(from, to)| plain(&latin1(stretch(document, from, to.saturating_sub(from))))));
    }
    let table = table(if flags & 0x200 != 0 { "1Table" } else { "0Table" });
    let pieces = number(0x1a2).zip(number(0x1a6)).map(|(at, length)| stretch(&table, at as usize, length as usize));
    Ok(pieces.and_then(|pieces| in_order(document, pieces)))
}

/// The pieces, as the table has them: first what shapes them, then where each begins, then where it stands.
fn in_order(document: &[u8], table: &[u8]) -> Option<String> {
    let mut bytes = Bytes::new(table);
    let list = loop {
        match bytes.u8()? {
            1 => {
                let length = usize::from(bytes.le16()?);
                bytes.take(length)?;
            }
            2 => {
                bytes.le32()?;
                break bytes.rest();
            }
            _ => return None,
        }
    };
    let count = list.len().checked_sub(4)? / 12;
    let start = |piece: usize| Bytes::from(list, piece * 4).le32().map(|start| start as usize);
    let mut text = String::new();
    // Pieces that lie over each other would make more of a file than it holds.
    let mut left = document.len() * 2;
    for piece in 0..count {
        let length = start(piece + 1)?.checked_sub(start(piece)?)?;
        let place = Bytes::from(list, (count + 1) * 4 + piece * 8 + 2).le32()?;
        let narrow = place & 0x4000_0000 != 0;
        let place = (place & 0x3fff_ffff) as usize;
        let bytes = match narrow {
            true => stretch(document, place / 2, length),
            false => stretch(document, place, length.saturating_mul(2)),
        };
        left = left.checked_sub(bytes.len())?;
        text.push_str(&if narrow { latin1(bytes) } else { utf16(bytes, false) });
    }
    Some(plain(&text))
}

/// Signs of Word as lines and columns.
fn plain(text: &str) -> String {
    let sign = |char: char| match char {
        '\r' | '\x0b' | '\x0c' => '\n',
        '\x07' => '\t',
        '\x1e' => '-',
        char if char < ' ' && char != '\n' && char != '\t' => ' ',
        char => char,
    };
    text.chars().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_in_order_and_lying_ones_end() {
        let mut document = vec![0; 0x200];
        document[2] = 0xc1;
        document.extend(b"is 536\x07\r");
        document.extend("Stra\u{df}e ".encode_utf16().flat_map(u16::to_le_bytes));
        let table = |starts: [u32; 3]| {
            // What shapes a piece, then the list: the wide one first.
            let mut table = vec![1, 2, 0, 9, 9, 2, 0, 0, 0, 0];
            starts.iter().for_each(|start| table.extend(start.to_le_bytes()));
            for place in [0x208_u32, (0x200 * 2) | 0x4000_0000] {
                table.extend([0, 0]);
                table.extend(place.to_le_bytes());
                table.extend([0, 0]);
            }
            table
        };
        let good = table([0, 7, 15]);
        document[0x1a6] = good.len() as u8;
        assert_eq!(text(&document, |_| good.clone()), Ok(Some("Stra\u{df}e is 536\t\n".to_owned())));
        assert_eq!(text(&document, |_| table([7, 0, 15])), Ok(None));
        assert_eq!(text(&document, |_| Vec::new()), Ok(None));
        document[11] = 1;
        assert_eq!(text(&document, |_| good.clone()), Err(()));
    }
}
