//! Paths into JSON: `a.b[0]`, `$.a['b c'][*]`, `{a,b,0}`.

use super::json::Json;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(i64),
    /// Every element or member.
    All,
}

/// Steps of one path.
const STEPS_MAX: usize = 256;

/// `a.b[0]`, with or without `$` before it.
pub(super) fn parse_path(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text.trim();
    rest = rest.strip_prefix('$').unwrap_or(rest);
    while !rest.is_empty() {
        if steps.len() >= STEPS_MAX {
            return Err(format!("a path has at most {STEPS_MAX} steps"));
        }
        if let Some(inside) = rest.strip_prefix('[') {
            let close = match inside.chars().next() {
                Some(quote @ ('\'' | '"')) => {
                    inside.get(1..).and_then(|text| text.find(quote)).map(|at| at + 2)
                }
                _ => inside.find(']'),
            };
            let (step, after) =
                close.and_then(|close| inside.split_at_checked(close)).ok_or("`[` is not closed")?;
            rest = after.strip_prefix(']').ok_or("`[` is not closed")?;
            steps.push(bracket_step(step.trim())?);
            continue;
        }
        let step = rest.strip_prefix(['.', ':']).unwrap_or(rest);
        let (key, after) = match step.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("`\"` is not closed")?,
            None => step.split_at(step.find(['.', ':', '[']).unwrap_or(step.len())),
        };
        if key.is_empty() && !step.starts_with('"') {
            return Err("a step has no name".to_owned());
        }
        steps.push(if key == "*" { Step::All } else { Step::Key(key.to_owned()) });
        rest = after;
    }
    Ok(steps)
}

fn bracket_step(step: &str) -> Result<Step, String> {
    if step == "*" {
        return Ok(Step::All);
    }
    let quoted = ['\'', '"'].iter().find_map(|quote| step.strip_prefix(*quote)?.strip_suffix(*quote));
    if let Some(key) = quoted {
        return Ok(Step::Key(key.to_owned()));
    }
    step.parse().map(Step::Index).map_err(|_| format!("`[{step}]` is no index and no key in quotes"))
}

/// `{a,b,0}`.
pub(super) fn parse_key_path(text: &str) -> Result<Vec<Step>, String> {
    let inside = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let inside = inside.ok_or("a path of keys is written `{a,b,0}`")?;
    Ok(inside
        .split(',')
        .map(str::trim)
        .filter(|step| !step.is_empty())
        .map(|step| match step.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Key(step.trim_matches('"').to_owned()),
        })
        .collect())
}

/// Everything that the steps lead to.
pub(super) fn follow<'v, 'a>(value: &'v Json<'a>, steps: &[Step]) -> Vec<&'v Json<'a>> {
    let mut found = vec![value];
    for step in steps {
        found = found
            .into_iter()
            .flat_map(|value| match (step, value) {
                (Step::Key(key), value) => value.member(key).into_iter().collect::<Vec<_>>(),
                (Step::Index(index), value) => value.element(*index).into_iter().collect(),
                (Step::All, Json::Array(elements)) => elements.iter().collect(),
                (Step::All, Json::Object(members)) => members.iter().map(|(_, value)| value).collect(),
                (Step::All, _) => Vec::new(),
            })
            .collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_in_many_ways() {
        let key = |key: &str| Step::Key(key.to_owned());
        assert_eq!(parse_path("a.b[0]").unwrap(), [key("a"), key("b"), Step::Index(0)]);
        assert_eq!(parse_path("$.a['b.c'][*]").unwrap(), [key("a"), key("b.c"), Step::All]);
        assert_eq!(parse_path("$").unwrap(), []);
        assert_eq!(parse_path(r#"a:"b c""#).unwrap(), [key("a"), key("b c")]);
        assert_eq!(parse_key_path("{a, 1}").unwrap(), [key("a"), Step::Index(1)]);
        assert!(parse_path("a[").is_err());
        assert!(parse_path("a[b]").is_err());
        assert!(parse_path("a..b").is_err());
    }

    #[test]
    fn a_path_leads_to_what_is_there() {
        let value = Json::parse(r#"{"a":[{"b":1},{"b":2}]}"#).unwrap();
        let found = |path: &str| {
            follow(&value, &parse_path(path).unwrap())
                .iter()
                .map(|v| v.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(found("a[*].b"), "1 2");
        assert_eq!(found("a[-1]"), r#"{"b":2}"#);
        assert_eq!(found("a.b"), "");
    }
}
