//! What a document gives: texts, and signs of what it is.

/// A text of a document. Its bytes follow, in UTF-8 where the document says how it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Text<'a> {
    /// Where: the path inside of what was read (`contract.zip/a.xlsx/xl/worksheets/sheet1.xml`). Empty for the document itself.
    pub place: &'a str,
    /// The name of the innermost file.
    pub file: &'a str,
    /// Which format it was read from.
    pub format: &'static str,
    /// Whether each line is one record: a row of a table, with the names of its columns in the first line.
    pub rows: bool,
}

/// What a document is by what stands around its content: a name, a duration, a size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sign<'a> {
    /// Where, as in [`Text::place`].
    pub place: &'a str,
    /// The class of data: `interview_recording`, `identity_document`.
    pub class: &'static str,
    /// Which form: `mp4`, `jpeg`.
    pub kind: &'static str,
    /// Whether more than one thing says so.
    pub sure: bool,
    /// Why, in words that hold nothing of the content.
    pub why: String,
}

/// Who takes the texts. One text ends before the next begins.
pub trait Sink {
    /// A text begins.
    fn begin(&mut self, text: &Text<'_>);
    /// More of it.
    fn feed(&mut self, bytes: &[u8]);
    /// It ends.
    fn end(&mut self);
    /// The document carries a sign.
    fn sign(&mut self, sign: &Sign<'_>);
    /// Whether it reads what is written in pictures.
    fn reads_letters(&self) -> bool {
        false
    }
    /// What is written in `picture`, whole as it lies in its file, in UTF-8.
    ///
    /// # Errors
    /// In words that hold nothing of the picture: why that was not read.
    fn letters(&mut self, _picture: &[u8]) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}
