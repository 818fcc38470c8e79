//! VALIDATE: rows out of the steps that `credentials` climbed, and the file that proves them.

use arrow::datatypes::DataType;
use catalog::{GrantObject, Privilege};
use credentials::{
    Access, AssumedRole, ConnectionAccess, Grant, SampleFile, Step, StepStatus, ValidatePlace,
    ValidateRequest,
};
use futures::TryStreamExt;
use iam::review::{ReviewStatus, ReviewStep};

use crate::rows::{self, Column};
use crate::session::Session;
use crate::stage::BucketUrl;
use crate::{Error, ErrorKind, StatementOutput, query};

/// Name of the step that reads a file as what it is.
const SAMPLE: &str = "sample file";
/// Columns of the sample file that are shown.
const COLUMNS_SHOWN: usize = 12;

/// How the sample file is named in a query.
pub(super) enum SampleSource {
    /// `@stage/…`, with the prefix that the stage stands for.
    Stage { name: String, prefix: String },
    /// `'s3://…'` through a connection.
    Connection(String),
}

/// What a VALIDATE statement climbs.
pub(super) struct Target {
    pub(super) connection: ConnectionAccess,
    pub(super) place: Option<ValidatePlace>,
    pub(super) write: bool,
    pub(super) sample: SampleSource,
    /// Other external ids of the organization, with words for whose they are.
    pub(super) other_external_ids: Vec<(String, String)>,
    /// Said on the bucket's row: which stage it is about.
    pub(super) note: Option<String>,
}

/// Climbs and answers with the rows.
pub(super) async fn run(session: &Session, target: Target) -> Result<StatementOutput, Error> {
    if let Grant::Role(AssumedRole { arn, .. })
    | Grant::Keys { role: Some(AssumedRole { arn, .. }), .. }
    | Grant::WebIdentity { role_arn: arn } = &target.connection.grant
    {
        session.require_allowed_role(arn)?;
    }
    let others = other_connections(session, target.connection.name.as_deref()).await?;
    let catalog = session.engine.catalog();
    let request = ValidateRequest {
        other_connections: others.iter().map(|other| other.name.clone()).collect(),
        other_roles: others
            .iter()
            .filter_map(|other| Some((other.parameters.role_arn.clone()?, other.external_id.clone())))
            .collect(),
        pairs_of_others: catalog.role_claims_of_others(&session.identity.organization).await?,
        organization: session.identity.organization.clone(),
        user: session.identity.user.clone(),
        principal: session.organization.principal.clone(),
        next_principal: session.organization.next_principal.clone(),
        connection: target.connection,
        place: target.place,
        access: if target.write { Access::Write } else { Access::Read },
        other_external_ids: target.other_external_ids,
        may_try_other_roles: session.organization.allowed_roles.is_none(),
    };
    let mut validation = session.engine.credentials().validate(&request).await;
    if let (Some(sample), Some(place)) = (&validation.sample, &request.place) {
        let step = read_sample(session, &target.sample, place, sample).await;
        replace(&mut validation.steps, step);
    }
    if let Some(note) = target.note
        && let Some(step) = validation.steps.iter_mut().find(|step| step.name == "bucket and region")
    {
        step.seen = if step.seen.is_empty() { note } else { format!("{}; {note}", step.seen) };
    }
    keep(session, &request, &validation.steps).await;
    answer(session, &validation.steps)
}

/// Keeps what was found for `system.validations`. The answer does not depend on it.
async fn keep(session: &Session, request: &ValidateRequest, steps: &[Step]) {
    let Some(connection) = &request.connection.name else { return };
    let worst = [StepStatus::Failed, StepStatus::Warning]
        .into_iter()
        .find_map(|status| steps.iter().find(|step| step.status == status));
    let place = request.place.as_ref();
    let location = place.map(|place| format!("s3://{}/{}", place.bucket, place.prefix)).unwrap_or_default();
    let validation = catalog::NewValidation {
        connection,
        connection_version: request.connection.version,
        user: &session.identity.user,
        location: &location,
        status: &worst.map_or(StepStatus::Ok, |step| step.status).to_string(),
        step: worst.map_or("", |step| step.name),
        cause: worst.map_or("", |step| step.cause.as_str()),
    };
    let kept = session.engine.catalog().keep_validation(&session.identity.organization, &validation).await;
    if let Err(error) = kept {
        tracing::warn!(connection, %error, "what a validation found is not kept");
    }
}

/// Refuses who may not use the stage and its connection: the ladder does the one and tells about the other.
pub(super) fn require_for_stage(session: &Session, stage: &catalog::Stage, write: bool) -> Result<(), Error> {
    let privilege = if write { Privilege::Write } else { Privilege::Read };
    session.require(privilege, &GrantObject::Stage(stage.name.clone()))?;
    match &stage.access {
        catalog::StageAccess::Connection(name) => {
            session.require(Privilege::AccessConnection, &GrantObject::Connection(name.clone()))
        }
        catalog::StageAccess::Inline(_) | catalog::StageAccess::Unsigned => Ok(()),
    }
}

