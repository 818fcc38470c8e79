//! No input makes the parser panic, hang or run out of stack.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sql::{SyntaxErrorKind, parse, redact};

/// Far above what any of these texts needs; a text that takes exponential time is over it.
const TIME_MAX: Duration = Duration::from_secs(20);

#[test]
fn deep_brackets_are_a_clean_error() {
    for open in ["(", "[", "{", "f(", "SELECT (", "x[", "(SELECT ", "CASE WHEN (", "@s ("] {
        for prefix in [
            "SELECT ",
            "SELECT * FROM ",
            "",
            "CREATE CONNECTION c ",
            "WITH a AS ",
            "EXPLAIN ",
            "SHOW TABLES WHERE ",
        ] {
            let text = format!("{prefix}{}", open.repeat(100_000));
            assert!(parse(&text).is_err(), "{prefix}{open}");
        }
    }
    let text = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let error = parse(&text).unwrap_err();
    assert_eq!(error.kind, SyntaxErrorKind::Limit);
    assert_eq!(error.message, "brackets are nested more than 64 deep");
    assert_eq!(error.column, 7 + 64 + 1);
}

#[test]
fn brackets_at_the_limit_take_no_exponential_time() {
    let start = Instant::now();
    for depth in [5, 12, 20, 31, 63] {
        for (open, inner, close) in [
            ("(", "1", ")"),
            ("f(", "1", ")"),
            ("[", "1", "]"),
            ("{'a': ", "1", "}"),
            ("(1 + ", "1", ")"),
            ("(a, ", "b", ")"),
            ("CASE WHEN a THEN (", "1", ") END"),
            ("CAST((", "1", ") AS INT)"),
            ("(SELECT ", "1", ")"),
            ("x -> (", "1", ")"),
            ("INTERVAL (", "1", ") DAY"),
            ("NOT (", "1", ")"),
            ("-(", "1", ")"),
            ("a IN (", "1", ")"),
            ("EXISTS (SELECT * FROM t WHERE ", "a", ")"),
        ] {
            let _ = parse(&format!("SELECT {}{inner}{}", open.repeat(depth), close.repeat(depth)));
            let _ = parse(&format!("SELECT {}{inner} +", open.repeat(depth)));
            let _ = parse(&format!("SELECT {}{inner} + {}", open.repeat(depth), close.repeat(depth)));
            assert!(start.elapsed() < TIME_MAX, "{open} {depth}");
        }
        for (open, inner, close) in [
            ("(", "t", ")"),
            ("(", "SELECT 1", ")"),
            ("(SELECT * FROM ", "t", ")"),
            ("(SELECT * FROM ", "@s/x", ") t"),
            ("(a JOIN ", "b", ")"),
            ("((SELECT 1) UNION ", "SELECT 1", ")"),
            ("f((", "1", "))"),
            ("table(", "f()", ")"),
            ("LATERAL (SELECT * FROM ", "t", ")"),
            ("(VALUES ((", "1", ")))"),
        ] {
            let _ = parse(&format!("SELECT * FROM {}{inner}{}", open.repeat(depth), close.repeat(depth)));
            let _ =
                parse(&format!("SELECT * FROM {}{inner} WHERE {}", open.repeat(depth), close.repeat(depth)));
            assert!(start.elapsed() < TIME_MAX, "{open} {depth}");
        }
        let nested = format!("{}SELECT 1{}", "(".repeat(depth), ")".repeat(depth));
        let _ = parse(&nested);
        let _ = parse(&format!("WITH a AS {nested} SELECT 1"));
        let with = format!("{}SELECT 1{}", "WITH a AS (".repeat(depth), ") SELECT 1".repeat(depth));
        let _ = parse(&with);
        assert!(start.elapsed() < TIME_MAX, "{depth}");
    }
}

