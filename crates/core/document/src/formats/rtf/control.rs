//! What the words of control do to the text.

/// What a word of control does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Does {
    /// It shapes what follows.
    Nothing,
    /// It stands for a character.
    Write(char),
    /// Its number is a character.
    Unicode,
    /// Its number says how many characters stand for one in Unicode.
    StandFor,
    /// So many bytes follow that are no text.
    Raw,
    /// Its group holds no text.
    Pass,
    /// Its group is an object of another program.
    Object,
    /// Its group holds text that readers may pass over: a field, a note, a property.
    Keep,
}

const PASSED: &[&[u8]] = &[
    b"blipuid",
    b"colorschememapping",
    b"colortbl",
    b"datafield",
    b"datastore",
    b"falt",
    b"filetbl",
    b"fontemb",
    b"fonttbl",
    b"generator",
    b"latentstyles",
    b"listoverridetable",
    b"listtable",
    b"mmathPr",
    b"nonshppict",
    b"panose",
    b"pict",
    b"private",
    b"revtbl",
    b"rsidtbl",
    b"shppict",
    b"sn",
    b"stylesheet",
    b"themedata",
    b"wgrffmtfilter",
    b"xmlnstbl",
];

const KEPT: &[&[u8]] = &[
    b"annotation",
    b"atnauthor",
    b"docvar",
    b"ffdeftext",
    b"fldinst",
    b"formfield",
    b"hlinkbase",
    b"propname",
    b"shpinst",
    b"shptxt",
    b"staticval",
    b"userprops",
];

/// What `word` does. Words that are not known shape something.
pub(super) fn does(word: &[u8]) -> Does {
    match word {
        b"par" | b"line" | b"row" | b"nestrow" | b"sect" | b"page" | b"column" => Does::Write('\n'),
        b"title" | b"author" | b"operator" | b"subject" | b"keywords" | b"comment" | b"doccomm" | b"company"
        | b"manager" | b"category" | b"footnote" | b"header" | b"footer" | b"pard" => Does::Write('\n'),
        b"tab" | b"cell" | b"nestcell" => Does::Write('\t'),
        b"emdash" => Does::Write('—'),
        b"endash" => Does::Write('–'),
        b"lquote" | b"rquote" => Does::Write('\''),
        b"ldblquote" | b"rdblquote" => Does::Write('"'),
        b"bullet" => Does::Write('•'),
        b"emspace" | b"enspace" | b"qmspace" => Does::Write(' '),
        b"u" => Does::Unicode,
        b"uc" => Does::StandFor,
        b"bin" => Does::Raw,
        b"objdata" => Does::Object,
        word if PASSED.contains(&word) => Does::Pass,
        word if KEPT.contains(&word) => Does::Keep,
        _ => Does::Nothing,
    }
}