/// Answers that a location was typed wrongly, as a rung of the ladder.
pub(super) fn refused_location(
    session: &Session,
    error: &Error,
    write: bool,
) -> Result<StatementOutput, Error> {
    let hint = error.hint.clone().unwrap_or_default();
    answer(session, &credentials::Validation::of_wrong_input(&error.message, &hint, write).steps)
}

/// The rows of steps.
pub(super) fn answer(session: &Session, steps: &[Step]) -> Result<StatementOutput, Error> {
    rows::answer(
        session,
        vec![
            Column::text("step", steps.iter().map(|step| step.name)),
            Column::text("status", steps.iter().map(|step| step.status.to_string())),
            Column::text("seen", steps.iter().map(|step| &step.seen)),
            Column::text("cause", steps.iter().map(|step| &step.cause)),
            Column::text("fix", steps.iter().map(|step| &step.fix)),
            Column::text("call", steps.iter().map(|step| &step.call)),
        ],
    )
}

/// The rows of a paste check; `call` puts the mended document in its place.
pub(super) fn answer_review(
    session: &Session,
    steps: &[ReviewStep],
    call: &str,
) -> Result<StatementOutput, Error> {
    let status = |step: &ReviewStep| match step.status {
        ReviewStatus::Ok => StepStatus::Ok,
        ReviewStatus::Warning => StepStatus::Warning,
        ReviewStatus::Failed => StepStatus::Failed,
        ReviewStatus::NotReached => StepStatus::NotReached,
    };
    rows::answer(
        session,
        vec![
            Column::text("step", steps.iter().map(|step| step.part)),
            Column::text("status", steps.iter().map(|step| status(step).to_string())),
            Column::text("seen", steps.iter().map(|step| &step.seen)),
            Column::text("cause", steps.iter().map(|step| &step.cause)),
            Column::text("fix", steps.iter().map(|step| &step.fix)),
            Column::text(
                "call",
                steps.iter().map(|step| if step.status == ReviewStatus::Failed { call } else { "" }),
            ),
        ],
    )
}

/// The role of a connection, which the paste check is about.
pub(super) fn role_of(connection: &str, access: Option<&ConnectionAccess>) -> Result<iam::RoleArn, Error> {
    let role = access.and_then(|access| match &access.grant {
        Grant::Role(role) | Grant::Keys { role: Some(role), .. } => Some(role.arn.as_str()),
        Grant::WebIdentity { role_arn } => Some(role_arn.as_str()),
        _ => None,
    });
    let role = role.ok_or_else(|| {
        Error::new(ErrorKind::InvalidValue, format!("{connection} has no role that a policy could be of"))
            .with_hint("VALIDATE CONNECTION tries connections with keys")
    })?;
    iam::parse_role_arn(role).map_err(|error| Error::new(ErrorKind::InvalidStorage, error.to_string()))
}

fn replace(steps: &mut [Step], step: Step) {
    if let Some(place) = steps.iter_mut().find(|known| known.name == step.name) {
        *place = step;
    }
}

/// `ON '…'`, taken for a folder.
pub(super) fn place_of(location: &sql::Text) -> Result<ValidatePlace, Error> {
    let url = BucketUrl::parse(location.value.trim())?;
    let mut prefix = url.prefix;
    if !prefix.is_empty() && !prefix.ends_with('/') {
        // A file is read through the folder it lies in.
        let (folder, last) = prefix.rsplit_once('/').unwrap_or(("", &prefix));
        prefix = match last.contains('.') {
            true if folder.is_empty() => String::new(),
            true => format!("{folder}/"),
            false => format!("{prefix}/"),
        };
    }
    Ok(ValidatePlace { bucket: url.bucket, prefix })
}

