//! Single elements to paste into a policy that stands already, each in one line.

use super::document::Node;
use super::escape_pattern;

/// A statement that allows actions on a resource; a listing may be narrowed to keys that start with a prefix.
pub fn allow_statement(actions: &[&str], resource: &str, listed_prefix: Option<&str>) -> String {
    let condition = listed_prefix
        .filter(|prefix| !prefix.is_empty())
        .map(|prefix| equals("StringLike", "s3:prefix", &format!("{}*", escape_pattern(prefix))));
    allow(None, actions, Some(resource), condition)
}

/// A statement of a bucket policy or key policy that lets one principal in.
pub fn allow_principal_statement(principal: &str, actions: &[&str], resource: &str) -> String {
    allow(Some(Node::text(principal)), actions, Some(resource), None)
}

/// The statement of a trust policy.
pub fn trust_statement(principals: &[&str], external_id: Option<&str>) -> String {
    let principals = Node::one_or_many(principals.iter().copied());
    allow(Some(principals), &["sts:AssumeRole"], None, external_id.map(external_id_equals))
}

/// `{"Condition":{"StringEquals":{"sts:ExternalId":"…"}}}`
pub fn external_id_condition(external_id: &str) -> String {
    line(&Node::map([("Condition", external_id_equals(external_id))]))
}

/// The condition on the name of the session, beside that on the external id.
pub fn session_name_condition(session_name: &str, external_id: Option<&str>) -> String {
    let mut wanted: Vec<(&str, Node)> = Vec::new();
    let external_id = external_id.map(escape_pattern);
    wanted.extend(external_id.as_deref().map(|id| ("sts:ExternalId", Node::text(id))));
    let session_name = escape_pattern(session_name);
    wanted.push(("sts:RoleSessionName", Node::text(&session_name)));
    line(&Node::map([("Condition", Node::map([("StringEquals", Node::map(wanted))]))]))
}

fn external_id_equals(external_id: &str) -> Node {
    equals("StringEquals", "sts:ExternalId", &escape_pattern(external_id))
}

fn equals(operator: &str, key: &str, value: &str) -> Node {
    Node::map([(operator, Node::map([(key, Node::text(value))]))])
}

fn allow(
    principal: Option<Node>,
    actions: &[&str],
    resource: Option<&str>,
    condition: Option<Node>,
) -> String {
    let mut elements = vec![("Effect", Node::text("Allow"))];
    elements.extend(principal.map(|principal| ("Principal", Node::map([("AWS", principal)]))));
    elements.push(("Action", Node::one_or_many(actions.iter().copied())));
    elements.extend(resource.map(|resource| ("Resource", Node::text(resource))));
    elements.extend(condition.map(|condition| ("Condition", condition)));
    line(&Node::map(elements))
}

fn line(node: &Node) -> String {
    node.compact().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_in_one_line() {
        assert_eq!(
            allow_statement(&["s3:ListBucket"], "arn:aws:s3:::b", Some("raw/")),
            r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"StringLike":{"s3:prefix":"raw/*"}}}"#
        );
        assert_eq!(
            allow_statement(&["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::b/*", None),
            r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*"}"#
        );
        assert_eq!(
            external_id_condition("a-1"),
            r#"{"Condition":{"StringEquals":{"sts:ExternalId":"a-1"}}}"#
        );
        assert!(
            trust_statement(&["arn:aws:iam::1:role/r"], Some("a-1")).contains(r#""sts:ExternalId":"a-1""#)
        );
    }
}
