//! Why AWS would call a document malformed.

/// A policy document that is not accepted. The message names the statement and the element;
/// [`PolicyError::aws_message`] is what IAM itself would answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is no JSON.
    #[error("the policy document is not valid JSON: {detail}")]
    NotJson { detail: String },
}

impl PolicyError {
    /// The message of IAM's MalformedPolicyDocument error.
    pub fn aws_message(&self) -> String {
        match self {
            Self::NotJson { .. } => "Syntax errors in policy.".to_owned(),
        }
    }
}
