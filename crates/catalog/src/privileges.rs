//! What may be granted, on what, and to whom: the words of GRANT as the catalog keeps them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::time::SystemTime;

/// The SQL role that may do everything. It cannot be dropped; `root` always has it.
pub const ACCOUNT_ADMIN: &str = "account_admin";
/// The SQL role that every user has. It cannot be dropped.
pub const PUBLIC: &str = "public";

/// What a grant allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Privilege {
    /// Everything about connections, stages, file formats, views and running queries; nothing about users and grants.
    Super,
    CreateConnection,
    CreateStage,
    CreateFileFormat,
    CreateView,
    CreateUser,
    DropUser,
    CreateRole,
    DropRole,
    /// Granting and revoking what one has.
    Grant,
    /// Using a connection and seeing what it says.
    AccessConnection,
    /// Reading and listing a stage's files.
    Read,
    /// Writing and removing a stage's files.
    Write,
    /// Changing and dropping an object, and granting rights on it.
    Ownership,
}

impl Privilege {
    /// Everything that can be granted, in the order in which it is shown.
    pub const ALL: [Self; 14] = [
        Self::Super,
        Self::CreateConnection,
        Self::CreateStage,
        Self::CreateFileFormat,
        Self::CreateView,
        Self::CreateUser,
        Self::DropUser,
        Self::CreateRole,
        Self::DropRole,
        Self::Grant,
        Self::AccessConnection,
        Self::Read,
        Self::Write,
        Self::Ownership,
    ];

    /// The words of GRANT.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Super => "SUPER",
            Self::CreateConnection => "CREATE CONNECTION",
            Self::CreateStage => "CREATE STAGE",
            Self::CreateFileFormat => "CREATE FILE FORMAT",
            Self::CreateView => "CREATE VIEW",
            Self::CreateUser => "CREATE USER",
            Self::DropUser => "DROP USER",
            Self::CreateRole => "CREATE ROLE",
            Self::DropRole => "DROP ROLE",
            Self::Grant => "GRANT",
            Self::AccessConnection => "ACCESS CONNECTION",
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Ownership => "OWNERSHIP",
        }
    }

    /// The privilege of these words.
    pub fn from_words(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|privilege| privilege.as_str().eq_ignore_ascii_case(words))
    }

    /// Whether SUPER on the organization contains it.
    pub fn is_in_super(self) -> bool {
        !matches!(self, Self::CreateUser | Self::DropUser | Self::CreateRole | Self::DropRole | Self::Grant)
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// On what a privilege is granted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantObject {
    /// `*.*`: the organization and everything in it.
    Organization,
    Connection(String),
    Stage(String),
    FileFormat(String),
    View(String),
}

impl GrantObject {
    /// What `ALL [PRIVILEGES]` means on this object.
    pub fn all_privileges(&self) -> &'static [Privilege] {
        match self {
            Self::Organization => &[
                Privilege::Super,
                Privilege::CreateConnection,
                Privilege::CreateStage,
                Privilege::CreateFileFormat,
                Privilege::CreateView,
                Privilege::CreateUser,
                Privilege::DropUser,
                Privilege::CreateRole,
                Privilege::DropRole,
                Privilege::Grant,
                Privilege::AccessConnection,
                Privilege::Read,
                Privilege::Write,
            ],
            Self::Connection(_) => &[Privilege::AccessConnection],
            Self::Stage(_) => &[Privilege::Read, Privilege::Write],
            Self::FileFormat(_) | Self::View(_) => &[],
        }
    }

    /// The kind, as the catalog stores it and SHOW GRANTS shows it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Organization => "*.*",
            Self::Connection(_) => "CONNECTION",
            Self::Stage(_) => "STAGE",
            Self::FileFormat(_) => "FILE FORMAT",
            Self::View(_) => "VIEW",
        }
    }

    /// The name; `*.*` for the organization.
    pub fn name(&self) -> &str {
        match self {
            Self::Organization => "*.*",
            Self::Connection(name) | Self::Stage(name) | Self::FileFormat(name) | Self::View(name) => name,
        }
    }

    pub(crate) fn from_stored(kind: &str, name: String) -> Option<Self> {
        Some(match kind {
            "*.*" => Self::Organization,
            "CONNECTION" => Self::Connection(name),
            "STAGE" => Self::Stage(name),
            "FILE FORMAT" => Self::FileFormat(name),
            "VIEW" => Self::View(name),
            _ => return None,
        })
    }
}

impl fmt::Display for GrantObject {
    /// As it stands in GRANT, behind ON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization => f.write_str("*.*"),
            other => write!(f, "{} {}", other.kind(), other.name()),
        }
    }
}

/// To whom something is granted, and who owns an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grantee {
    Role(String),
    User(String),
}

impl Grantee {
    /// The built-in administrator.
    pub fn administrator() -> Self {
        Self::Role(ACCOUNT_ADMIN.to_owned())
    }

