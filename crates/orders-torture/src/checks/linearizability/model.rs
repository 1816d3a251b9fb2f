//! The sequential specification of an object: [`Model`].

use std::hash::Hash;

/// What an object does if its operations take effect one after another.
pub(super) trait Model {
    /// The state of the object.
    type State: Clone + Eq + Hash;
    /// An operation, together with its response.
    type Op;

    /// The state after an operation; `None` if it cannot have its response in this state.
    fn step(state: &Self::State, op: &Self::Op) -> Option<Self::State>;
}
