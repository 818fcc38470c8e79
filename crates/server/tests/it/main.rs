#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::string_slice)]
//! The server through a real socket.

mod arrow_bodies;
mod attacks;
mod endpoints;
mod engine;
mod evidence;
mod history;
mod info;
mod isolation;
mod key_life;
mod limits;
mod login;
mod privileges;
mod privileges_page;
mod process;
mod query;
mod reading;
mod roles;
mod rows_of_text;
mod shutdown;
mod spilling;
mod sql;
mod ui;
mod upload;
mod views;
mod world;