#[test]
fn usual_nesting_is_accepted() {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        let text = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(parse(&text).map(drop), Ok(()), "{open} {depth}");
    };
    nested("SELECT (", "SELECT 1", ")", 20);
    nested("SELECT * FROM (", "SELECT 1", ") t", 30);
    nested("(", "SELECT 1", ")", 8);
    let text = format!("SELECT {}1{}", "(".repeat(50), ")".repeat(50));
    assert_eq!(parse(&text).map(drop), Ok(()));
    let text = format!("SELECT * FROM t WHERE {}", vec!["a = 1"; 700].join(" OR "));
    assert_eq!(parse(&text).map(drop), Ok(()));
    let text = format!("SELECT * FROM t WHERE a IN ({})", vec!["1"; 50_000].join(", "));
    assert_eq!(parse(&text).map(drop), Ok(()));
    let text = vec!["SELECT 1 FROM t WHERE a = 1"; 1_500].join(" UNION ALL ");
    assert_eq!(parse(&text).map(drop), Ok(()));
}

#[test]
fn long_chains_end() {
    let prefixes = ["SELECT ", "SELECT * FROM t WHERE a ", "SELECT * FROM t "];
    for prefix in prefixes {
        for link in LINKS {
            for count in [90, 240, 3_000] {
                let text = format!("{prefix}{}", link.repeat(count));
                let start = Instant::now();
                if let Ok(statement) = parse(&text) {
                    assert_eq!(statement.clone(), statement);
                    drop(format!("{statement:?}"));
                }
                drop(redact(&text));
                assert!(start.elapsed() < TIME_MAX, "{prefix}{link} {count}");
            }
        }
    }
    for word in [
        "EXPLAIN ",
        "SETTINGS (a = 1) ",
        "SETTINGS (a = 1) EXPLAIN ",
        "CREATE OR REPLACE ",
        "SHOW ",
        "SET a = ",
    ] {
        assert!(parse(&word.repeat(100_000)).is_err(), "{word}");
    }
}

/// What may stand many times in a row, sensibly or not.
const LINKS: &[&str] = &[
    "+ 1 ",
    "1 + ",
    "OR a ",
    "AND NOT ",
    "NOT ",
    "- ",
    "~ ",
    "! ",
    "::INT ",
    "[1]",
    "[1",
    ".a",
    ":a",
    "a.",
    "IS NULL ",
    "LIKE 'x' ",
    "COLLATE a ",
    "AT TIME ZONE 'x' ",
    "BETWEEN 1 AND ",
    "IN (1) ",
    "CASE ",
    "CASE WHEN 1 THEN ",
    "WHEN a THEN b ",
    "ELSE ",
    "JOIN t ",
    "JOIN @s/x ON a ",
    ", t ",
    ", LATERAL t ",
    "UNION SELECT 1 ",
    "UNION ",
    "EXCEPT ALL SELECT 1 ",
    "INTERVAL ",
    "INTERVAL '1' ",
    "ARRAY<",
    "ARRAY",
    "MAP(",
    "STRUCT<",
    "a -> ",
    "x, ",
    "f() ",
    "() ",
    "PRIOR ",
    "DATE ",
    "EXPLAIN ",
    "WITH a AS ",
    "SELECT ",
    "FROM ",
    "FROM t ",
    "VALUES ",
    "PIVOT (",
    "QUALIFY ",
    "AS ",
    "DISTINCT ",
    "ALL ",
    "ANY ",
    "? ",
    "$1 ",
    "$a ",
    "'s' ",
    "@s ",
    "@ ",
    "\"a\" ",
    "x'00' ",
    ":: ",
    "-> ",
    "=> ",
    ": ",
    "= ",
    "LATERAL ",
    "TABLE ",
    "NULL ",
    "OVER ",
    "EXISTS ",
    "ORDER BY ",
    "ORDER BY a ",
    "LIMIT 1 ",
    "OFFSET ",
    "CROSS ",
    "NATURAL JOIN t ",
    "SAMPLE ",
    "AT ",
    "DIV 1 ",
    "// 1 ",
    "EXCLUDE a ",
    "* ",
    "*, ",
    "a b, ",
    "/* */",
    "-- \n",
    ";",
    "a BETWEEN 1 AND 2 AND ",
    "a = 1 OR a = 2 AND ",
    "CASE a ",
    "CASE WHEN a THEN 1 ELSE ",
];

