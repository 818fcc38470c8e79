//! Why AWS would call a document malformed.

use crate::PolicyKind;

/// A policy document that is not accepted. The message names the statement and the element;
/// [`PolicyError::aws_message`] is what IAM itself would answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is no JSON.
    #[error("the policy document is not valid JSON: {detail}")]
    NotJson { detail: String },
    /// An object has the same key twice.
    #[error("the policy document has `{element}` twice in one block")]
    DuplicateElement { element: String },
    /// The document or a statement is something else than an object.
    #[error("{place} is not a JSON object")]
    NotAnObject { place: String },
    /// An element that the policy language does not have; often a slip of spelling or case.
    #[error("{place} has the unknown element `{element}`")]
    UnknownElement { place: String, element: String },
    /// An element that this kind of policy must have.
    #[error("{place} lacks `{element}`")]
    MissingElement { place: String, element: &'static str },
    /// An element that this kind of policy must not have.
    #[error("{place} has `{element}`, which {} cannot have", .kind.one())]
    ForbiddenElement { place: String, element: &'static str, kind: PolicyKind },
    /// `Action` beside `NotAction`, and the like.
    #[error("{place} has both `{one}` and `{other}`; only one of them is possible")]
    ConflictingElements { place: String, one: &'static str, other: &'static str },
    /// A value of another JSON type.
    #[error("`{element}` of {place} must be {wanted}")]
    WrongType { place: String, element: String, wanted: &'static str },
    /// A version of the policy language that does not exist.
    #[error("the version `{version}` is none of the policy language; use `2012-10-17`")]
    BadVersion { version: String },
    /// Neither `Allow` nor `Deny`, letter by letter.
    #[error("{place} has the effect `{effect}`; it must be `Allow` or `Deny`")]
    BadEffect { place: String, effect: String },
    /// IAM allows letters and digits only.
    #[error("{place} has the Sid `{sid}`; IAM allows letters and digits only")]
    BadSid { place: String, sid: String },
    /// Two statements with one name.
    #[error("the Sid `{sid}` stands in more than one statement")]
    RepeatedSid { sid: String },
    /// An action that is not `service:name`.
    #[error("{place} has the action `{action}`: {cause}")]
    BadAction { place: String, action: String, cause: ActionFault },
    /// An action in a trust policy that does not make sessions.
    #[error(
        "{place} has the action `{action}`; a role trust policy takes the AssumeRole actions of sts only"
    )]
    NotATrustAction { place: String, action: String },
    /// A resource that is neither `*` nor an ARN a policy can use.
    #[error("{place} has the resource `{resource}`: {cause}")]
    BadResource { place: String, resource: String, cause: ResourceFault },
    /// A principal that nobody can be.
    #[error("{place} has the principal `{principal}` of type `{principal_type}`: {cause}")]
    BadPrincipal { place: String, principal_type: String, principal: String, cause: &'static str },
    /// A trust policy that would let in everybody but a few.
    #[error(
        "{place} allows by `NotPrincipal`, which a role trust policy cannot do; name the principals instead"
    )]
    AllowByNotPrincipal { place: String },
    /// A condition operator that does not exist, letter by letter.
    #[error("{place} has the unknown condition operator `{operator}`")]
    BadOperator { place: String, operator: String },
    /// A condition key without a service in front.
    #[error("{place} has the condition key `{key}`; a key reads `service:name`")]
    BadConditionKey { place: String, key: String },
    /// A value that its operator cannot compare with.
    #[error("`{operator}` on `{key}` of {place} has the value `{value}`, which is not {wanted}")]
    BadConditionValue { place: String, operator: String, key: String, value: String, wanted: &'static str },
    /// A policy variable that cannot be read.
    #[error("{place} has `{text}`: {cause}")]
    BadVariable { place: String, text: String, cause: &'static str },
}

/// What is wrong with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionFault {
    #[error("it must read `service:name`")]
    NoService,
    #[error("it has more than one colon")]
    TwoColons,
    #[error("the service in front of the colon is not valid")]
    BadService,
    #[error("the name behind the colon is empty")]
    NoName,
}

/// What is wrong with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceFault {
    #[error("it must be an ARN or `*`")]
    NotAnArn,
    #[error("an ARN has six parts between colons")]
    TooFewParts,
    #[error("AWS does not have this partition")]
    BadPartition,
    #[error("the service of an ARN must be written out")]
    BadService,
    #[error("a variable can stand only behind the fifth colon")]
    VariableTooEarly,
}

impl PolicyError {
    /// The message of IAM's MalformedPolicyDocument error.
    pub fn aws_message(&self) -> String {
        match self {
            Self::ForbiddenElement { element: "Principal" | "NotPrincipal", .. } => {
                "Policy document should not specify a principal.".to_owned()
            }
            Self::ForbiddenElement { element, .. } => format!("Has prohibited field {element}"),
            Self::MissingElement { element: "Action", .. } => {
                "Policy statement must contain actions.".to_owned()
            }
            Self::MissingElement { element: "Resource", .. } => {
                "Policy statement must contain resources.".to_owned()
            }
            Self::MissingElement { element: "Principal", .. } => {
                "Missing required field Principal".to_owned()
            }
            Self::BadEffect { .. } | Self::BadConditionValue { .. } => {
                "The policy failed legacy parsing".to_owned()
            }
            Self::BadSid { .. } => "Statement IDs (SID) must be alpha-numeric. Check that your input \
                satisfies the regular expression [0-9A-Za-z]*"
                .to_owned(),
            Self::RepeatedSid { .. } => "Statement IDs (SID) in a single policy must be unique.".to_owned(),
            Self::BadAction { action, cause, .. } => match cause {
                ActionFault::NoService | ActionFault::NoName => {
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()
                }
                ActionFault::TwoColons => "Actions/Condition can contain only one colon.".to_owned(),
                ActionFault::BadService => {
                    let vendor = action.split(':').next().unwrap_or_default();
                    format!("Vendor {vendor} is not valid")
                }
            },
            Self::NotATrustAction { .. } => {
                "AssumeRole policy may only specify STS AssumeRole actions.".to_owned()
            }
            Self::BadResource { resource, cause, .. } => match cause {
                ResourceFault::NotAnArn => format!("Resource {resource} must be in ARN format or \"*\"."),
                ResourceFault::TooFewParts | ResourceFault::VariableTooEarly => {
                    "The policy failed legacy parsing".to_owned()
                }
                ResourceFault::BadPartition => {
                    let partition = resource.split(':').nth(1).unwrap_or_default();
                    format!("Partition \"{partition}\" is not valid for resource \"{resource}\".")
                }
                ResourceFault::BadService => {
                    "Resource vendor must be fully qualified and cannot contain regexes.".to_owned()
                }
            },
            Self::BadPrincipal { principal_type, principal, .. } => {
                format!("Invalid principal in policy: \"{principal_type}\":\"{principal}\"")
            }
            Self::AllowByNotPrincipal { .. } => {
                "Invalid principal in policy: NotPrincipal cannot be used with Allow".to_owned()
            }
            Self::BadOperator { operator, .. } => format!("Invalid Condition type : {operator}"),
            Self::BadConditionKey { .. } => {
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()
            }
            Self::NotJson { .. }
            | Self::DuplicateElement { .. }
            | Self::NotAnObject { .. }
            | Self::UnknownElement { .. }
            | Self::MissingElement { .. }
            | Self::ConflictingElements { .. }
            | Self::WrongType { .. }
            | Self::BadVersion { .. }
            | Self::BadVariable { .. } => "Syntax errors in policy.".to_owned(),
        }
    }
}
