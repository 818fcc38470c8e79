//! `EXPLAIN [ANALYZE] [VERBOSE] <query>`

use std::fmt;

use crate::parser::Parser;
use crate::{Query, Statement, SyntaxError};

use super::unsupported::Unsupported;

/// Shows how a query is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Explain {
    /// Runs the query and shows what each step took.
    pub analyze: bool,
    pub verbose: bool,
    pub query: Box<Query>,
}

impl Explain {
    /// Behind `EXPLAIN`, up to the end of the statement.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Statement, SyntaxError> {
        const OTHER_KINDS: [&str; 13] = [
            "AST",
            "SYNTAX",
            "PIPELINE",
            "JOIN",
            "GRAPH",
            "GRAPHICAL",
            "FRAGMENTS",
            "RAW",
            "OPTIMIZED",
            "MEMO",
            "DECORRELATED",
            "PERF",
            "PARTIAL",
        ];
        let analyze = parser.take_keyword("ANALYZE");
        let verbose = parser.take_keyword("VERBOSE");
        if let Some(word) = parser.word_at(0)
            && OTHER_KINDS.iter().any(|kind| word.eq_ignore_ascii_case(kind))
        {
            let what = format!("EXPLAIN {}", word.to_ascii_uppercase());
            return Ok(Statement::Unsupported(Unsupported::new(parser, &what, parser.peek().span)));
        }
        if !super::begins_query(parser) {
            let span = parser.peek().span;
            // Refused here and not by the statement itself, which would come back to here without end.
            if parser.is_keyword("EXPLAIN") || parser.is_keyword("SETTINGS") {
                return Err(parser.expected("a query"));
            }
            super::parse_statement(parser)?;
            return Ok(Statement::Unsupported(Unsupported::new(
                parser,
                "EXPLAIN of other than queries",
                span,
            )));
        }
        let query = Box::new(Query::parse(parser)?);
        Ok(Statement::Explain(Self { analyze, verbose, query }))
    }
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let analyze = if self.analyze { "ANALYZE " } else { "" };
        let verbose = if self.verbose { "VERBOSE " } else { "" };
        write!(f, "EXPLAIN {analyze}{verbose}{}", self.query)
    }
}
