//! What the engine relies on in a query's tree.

use std::ops::ControlFlow;

use sql::sqlparser::ast::{self, Expr, SetExpr, TableFactor};
use sql::{Location, Query, Span, Statement, parse};

fn query(text: &str) -> Query {
    match parse(text) {
        Ok(Statement::Query(query)) => query,
        other => panic!("{text}: {other:?}"),
    }
}

fn select(query: &Query) -> &ast::Select {
    let ast::Statement::Query(body) = &query.body else { panic!("{query:?}") };
    let SetExpr::Select(select) = body.body.as_ref() else { panic!("{query:?}") };
    select
}

#[test]
fn a_location_is_a_quoted_table_without_alias() {
    let text = "SELECT * FROM @s/dir/a.parquet (FILE_FORMAT => 'parquet'), 's3://b/x' AS x";
    let query = query(text);
    let tables = &select(&query).from;
    let names: Vec<_> = tables
        .iter()
        .map(|table| match &table.relation {
            TableFactor::Table { name, alias, args: None, .. } => {
                let [part] = name.0.as_slice() else { panic!("{name}") };
                let identifier = part.as_ident().unwrap();
                assert_eq!(identifier.quote_style, Some('"'));
                (identifier.value.clone(), alias.as_ref().map(|alias| alias.name.value.clone()))
            }
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(names, [("location:1".to_string(), None), ("location:2".to_string(), Some("x".to_string()))]);
    let first = query.location("location:1").unwrap();
    assert_eq!(first.location, Location::Stage { stage: "s".into(), path: "dir/a.parquet".into() });
    assert_eq!(first.options.file_format.as_ref().unwrap().as_str(), "parquet");
    assert_eq!(&text[first.span.start..first.span.end], "@s/dir/a.parquet");
    let format = first.options.file_format.as_ref().unwrap().span;
    assert_eq!(&text[format.start..format.end], "'parquet'");
    assert_eq!(query.location("location:2").unwrap().location, Location::Uri("s3://b/x".into()));
    assert!(query.location("x").is_none());
}

#[test]
fn paths_of_locations() {
    for (written, location) in [
        ("@s", Location::Stage { stage: "s".into(), path: String::new() }),
        ("@s/", Location::Stage { stage: "s".into(), path: String::new() }),
        ("@s//a", Location::Stage { stage: "s".into(), path: "/a".into() }),
        ("@my$stage/a/b.csv", Location::Stage { stage: "my$stage".into(), path: "a/b.csv".into() }),
        (r"@s/a\ b\'c\\d\e", Location::Stage { stage: "s".into(), path: r"a b'c\d\e".into() }),
        ("'@s/a b,c(d)'", Location::Stage { stage: "s".into(), path: "a b,c(d)".into() }),
        ("@~", Location::User { path: String::new() }),
        ("@~/a", Location::User { path: "a".into() }),
        ("'fs:///tmp/x'", Location::Uri("fs:///tmp/x".into())),
    ] {
        let query = query(&format!("SELECT * FROM {written}"));
        assert_eq!(query.locations[0].location, location, "{written}");
        let printed = format!("SELECT * FROM {}", query.locations[0].location);
        assert_eq!(self::query(&printed).locations[0].location, location, "{printed}");
    }
}

#[test]
fn positions_are_quoted_names() {
    let query = query("SELECT $1, t.$2 FROM @s t WHERE '$3' = 'x'");
    assert!(query.positional);
    let mut names = Vec::new();
    let _ = ast::visit_expressions(&query.body, |expression| {
        match expression {
            Expr::Identifier(name) => names.push(name.value.clone()),
            Expr::CompoundIdentifier(parts) => names.push(format!("{}.{}", parts[0].value, parts[1].value)),
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(names, ["$1", "t.$2"]);
    assert!(!self::query("SELECT '$1', \"$1\" FROM t").positional);
}

#[test]
fn names_keep_their_case_and_their_place() {
    let query = query("SELECT\n  Abc, \"Def\" FROM T");
    let ast::SelectItem::UnnamedExpr(Expr::Identifier(abc)) = &select(&query).projection[0] else { panic!() };
    assert_eq!((abc.value.as_str(), abc.quote_style), ("Abc", None));
    assert_eq!((abc.span.start.line, abc.span.start.column), (2, 3));
    let ast::SelectItem::UnnamedExpr(Expr::Identifier(def)) = &select(&query).projection[1] else { panic!() };
    assert_eq!((def.value.as_str(), def.quote_style), ("Def", Some('"')));
    assert_eq!((def.span.start.line, def.span.start.column), (2, 8));
}

#[test]
fn strings_keep_their_value() {
    let query = query(
        r"SELECT 'it''s', '.*\.csv', 'a\\b', '\x41\u00e9\101', 'x
y'",
    );
    let mut values = Vec::new();
    let _ = ast::visit_expressions(&query.body, |expression| {
        if let Expr::Value(value) = expression
            && let ast::Value::SingleQuotedString(text) = &value.value
        {
            values.push(text.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(values, ["it's", r".*\.csv", r"a\b", "Aéa".replace('a', "A").as_str(), "x\ny"]);
}

#[test]
fn long_conditions_are_balanced_and_keep_their_order() {
    let conditions: Vec<String> = (0..3_000).map(|number| format!("a = {number}")).collect();
    let query = query(&format!("SELECT * FROM t WHERE {}", conditions.join(" OR ")));
    let condition = select(&query).selection.as_ref().unwrap();
    assert_eq!(condition.to_string(), conditions.join(" OR "));
    assert!(depth(condition) < 20);
}

fn depth(expression: &Expr) -> usize {
    match expression {
        Expr::BinaryOp { left, right, .. } => 1 + depth(left).max(depth(right)),
        _ => 1,
    }
}

#[test]
fn the_text_is_kept_without_the_semicolon() {
    let query = query("  SELECT 1 -- one\n , 2 ;  ");
    assert_eq!(query.to_string(), "SELECT 1 -- one\n , 2");
}

#[test]
fn equality_ignores_layout_and_places() {
    assert_eq!(parse("SELECT a FROM @s/x").unwrap(), parse("select a\n from   @s/x ;").unwrap());
    assert_ne!(parse("SELECT a FROM @s/x").unwrap(), parse("SELECT a FROM @s/y").unwrap());
    assert_eq!(parse("DROP STAGE s").unwrap(), parse("drop stage s").unwrap());
    assert_ne!(parse("DROP STAGE s").unwrap(), parse("DROP STAGE \"s\"").unwrap());
}

#[test]
fn unsupported_statements_say_what_they_are() {
    for (text, what, place) in [
        ("copy into t from @s", "COPY INTO", Span::new(0, 9)),
        ("CREATE OR REPLACE TABLE t (a INT)", "CREATE TABLE", Span::new(0, 23)),
        ("INSERT INTO t VALUES (1)", "INSERT INTO", Span::new(0, 11)),
        ("CALL admin$license_info()", "CALL", Span::new(0, 4)),
        ("SHOW CREATE STAGE s", "SHOW CREATE STAGE", Span::new(0, 17)),
        ("EXPLAIN RAW SELECT 1", "EXPLAIN RAW", Span::new(8, 11)),
        ("ALTER TABLE t ADD COLUMN a INT", "ALTER TABLE", Span::new(0, 11)),
    ] {
        let Ok(Statement::Unsupported(unsupported)) = parse(text) else { panic!("{text}") };
        assert_eq!((unsupported.what.as_str(), unsupported.span), (what, place), "{text}");
    }
}
