//! The sandbox as its clients meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::string_slice)]

mod enforcement;
mod faults;
mod iam_api;
mod persistence;
mod s3_rules;
mod signatures;
mod sts;
mod support;
mod terraform;
