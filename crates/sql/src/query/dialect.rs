//! The dialect that queries are read with: Snowflake's, which is the nearest to Databend's, with a few
//! changes. Tokens come from our own lexer, so what a dialect says about characters has no effect.

use std::any::TypeId;
use std::cell::Cell;

use sqlparser::ast::{BinaryOperator, Expr, Ident, ObjectNamePart};
use sqlparser::dialect::{Dialect, SnowflakeDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location as TokenLocation, Token};

const BASE: SnowflakeDialect = SnowflakeDialect;

/// Databend's queries as far as `sqlparser` can read them, in a limited number of steps: where it cannot
/// know what follows it tries one way after the other, and in nested brackets each try doubles the work.
#[derive(Debug)]
pub(crate) struct QueryDialect {
    steps_left: Cell<usize>,
    furthest: Cell<TokenLocation>,
}

impl QueryDialect {
    pub(crate) fn new(steps_max: usize) -> Self {
        Self { steps_left: Cell::new(steps_max), furthest: Cell::new(TokenLocation { line: 0, column: 0 }) }
    }

    /// Whether reading was given up, and the furthest place it came to.
    pub(crate) fn gave_up_at(&self) -> Option<TokenLocation> {
        (self.steps_left.get() == 0).then(|| self.furthest.get())
    }
}

impl Dialect for QueryDialect {
    // ---- what differs from the base ----

    /// `LIMIT 5, 10`.
    fn supports_limit_comma(&self) -> bool {
        true
    }

    /// `count(*) FILTER (WHERE …)`.
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    /// The base nests `a JOIN b JOIN c` to the right, as deep as there are joins.
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    /// `!a`.
    fn supports_bang_not_operator(&self) -> bool {
        true
    }

    /// The base takes WINDOW for an alias.
    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        *keyword != Keyword::WINDOW && BASE.is_table_alias(keyword, parser)
    }

    /// `a // b` and `a DIV b`.
    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        left: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let op = if parser.consume_token(&Token::DuckIntDiv) {
            BinaryOperator::DuckIntegerDivide
        } else if parser.parse_keyword(Keyword::DIV) {
            BinaryOperator::MyIntegerDivide
        } else {
            return None;
        };
        let left = Box::new(left.clone());
        Some(parser.parse_subexpr(precedence).map(|right| Expr::BinaryOp {
            left,
            op,
            right: Box::new(right),
        }))
    }

    /// Counts steps: every expression begins here.
    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        self.furthest.set(self.furthest.get().max(parser.peek_token_ref().span.start));
        self.steps_left.set(self.steps_left.get().saturating_sub(1));
        let gave_up = self.steps_left.get() == 0;
        gave_up.then(|| Err(ParserError::ParserError("too many steps".to_string())))
    }

    // ---- what is the base's ----

    /// Makes the places of `sqlparser` that ask for a dialect by its type see the base.
    fn dialect(&self) -> TypeId {
        TypeId::of::<SnowflakeDialect>()
    }

    fn is_identifier_start(&self, character: char) -> bool {
        BASE.is_identifier_start(character)
    }

    fn is_identifier_part(&self, character: char) -> bool {
        BASE.is_identifier_part(character)
    }

    fn supports_projection_trailing_commas(&self) -> bool {
        BASE.supports_projection_trailing_commas()
    }

    fn supports_from_trailing_commas(&self) -> bool {
        BASE.supports_from_trailing_commas()
    }

    fn supports_within_after_array_aggregation(&self) -> bool {
        BASE.supports_within_after_array_aggregation()
    }

    fn supports_dictionary_syntax(&self) -> bool {
        BASE.supports_dictionary_syntax()
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        BASE.supports_window_function_null_treatment_arg()
    }

    fn supports_extract_comma_syntax(&self) -> bool {
        BASE.supports_extract_comma_syntax()
    }

    fn supports_subquery_as_function_arg(&self) -> bool {
        BASE.supports_subquery_as_function_arg()
    }

    fn supports_array_typedef_without_element_type(&self) -> bool {
        BASE.supports_array_typedef_without_element_type()
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        BASE.supports_parens_around_table_factor()
    }

    fn supports_values_as_table_factor(&self) -> bool {
        BASE.supports_values_as_table_factor()
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        BASE.get_next_precedence(parser)
    }

    fn allow_extract_custom(&self) -> bool {
        BASE.allow_extract_custom()
    }

    fn allow_extract_single_quotes(&self) -> bool {
        BASE.allow_extract_single_quotes()
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        BASE.is_reserved_for_identifier(keyword)
    }

    fn supports_partiql(&self) -> bool {
        BASE.supports_partiql()
    }

    fn is_column_alias(&self, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        BASE.is_column_alias(keyword, parser)
    }

    fn is_table_factor(&self, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        BASE.is_table_factor(keyword, parser)
    }

    fn supports_table_versioning(&self) -> bool {
        BASE.supports_table_versioning()
    }

    fn supports_group_by_expr(&self) -> bool {
        BASE.supports_group_by_expr()
    }

    fn is_identifier_generating_function_name(&self, name: &Ident, parts: &[ObjectNamePart]) -> bool {
        BASE.is_identifier_generating_function_name(name, parts)
    }

    fn supports_select_expr_star(&self) -> bool {
        BASE.supports_select_expr_star()
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        BASE.supports_select_wildcard_exclude()
    }

    fn supports_select_wildcard_replace(&self) -> bool {
        BASE.supports_select_wildcard_replace()
    }

    fn supports_select_wildcard_ilike(&self) -> bool {
        BASE.supports_select_wildcard_ilike()
    }

    fn supports_select_wildcard_rename(&self) -> bool {
        BASE.supports_select_wildcard_rename()
    }

    fn supports_lambda_functions(&self) -> bool {
        BASE.supports_lambda_functions()
    }

    fn supports_comma_separated_trim(&self) -> bool {
        BASE.supports_comma_separated_trim()
    }
}
