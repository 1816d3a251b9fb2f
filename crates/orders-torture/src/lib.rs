//! A fault-injection test for the orders service, in the style of Jepsen.
//!
//! It starts several service processes on one private, durable PostgreSQL. Many clients compete for
//! few times, while a fault injector kills service processes with SIGKILL, and crashes PostgreSQL or
//! fails over to a standby.
//! Followers keep copies of the orders in sync through all of that.
//! At the end it checks the recorded history and the rows of the database against the contract.
//!
//! Every write contains a unique value: an order's fee, or a calendar's name, encodes the operation
//! that wrote it. So every observed state identifies its operation, and the history of each order
//! and each calendar can be checked for linearizability, although many outcomes are unknown.
//!
//! | module | contents |
//! |---|---|
//! | [`cluster`] | the service processes and their PostgreSQL |
//! | [`workload`] | the operations, generated from a seed, and the clients that send them |
//! | [`followers`] | what follows the feed of changes meanwhile |
//! | [`http`] | requests, and how responses are classified |
//! | [`faults`] | the fault injector |
//! | [`history`] | all operations and faults of a run, with their times |
//! | [`database`] | the rows at the end of a run |
//! | [`checks`] | the invariants, checked against the history and the rows |
//! | [`run`] | a whole run |

pub mod checks;
pub mod cluster;
pub mod database;
pub mod faults;
pub mod followers;
pub mod history;
pub mod http;
pub mod run;
pub mod workload;
