//! Which requests are sent again, and what that means for the result: [`Inner::run`].

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Inner;
use super::transport::StreamedBody;
use crate::error::{Cause, Error, Unknown};
use crate::wire::{self, Effect, Failure, GetOrder, Operation, Requested};

/// What a failed attempt did.
pub(super) enum Attempt {
    /// The request was rejected and changed nothing.
    Rejected(Failure),
    /// The request changed nothing, and may be sent again.
    NotDone(Cause),
    /// The request may have changed something.
    InDoubt(Cause),
}

impl Inner {
    /// Sends the request of an operation, and repeats it up to [`Inner::retries`] times while there is no result.
    pub(super) async fn run<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let effect = operation.effect();
        // Why it is not known whether an earlier attempt took effect.
        let mut doubt: Option<Cause> = None;
        let mut failures = 0;
        loop {
            let attempt = match self.exchange(operation.request()).await {
                Ok(response) => {
                    let read = match doubt {
                        None => operation.read(&response),
                        Some(_) => operation.read_repeated(&response),
                    };
                    match read {
                        Ok(output) => return Ok(output),
                        Err(failure) => Attempt::of(failure, effect),
                    }
                }
                Err(cause) => Attempt::without_response(cause),
            };
            failures += 1;
            let cause = match attempt {
                Attempt::Rejected(failure) => {
                    return Err(match doubt {
                        // It says nothing about the attempts before it.
                        Some(cause) if !is_about_state(&failure) => unknown(operation, cause),
                        _ => self.rejected(operation, failure).await,
                    });
                }
                Attempt::InDoubt(cause) if effect == Effect::Once => {
                    return Err(unknown(operation, cause));
                }
                Attempt::InDoubt(cause) => {
                    if effect == Effect::Repeatable {
                        doubt = Some(cause.clone());
                    }
                    cause
                }
                Attempt::NotDone(cause) => cause,
            };
            let Some(pause) = self.pause(failures, cause.retry_after()) else {
                return Err(match doubt {
                    Some(doubt) => unknown(operation, doubt),
                    None => unavailable(cause),
                });
            };
            log::info!("a request is repeated in {pause:?}: {cause}");
            sleep(pause).await;
        }
    }

    /// Opens a stream that is only read. As with every read, an attempt that failed is repeated.
    pub(super) async fn open_read(
        &self,
        request: impl Fn() -> wire::Request,
    ) -> Result<StreamedBody, Error> {
        let mut failures = 0;
        loop {
            let cause = match self.try_open(request()).await {
                Ok(body) => return Ok(body),
                Err(Attempt::Rejected(failure)) => return Err(Error::rejected(failure, None)),
                Err(Attempt::NotDone(cause) | Attempt::InDoubt(cause)) => cause,
            };
            failures += 1;
            self.wait_to_repeat_read(failures, cause).await?;
        }
    }

    /// Waits after so many failures of a read, or returns its error.
    pub(super) async fn wait_to_repeat_read(
        &self,
        failures: u32,
        cause: Cause,
    ) -> Result<(), Error> {
        let pause = self.pause(failures, cause.retry_after());
        let pause = pause.ok_or_else(|| unavailable(cause.clone()))?;
        log::info!("a request is repeated in {pause:?}: {cause}");
        sleep(pause).await;
        Ok(())
    }

    /// Opens a stream that is only read, once.
    pub(super) async fn try_open(&self, request: wire::Request) -> Result<StreamedBody, Attempt> {
        match timeout(self.timeout, self.open(request.map(Into::into))).await {
            Ok(Ok(Ok(body))) => Ok(body),
            Ok(Ok(Err(failure))) => Err(Attempt::of(failure, Effect::None)),
            Ok(Err(cause)) => Err(Attempt::without_response(cause)),
            Err(_) => Err(Attempt::InDoubt(Cause::TimedOut(self.timeout))),
        }
    }

    /// The pause before the next attempt, if there is one.
    fn pause(&self, failures: u32, retry_after: Option<Duration>) -> Option<Duration> {
        match failures <= self.retries {
            true => self.pauses.after(failures, retry_after, fastrand::f64()),
            false => None,
        }
    }

    /// The error for a rejection. A conflict gets the requested time, which may be that of the order.
    async fn rejected(&self, operation: &impl Operation, failure: Failure) -> Error {
        let conflict = match &failure {
            Failure::Problem(problem) if problem.slug() == "order-conflict" => {
                let datetime = match operation.requested() {
                    Requested::Nothing => None,
                    Requested::At(datetime) => Some(datetime),
                    Requested::TimeOf(id) => {
                        let get = GetOrder::new(&id);
                        let response = self.exchange(get.request()).await.ok();
                        response.and_then(|it| get.read(&it).ok()).map(|order| order.datetime)
                    }
                };
                datetime.and_then(|datetime| problem.conflict(datetime))
            }
            _ => None,
        };
        Error::rejected(failure, conflict)
    }
}

impl Attempt {
    /// What a failed request with this effect did.
    pub(super) fn of(failure: Failure, effect: Effect) -> Self {
        match failure {
            Failure::Problem(problem) => match (problem.status(), problem.slug()) {
                (408 | 429, _) => Self::NotDone(Cause::Problem(problem)),
                (500.., _) | (_, "idempotency-key-in-use") => {
                    Self::InDoubt(Cause::Problem(problem))
                }
                _ => Self::Rejected(Failure::Problem(problem)),
            },
            Failure::Unexpected(unexpected) => {
                let status = unexpected.status;
                if status.as_u16() == 429 {
                    Self::NotDone(Cause::Unexpected(unexpected))
                } else if status.is_server_error()
                    || status.as_u16() == 408
                    || (status.is_success() && effect != Effect::None)
                {
                    Self::InDoubt(Cause::Unexpected(unexpected))
                } else {
                    Self::Rejected(Failure::Unexpected(unexpected))
                }
            }
        }
    }

    /// What a request without a response did.
    pub(super) fn without_response(cause: Cause) -> Self {
        match cause {
            Cause::Unreachable(_) => Self::NotDone(cause),
            _ => Self::InDoubt(cause),
        }
    }
}

impl Cause {
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem(problem) => problem.retry_after(),
            Self::Unexpected(unexpected) => unexpected.retry_after,
            Self::Unreachable(_) | Self::Disconnected(_) | Self::TimedOut(_) => None,
        }
    }
}

/// Whether a rejection is about orders, and not about the client or what is between it and the service.
fn is_about_state(failure: &Failure) -> bool {
    matches!(failure, Failure::Problem(problem) if !matches!(problem.status(), 401 | 403))
}

fn unknown(operation: &impl Operation, cause: Cause) -> Error {
    Error::Unknown(Unknown { cause, idempotency_key: operation.idempotency_key().cloned() })
}

/// The error for a request that changed nothing, after the last attempt.
pub(super) fn unavailable(cause: Cause) -> Error {
    match cause {
        Cause::Problem(problem) if problem.status() == 429 => Error::RateLimited(problem),
        cause => Error::Unavailable(cause),
    }
}
