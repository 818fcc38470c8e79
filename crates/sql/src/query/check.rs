//! Refuses what `sqlparser` reads and DataFusion would silently ignore, or run and should not.

use std::ops::ControlFlow;

use sqlparser::ast::{Ident, ObjectName, Query, Select, SetExpr, TableFactor, Visit, Visitor};

use super::tokens::Converted;
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::span::slice;
use crate::{Span, SyntaxError};

pub(crate) fn check_query(parser: &Parser<'_>, tokens: &Converted, query: &Query) -> Result<(), SyntaxError> {
    match query.visit(&mut Check { parser, tokens }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Check<'a> {
    parser: &'a Parser<'a>,
    tokens: &'a Converted,
}

impl Check<'_> {
    /// `what` is unsupported, at the first of `words` behind `from`.
    fn refuse(&self, what: &str, from: usize, words: &[&str]) -> ControlFlow<Box<SyntaxError>> {
        let is_named = |token: &&crate::lexer::Token| {
            let word = slice(self.parser.text, token.span);
            token.kind == TokenKind::Word && words.iter().any(|named| named.eq_ignore_ascii_case(word))
        };
        let behind = self.parser.all().iter().filter(|token| token.span.start >= from);
        let span = behind.clone().find(is_named).map_or(Span::point(from), |token| token.span);
        ControlFlow::Break(Box::new(
            self.parser.unsupported(span, format!("{what} is not supported in this version")),
        ))
    }

    fn start_of(&self, name: &ObjectName) -> usize {
        let first = name.0.first().and_then(|part| part.as_ident());
        first.map_or(0, |first| self.start_of_identifier(first))
    }

    fn start_of_identifier(&self, identifier: &Ident) -> usize {
        self.tokens.span_at(identifier.span.start).map_or(0, |span| span.start)
    }
}

impl Visitor for Check<'_> {
    type Break = Box<SyntaxError>;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        if !query.locks.is_empty() || query.for_clause.is_some() {
            return self.refuse("FOR behind a query", 0, &["FOR"]);
        }
        match query.body.as_ref() {
            SetExpr::Insert(_) => self.refuse("INSERT", 0, &["INSERT"]),
            SetExpr::Update(_) => self.refuse("UPDATE", 0, &["UPDATE"]),
            SetExpr::Delete(_) => self.refuse("DELETE", 0, &["DELETE"]),
            SetExpr::Merge(_) => self.refuse("MERGE", 0, &["MERGE"]),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        if select.into.is_some() {
            return self.refuse("SELECT INTO", 0, &["INTO"]);
        }
        if !select.connect_by.is_empty() {
            return self.refuse("CONNECT BY", 0, &["CONNECT"]);
        }
        if select.prewhere.is_some() {
            return self.refuse("PREWHERE", 0, &["PREWHERE"]);
        }
        if !select.distribute_by.is_empty() {
            return self.refuse("DISTRIBUTE BY", 0, &["DISTRIBUTE"]);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Self::Break> {
        match table {
            TableFactor::Table { name, version: Some(_), .. } => self.refuse(
                "time travel",
                self.start_of(name),
                &["AT", "BEFORE", "FOR", "VERSION", "TIMESTAMP"],
            ),
            TableFactor::Table { name, sample: Some(_), .. } => {
                self.refuse("SAMPLE", self.start_of(name), &["SAMPLE", "TABLESAMPLE"])
            }
            TableFactor::Derived { sample: Some(_), .. } => {
                self.refuse("SAMPLE", 0, &["SAMPLE", "TABLESAMPLE"])
            }
            TableFactor::Table { name, with_hints, partitions, index_hints, json_path, .. } => {
                let ignored = !with_hints.is_empty()
                    || !partitions.is_empty()
                    || !index_hints.is_empty()
                    || json_path.is_some();
                if ignored {
                    return self.refuse(
                        "a hint or partition behind a table",
                        self.start_of(name),
                        &["WITH", "PARTITION"],
                    );
                }
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
