//! The checks on histories made by hand.

mod double_booking;
mod feed;
mod linearizability;
mod provenance;
mod rejections;
mod responses;
mod rows;
