//! `aws` commands that repeat a step.

/// One command line, with what a shell needs quoted.
#[derive(Debug, Clone)]
pub(super) struct Command(String);

impl Command {
    /// `aws SERVICE OPERATION`.
    pub(super) fn new(service: &str, operation: &str) -> Self {
        Self(format!("aws {service} {operation}"))
    }

    /// `--name value`.
    pub(super) fn option(mut self, name: &str, value: &str) -> Self {
        self.0.push_str(&format!(" --{name} {}", quoted(value)));
        self
    }

    /// The same where there is a value.
    pub(super) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    /// A word as it is.
    pub(super) fn word(mut self, word: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(word);
        self
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_a_shell() {
        let command = Command::new("s3api", "get-object")
            .option("bucket", "lake")
            .option("key", "a b/it's")
            .optional("range", None)
            .word("/dev/null");
        assert_eq!(command.text(), r"aws s3api get-object --bucket lake --key 'a b/it'\''s' /dev/null");
    }
}
