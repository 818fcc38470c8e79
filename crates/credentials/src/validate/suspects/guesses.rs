//! What somebody may have written in the place of what is right: slips, cuts, other cases, examples left as they were.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html> says which characters there may be.

use iam::RoleArn;

/// Slips of one text that are tried. Names and external ids have 10 to 64 characters.
const SLIPS_MAX: usize = 120;
/// What examples and people without an id write.
const PLACEHOLDERS: [&str; 66] = [
    "EXTERNAL_ID",
    "ExternalId",
    "external_id",
    "external-id",
    "externalid",
    "YOUR_EXTERNAL_ID",
    "your-external-id",
    "your_external_id",
    "MY_EXTERNAL_ID",
    "my-external-id",
    "my_external_id",
    "UNIQUE_ID",
    "12345",
    "123456",
    "Example12345",
    "example",
    "test",
    "changeme",
    "stagedoor",
    "databend",
    "0000",
    "1234",
    "12345678",
    "123456789",
    "1234567890",
    "abc123",
    "external-id-123",
    "external_id_123",
    "my-external-id-123",
    "my_external_id_123",
    "EXAMPLE",
    "TODO",
    "todo",
    "XXXX",
    "xxxx",
    "REPLACE_ME",
    "replace-me",
    "CHANGEME",
    "change-me",
    "none",
    "None",
    "null",
    "undefined",
    "default",
    "secret",
    "unique-id",
    "unique_id",
    "id",
    "external",
    "customer",
    "tenant",
    "wrong",
    "wrong-id",
    "wrong-external-id",
    "other",
    "other-id",
    "another-id",
    "old",
    "old-id",
    "demo",
    "dev",
    "prod",
    "production",
    "stagedoor-external-id",
    "databend-external-id",
    "ExternalID",
];
/// What may stand before or behind an id that was carried over.
const AROUND_IDS: [(&str, &str); 12] = [
    ("ExternalId=", ""),
    ("ExternalId:", ""),
    ("external_id=", ""),
    ("EXTERNAL_ID=", ""),
    ("sts:ExternalId=", ""),
    ("id-", ""),
    ("old-", ""),
    ("", "-old"),
    ("", "-new"),
    ("", "-prod"),
    ("", "-dev"),
    ("", "-2"),
];
/// Names that sessions have in examples, in the console and in the tools of AWS.
const SESSION_NAMES: [&str; 19] = [
    "stagedoor",
    "databend",
    "databend-session",
    "session",
    "stagedoor-session",
    "console",
    "cli",
    "aws-cli",
    "AWSCLI-Session",
    "boto3",
    "botocore-session",
    "aws-sdk",
    "admin",
    "test",
    "test-session",
    "mysession",
    "my-session",
    "RoleSession",
    "stagedoor-x",
];
/// Letters and digits that look alike.
const ALIKE: [(char, char); 7] =
    [('0', 'O'), ('0', 'o'), ('1', 'l'), ('1', 'I'), ('l', 'I'), ('5', 'S'), ('2', 'Z')];

/// A guess, with words for what it is.
pub(super) type Guess = (String, String);

/// Other external ids that a trust policy may name in the place of `sent`.
pub(super) fn external_ids(sent: &str, names: &[(&str, &str)]) -> Vec<Guess> {
    let mut guesses = Guesses::around(sent);
    guesses.add("the same in lower case", sent.to_lowercase());
    guesses.add("the same in upper case", sent.to_uppercase());
    guesses.add("with `_` in the place of `-`", sent.replace('-', "_"));
    guesses.add("with `-` in the place of `_`", sent.replace('_', "-"));
    guesses.add("without its `-`", sent.replace('-', ""));
    for end in [".", ",", "/", ":"] {
        guesses.add("with a sign too much at its end", format!("{sent}{end}"));
    }
    for (at, _) in sent.match_indices('-') {
        let (head, tail) = sent.split_at(at);
        guesses.add("its beginning is missing", tail.trim_start_matches('-').to_owned());
        guesses.add("its end is missing", head.to_owned());
    }
    let characters: Vec<char> = sent.chars().collect();
    for cut in 2..=6.min(characters.len()) {
        guesses.add("its end is missing", characters[..characters.len() - cut].iter().collect());
        guesses.add("its beginning is missing", characters[cut..].iter().collect());
    }
    for (before, after) in AROUND_IDS {
        guesses.add("with something around it", format!("{before}{sent}{after}"));
    }
    guesses.add("twice", format!("{sent}{sent}"));
    for (what, name) in names {
        guesses.add(what, (*name).to_owned());
    }
    for placeholder in PLACEHOLDERS {
        guesses.add("the placeholder of an example", placeholder.to_owned());
    }
    guesses.add_slips(sent);
    guesses.add_last_characters(sent);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    guesses.keep(|id| (2..=1224).contains(&id.len()) && id.chars().all(allowed))
}