#[test]
fn large_texts_take_linear_time() {
    for piece in PIECES {
        for prefix in
            ["", "CREATE CONNECTION c STORAGE_TYPE = 's3' ", "SELECT * FROM ", "CREATE USER u ", "'"]
        {
            let text = format!("{prefix}{}", piece.repeat(6_000));
            let start = Instant::now();
            if let Err(error) = parse(&text) {
                drop(error.excerpt(&text));
            }
            drop(redact(&text));
            assert!(start.elapsed() < TIME_MAX, "{prefix}{piece}");
        }
    }
}

/// What a scanner may stumble over when it comes many times.
const PIECES: &[&str] = &[
    "CREATE CONNECTION ",
    "secret = ",
    "a = 'b' ",
    "abcdefghij = 1 ",
    "IDENTIFIED BY ",
    "IDENTIFIED BY 'x' ",
    "'s3://a:b@c/?x=y&sig=z' ",
    "????",
    "&sig=",
    "://@",
    "CONNECTION = (a = 'b' ",
    "-- secret = 'x'\n",
    "/* token = 'x' */",
    "\"location:\" ",
    "'",
    "$$",
    "\\",
    "'\\u",
    "x'0",
    "@s\\ ",
    "1_",
    "0x",
    "1e",
    ".",
    "\u{2028}",
    "日本",
    "\t",
    "SELECT 1;",
    "password 'x' ",
];

/// Every text of `testdata/`, changed in many ways, always the same ones.
#[test]
fn mutations_never_panic() {
    let mut texts = Vec::new();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        texts.extend(file.split("\n====\n").map(|case| case.split("\n----\n").next().unwrap().to_string()));
    }
    texts.sort();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for text in &texts {
        for _ in 0..50 {
            let mutated = mutate(text, &texts, &mut random);
            check(&mutated);
        }
    }
}

fn check(text: &str) {
    let masked = redact(text);
    assert!(masked.len() <= text.len() + 3 * text.matches('=').count() + 64, "{text}\n{masked}");
    match parse(text) {
        Ok(statement) => {
            let printed = statement.to_string();
            match parse(&printed) {
                Ok(again) => assert_eq!(again, statement, "{text}\n{printed}"),
                Err(error) => panic!("{text}\n{printed}\n{}", error.message),
            }
        }
        Err(error) => {
            assert!(text.get(error.span.start..error.span.end).is_some(), "{text}: {error:?}");
            assert!(!error.message.is_empty() && !error.message.ends_with('.'), "{}", error.message);
            assert!(error.excerpt(text).contains('^'), "{text}");
        }
    }
}

fn mutate(text: &str, texts: &[String], random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(characters.len() + 1);
        let end = (at + 1 + random.below(6)).min(characters.len());
        match random.below(7) {
            0 => drop(characters.drain(at..end)),
            1 => {
                let pieces = [
                    "'", "\"", "`", "(", ")", "[", "]", "{", "}", ",", ";", "@", "$", "\\", "--", "/*", "*/",
                    "=>", "::", ".", "é", "\n", "\t", "\0", "日", "1", "x'",
                ];
                characters.splice(at..at, pieces[random.below(pieces.len())].chars());
            }
            2 => {
                let words = [
                    "SELECT ",
                    " FROM ",
                    " JOIN ",
                    " @s/x ",
                    " AS ",
                    " NULL ",
                    " WHERE ",
                    " IF NOT EXISTS ",
                    " OR REPLACE ",
                    " 's3://b/x' ",
                    " CONNECTION ",
                    " = ",
                    " $1 ",
                ];
                characters.splice(at..at, words[random.below(words.len())].chars());
            }
            3 => {
                let copy: Vec<char> = characters[at..end].to_vec();
                characters.splice(at..at, copy);
            }
            4 => characters.truncate(at),
            5 => {
                let other: Vec<char> = texts[random.below(texts.len())].chars().collect();
                let from = random.below(other.len() + 1);
                characters.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                let word_end = characters[at..]
                    .iter()
                    .position(|c| c.is_whitespace())
                    .map_or(characters.len(), |length| at + length);
                drop(characters.drain(at..word_end));
            }
        }
    }
    characters.into_iter().collect()
}

/// xorshift: the same numbers at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}
