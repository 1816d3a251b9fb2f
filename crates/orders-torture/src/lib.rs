//! A race harness for the orders service, in the manner of Jepsen.
//!
//! It starts several services on one private, durable PostgreSQL, lets many clients race for few
//! times, kills services with SIGKILL and crashes PostgreSQL meanwhile, and then holds what the
//! clients saw and what the database keeps against the contract.
//!
//! Every write carries a fee or a name that no other write has. So every state that anybody sees
//! tells which request made it, and the history of each order and calendar can be checked for
//! linearizability although many outcomes are unknown.
//!
//! | part | what it does |
//! |---|---|
//! | [`plan`] | what is requested, as a function of a seed |
//! | [`cluster`] | the services and their PostgreSQL |
//! | [`traffic`] | the clients |
//! | [`nemesis`] | the faults |
//! | [`history`] | what was requested, answered and broken, and when |
//! | [`keep`] | what the database keeps in the end |
//! | [`check`] | whether all of that can be right |

pub mod answer;
pub mod check;
mod client;
pub mod cluster;
pub mod history;
pub mod keep;
pub mod mark;
pub mod nemesis;
pub mod plan;
pub mod request;
pub mod run;
pub mod targets;
pub mod traffic;
