//! Pictures on pages: those that lie in the document as files of their own do.

use super::{File, filters};
use crate::door::{At, Door};

impl File<'_> {
    /// Reads the picture at `place` as if it stood alone. One in another packing is counted: its letters are lost to whoever reads them.
    pub(super) fn picture(&mut self, door: &mut Door<'_>, at: &At, place: usize) {
        self.read.insert(place);
        let Some(dict) = self.objects.dict(place) else { return };
        let last = filters(dict).pop().unwrap_or_default();
        // What only says how clear another picture is, or is an icon, shows no letters.
        let seen = !dict.contains_key("ImageMask") && dict.number("Width").is_none_or(|width| width >= 200);
        match last.as_str() {
            "DCTDecode" | "DCT" | "JPXDecode" => {
                let Some(bytes) = self.stream(door, at, place) else { return };
                let inner = at.inner(&format!("picture {}", self.objects.number(place)));
                match last.as_str() {
                    "JPXDecode" => door.letters(&inner, &bytes),
                    _ => door.document(&inner, &mut bytes.as_slice()),
                }
            }
            _ => self.unread_pictures += u64::from(seen),
        }
    }
}
