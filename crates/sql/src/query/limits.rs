//! Keeps the trees shallow: a chain such as `1 + 1 + 1 + …` is a tree as deep as it is long, and whoever
//! clones, prints or drops it needs stack for each step.

use crate::lexer::{Token, TokenKind};
use crate::span::slice;
use crate::{Span, SyntaxError, SyntaxErrorKind};

/// Operators other than AND and OR in one expression.
const OPERATORS_MAX: usize = 250;

/// ANDs and ORs in one expression; their trees are made balanced, so many are no harm.
const CONDITIONS_MAX: usize = 10_000;

/// UNION, EXCEPT and INTERSECT in one query.
const SET_OPERATORS_MAX: usize = 100;

/// UNION ALLs in one query that has no other of them; their trees are made balanced.
const UNION_ALLS_MAX: usize = 2_000;

/// CASEs inside of each other.
const CASE_DEPTH_MAX: usize = 64;

/// Operators that are words.
const OPERATORS: [&str; 18] = [
    "INTERVAL", "XOR", "NOT", "IS", "LIKE", "ILIKE", "RLIKE", "REGEXP", "SOUNDS", "SIMILAR", "BETWEEN", "IN",
    "DIV", "AT", "COLLATE", "ISNULL", "NOTNULL", "OVERLAPS",
];

/// Words behind which an expression begins anew.
const EXPRESSION_STARTS: [&str; 15] = [
    "SELECT", "FROM", "WHERE", "ON", "WHEN", "THEN", "ELSE", "END", "BY", "HAVING", "QUALIFY", "LIMIT", "AS",
    "JOIN", "USING",
];

/// What was counted between two brackets.
#[derive(Default)]
struct Counts {
    operators: usize,
    conditions: usize,
    set_operators: usize,
    union_alls: usize,
    /// The word before is UNION.
    behind_union: bool,
    /// CASEs whose END is still to come.
    cases: usize,
    /// BETWEENs whose AND is still to come.
    betweens: usize,
}

/// Refuses chains of operators that would make too deep a tree.
pub(crate) fn check_chains(text: &str, tokens: &[Token]) -> Result<(), SyntaxError> {
    let mut outer: Vec<Counts> = Vec::new();
    let mut counts = Counts::default();
    for token in tokens {
        match token.kind {
            TokenKind::Symbol("(" | "{" | "[") => {
                // `f()()`, `a[1][1]`: each bracket behind another is one step deeper.
                counts.operators += 1;
                outer.push(std::mem::take(&mut counts));
            }
            TokenKind::Symbol(")" | "}" | "]") => counts = outer.pop().unwrap_or_default(),
            TokenKind::Symbol(",") => counts.begin_expression(),
            TokenKind::Symbol(_) => counts.operators += 1,
            TokenKind::Word => counts.see_word(&slice(text, token.span).to_ascii_uppercase()),
            _ => {}
        }
        counts.check(text, token.span)?;
    }
    Ok(())
}

impl Counts {
    fn begin_expression(&mut self) {
        self.operators = 0;
        self.conditions = 0;
        self.betweens = 0;
    }

    fn see_word(&mut self, word: &str) {
        if std::mem::take(&mut self.behind_union) {
            *if word == "ALL" { &mut self.union_alls } else { &mut self.set_operators } += 1;
        }
        match word {
            "CASE" => self.cases += 1,
            "END" => self.cases = self.cases.saturating_sub(1),
            "UNION" => self.behind_union = true,
            "EXCEPT" | "INTERSECT" | "MINUS" => self.set_operators += 1,
            "AND" if self.betweens > 0 => self.betweens -= 1,
            "AND" | "OR" => {
                self.conditions += 1;
                self.operators = 0;
            }
            _ => {}
        }
        if OPERATORS.contains(&word) {
            self.operators += 1;
            self.betweens += usize::from(word == "BETWEEN");
        } else if EXPRESSION_STARTS.contains(&word) {
            self.begin_expression();
        }
    }

    fn check(&self, text: &str, span: Span) -> Result<(), SyntaxError> {
        let all_set_operators = if self.set_operators > 0 { self.set_operators + self.union_alls } else { 0 };
        let (max, what, hint) = if self.operators > OPERATORS_MAX {
            (OPERATORS_MAX, "operators stand in one expression", "divide it with brackets or subqueries")
        } else if self.conditions > CONDITIONS_MAX {
            (CONDITIONS_MAX, "conditions stand in one expression", "use `IN (…)` or join with `VALUES`")
        } else if self.cases > CASE_DEPTH_MAX {
            (CASE_DEPTH_MAX, "CASEs stand inside of each other", "divide them with subqueries")
        } else if self.union_alls > UNION_ALLS_MAX {
            (UNION_ALLS_MAX, "UNION ALLs stand in one query", "use `VALUES`, or one SELECT of more rows")
        } else if all_set_operators > SET_OPERATORS_MAX {
            (
                SET_OPERATORS_MAX,
                "set operators stand in one query",
                "divide it with subqueries, or use UNION ALL alone",
            )
        } else {
            return Ok(());
        };
        let error = SyntaxError::new(text, span, format!("more than {max} {what}"));
        Err(error.with_kind(SyntaxErrorKind::Limit).with_hint(hint))
    }
}
