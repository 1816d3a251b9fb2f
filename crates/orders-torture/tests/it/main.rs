//! What the harness promises: good histories are accepted, and every kind of violation is found.

mod cluster;
mod histories;
mod story;
