//! The words in which a scanner declares its calls. Everything is `const`, so that a call tree is data.

use serde_json::Value;

/// One call, or one for each item of the call around it.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Under which key the answer goes: into the document, or into the item for which the call is made. Two calls with one
    /// key give one list. Empty: the answer's fields themselves.
    pub key: &'static str,
    /// The path below the platform's address, or from a setting that holds an address of its own: `{drive}/v3/files`.
    /// `{org}` is a setting, `{.slug}` a field of the item, `{..id}` of the item around that one. Fields are escaped.
    pub path: &'static str,
    /// Where the list is in an answer: empty for a bare list, `value`, `data.users`; `-` where the answer is one object.
    pub items: &'static str,
    /// How one page leads to the next.
    pub paging: Paging,
    /// Calls for each item.
    pub each: &'static [Call],
    /// Only for items with this: `name` (there and neither false nor empty) or `name=text`. Empty: for all.
    pub only: &'static str,
    /// What is added to each item: key and text.
    pub with: Option<(&'static str, &'static str)>,
    /// Whether `404` is an answer: there is no such thing, which is no gap.
    pub may_be_absent: bool,
    /// What kind of answer is asked for.
    pub accept: &'static str,
}

impl Call {
    /// A list, in one answer.
    pub const fn list(key: &'static str, path: &'static str) -> Call {
        let (items, paging, each, only, with, may_be_absent) = ("", Paging::None, &[] as &[Call], "", None, false);
        Call { key, path, items, paging, each, only, with, may_be_absent, accept: "application/json" }
    }

    /// One object.
    pub const fn object(key: &'static str, path: &'static str) -> Call {
        Call { items: "-", ..Call::list(key, path) }
    }

    /// Where the list is in an answer.
    pub const fn items(self, items: &'static str) -> Call {
        Call { items, ..self }
    }

    /// How one page leads to the next.
    pub const fn paging(self, paging: Paging) -> Call {
        Call { paging, ..self }
    }

    /// Calls for each item.
    pub const fn each(self, each: &'static [Call]) -> Call {
        Call { each, ..self }
    }

    /// Only for items with this.
    pub const fn only(self, only: &'static str) -> Call {
        Call { only, ..self }
    }

    /// Adds a text to each item.
    pub const fn with(self, key: &'static str, text: &'static str) -> Call {
        Call { with: Some((key, text)), ..self }
    }

    /// Asks for another kind of answer than plain JSON.
    pub const fn accept(self, accept: &'static str) -> Call {
        Call { accept, ..self }
    }

    /// `404` is an answer.
    pub const fn may_be_absent(self) -> Call {
        Call { may_be_absent: true, ..self }
    }
}

/// How one page of a list leads to the next. Fields are places in the answer such as `response_metadata.next_cursor`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paging {
    /// There is one page.
    None,
    /// The `Link` header with `rel="next"`.
    Link,
    /// A field holds the address of the next page.
    NextUrl {
        /// Which field.
        field: &'static str,
    },
    /// A field holds a text that goes into the next query.
    Token {
        /// Which field.
        field: &'static str,
        /// The name in the query.
        parameter: &'static str,
    },
    /// Pages are numbered from 1; the list ends with an empty one.
    Page {
        /// The name in the query.
        parameter: &'static str,
    },
    /// Items are numbered from 0; the list ends with an empty page.
    Offset {
        /// The name in the query.
        parameter: &'static str,
    },
    /// The last item's field goes into the next query while a flag in the answer says that there is more.
    Last {
        /// The item's field.
        field: &'static str,
        /// The flag.
        more: &'static str,
        /// The name in the query.
        parameter: &'static str,
    },
}

/// How our credential is shown to the platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Authorization {
    /// `authorization: <word> <credential>`: `Bearer`, `SSWS`.
    Word(&'static str),
    /// A header of its own: `x-api-key`.
    Header(&'static str),
}

/// A platform's calls.
#[derive(Clone, Copy, Debug)]
pub struct Collector {
    /// Where the document goes below the inventory directory, with settings in braces: `okta/{org}.json`.
    pub file: &'static str,
    /// Fields of the document besides answers, with settings in braces.
    pub head: &'static [(&'static str, &'static str)],
    /// The calls.
    pub calls: &'static [Call],
    /// Which names [`super::Settings::values`] must hold.
    pub settings: &'static [&'static str],
    /// How our credential is shown.
    pub authorization: Authorization,
    /// Further headers.
    pub headers: &'static [(&'static str, &'static str)],
    /// Fields that hold secrets which no form tells apart from other text: they are taken out of every answer.
    pub secrets: &'static [&'static str],
    /// What a refusal in the body of a good answer says, for platforms that answer 200 to everything.
    pub refusal: fn(&Value) -> Option<String>,
}

impl Collector {
    /// A collector whose platform says no by status.
    pub const fn new(file: &'static str, settings: &'static [&'static str], calls: &'static [Call]) -> Collector {
        let (head, headers, secrets) = (&[] as &[(&str, &str)], &[] as &[(&str, &str)], &[] as &[&str]);
        Collector {
            file,
            head,
            calls,
            settings,
            authorization: Authorization::Word("Bearer"),
            headers,
            secrets,
            refusal: none,
        }
    }
}

fn none(_: &Value) -> Option<String> {
    None
}
