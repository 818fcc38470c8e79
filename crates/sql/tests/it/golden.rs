//! Each file of `testdata/` holds cases: the text, a line `----`, what comes of it, a line `====`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p sql` writes what comes of the texts today; read it before committing.

use std::fmt::Write;
use std::path::PathBuf;

use sql::{Statement, SyntaxErrorKind, parse};

#[test]
fn connections() {
    check("connections");
}

#[test]
fn stages() {
    check("stages");
}

#[test]
fn file_formats() {
    check("file_formats");
}

#[test]
fn files_of_stages() {
    check("files_of_stages");
}

#[test]
fn users() {
    check("users");
}

#[test]
fn roles() {
    check("roles");
}

#[test]
fn session() {
    check("session");
}

#[test]
fn show() {
    check("show");
}

#[test]
fn queries() {
    check("queries");
}

#[test]
fn query_errors() {
    check("query_errors");
}

#[test]
fn validate() {
    check("validate");
}

#[test]
fn unsupported() {
    check("unsupported");
}

#[test]
fn texts() {
    check("texts");
}

const RESULT_LINE: &str = "\n----\n";
const CASE_LINE: &str = "\n====\n";

fn check(topic: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/{topic}.txt"));
    let file = std::fs::read_to_string(&path).unwrap();
    let mut rendered = String::new();
    for case in file.trim_end().split(CASE_LINE) {
        let text =
            case.split_once(RESULT_LINE).map_or(case, |(text, _)| text).trim_end_matches("====").trim_end();
        write!(rendered, "{text}{RESULT_LINE}{}{CASE_LINE}", render(text)).unwrap();
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &rendered).unwrap();
        return;
    }
    for (expected, found) in file.split(CASE_LINE).zip(rendered.split(CASE_LINE)) {
        assert_eq!(expected.trim_end(), found.trim_end(), "in testdata/{topic}.txt");
    }
    assert_eq!(file.trim_end(), rendered.trim_end(), "testdata/{topic}.txt has other cases");
}

fn render(text: &str) -> String {
    // `\r`, tabs and the like stand as escapes in the files.
    let text = text.replace("<tab>", "\t").replace("<nothing>", "");
    match parse(&text) {
        Ok(statement) => {
            assert_round_trip(&statement);
            render_statement(&statement)
        }
        Err(error) => {
            let mut rendered = format!("error: {}\n{}", error.message, error.excerpt(&text));
            if let Some(hint) = &error.hint {
                write!(rendered, "\nhint: {hint}").unwrap();
            }
            if error.kind != SyntaxErrorKind::Syntax {
                write!(rendered, "\nkind: {:?}", error.kind).unwrap();
            }
            rendered
        }
    }
}

/// Printed text parses to an equal statement and prints the same again.
fn assert_round_trip(statement: &Statement) {
    let printed = statement.to_string();
    let again = parse(&printed).unwrap_or_else(|error| panic!("{printed}\n{}", error.message));
    assert_eq!(&again, statement, "{printed}");
    assert_eq!(again.to_string(), printed);
}

fn render_statement(statement: &Statement) -> String {
    let query = match statement {
        Statement::Query(query) => Some(query),
        Statement::Explain(explain) => Some(&*explain.query),
        _ => None,
    };
    let Some(query) = query else {
        let debug = format!("{statement:?}");
        let kind = debug.split('(').next().unwrap();
        return format!("{kind}: {statement}");
    };
    let mut rendered = format!("body: {}", query.body);
    for table in &query.locations {
        write!(rendered, "\n{}: {} {}", table.name, table.location, table.options).unwrap();
        rendered.truncate(rendered.trim_end().len());
    }
    if query.positional {
        rendered.push_str("\npositional");
    }
    rendered
}
