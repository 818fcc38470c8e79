//! Names of the headers that clients and server exchange, in the lower case of HTTP libraries.

/// The client's choice of query id, on every request about a query.
pub const QUERY_ID: &str = "x-databend-query-id";
/// The organization that the user belongs to.
pub const TENANT: &str = "x-databend-tenant";
/// The state of the query, on every response about one.
pub const QUERY_STATE: &str = "x-databend-query-state";
/// How many rows the page in this response has.
pub const QUERY_PAGE_ROWS: &str = "x-databend-query-page-rows";
/// The server's own version.
pub const VERSION: &str = "x-databend-version";
/// The login's id.
pub const SESSION_ID: &str = "x-databend-session-id";
/// A hint for load balancers, which clients send and which is given back as it came.
pub const ROUTE_HINT: &str = "x-databend-route-hint";
/// The stage that an upload goes to.
pub const STAGE_NAME: &str = "x-databend-stage-name";
/// The older name of [`STAGE_NAME`].
pub const STAGE_NAME_OLD: &str = "stage_name";
/// The folder inside the stage that an upload goes to.
pub const RELATIVE_PATH: &str = "x-databend-relative-path";
/// The older name of [`RELATIVE_PATH`].
pub const RELATIVE_PATH_OLD: &str = "relative_path";
/// How the bearer token was made: `keypair`, or absent.
pub const AUTH_METHOD: &str = "x-databend-auth-method";
