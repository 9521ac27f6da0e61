//! What an identity lost when its policies were narrowed: asked of every refusal that follows.

use super::{Call, Granted, Identity, Prover};
use crate::aws::policy::Policy;
use crate::aws::principal::Principal;
use firebreak_model::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The policies of an identity before and after, as they are written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Loss {
    /// Whose.
    pub arn: Text,
    /// Its own policies before.
    pub before: Vec<Value>,
    /// Its own policies after.
    pub after: Vec<Value>,
    /// What it has beside them, before and after alike: the policies of its groups.
    pub beside: Vec<Value>,
}

impl Loss {
    /// Whether a call that the policies of before may have allowed is allowed by those of after no longer, or less certainly. What else
    /// may refuse it (an organisation's policy, a resource's own) is not asked: such a call was refused before, too.
    pub fn took(&self, call: &Call) -> bool {
        let Some(principal) = Principal::of(&self.arn) else { return false };
        let granted = |documents: &[Value]| -> Vec<Granted> {
            documents.iter().map(|document| Granted::new("policy", None, document)).collect()
        };
        let identity = Identity {
            arn: self.arn.clone(),
            principal,
            granted: granted(&self.before),
            absent: Vec::new(),
            boundary: None,
            groups: Vec::new(),
        };
        let beside: Vec<Arc<Policy>> = granted(&self.beside).into_iter().map(|one| one.policy).collect();
        let after = granted(&self.after);
        let mut prover = Prover::new(&identity, &after, &beside, &beside);
        prover.ask(call);
        prover.finish().denied_calls > 0
    }
}
