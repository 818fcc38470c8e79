//! Functions of text and numbers under other names.

use datafusion::sql::sqlparser::ast::{BinaryOperator, CaseWhen, Expr};

use super::{bracketed, case, number, text};
use crate::variant::call;

/// Databend's name and DataFusion's, with the same arguments.
const RENAMED: [(&str, &str); 17] = [
    ("lcase", "lower"),
    ("ucase", "upper"),
    ("len", "length"),
    ("mid", "substr"),
    ("split", "string_to_array"),
    ("sign", "signum"),
    ("truncate", "trunc"),
    ("ceiling", "ceil"),
    ("rand", "random"),
    ("ord", "ascii"),
    ("char", "chr"),
    ("sha1", "sha"),
    ("gen_random_uuid", "uuid"),
    ("position_of", "strpos"),
    ("array_contains", "array_has"),
    ("approx_distinct_count", "approx_distinct"),
    ("typeof", "sql_type_of"),
];

pub(super) fn rewrite(name: &str, arguments: &[Expr]) -> Option<Expr> {
    if let Some((_, ours)) = RENAMED.iter().find(|(theirs, _)| *theirs == name) {
        return Some(call(ours, arguments.iter().cloned()));
    }
    Some(match (name, arguments) {
        ("locate", [part, whole]) => call("strpos", [whole.clone(), part.clone()]),
        ("space", [count]) => call("repeat", [text(" "), count.clone()]),
        ("hex" | "to_hex", [value]) => return hex(name, value),
        ("unhex", [value]) => call("decode", [value.clone(), text("hex")]),
        ("to_base64", [value]) => call("encode", [value.clone(), text("base64")]),
        ("from_base64", [value]) => call("decode", [value.clone(), text("base64")]),
        ("sha2", [value, bits]) => {
            let function = match bits.to_string().as_str() {
                "224" => "sha224",
                "384" => "sha384",
                "512" => "sha512",
                _ => "sha256",
            };
            call("encode", [call(function, [value.clone()]), text("hex")])
        }
        // Databend replaces all of them.
        ("regexp_replace", [value, pattern, new]) => {
            call("regexp_replace", [value.clone(), pattern.clone(), new.clone(), text("g")])
        }
        ("regexp_substr", [value, pattern]) => {
            call("array_element", [call("regexp_match", [value.clone(), pattern.clone()]), number(1)])
        }
        ("mod" | "modulo", [left, right]) => Expr::Nested(Box::new(Expr::BinaryOp {
            left: Box::new(bracketed(left)),
            op: BinaryOperator::Modulo,
            right: Box::new(bracketed(right)),
        })),
        ("div", [left, right]) => call("intdiv", [left.clone(), right.clone()]),
        ("div0" | "divnull", [left, right]) => {
            let is_zero = Expr::BinaryOp {
                left: Box::new(bracketed(right)),
                op: BinaryOperator::Eq,
                right: Box::new(number(0)),
            };
            let quotient = Expr::BinaryOp {
                left: Box::new(bracketed(left)),
                op: BinaryOperator::Divide,
                right: Box::new(bracketed(right)),
            };
            let otherwise = (name == "div0").then(|| number(0));
            let when = CaseWhen {
                condition: Expr::UnaryOp {
                    op: datafusion::sql::sqlparser::ast::UnaryOperator::Not,
                    expr: Box::new(Expr::Nested(Box::new(is_zero))),
                },
                result: quotient,
            };
            case(vec![when], otherwise)
        }
        _ => return None,
    })
}

fn hex(name: &str, value: &Expr) -> Option<Expr> {
    // DataFusion has a `to_hex` of numbers.
    (name == "hex").then(|| call("encode", [value.clone(), text("hex")]))
}
