//! DataFusion's errors in our words.

use std::error::Error as StdError;

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use crate::{Error, ErrorKind};

/// Finds our own error in the chain, else classifies DataFusion's.
pub(crate) fn from_datafusion(error: DataFusionError) -> Error {
    let mut link: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(current) = link {
        if let Some(ours) = current.downcast_ref::<Error>() {
            return ours.clone();
        }
        link = next_link(current);
    }
    let root = error.find_root();
    let kind = kind_of(root);
    let text = error.strip_backtrace();
    let message = plain_message(&root.strip_backtrace());
    match kind {
        ErrorKind::Internal => Error::new(kind, "the engine met a condition it does not handle")
            .with_hint("please report the statement; the server's log has the details")
            .with_context(text),
        ErrorKind::LimitExceeded => Error::new(kind, message)
            .with_hint("the query needs more memory than it may have: select fewer columns or rows, or raise `max_memory_usage` or the server's `[engine] memory_bytes_max`"),
        _ => Error::new(kind, message),
    }
}

/// `source()`, and through the boxes that hide theirs.
fn next_link<'a>(current: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    if let Some(error) = current.downcast_ref::<DataFusionError>() {
        return match error {
            DataFusionError::External(inner) => Some(inner.as_ref()),
            DataFusionError::ParquetError(inner) => Some(inner.as_ref()),
            DataFusionError::ArrowError(inner, _) => Some(inner.as_ref()),
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
                Some(inner.as_ref())
            }
            DataFusionError::Shared(inner) => Some(inner.as_ref()),
            DataFusionError::Collection(inner) => {
                inner.first().map(|first| first as &(dyn StdError + 'static))
            }
            _ => error.source(),
        };
    }
    if let Some(ArrowError::ExternalError(inner)) = current.downcast_ref::<ArrowError>() {
        return Some(inner.as_ref());
    }
    if let Some(datafusion::parquet::errors::ParquetError::External(inner)) =
        current.downcast_ref::<datafusion::parquet::errors::ParquetError>()
    {
        return Some(inner.as_ref());
    }
    current.source()
}

fn kind_of(root: &DataFusionError) -> ErrorKind {
    match root {
        DataFusionError::SchemaError(error, _) => match error.as_ref() {
            SchemaError::FieldNotFound { .. } => ErrorKind::UnknownColumn,
            _ => ErrorKind::Semantic,
        },
        DataFusionError::SQL(..) => ErrorKind::Syntax,
        DataFusionError::Plan(text) if text.contains("table '") && text.contains("not found") => {
            ErrorKind::UnknownTable
        }
        DataFusionError::Plan(text) if text.starts_with("Invalid function") => ErrorKind::UnknownFunction,
        DataFusionError::Plan(_) | DataFusionError::Configuration(_) => ErrorKind::Semantic,
        DataFusionError::NotImplemented(_) => ErrorKind::Unsupported,
        DataFusionError::ResourcesExhausted(_) => ErrorKind::LimitExceeded,
        DataFusionError::Execution(_) => ErrorKind::Execution,
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::SchemaError(_) => ErrorKind::Semantic,
            ArrowError::NotYetImplemented(_) => ErrorKind::Unsupported,
            _ => ErrorKind::Execution,
        },
        DataFusionError::ParquetError(_) => ErrorKind::BadFile,
        _ => ErrorKind::Internal,
    }
}

/// One line without DataFusion's own headings.
fn plain_message(text: &str) -> String {
    const HEADINGS: [&str; 10] = [
        "Error during planning: ",
        "Schema error: ",
        "Execution error: ",
        "This feature is not implemented: ",
        "Arrow error: ",
        "Parquet error: ",
        "Compute error: ",
        "Cast error: ",
        "Resources exhausted: ",
        "type_coercion\ncaused by\n",
    ];
    let mut text = text.trim();
    while let Some(rest) = HEADINGS.iter().find_map(|heading| text.strip_prefix(heading)) {
        text = rest;
    }
    let line = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    let mut letters = line.chars();
    match letters.next() {
        // An acronym or a name keeps its case.
        Some(first) if letters.as_str().chars().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_error_comes_through_unchanged() {
        let ours = Error::new(ErrorKind::StoragePermissionDenied, "cannot read `s3://b/k`").with_hint("ask");
        let parquet = datafusion::parquet::errors::ParquetError::External(Box::new(ours.clone()));
        let wrapped = DataFusionError::ParquetError(Box::new(parquet)).context("while scanning");
        let found = from_datafusion(wrapped);
        assert_eq!(found.to_string(), ours.to_string());
        assert_eq!(found.kind, ours.kind);
    }

    #[test]
    fn headings_go_and_acronyms_stay() {
        assert_eq!(plain_message("Error during planning: Invalid function 'foo'."), "invalid function 'foo'");
        assert_eq!(plain_message("Arrow error: Divide by zero error"), "divide by zero error");
        assert_eq!(plain_message("Execution error: NULL here"), "NULL here");
    }
}