/// Ids that nobody has, each of which a pattern would take that somebody may have written: `sales-*`.
pub(super) fn ids_of_patterns(heads: &[&str]) -> Vec<Guess> {
    let mut guesses = Guesses::around("");
    for head in heads.iter().filter(|head| !head.is_empty()) {
        for join in ["-", "_"] {
            guesses.add(&format!("{head}{join}*"), format!("{head}{join}nobody-has-this-id"));
        }
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    guesses.keep(|id| (2..=1224).contains(&id.len()) && id.chars().all(allowed))
}

/// Names of sessions that a condition may ask for in the place of `sent`.
pub(super) fn session_names(sent: &str, names: &[(&str, &str)]) -> Vec<Guess> {
    let mut guesses = Guesses::around(sent);
    for (what, name) in names {
        guesses.add(what, (*name).to_owned());
    }
    for name in SESSION_NAMES {
        guesses.add("the name of a product or an example", name.to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    guesses.keep(|name| (2..=64).contains(&name.len()) && name.chars().all(allowed))
}

/// Roles that may be meant where `role` stands. The first half of the answer is certain where one of it can be
/// assumed: an account has one role of a name, whatever its path and case.
pub(super) fn roles(role: &RoleArn, paths: &[String], names: &[String], accounts: &[String]) -> RoleGuesses {
    let arn = |account: &str, path: &str, name: &str| {
        format!("arn:{}:iam::{account}:role{path}{name}", role.partition())
    };
    let mut same = Guesses::around(role.as_str());
    for path in paths {
        same.add("the path is another", arn(role.account(), path, role.name()));
    }
    for name in [role.name().to_lowercase(), role.name().to_uppercase(), capitalized(role.name())] {
        same.add("upper and lower case differ", arn(role.account(), role.path(), &name));
    }
    let mut other = Guesses::around(role.as_str());
    for account in accounts {
        other.add("the account is another", arn(account, role.path(), role.name()));
    }
    let mut near = Guesses::around(role.name());
    for name in names {
        near.add("the name is another", name.clone());
    }
    let name = role.name();
    near.add("`_` and `-` differ", name.replace('_', "-"));
    near.add("`_` and `-` differ", name.replace('-', "_"));
    near.add("the name is another", name.replace(['-', '_'], ""));
    for (end, other_end) in [("-role", ""), ("Role", ""), ("_role", "")] {
        match name.strip_suffix(end) {
            Some(head) => near.add("the end of the name is another", format!("{head}{other_end}")),
            None => near.add("the end of the name is another", format!("{name}{end}")),
        }
    }
    for end in ["-reader", "-read", "-readonly", "-access", "-prod", "-dev", "-v2", "-2", "2", "s"] {
        near.add("the end of the name is another", format!("{name}{end}"));
    }
    for start in ["stagedoor-", "databend-"] {
        near.add("the beginning of the name is another", format!("{start}{name}"));
    }
    near.add_slips(name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    for (what, name) in near.keep(|name| (1..=64).contains(&name.len()) && name.chars().all(allowed)) {
        other.add(&what, arn(role.account(), role.path(), &name));
    }
    RoleGuesses { same: same.keep(|_| true), other: other.keep(|_| true) }
}

/// Which other role may be meant.
pub(super) struct RoleGuesses {
    /// The same role, written otherwise.
    pub(super) same: Vec<Guess>,
    /// Another one with a similar name, or in another account.
    pub(super) other: Vec<Guess>,
}

struct Guesses {
    right: String,
    made: Vec<Guess>,
}

impl Guesses {
    fn around(right: &str) -> Self {
        Self { right: right.to_owned(), made: Vec::new() }
    }

    fn add(&mut self, what: &str, text: String) {
        if text != self.right && self.made.iter().all(|(_, known)| *known != text) {
            self.made.push((what.to_owned(), text));
        }
    }

    /// One character missing, doubled, swapped with the next one, or taken for one that looks alike.
    fn add_slips(&mut self, text: &str) {
        let characters: Vec<char> = text.chars().collect();
        let joined = |parts: &[&[char]]| parts.concat().into_iter().collect::<String>();
        let mut slips = Vec::new();
        for at in 0..characters.len() {
            let (head, tail) = characters.split_at(at);
            let Some((here, rest)) = tail.split_first() else { continue };
            if let Some((next, after)) = rest.split_first() {
                slips.push(("two characters are swapped", joined(&[head, &[*next, *here], after])));
            }
            slips.push(("a character is missing", joined(&[head, rest])));
            slips.push(("a character is doubled", joined(&[head, &[*here, *here], rest])));
            for (one, other) in ALIKE {
                let alike = if *here == one { other } else { one };
                if *here == one || *here == other {
                    slips.push(("a character looks alike", joined(&[head, &[alike], rest])));
                }
            }
        }
        for (what, slip) in slips.into_iter().take(SLIPS_MAX) {
            self.add(what, slip);
        }
    }

    /// The last character is another.
    fn add_last_characters(&mut self, text: &str) {
        let mut head: Vec<char> = text.chars().collect();
        let Some(last) = head.pop().filter(char::is_ascii_alphanumeric) else { return };
        let head: String = head.into_iter().collect();
        let others = if last.is_ascii_uppercase() { 'A'..='Z' } else { 'a'..='z' };
        for other in others.chain('0'..='9') {
            self.add("its last character is another", format!("{head}{other}"));
        }
    }

    fn keep(self, may_be: impl Fn(&str) -> bool) -> Vec<Guess> {
        self.made.into_iter().filter(|(_, text)| may_be(text)).collect()
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(guesses: &[Guess], text: &str) -> Option<String> {
        guesses.iter().find(|(_, guess)| guess == text).map(|(what, _)| what.clone())
    }

    #[test]
    fn external_ids_that_were_meant_to_be_the_right_one() {
        let guesses = external_ids("sales-7f3k", &[("the name of the connection", "sales")]);
        for (id, wanted) in [
            ("SALES-7F3K", "the same in upper case"),
            ("sales_7f3k", "with `_` in the place of `-`"),
            ("slaes-7f3k", "two characters are swapped"),
            ("sales-7f3", "a character is missing"),
            ("sales-7f", "its end is missing"),
            ("7f3k", "its beginning is missing"),
            ("sales-7f3k.", "with a sign too much at its end"),
            ("sales", "its end is missing"),
            ("YOUR_EXTERNAL_ID", "the placeholder of an example"),
            ("ExternalId=sales-7f3k", "with something around it"),
            ("sales-7f3x", "its last character is another"),
        ] {
            assert_eq!(what(&guesses, id).as_deref(), Some(wanted), "{id}");
        }
        assert_eq!(what(&guesses, "sales-7f3k"), None, "the right one is no guess");
        assert!(guesses.iter().all(|(_, id)| id.len() >= 2));
    }

    #[test]
    fn a_long_id_has_no_end_of_guesses() {
        let id = format!("sd-default-{}", "a2".repeat(300));
        assert!(external_ids(&id, &[]).len() < SLIPS_MAX + 160);
    }

    #[test]
    fn roles_that_were_meant() {
        let role = iam::parse_role_arn("arn:aws:iam::987654321987:role/Warehouse").unwrap();
        let guesses = roles(
            &role,
            &["/lake/".to_owned()],
            &["stagedoor-sales".to_owned()],
            &["111122223333".to_owned()],
        );
        let same = |arn: &str| what(&guesses.same, &format!("arn:aws:iam::{arn}"));
        assert_eq!(same("987654321987:role/warehouse").as_deref(), Some("upper and lower case differ"));
        assert_eq!(same("987654321987:role/lake/Warehouse").as_deref(), Some("the path is another"));
        let other = |arn: &str| what(&guesses.other, &format!("arn:aws:iam::{arn}"));
        assert_eq!(other("111122223333:role/Warehouse").as_deref(), Some("the account is another"));
        assert_eq!(other("987654321987:role/stagedoor-sales").as_deref(), Some("the name is another"));
        assert_eq!(other("987654321987:role/Warehosue").as_deref(), Some("two characters are swapped"));
        assert_eq!(
            other("987654321987:role/Warehouse-role").as_deref(),
            Some("the end of the name is another")
        );
    }
}
