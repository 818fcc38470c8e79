//! Statements of the dialect that this version does not run.

use std::fmt;

use crate::parser::Parser;
use crate::span::slice;
use crate::{Span, Statement};

/// A statement that is known and not supported. Its text is not checked beyond its first words.
#[derive(Clone)]
pub struct Unsupported {
    /// Its first words in upper case, such as `COPY INTO` or `CREATE TABLE`.
    pub what: String,
    /// The place of those words.
    pub span: Span,
    /// The whole statement, without the closing `;`. May hold secrets: [`crate::redact`] before showing it.
    pub(crate) text: String,
}

/// Statements that are known by their first words alone.
const STATEMENTS: &[&str] = &[
    "INSERT INTO",
    "INSERT OVERWRITE",
    "INSERT",
    "REPLACE INTO",
    "COPY INTO",
    "MERGE INTO",
    "UPDATE",
    "DELETE FROM",
    "TRUNCATE TABLE",
    "TRUNCATE",
    "OPTIMIZE TABLE",
    "ANALYZE TABLE",
    "VACUUM",
    "CALL",
    "BEGIN",
    "START TRANSACTION",
    "COMMIT",
    "ROLLBACK",
    "ABORT",
    "UNDROP TABLE",
    "UNDROP DATABASE",
    "UNDROP",
    "RENAME",
    "ATTACH TABLE",
    "ATTACH",
    "EXECUTE IMMEDIATE",
    "EXECUTE TASK",
    "EXECUTE",
    "REFRESH",
    "COMMENT ON",
    "PUT",
    "GET",
    "REPORT ISSUE",
    "FLASHBACK",
    "EXISTS TABLE",
    "SYSTEM",
    "KILL CONNECTION",
    "SET VARIABLE",
    "UNSET VARIABLE",
    "USE CATALOG",
    "USE WAREHOUSE",
    "GENDATA",
    "DECLARE",
    "LET",
    "SUSPEND WAREHOUSE",
    "RESUME WAREHOUSE",
];

/// What CREATE, DROP, ALTER and DESCRIBE can name and this version does not have.
const OBJECTS: &[&str] = &[
    "TABLE",
    "TRANSIENT TABLE",
    "TEMP TABLE",
    "TEMPORARY TABLE",
    "EXTERNAL TABLE",
    "DYNAMIC TABLE",
    "ICEBERG TABLE",
    "DATABASE",
    "TRANSIENT DATABASE",
    "SCHEMA",
    "VIEW",
    "TEMP VIEW",
    "TEMPORARY VIEW",
    "MATERIALIZED VIEW",
    "FUNCTION",
    "AGGREGATE FUNCTION",
    "ROLE",
    "INDEX",
    "AGGREGATING INDEX",
    "SYNC AGGREGATING INDEX",
    "ASYNC AGGREGATING INDEX",
    "INVERTED INDEX",
    "NGRAM INDEX",
    "VECTOR INDEX",
    "SPATIAL INDEX",
    "VIRTUAL COLUMN",
    "STREAM",
    "TASK",
    "PIPE",
    "CATALOG",
    "WAREHOUSE",
    "SEQUENCE",
    "DICTIONARY",
    "PROCEDURE",
    "NETWORK POLICY",
    "PASSWORD POLICY",
    "MASKING POLICY",
    "ROW ACCESS POLICY",
    "SESSION POLICY",
    "NOTIFICATION INTEGRATION",
    "WORKLOAD GROUP",
    "TAG",
    "SHARE",
    "SHARE ENDPOINT",
    "SNAPSHOT TAG",
    "SECRET",
    "CONNECTION",
    "USER",
    "FILE FORMAT",
];

/// What SHOW can list and this version does not.
const LISTS: &[&str] = &[
    "CREATE DATABASE",
    "CREATE SCHEMA",
    "CREATE CATALOG",
    "CREATE STAGE",
    "CREATE CONNECTION",
    "CREATE FUNCTION",
    "ENGINES",
    "METRICS",
    "TABLE STATUS",
    "TABLES STATUS",
    "TABLE_FUNCTIONS",
    "TABLE FUNCTIONS",
    "INDEXES",
    "LOCKS",
    "STREAMS",
    "TASKS",
    "PIPES",
    "CATALOGS",
    "WAREHOUSES",
    "ONLINE NODES",
    "VARIABLES",
    "PROCEDURES",
    "NETWORK POLICIES",
    "PASSWORD POLICIES",
    "MASKING POLICIES",
    "DROP TABLES",
    "DROP DATABASES",
    "VIRTUAL COLUMNS",
    "USER FUNCTIONS",
    "STATISTICS",
    "DICTIONARIES",
    "SEQUENCES",
    "TAGS",
    "WORKLOAD GROUPS",
    "NOTIFICATIONS",
    "SHARES",
    "SHARE ENDPOINT",
    "CLUSTERS",
    "CACHES",
    "KEYS",
];

impl Unsupported {
    /// `span` covers the words of `what`; the rest of the statement is taken as it is.
    pub(crate) fn new(parser: &mut Parser<'_>, what: &str, span: Span) -> Self {
        parser.skip_to_end();
        let text = slice(parser.text, parser.statement_span()).to_string();
        Self { what: what.to_string(), span, text }
    }

    /// A statement that is unsupported by its first words.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Option<Statement> {
        let span = parser.peek().span;
        let words = longest_words(parser, STATEMENTS)?;
        Some(Self::take(parser, "", words, span))
    }

    /// An object of CREATE, DROP, ALTER or DESCRIBE at the cursor; `verb` is what stands before it.
    pub(crate) fn parse_object(parser: &mut Parser<'_>, verb: &str, verb_span: Span) -> Option<Statement> {
        let words = longest_words(parser, OBJECTS)?;
        Some(Self::take(parser, verb, words, verb_span))
    }

    /// What SHOW lists, at the cursor.
    pub(crate) fn parse_list(parser: &mut Parser<'_>, verb_span: Span) -> Option<Statement> {
        let words = longest_words(parser, LISTS)?;
        Some(Self::take(parser, "SHOW", words, verb_span))
    }

    fn take(parser: &mut Parser<'_>, verb: &str, words: &str, verb_span: Span) -> Statement {
        let first = parser.peek().span;
        for _ in words.split(' ') {
            parser.advance();
        }
        let span = verb_span.to(first).to(parser.previous_span());
        let what = format!("{verb} {words}");
        Statement::Unsupported(Self::new(parser, what.trim_start(), span))
    }
}

/// The candidate with the most words of those that stand at the cursor.
fn longest_words<'a>(parser: &Parser<'_>, candidates: &[&'a str]) -> Option<&'a str> {
    let stands =
        |words: &&&str| words.split(' ').enumerate().all(|(at, word)| parser.is_keyword_at(at, word));
    candidates.iter().filter(stands).max_by_key(|words| words.split(' ').count()).copied()
}

/// The first word of every statement that is known by its first words.
pub(crate) fn first_words() -> impl Iterator<Item = &'static str> {
    STATEMENTS.iter().filter_map(|words| words.split(' ').next())
}

/// The kinds of objects that are known and not supported, for "did you mean".
pub(crate) fn objects() -> impl Iterator<Item = &'static str> {
    OBJECTS.iter().copied()
}

/// The lists that are known and not supported, for "did you mean".
pub(crate) fn lists() -> impl Iterator<Item = &'static str> {
    LISTS.iter().copied()
}

impl PartialEq for Unsupported {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what && self.text == other.text
    }
}

impl fmt::Debug for Unsupported {
    /// Leaves the text out, since it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsupported").field("what", &self.what).finish_non_exhaustive()
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
