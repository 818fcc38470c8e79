//! The rules of the house that neither rustc nor clippy can hold.
//!
//! Each rule is a function from the checkout to the problems it sees, so that a test can show it a
//! checkout that breaks it.

mod checkout;
mod crates;
mod sources;
#[cfg(test)]
mod tests;

pub use checkout::Checkout;

/// What is wrong, where, and what to do.
pub type Problem = String;

/// Every problem of every rule.
pub fn check(checkout: &Checkout) -> Vec<Problem> {
    let rules = [
        crates::edges_are_in_the_table,
        crates::only_engine_names_datafusion,
        crates::leaf_crates_have_no_runtime,
        crates::one_integration_binary_per_crate,
        crates::three_test_binaries_link_datafusion,
        sources::files_are_short,
        sources::architecture_is_short,
        sources::no_test_is_switched_off,
        sources::no_test_is_never_built,
        sources::crates_say_what_they_promise,
        sources::one_function_builds_an_s3_client,
        sources::lock_files_name_no_registry,
    ];
    rules.iter().flat_map(|rule| rule(checkout)).collect()
}
