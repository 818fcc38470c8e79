#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::string_slice)]
//! The server through a real socket.

mod arrow_bodies;
mod engine;
mod info;
mod isolation;
mod limits;
mod login;
mod process;
mod query;
mod shutdown;
mod sql;
mod upload;
mod world;
