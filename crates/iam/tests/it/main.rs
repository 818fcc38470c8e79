//! What a user of the crate sees: decisions by table, documents taken and refused, and a promise never to panic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "tests may fail loudly"
)]

mod any_json;
mod decisions;
mod documents;
mod principals;
mod review;
