//! The text that a page draws, with lines where it moves to another height.

use super::font::Font;
use super::object::{Lexer, Value};
use std::rc::Rc;

/// Values before one operator.
const MAX_OPERANDS: usize = 100_000;

/// A page that is being read.
pub(super) struct Page<'p> {
    lexer: Lexer<'p>,
    operands: Vec<Value>,
    font: Rc<Font>,
    height: f64,
    out: Vec<u8>,
    lost: u64,
}

impl<'p> Page<'p> {
    pub(super) fn new(bytes: &'p [u8]) -> Page<'p> {
        let lexer = Lexer::new(bytes, 0, MAX_OPERANDS);
        Page { lexer, operands: Vec::new(), font: Rc::default(), height: 0.0, out: Vec::new(), lost: 0 }
    }

    /// Reads on until a font is chosen, and gives its name; none at the end.
    pub(super) fn next_font(&mut self) -> Option<String> {
        loop {
            self.lexer.left = MAX_OPERANDS;
            match self.lexer.value(0)? {
                Value::Word(word) => {
                    let operands = std::mem::take(&mut self.operands);
                    if word == "Tf" {
                        return Some(operands.iter().find_map(Value::name).unwrap_or_default().to_owned());
                    }
                    self.operator(&word, &operands);
                }
                value if self.operands.len() < MAX_OPERANDS => self.operands.push(value),
                _ => {}
            }
        }
    }

    /// What follows is in this font.
    pub(super) fn with(&mut self, font: Option<Rc<Font>>) {
        self.font = font.unwrap_or_default();
    }

    /// The text, and how many codes were no known letters.
    pub(super) fn finish(self) -> (Vec<u8>, u64) {
        (self.out, self.lost)
    }

    fn operator(&mut self, word: &str, operands: &[Value]) {
        let number = |at: usize| match operands.get(at) {
            Some(Value::Number(number)) => *number,
            _ => 0.0,
        };
        match word {
            "Tj" => self.string(operands.last()),
            "'" | "\"" => {
                self.line();
                self.string(operands.last());
            }
            "TJ" => {
                if let Some(Value::List(all)) = operands.last() {
                    all.iter().for_each(|one| self.string(Some(one)));
                }
            }
            "Td" | "TD" if number(1) != 0.0 => self.line(),
            "Td" | "TD" => self.blank(),
            "T*" | "ET" => self.line(),
            "Tm" => {
                let height = number(5);
                if (height - self.height).abs() > 0.5 {
                    self.line()
                } else {
                    self.blank()
                }
                self.height = height;
            }
            "BI" => self.picture(),
            _ => {}
        }
    }

    fn string(&mut self, value: Option<&Value>) {
        match value {
            Some(Value::String(bytes)) => self.lost += self.font.text(bytes, &mut self.out),
            // A gap as wide as a blank is one.
            Some(Value::Number(gap)) if *gap < -180.0 => self.blank(),
            _ => {}
        }
    }

    fn line(&mut self) {
        if self.out.last().is_some_and(|last| *last != b'\n') {
            self.out.push(b'\n');
        }
    }

    fn blank(&mut self) {
        if self.out.last().is_some_and(|last| !b" \n".contains(last)) {
            self.out.push(b' ');
        }
    }

    /// Passes over a picture that stands in the page.
    fn picture(&mut self) {
        let rest = self.lexer.bytes.get(self.lexer.at..).unwrap_or_default();
        let end = memchr::memmem::find(rest, b"\nEI").or_else(|| memchr::memmem::find(rest, b" EI"));
        self.lexer.at += end.map_or(rest.len(), |end| end + 3);
    }
}
