//! Statements, errors and masking, against files of `testdata/` and against hostile input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::string_slice)]

mod golden;
mod hostile;
mod query;
mod secrets;
