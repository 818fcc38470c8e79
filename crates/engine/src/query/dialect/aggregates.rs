//! Aggregates with a condition, and those of other names.

use datafusion::sql::sqlparser::ast::{
    CaseWhen, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Ident, ObjectName, OrderByExpr, OrderByOptions,
};

use super::{case, number, plain_arguments, text};

/// Databend's name and DataFusion's, with the same arguments.
const RENAMED: [(&str, &str); 11] = [
    ("any", "first_value"),
    ("any_value", "first_value"),
    ("approx_count_distinct", "approx_distinct"),
    ("group_array", "array_agg"),
    ("list", "array_agg"),
    ("std", "stddev_pop"),
    ("stddev", "stddev_pop"),
    ("variance_pop", "var_pop"),
    ("variance_samp", "var_samp"),
    ("uniq", "count"),
    ("group_concat", "string_agg"),
];

/// `None` for no aggregate of these; `Some(None)` where the call was changed in place.
pub(super) fn rewrite(name: &str, function: &mut Function) -> Option<Option<Expr>> {
    if let Some((_, ours)) = RENAMED.iter().find(|(theirs, _)| *theirs == name) {
        rename(function, ours);
        match name {
            "uniq" => distinct(function),
            "group_concat" => with_separator(function, ","),
            _ => {}
        }
        return Some(None);
    }
    match name {
        "listagg" | "string_agg" => {
            rename(function, "string_agg");
            with_separator(function, "");
            return Some(None);
        }
        "count_distinct" => {
            rename(function, "count");
            distinct(function);
            return Some(None);
        }
        _ => {}
    }
    let arguments = plain_arguments(function)?;
    if let Some(aggregate) = name.strip_suffix("_if") {
        let (condition, value) = match arguments.as_slice() {
            [condition] if aggregate == "count" => (condition, number(1)),
            [value, condition] if matches!(aggregate, "sum" | "avg" | "min" | "max" | "count") => {
                (condition, value.clone())
            }
            _ => return None,
        };
        let when = CaseWhen { condition: condition.clone(), result: value };
        rename(function, aggregate);
        set_arguments(function, vec![case(vec![when], None)]);
        return Some(None);
    }
    let descends = match name {
        "arg_max" | "max_by" => true,
        "arg_min" | "min_by" => false,
        _ => return None,
    };
    let [value, key] = arguments.as_slice() else { return None };
    rename(function, "first_value");
    set_arguments(function, vec![value.clone()]);
    if let FunctionArguments::List(list) = &mut function.args {
        list.clauses.push(FunctionArgumentClause::OrderBy(vec![OrderByExpr {
            expr: key.clone(),
            options: OrderByOptions { asc: descends.then_some(false), nulls_first: Some(false) },
            with_fill: None,
        }]));
    }
    Some(None)
}

fn rename(function: &mut Function, name: &str) {
    function.name = ObjectName::from(vec![Ident::new(name)]);
}

fn set_arguments(function: &mut Function, arguments: Vec<Expr>) {
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = arguments.into_iter().map(|a| FunctionArg::Unnamed(FunctionArgExpr::Expr(a))).collect();
    }
}

fn distinct(function: &mut Function) {
    if let FunctionArguments::List(list) = &mut function.args {
        list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
    }
}

fn with_separator(function: &mut Function, separator: &str) {
    if let FunctionArguments::List(list) = &mut function.args
        && list.args.len() == 1
    {
        list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(text(separator))));
    }
}