    /// `ROLE` or `USER`, as the catalog stores it and SHOW GRANTS shows it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Role(_) => "ROLE",
            Self::User(_) => "USER",
        }
    }

    /// The name of the role or user.
    pub fn name(&self) -> &str {
        match self {
            Self::Role(name) | Self::User(name) => name,
        }
    }

    pub(crate) fn from_stored(kind: &str, name: String) -> Option<Self> {
        match kind {
            "ROLE" => Some(Self::Role(name)),
            "USER" => Some(Self::User(name)),
            _ => None,
        }
    }
}

impl fmt::Display for Grantee {
    /// As it stands in GRANT, behind TO.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(name) => write!(f, "ROLE `{name}`"),
            Self::User(name) => write!(f, "'{name}'@'%'"),
        }
    }
}

/// A SQL role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlRole {
    pub name: String,
    pub comment: String,
    /// `None` for the built-in ones, which came with the organization.
    pub created_on: Option<SystemTime>,
}

/// Everything that is granted in one organization, as it was at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The roles by name, the built-in ones included.
    pub roles: BTreeMap<String, SqlRole>,
    pub(crate) roles_of: HashMap<Grantee, BTreeSet<String>>,
    pub(crate) privileges: HashMap<Grantee, HashSet<(GrantObject, Privilege)>>,
    pub(crate) owners: HashMap<GrantObject, Grantee>,
    pub(crate) default_roles: HashMap<String, String>,
    pub(crate) must_change_password: HashSet<String>,
}

impl Grants {
    /// Whether the user may do nothing before setting another password.
    pub fn must_change_password(&self, user: &str) -> bool {
        self.must_change_password.contains(user)
    }

    /// The roles granted to somebody directly, sorted.
    pub fn roles_of(&self, grantee: &Grantee) -> impl Iterator<Item = &str> {
        self.roles_of.get(grantee).into_iter().flatten().map(String::as_str)
    }

    /// Who has the role directly, sorted.
    pub fn grantees_of(&self, role: &str) -> Vec<&Grantee> {
        let mut grantees: Vec<_> = self
            .roles_of
            .iter()
            .filter(|(_, roles)| roles.contains(role))
            .map(|(grantee, _)| grantee)
            .collect();
        grantees.sort();
        grantees
    }

    /// These roles with all that they inherit. The administrator inherits every role; `public` is always there.
    pub fn expanded<'a>(&self, roles: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![PUBLIC.to_owned()];
        waiting.extend(roles.into_iter().map(str::to_owned));
        while let Some(role) = waiting.pop() {
            if role == ACCOUNT_ADMIN {
                return self.roles.keys().cloned().collect();
            }
            if self.roles.contains_key(&role) && found.insert(role.clone()) {
                waiting.extend(self.roles_of.get(&Grantee::Role(role)).into_iter().flatten().cloned());
            }
        }
        found
    }

    /// Whether the privilege is granted to exactly this grantee on exactly this object.
    pub fn has(&self, grantee: &Grantee, object: &GrantObject, privilege: Privilege) -> bool {
        self.privileges.get(grantee).is_some_and(|held| held.contains(&(object.clone(), privilege)))
    }

    /// Whether anything at all is granted to this grantee on exactly this object.
    pub fn has_any(&self, grantee: &Grantee, object: &GrantObject) -> bool {
        self.privileges.get(grantee).is_some_and(|held| held.iter().any(|(on, _)| on == object))
    }

    /// What is granted to exactly this grantee, ownership apart.
    pub fn privileges_of(&self, grantee: &Grantee) -> impl Iterator<Item = (&GrantObject, Privilege)> {
        self.privileges.get(grantee).into_iter().flatten().map(|(object, privilege)| (object, *privilege))
    }

    /// The role that the user's sessions begin with, whether it is granted or not.
    pub fn default_role(&self, user: &str) -> Option<&str> {
        self.default_roles.get(user).map(String::as_str)
    }

    /// Who owns the object: whoever made it, else the administrator.
    pub fn owner(&self, object: &GrantObject) -> Grantee {
        self.owners.get(object).cloned().unwrap_or_else(Grantee::administrator)
    }

    /// The objects that have an owner other than the administrator.
    pub fn owned(&self) -> impl Iterator<Item = (&GrantObject, &Grantee)> {
        self.owners.iter()
    }

    /// Everything granted, ownership apart.
    pub fn all(&self) -> impl Iterator<Item = (&Grantee, &GrantObject, Privilege)> {
        self.privileges.iter().flat_map(|(grantee, held)| {
            held.iter().map(move |(object, privilege)| (grantee, object, *privilege))
        })
    }

    /// Every pair of a role and who has it directly.
    pub fn memberships(&self) -> impl Iterator<Item = (&Grantee, &str)> {
        self.roles_of
            .iter()
            .flat_map(|(grantee, roles)| roles.iter().map(move |role| (grantee, role.as_str())))
    }
}
