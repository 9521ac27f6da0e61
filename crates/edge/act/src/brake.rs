//! Break-glass, for plans under way: asked before each step that nobody approved is begun.
//!
//! What was begun is seen through: a call that may have been made is verified whatever happens.

use async_trait::async_trait;

/// Who knows whether automatic actions are paused.
#[async_trait]
pub trait Brake: Send + Sync {
    /// Whether they are paused right now. Who cannot tell says yes.
    async fn is_on(&self) -> bool;

    /// Waits until they go on. False where nobody here will learn of it: then the step is left as it is and said not to
    /// have begun.
    async fn released(&self) -> bool {
        false
    }
}

/// Nobody pauses anything.
#[derive(Debug)]
pub struct NoBrake;

#[async_trait]
impl Brake for NoBrake {
    async fn is_on(&self) -> bool {
        false
    }
}
