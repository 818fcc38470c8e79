//! What a request tells its policies: the keys a condition or a policy variable may ask for.

use std::collections::BTreeMap;

/// The condition keys of one request. Names are compared without regard to case, as AWS does; a key has one
/// value or many. A key set to no values at all counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key to one value, replacing what it had.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> &mut Self {
        self.values.insert(key.to_ascii_lowercase(), vec![value.into()]);
        self
    }

    /// Sets a key to a list of values, replacing what it had.
    pub fn set_many<I>(&mut self, key: &str, values: I) -> &mut Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.values.insert(key.to_ascii_lowercase(), values.into_iter().map(Into::into).collect());
        self
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) -> &mut Self {
        self.values.remove(&key.to_ascii_lowercase());
        self
    }

    /// All values of a key; `None` when it is absent.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        let values = if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.values.get(&key.to_ascii_lowercase())
        } else {
            self.values.get(key)
        };
        values.map(Vec::as_slice).filter(|values| !values.is_empty())
    }

    /// The value of a key that has exactly one.
    pub fn single(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some([value]) => Some(value),
            _ => None,
        }
    }

    /// Every key in lower case with its values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.values.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ignore_case_and_empty_lists_are_absent() {
        let mut context = Context::new();
        context.set("aws:PrincipalTag/Team", "blue").set_many("aws:TagKeys", ["a", "b"]);
        context.set_many("s3:none", Vec::<String>::new());
        assert_eq!(context.single("AWS:principaltag/TEAM"), Some("blue"));
        assert_eq!(context.get("aws:tagkeys").map(<[String]>::len), Some(2));
        assert_eq!(context.single("aws:tagkeys"), None);
        assert_eq!(context.get("s3:none"), None);
        context.remove("AWS:TAGKEYS");
        assert_eq!(context.get("aws:TagKeys"), None);
    }
}