/// Reads the file as a query would: format and columns.
async fn read_sample(
    session: &Session,
    source: &SampleSource,
    place: &ValidatePlace,
    sample: &SampleFile,
) -> Step {
    let uri = format!("s3://{}/{}", place.bucket, sample.key);
    let text = match source {
        SampleSource::Stage { name, prefix } => {
            let path = sample.key.strip_prefix(prefix.as_str()).unwrap_or(&sample.key).to_owned();
            let location = sql::Location::Stage { stage: name.clone(), path };
            format!("SELECT * FROM {location} LIMIT 1")
        }
        SampleSource::Connection(name) => {
            let location = sql::Location::Uri(uri.clone());
            let name = sql::Text::new(name.clone(), sql::Span::default());
            let format = match format_of(&sample.key) {
                Some(format) => format!(", FILE_FORMAT => '{format}'"),
                None => String::new(),
            };
            format!("SELECT * FROM {location} (CONNECTION => (CONNECTION_NAME = {name}){format}) LIMIT 1")
        }
    };
    let mut step = Step {
        name: SAMPLE,
        status: StepStatus::Ok,
        seen: String::new(),
        cause: String::new(),
        fix: String::new(),
        call: text.clone(),
    };
    match read_schema(session, &text).await {
        Ok(columns) => {
            let shown: Vec<&str> = columns.iter().take(COLUMNS_SHOWN).map(String::as_str).collect();
            let more = if columns.len() > COLUMNS_SHOWN { ", …" } else { "" };
            step.seen = format!(
                "`{uri}`, {} bytes, {} columns: {}{more}",
                sample.size,
                columns.len(),
                shown.join(", ")
            );
        }
        Err(error) => {
            step.status = StepStatus::Warning;
            step.seen = format!("`{uri}`, {} bytes", sample.size);
            step.cause = format!("access works, and the file cannot be read as a table: {}", error.message);
            step.fix = error.hint.unwrap_or_else(|| {
                "name the format: `FILE_FORMAT = (TYPE = …)` of the stage, `FILE_FORMAT => '…'` behind a URI".to_owned()
            });
        }
    }
    step
}

async fn read_schema(session: &Session, text: &str) -> Result<Vec<String>, Error> {
    let sql::Statement::Query(statement) = super::parse(text)? else {
        return Err(Error::new(ErrorKind::Internal, "a query was put together wrongly"));
    };
    let mut session = session.clone();
    session.sql = text.into();
    let output = query::run(&session, statement).await?;
    let schema = output.schema.clone();
    // The first row proves that the data can be read, not the footer alone.
    let _rows: Vec<_> = output.batches.try_collect().await?;
    Ok(schema
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), sql_type(field.data_type())))
        .collect())
}

/// A type as SQL calls it.
fn sql_type(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INT",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INT UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float16 | DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "BINARY"
        }
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Timestamp(..) => "TIMESTAMP",
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            return format!("DECIMAL({precision}, {scale})");
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "ARRAY",
        DataType::Struct(_) => "TUPLE",
        DataType::Map(..) => "MAP",
        other => return other.to_string(),
    };
    name.to_owned()
}

/// What the name says about the format.
fn format_of(key: &str) -> Option<&'static str> {
    let name = key.rsplit('/').next().unwrap_or(key).to_ascii_lowercase();
    let has = |extension: &str| name.ends_with(extension) || name.contains(&format!("{extension}."));
    [(".csv", "csv"), (".tsv", "tsv"), (".ndjson", "ndjson"), (".jsonl", "ndjson"), (".json", "ndjson")]
        .into_iter()
        .find(|(extension, _)| has(extension))
        .map(|(_, format)| format)
}

/// External ids that a trust policy may name by mistake: the generated one where another was typed, and those
/// of the organization's other connections.
pub(super) async fn other_external_ids(
    session: &Session,
    connection: &catalog::Connection,
) -> Result<Vec<(String, String)>, Error> {
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    let mut ids = Vec::new();
    if connection.parameters.web_identity {
        ids.push(("the generated one of this connection".to_owned(), connection.external_id.clone()));
    } else if connection.parameters.external_id.is_some() {
        let generated = catalog.external_id_for(organization, &connection.name).await?;
        ids.push(("the generated one of this connection, which has another typed".to_owned(), generated));
    }
    for other in other_connections(session, Some(&connection.name)).await? {
        if other.parameters.role_arn.is_some() {
            ids.push((format!("that of connection `{}`", other.name), other.external_id));
        }
    }
    Ok(ids)
}

/// The organization's other connections; what the user may not see is not told by a guess either.
async fn other_connections(session: &Session, own: Option<&str>) -> Result<Vec<catalog::Connection>, Error> {
    let connections = session.engine.catalog().connections(&session.identity.organization).await?;
    let is_other = |name: &str| Some(name) != own && session.sees_connection(name);
    Ok(connections.into_iter().filter(|other| is_other(&other.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> (String, String) {
        let place = place_of(&sql::Text::new(url, sql::Span::default())).unwrap();
        (place.bucket, place.prefix)
    }

    #[test]
    fn a_location_is_a_folder() {
        let wanted = |bucket: &str, prefix: &str| (bucket.to_owned(), prefix.to_owned());
        assert_eq!(place("s3://lake"), wanted("lake", ""));
        assert_eq!(place("s3://lake/"), wanted("lake", ""));
        assert_eq!(place(" s3://lake/raw "), wanted("lake", "raw/"));
        assert_eq!(place("s3://lake/raw/a.parquet"), wanted("lake", "raw/"));
        assert_eq!(place("s3://lake/a.parquet"), wanted("lake", ""));
    }

    #[test]
    fn formats_by_name() {
        assert_eq!(format_of("raw/a.csv"), Some("csv"));
        assert_eq!(format_of("raw/A.JSONL.gz"), Some("ndjson"));
        assert_eq!(format_of("raw/a.parquet"), None);
    }
}
