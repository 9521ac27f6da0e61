//! One endpoint, as the table tells of it: how it is called, what it does, what it takes and answers, and for which command it stands.

use super::Api;
use super::access::policy::Deed;
use super::call::{Answer, Call};
use futures_util::future::BoxFuture;

/// What answers.
pub type Handler = for<'a> fn(&'a Api, &'a Call) -> BoxFuture<'a, Answer>;

/// The methods that there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Method {
    /// Looks.
    Get,
    /// Asks for something to be done.
    Post,
    /// Takes something away.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// A name, and of what type its value is: `string`, `time`, `integer`, `boolean`, `object`, `array`, `number`; behind it `?` where it
/// may be missing or null.
pub type Field = (&'static str, &'static str);

/// A command of the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verb {
    /// Its words: `map changes`.
    pub words: &'static str,
    /// The fields of a call, or the names in its path, that stand behind the words without a name.
    pub places: &'static [&'static str],
}

/// One endpoint.
pub struct Endpoint {
    /// How it is called.
    pub method: Method,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// What it does; nothing where whoever comes may call it.
    pub deed: Option<Deed>,
    /// To which area it belongs.
    pub area: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Filters.
    pub query: &'static [Field],
    /// What the body holds.
    pub body: &'static [Field],
    /// The status of a good answer.
    pub status: u16,
    /// The `kind` of the answer; for lists that of the list, for documents their media type.
    pub kind: &'static str,
    /// What the answer holds beside its kind; for lists, an item.
    pub fields: &'static [Field],
    /// Whether the answer is a list of items.
    pub list: bool,
    /// Whether it is answered by its command.
    pub by_command: bool,
    /// The command that asks the same, its words and then the fields that stand without a name, in their order.
    pub verb: Option<Verb>,
    /// What answers.
    pub run: Handler,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method.word(), self.path)
    }
}

pub(super) const fn get(
    area: &'static str,
    path: &'static str,
    summary: &'static str,
    kind: &'static str,
    run: Handler,
) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path,
        deed: Some(Deed::Read),
        area,
        summary,
        query: &[],
        body: &[],
        status: 200,
        kind,
        fields: &[],
        list: false,
        by_command: false,
        verb: None,
        run,
    }
}

pub(super) const fn post(
    area: &'static str,
    path: &'static str,
    summary: &'static str,
    kind: &'static str,
    run: Handler,
) -> Endpoint {
    let looks = get(area, path, summary, kind, run);
    Endpoint { method: Method::Post, deed: Some(Deed::Respond), status: 202, ..looks }
}

impl Endpoint {
    pub(super) const fn with(mut self, fields: &'static [Field]) -> Endpoint {
        self.fields = fields;
        self
    }

    pub(super) const fn list(mut self, query: &'static [Field], fields: &'static [Field]) -> Endpoint {
        (self.list, self.query, self.fields) = (true, query, fields);
        self
    }

    pub(super) const fn asked(mut self, query: &'static [Field]) -> Endpoint {
        self.query = query;
        self
    }

    pub(super) const fn taking(mut self, body: &'static [Field]) -> Endpoint {
        self.body = body;
        self
    }

    pub(super) const fn doing(mut self, deed: Deed) -> Endpoint {
        self.deed = Some(deed);
        self
    }

    pub(super) const fn status(mut self, status: u16) -> Endpoint {
        self.status = status;
        self
    }

    pub(super) const fn deleting(mut self) -> Endpoint {
        (self.method, self.status) = (Method::Delete, 204);
        self
    }

    /// It stands for the command of these words.
    pub(super) const fn verb(mut self, words: &'static str) -> Endpoint {
        self.verb = Some(Verb { words, places: &[] });
        self
    }

    /// The same, with these fields behind the words.
    pub(super) const fn verb_of(mut self, words: &'static str, places: &'static [&'static str]) -> Endpoint {
        self.verb = Some(Verb { words, places });
        self
    }

    /// Its fields become the command's flags.
    pub(super) const fn by_command(mut self) -> Endpoint {
        self.by_command = true;
        self
    }

    /// Whether it changes anything.
    pub fn changes(&self) -> bool {
        self.method != Method::Get
    }
}
