//! The checks on histories made by hand.

mod double_booking;
mod linearizability;
mod provenance;
mod rejections;
mod responses;
mod rows;
