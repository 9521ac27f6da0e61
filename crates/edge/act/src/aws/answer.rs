//! What AWS answers: XML of the Query API and S3, or JSON, with its error codes as one kind of word.
//!
//! It knows no service: which code means what is the responders' business, but for what stands for "not there".

use crate::error::ActError;
use firebreak_world::Response;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Codes that say that the target is not there.
const ABSENT: [&str; 7] = [
    "NoSuchEntity",
    "NoSuchBucket",
    "ResourceNotFoundException",
    "InvalidInstanceID.NotFound",
    "InvalidGroup.NotFound",
    "TargetNotFoundException",
    "PolicyNotFoundException",
];

/// One answer of AWS: its status and its XML or JSON.
pub(crate) struct Answer {
    call: String,
    pub(crate) status: u16,
    /// The error's type, where the service says it in a header.
    kind: Option<String>,
    text: String,
}

impl Answer {
    pub(super) fn read(call: &str, response: Response) -> Result<Answer, ActError> {
        let text = String::from_utf8(response.body)
            .map_err(|_| ActError::Unreadable { call: call.to_owned(), reason: "it is not UTF-8".to_owned() })?;
        let kind = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-amzn-errortype"));
        let kind = kind.map(|(_, kind)| kind.split(':').next().unwrap_or_default().to_owned());
        Ok(Answer { call: call.to_owned(), status: response.status, kind, text })
    }

    /// The error code, where the answer is an error.
    pub(crate) fn code(&self) -> Option<String> {
        (self.status >= 300)
            .then(|| self.first("Code").or_else(|| self.type_word()).unwrap_or_else(|| self.status.to_string()))
    }

    /// The answer, or its error: what AWS says is not there is [`ActError::NotFound`].
    pub(crate) fn success(self, target: &str) -> Result<Answer, ActError> {
        let Some(code) = self.code() else { return Ok(self) };
        let reason = self.first("Message").or_else(|| self.message()).unwrap_or_else(|| code.clone());
        if ABSENT.contains(&code.as_str()) {
            return Err(ActError::NotFound { target: target.to_owned(), reason });
        }
        Err(ActError::Refused { call: self.call, code, reason })
    }

    /// The answer as JSON.
    pub(crate) fn json(&self) -> Result<Value, ActError> {
        serde_json::from_str(&self.text).map_err(|error| self.unreadable(error.to_string()))
    }

    /// The policy in the first element named `name`, as IAM hands it out: percent-encoded JSON.
    pub(crate) fn policy(&self, name: &str) -> Result<Value, ActError> {
        let encoded = self.first(name).ok_or_else(|| self.unreadable(format!("it holds no {name}")))?;
        let text = percent_decode_str(&encoded).decode_utf8().map_err(|error| self.unreadable(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| self.unreadable(error.to_string()))
    }

    /// That it cannot be read, and why.
    pub(crate) fn unreadable(&self, reason: String) -> ActError {
        ActError::Unreadable { call: self.call.clone(), reason }
    }

    /// The last word of a JSON error's type: `com.amazonaws#PolicyNotAttachedException` or without what is before it.
    fn type_word(&self) -> Option<String> {
        let body = || serde_json::from_str::<Value>(&self.text).ok()?.get("__type")?.as_str().map(str::to_owned);
        let whole = self.kind.clone().or_else(body)?;
        Some(whole.rsplit('#').next().unwrap_or(&whole).to_owned())
    }

    fn message(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.text).ok()?;
        Some(body.get("Message").or_else(|| body.get("message"))?.as_str()?.to_owned())
    }

    /// Text of the first element named `name`.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        let document = roxmltree::Document::parse(&self.text).ok()?;
        let node = document.descendants().find(|node| node.tag_name().name() == name)?;
        node.text().map(str::to_owned)
    }

    /// Texts of all elements at `path` below the root, in order.
    pub(crate) fn texts(&self, path: &[&str]) -> Result<Vec<String>, ActError> {
        let document = roxmltree::Document::parse(&self.text).map_err(|error| self.unreadable(error.to_string()))?;
        let mut nodes = vec![document.root_element()];
        for name in path {
            let below = nodes.iter().flat_map(|node| node.children().filter(|child| child.tag_name().name() == *name));
            nodes = below.collect();
        }
        Ok(nodes.iter().map(|node| node.text().unwrap_or_default().to_owned()).collect())
    }

    /// The named children of every element `parent`, in order: one row for each.
    pub(crate) fn rows(&self, parent: &str, children: &[&str]) -> Result<Vec<Vec<Option<String>>>, ActError> {
        let document = roxmltree::Document::parse(&self.text).map_err(|error| self.unreadable(error.to_string()))?;
        let text = |node: roxmltree::Node<'_, '_>, name: &str| {
            node.children().find(|child| child.tag_name().name() == name)?.text().map(str::to_owned)
        };
        let parents = document.descendants().filter(|node| node.tag_name().name() == parent);
        Ok(parents.map(|node| children.iter().map(|name| text(node, name)).collect()).collect())
    }
}
