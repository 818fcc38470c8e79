//! Everything that a client can send or hold has a limit with a name.

use std::time::Duration;

use serde::Deserialize;

/// The limits, each of which the configuration file can change under `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Open sockets; more wait to be accepted.
    pub connections_max: usize,
    /// All header names and values of a request.
    pub header_bytes_max: usize,
    /// The body of any request but an upload.
    pub body_bytes_max: usize,
    /// The text of a statement.
    pub sql_bytes_max: usize,
    /// Settings in a client's session object.
    pub settings_max: usize,
    /// The session object as JSON.
    pub session_bytes_max: usize,
    /// All files of one upload request.
    pub upload_bytes_max: u64,
    /// Files of one upload request.
    pub upload_files_max: usize,
    /// Queries of one user that run at the same time.
    pub running_queries_per_user_max: usize,
    /// Queries that run at the same time.
    pub running_queries_max: usize,
    /// Rows of a page when the client does not say, and the most it may ask for.
    pub page_rows_default: usize,
    pub page_rows_max: usize,
    /// Size of a page, before it is written as JSON. One row may be more.
    pub page_bytes_max: usize,
    /// Rows that wait on the server for the client to take them.
    pub buffer_rows_max: usize,
    /// Size of what waits on the server for the client to take it. One batch may be more.
    pub buffer_bytes_max: usize,
    /// How long a request waits for its page when the client does not say, and the most it may ask for.
    pub page_wait_secs_default: u64,
    pub page_wait_secs_max: u64,
    /// How long a query lives that nobody asks about.
    pub result_timeout_secs: u64,
    /// How long a finished query's last page can be asked for again.
    pub finished_keep_secs: u64,
    /// Finished queries that are kept so.
    pub finished_queries_max: usize,
    /// Size of all last pages of finished queries.
    pub finished_bytes_max: usize,
    /// Logins with session tokens.
    pub session_logins_max: usize,
    pub session_token_ttl_secs: u64,
    pub refresh_token_ttl_secs: u64,
    /// Wrong passwords for one user from one address, within [`Limits::failed_login_window_secs`].
    pub failed_logins_max: u32,
    pub failed_login_window_secs: u64,
    /// Browsers that are logged in.
    pub web_logins_max: usize,
    /// How long a browser's login lasts without a request, and at most.
    pub web_login_idle_secs_max: u64,
    pub web_login_secs_max: u64,
    /// Worksheets, drafts of connections and access tokens of one user.
    pub worksheets_per_user_max: usize,
    pub drafts_per_user_max: usize,
    pub tokens_per_user_max: usize,
    /// A worksheet's text and context together.
    pub worksheet_bytes_max: usize,
    /// A draft's state as JSON.
    pub draft_bytes_max: usize,
    /// How long running queries may go on after the server was told to stop.
    pub drain_secs_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 2_048,
            header_bytes_max: 64 * 1024,
            body_bytes_max: 4 * 1024 * 1024,
            sql_bytes_max: 1024 * 1024,
            settings_max: 500,
            session_bytes_max: 256 * 1024,
            upload_bytes_max: 64 * 1024 * 1024 * 1024,
            upload_files_max: 1_000,
            running_queries_per_user_max: 256,
            running_queries_max: 1_024,
            page_rows_default: 10_000,
            page_rows_max: 1_000_000,
            page_bytes_max: 8 * 1024 * 1024,
            buffer_rows_max: 5_000_000,
            buffer_bytes_max: 16 * 1024 * 1024,
            page_wait_secs_default: 10,
            page_wait_secs_max: 60,
            result_timeout_secs: 60,
            finished_keep_secs: 30,
            finished_queries_max: 10_000,
            finished_bytes_max: 32 * 1024 * 1024,
            session_logins_max: 10_000,
            session_token_ttl_secs: 3_600,
            refresh_token_ttl_secs: 4 * 3_600,
            failed_logins_max: 20,
            failed_login_window_secs: 60,
            web_logins_max: 10_000,
            web_login_idle_secs_max: 8 * 3_600,
            web_login_secs_max: 7 * 24 * 3_600,
            worksheets_per_user_max: 2_000,
            drafts_per_user_max: 200,
            tokens_per_user_max: 100,
            worksheet_bytes_max: 1024 * 1024,
            draft_bytes_max: 64 * 1024,
            drain_secs_max: 30,
        }
    }
}

impl Limits {
    pub(crate) fn result_timeout(&self) -> Duration {
        Duration::from_secs(self.result_timeout_secs)
    }

    pub(crate) fn finished_keep(&self) -> Duration {
        Duration::from_secs(self.finished_keep_secs)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_secs_max)
    }
}
