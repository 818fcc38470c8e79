//! `SHOW SETUP FOR {CONNECTION <name> ON '<url>' | STAGE <name> [ON '<url>']} [READ | WRITE] [KMS '<key arn>']
//! [AS {CLI | TERRAFORM | CLOUDFORMATION | CONSOLE | JSON}]`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError, Text};

use super::create_stage::stage_name;

/// Shows what a customer's administrator is to do at AWS, ready to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowSetup {
    pub target: SetupTarget,
    /// Always there for a connection.
    pub location: Option<Text>,
    pub access: SetupAccess,
    /// ARN of the key that the bucket's objects are encrypted with.
    pub kms_key: Option<Text>,
    pub form: SetupForm,
}

/// For what a role is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupTarget {
    /// It need not exist.
    Connection(Name),
    Stage(Name),
}

/// What the role is to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupAccess {
    Read,
    Write,
}

/// In which form it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupForm {
    Cli,
    Terraform,
    CloudFormation,
    Console,
    Json,
}

const FORMS: [(&str, SetupForm); 5] = [
    ("CLI", SetupForm::Cli),
    ("TERRAFORM", SetupForm::Terraform),
    ("CLOUDFORMATION", SetupForm::CloudFormation),
    ("CONSOLE", SetupForm::Console),
    ("JSON", SetupForm::Json),
];

impl ShowSetup {
    /// Behind `SHOW SETUP`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        parser.expect_keyword("FOR")?;
        let target = if parser.take_keyword("CONNECTION") {
            SetupTarget::Connection(parser.name("a connection name")?)
        } else if parser.take_keyword("STAGE") {
            SetupTarget::Stage(stage_name(parser)?)
        } else {
            return Err(parser.expected_one_of(&["CONNECTION", "STAGE"]));
        };
        let location = if parser.take_keyword("ON") {
            Some(parser.string("a location such as `s3://bucket/folder/`")?)
        } else if matches!(target, SetupTarget::Connection(_)) {
            return Err(parser
                .expected_one_of(&["ON"])
                .with_hint("say what the role is to open: `ON 's3://bucket/folder/'`"));
        } else {
            None
        };
        let mut setup =
            Self { target, location, access: SetupAccess::Read, kms_key: None, form: SetupForm::Cli };
        while !parser.is_end() {
            if parser.take_keyword("READ") {
                setup.access = SetupAccess::Read;
            } else if parser.take_keyword("WRITE") {
                setup.access = SetupAccess::Write;
            } else if parser.take_keyword("KMS") {
                setup.kms_key = Some(parser.string("the ARN of a KMS key")?);
            } else if parser.take_keyword("AS") {
                setup.form = SetupForm::parse(parser)?;
            } else {
                return Err(parser.expected_one_of(&["READ", "WRITE", "KMS", "AS"]));
            }
        }
        Ok(setup)
    }
}

impl SetupForm {
    fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        match FORMS.iter().find(|(word, _)| parser.take_keyword(word)) {
            Some((_, form)) => Ok(*form),
            None => Err(parser.expected_one_of(&FORMS.map(|(word, _)| word))),
        }
    }
}

impl fmt::Display for ShowSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            SetupTarget::Connection(name) => write!(f, "SHOW SETUP FOR CONNECTION {name}")?,
            SetupTarget::Stage(name) => write!(f, "SHOW SETUP FOR STAGE {name}")?,
        }
        if let Some(location) = &self.location {
            write!(f, " ON {location}")?;
        }
        f.write_str(match self.access {
            SetupAccess::Read => " READ",
            SetupAccess::Write => " WRITE",
        })?;
        if let Some(kms_key) = &self.kms_key {
            write!(f, " KMS {kms_key}")?;
        }
        let word = FORMS.iter().find(|(_, form)| *form == self.form).map_or("CLI", |(word, _)| word);
        write!(f, " AS {word}")
    }
}
