//! A request with its response: [`Operation`].

use orders_core::{IdempotencyKey, OrderId, Timestamp};

use super::{Failure, Request, Response};

/// A request, and how its response is read.
pub trait Operation {
    /// What the response contains.
    type Output;

    /// The request.
    fn request(&self) -> Request;

    /// The content of the response.
    ///
    /// # Errors
    /// [`Failure::Problem`] if the service rejected the request or failed; [`Failure::Unexpected`] if the response is not
    /// one that the service gives to this request.
    fn read(&self, response: &Response) -> Result<Self::Output, Failure>;

    /// What sending the request does.
    fn effect(&self) -> Effect;

    /// The content of the response to a repetition, if an earlier attempt may have taken effect.
    ///
    /// # Errors
    /// As [`Operation::read`].
    fn read_repeated(&self, response: &Response) -> Result<Self::Output, Failure> {
        self.read(response)
    }

    /// The time that is requested for an order. A conflict does not repeat it.
    fn requested(&self) -> Requested {
        Requested::Nothing
    }

    /// The key that makes it safe to repeat a creation.
    fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        None
    }
}

/// What sending a request does, which decides whether it may be sent again when its response was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing.
    None,
    /// It changes something, and a repetition leaves the same state.
    Repeatable,
    /// It changes something, and a repetition may change something else or be rejected because of the first attempt.
    Once,
}

/// The time that an [`Operation`] requests for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// The operation does not book a time.
    Nothing,
    /// This time.
    At(Timestamp),
    /// The time that this order has, in another calendar.
    TimeOf(OrderId),
}
