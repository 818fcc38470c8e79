//! External ids: generated once, never given twice, and bound to the organization that uses them.
//!
//! Why a pair of role and external id serves one organization only:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>

use rand::Rng;
use sqlx::{Sqlite, Transaction};

use crate::catalog::now_microseconds;
use crate::names::check_name;
use crate::organizations::{check_role_arn, require_organization};
use crate::{Catalog, CatalogError, ConnectionParameters};

/// Random characters of a generated id, of 5 bits each.
const RANDOM_CHARACTERS: usize = 27;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// For what an external id is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalIdOwner<'a> {
    /// The connection of that name, whether it exists or not.
    Connection(&'a str),
    /// The inline role of the stage of that name.
    Stage(&'a str),
    /// Roles named inside a query; one id for the organization.
    Query,
}

impl<'a> ExternalIdOwner<'a> {
    fn key(self) -> (&'static str, &'a str) {
        match self {
            Self::Connection(name) => ("connection", name),
            Self::Stage(name) => ("stage", name),
            Self::Query => ("query", ""),
        }
    }
}

impl Catalog {
    /// The generated external id of the connection of that name, which need not exist: made at the first
    /// question, the same for ever after.
    pub async fn external_id_for(
        &self,
        organization: &str,
        connection: &str,
    ) -> Result<String, CatalogError> {
        self.external_id_for_owner(organization, ExternalIdOwner::Connection(connection)).await
    }

    /// The generated external id of anything that may name a role.
    pub async fn external_id_for_owner(
        &self,
        organization: &str,
        owner: ExternalIdOwner<'_>,
    ) -> Result<String, CatalogError> {
        // Most questions are for an id that is there: answer them without the write lock.
        let (kind, name) = owner.key();
        let known: Option<(String,)> = sqlx::query_as(KNOWN_EXTERNAL_ID)
            .bind(organization)
            .bind(kind)
            .bind(name)
            .fetch_optional(self.pool())
            .await?;
        if let Some((external_id,)) = known {
            return Ok(external_id);
        }
        if let ExternalIdOwner::Connection(name) | ExternalIdOwner::Stage(name) = owner {
            check_name(kind, name)?;
        }
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        let external_id = ensure_external_id(&mut transaction, organization, owner).await?;
        transaction.commit().await?;
        Ok(external_id)
    }

    /// Binds the pair to the organization, or refuses because it is another's. Connections and stages do
    /// it by themselves; this is for roles named inside a query.
    pub async fn claim_role(
        &self,
        organization: &str,
        role_arn: &str,
        external_id: &str,
    ) -> Result<(), CatalogError> {
        check_role_arn(role_arn)?;
        check_external_id(external_id)?;
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        claim(&mut transaction, organization, role_arn, external_id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The pairs of role and external id that serve other organizations, for whoever guesses at what was meant
    /// and must not guess those.
    pub async fn role_claims_of_others(
        &self,
        organization: &str,
    ) -> Result<Vec<(String, String)>, CatalogError> {
        Ok(sqlx::query_as("SELECT role_arn, external_id FROM role_claims WHERE organization <> $1")
            .bind(organization)
            .fetch_all(self.pool())
            .await?)
    }

    /// Gives a pair free, for the operator: after the role's owner has changed the trust policy, or when a
    /// pair was claimed by mistake. Says whether the organization had it.
    pub async fn release_role(
        &self,
        organization: &str,
        role_arn: &str,
        external_id: &str,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let released = sqlx::query(
            "DELETE FROM role_claims WHERE organization = $1 AND role_arn = $2 AND external_id = $3",
        )
        .bind(organization)
        .bind(role_arn)
        .bind(external_id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(released.rows_affected() > 0)
    }
}

const KNOWN_EXTERNAL_ID: &str =
    "SELECT external_id FROM external_ids WHERE organization = $1 AND owner_kind = $2 AND owner_name = $3";

/// What every generated external id of the organization starts with.
pub(crate) fn external_id_prefix(organization: &str) -> String {
    format!("sd-{organization}-")
}

/// The generated id of the owner, made if it was never asked for.
pub(crate) async fn ensure_external_id(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    owner: ExternalIdOwner<'_>,
) -> Result<String, CatalogError> {
    let (kind, name) = owner.key();
    sqlx::query("INSERT INTO external_ids VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organization, owner_kind, owner_name) DO NOTHING")
        .bind(organization)
        .bind(kind)
        .bind(name)
        .bind(generate(organization))
        .bind(now_microseconds())
        .execute(&mut **transaction)
        .await?;
    let (external_id,): (String,) = sqlx::query_as(KNOWN_EXTERNAL_ID)
        .bind(organization)
        .bind(kind)
        .bind(name)
        .fetch_one(&mut **transaction)
        .await?;
    Ok(external_id)
}

/// Checks a role and its external id on paper, binds the pair, and says which id will be sent.
pub(crate) async fn settle_external_id(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    owner: ExternalIdOwner<'_>,
    parameters: &ConnectionParameters,
) -> Result<String, CatalogError> {
    if let Some(role_arn) = &parameters.role_arn {
        check_role_arn(role_arn)?;
    }
    let generated = ensure_external_id(transaction, organization, owner).await?;
    let Some(typed) = &parameters.external_id else { return Ok(generated) };
    check_external_id(typed)?;
    if let Some(role_arn) = &parameters.role_arn {
        claim(transaction, organization, role_arn, typed).await?;
    }
    Ok(typed.clone())
}

async fn claim(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    role_arn: &str,
    external_id: &str,
) -> Result<(), CatalogError> {
    let taken = || {
        Err(CatalogError::ExternalIdTaken {
            role_arn: role_arn.to_owned(),
            external_id: external_id.to_owned(),
        })
    };
    // A generated id is known before its owner uses it: nobody else may be quicker.
    let generated_for: Option<(String,)> =
        sqlx::query_as("SELECT organization FROM external_ids WHERE external_id = $1")
            .bind(external_id)
            .fetch_optional(&mut **transaction)
            .await?;
    if generated_for.is_some_and(|(owner,)| owner != organization) {
        return taken();
    }
    sqlx::query("INSERT INTO role_claims VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(role_arn)
        .bind(external_id)
        .bind(organization)
        .bind(now_microseconds())
        .execute(&mut **transaction)
        .await?;
    let (owner,): (String,) =
        sqlx::query_as("SELECT organization FROM role_claims WHERE role_arn = $1 AND external_id = $2")
            .bind(role_arn)
            .bind(external_id)
            .fetch_one(&mut **transaction)
            .await?;
    if owner == organization { Ok(()) } else { taken() }
}

/// STS: 2 to 1224 characters of `[\w+=,.@:/-]`.
fn check_external_id(external_id: &str) -> Result<(), CatalogError> {
    let refuse =
        |reason| Err(CatalogError::InvalidExternalId { external_id: external_id.to_owned(), reason });
    if external_id.chars().count() < 2 {
        return refuse("AWS wants at least 2 characters");
    }
    if external_id.chars().count() > 1224 {
        return refuse("AWS allows at most 1224 characters");
    }
    if !external_id.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c)) {
        return refuse("AWS allows only letters, digits and `_+=,.@:/-`");
    }
    Ok(())
}

fn generate(organization: &str) -> String {
    let mut random = rand::rng();
    let tail: String =
        (0..RANDOM_CHARACTERS).map(|_| char::from(ALPHABET[random.random_range(0..32)])).collect();
    format!("{}{tail}", external_id_prefix(organization))
}
