//! What is remembered, as the file has it, and back.

use catalog::{PastRequest, PastStatement};
use credentials::{RequestOrigin, RequestRecord};

use super::record::{Outcome, Past};
use super::{Figures, StatementRecord, StatementState};
use crate::Identity;

/// `None` for a statement that runs.
pub(super) fn statement(record: &StatementRecord) -> Option<PastStatement> {
    let outcome = record.outcome()?;
    Some(PastStatement {
        organization: record.identity.organization.clone(),
        user: record.identity.user.clone(),
        query_id: record.query_id.clone(),
        database: record.database.clone(),
        sql: record.sql.clone(),
        state: outcome.state.as_str().to_owned(),
        started_at: record.started_at,
        ended_at: outcome.ended_at,
        duration: outcome.duration,
        error: outcome.error,
        figures: serde_json::to_string(&record.figures()).unwrap_or_default(),
    })
}

/// What another version of the server wrote may have other figures, or a state that is not known here.
pub(super) fn recorded_statement(past: PastStatement) -> StatementRecord {
    let outcome = Outcome {
        ended_at: past.ended_at,
        duration: past.duration,
        state: StatementState::parse(&past.state).unwrap_or(StatementState::Failed),
        error: past.error,
    };
    StatementRecord::past(Past {
        query_id: past.query_id,
        identity: Identity { organization: past.organization, user: past.user },
        database: past.database,
        sql: past.sql,
        started_at: past.started_at,
        outcome,
        figures: serde_json::from_str::<Figures>(&past.figures).unwrap_or_default(),
    })
}

pub(super) fn request(record: &RequestRecord) -> PastRequest {
    let origin = &record.origin;
    PastRequest {
        organization: origin.organization.clone(),
        user: origin.user.clone(),
        query_id: origin.query_id.clone(),
        connection: origin.connection.clone(),
        stage: origin.stage.clone(),
        started_at: record.started_at,
        duration: record.duration,
        action: record.action.clone().into_owned(),
        operation: record.operation.clone().into_owned(),
        bucket: record.bucket.clone(),
        resource: record.resource.clone(),
        bytes: record.bytes,
        status: record.status,
        error_code: record.error_code.clone(),
        request_id: record.request_id.clone(),
    }
}

pub(super) fn recorded_request(past: PastRequest) -> RequestRecord {
    let PastRequest { organization, user, query_id, connection, stage, .. } = past;
    RequestRecord {
        origin: RequestOrigin::past(organization, user, query_id, connection, stage).into(),
        started_at: past.started_at,
        duration: past.duration,
        action: past.action.into(),
        operation: past.operation.into(),
        bucket: past.bucket,
        resource: past.resource,
        bytes: past.bytes,
        status: past.status,
        error_code: past.error_code,
        request_id: past.request_id,
    }
}
