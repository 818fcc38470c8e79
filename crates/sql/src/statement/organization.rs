//! Organizations, for the operator:
//! `CREATE ORGANIZATION [IF NOT EXISTS] <name> IDENTIFIED BY '<password of its root>' [<option> …]`,
//! `ALTER ORGANIZATION <name> [IDENTIFIED BY '<password>'] [<option> …]`,
//! `DROP ORGANIZATION [IF EXISTS] <name>`, `SHOW ORGANIZATIONS`.

use std::fmt;

use crate::display::{CommaSeparated, Quoted};
use crate::parser::Parser;
use crate::{CreateMode, Name, Secret, Span, SyntaxError, Text};

/// Makes an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOrganization {
    pub mode: CreateMode,
    pub name: Name,
    /// The password of its `root`.
    pub password: Secret,
    pub options: OrganizationOptions,
}

/// Changes an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterOrganization {
    pub name: Name,
    /// A new password for its `root`.
    pub password: Option<Secret>,
    pub options: OrganizationOptions,
}

/// Removes an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropOrganization {
    pub if_exists: bool,
    pub name: Name,
}

/// Lists organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShowOrganizations;

/// What was said about an organization; what was not stays as it is. An empty text takes a principal away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationOptions {
    pub principal: Option<Text>,
    pub next_principal: Option<Text>,
    pub allowed_roles: Option<AllowedRoles>,
}

/// Which AWS accounts and role ARNs the connections of an organization may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedRoles {
    /// `ANY`.
    Any,
    /// `('…', …)`.
    Listed(Vec<Text>),
}

impl CreateOrganization {
    /// Behind `CREATE ORGANIZATION`.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        if let Some(span) = or_replace {
            return Err(parser
                .error(span, "an organization cannot be replaced")
                .with_hint("`ALTER ORGANIZATION` changes it"));
        }
        let mode = CreateMode::parse(parser, None)?;
        let name = parser.name("an organization's name")?;
        parser.expect_keyword("IDENTIFIED")?;
        parser.expect_keyword("BY")?;
        let password = parser.secret("the password of its root")?;
        Ok(Self { mode, name, password, options: OrganizationOptions::parse(parser)? })
    }
}

impl AlterOrganization {
    /// Behind `ALTER ORGANIZATION`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let name = parser.name("an organization's name")?;
        if parser.is_end() {
            return Err(parser.expected_one_of(&[
                "IDENTIFIED",
                "PRINCIPAL",
                "NEXT_PRINCIPAL",
                "ALLOWED_ROLES",
            ]));
        }
        let password = if parser.take_keyword("IDENTIFIED") {
            parser.expect_keyword("BY")?;
            Some(parser.secret("the password of its root")?)
        } else {
            None
        };
        Ok(Self { name, password, options: OrganizationOptions::parse(parser)? })
    }
}

impl DropOrganization {
    /// Behind `DROP ORGANIZATION`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { if_exists: parser.if_exists()?, name: parser.name("an organization's name")? })
    }
}

impl OrganizationOptions {
    fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        const OPTIONS: [&str; 3] = ["PRINCIPAL", "NEXT_PRINCIPAL", "ALLOWED_ROLES"];
        let mut options = Self::default();
        while !parser.is_end() {
            let word = parser.word_at(0).unwrap_or_default().to_ascii_uppercase();
            if !OPTIONS.contains(&word.as_str()) {
                return Err(parser.unknown_option("an organization", &OPTIONS));
            }
            parser.advance();
            parser.expect_symbol("=")?;
            match word.as_str() {
                "PRINCIPAL" => options.principal = Some(parser.string("a role ARN")?),
                "NEXT_PRINCIPAL" => options.next_principal = Some(parser.string("a role ARN")?),
                _ => options.allowed_roles = Some(AllowedRoles::parse(parser)?),
            }
            parser.take_symbol(",");
        }
        Ok(options)
    }
}

impl AllowedRoles {
    fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        if parser.take_keyword("ANY") {
            return Ok(Self::Any);
        }
        parser.expect_symbol("(")?;
        let mut listed = Vec::new();
        while !parser.take_symbol(")") {
            listed.push(parser.string("an account or a role ARN")?);
            if !parser.take_symbol(",") {
                parser.expect_symbol(")")?;
                break;
            }
        }
        Ok(Self::Listed(listed))
    }
}

impl fmt::Display for CreateOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, exists) = self.mode.words();
        let password = Quoted(self.password.expose());
        write!(f, "CREATE ORGANIZATION {exists}{} IDENTIFIED BY {password}{}", self.name, self.options)
    }
}

impl fmt::Display for AlterOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER ORGANIZATION {}", self.name)?;
        if let Some(password) = &self.password {
            write!(f, " IDENTIFIED BY {}", Quoted(password.expose()))?;
        }
        write!(f, "{}", self.options)
    }
}

impl fmt::Display for DropOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP ORGANIZATION {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}

impl fmt::Display for ShowOrganizations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHOW ORGANIZATIONS")
    }
}

impl fmt::Display for OrganizationOptions {
    /// With a blank before each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(principal) = &self.principal {
            write!(f, " PRINCIPAL = {principal}")?;
        }
        if let Some(principal) = &self.next_principal {
            write!(f, " NEXT_PRINCIPAL = {principal}")?;
        }
        match &self.allowed_roles {
            None => Ok(()),
            Some(AllowedRoles::Any) => f.write_str(" ALLOWED_ROLES = ANY"),
            Some(AllowedRoles::Listed(listed)) => write!(f, " ALLOWED_ROLES = ({})", CommaSeparated(listed)),
        }
    }
}
