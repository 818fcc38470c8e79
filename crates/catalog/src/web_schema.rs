//! The tables of the web app: what its users keep on the server.

/// Everything goes with its user: who gets the name later does not find it.
pub(crate) const WEB: &str = "
CREATE TABLE worksheets (
  id TEXT NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  folder TEXT NOT NULL,
  text TEXT NOT NULL,
  context TEXT NOT NULL,
  rev BIGINT NOT NULL,
  share_token TEXT UNIQUE,
  shared_on BIGINT,
  created_on BIGINT NOT NULL,
  updated_on BIGINT NOT NULL,
  FOREIGN KEY (organization, owner) REFERENCES users (organization, name) ON DELETE CASCADE
);
CREATE INDEX worksheets_by_owner ON worksheets (organization, owner, updated_on);

CREATE TABLE worksheet_versions (
  worksheet TEXT NOT NULL REFERENCES worksheets (id) ON DELETE CASCADE,
  rev BIGINT NOT NULL,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  saved_on BIGINT NOT NULL,
  PRIMARY KEY (worksheet, rev)
);

CREATE TABLE drafts (
  id TEXT NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  rev BIGINT NOT NULL,
  created_on BIGINT NOT NULL,
  updated_on BIGINT NOT NULL,
  FOREIGN KEY (organization, owner) REFERENCES users (organization, name) ON DELETE CASCADE
);
CREATE INDEX drafts_by_owner ON drafts (organization, owner, updated_on);

CREATE TABLE handoffs (
  token TEXT NOT NULL PRIMARY KEY,
  draft TEXT NOT NULL UNIQUE REFERENCES drafts (id) ON DELETE CASCADE,
  content TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  expires_on BIGINT NOT NULL
);

-- A token is kept as its SHA-256 alone: it has 256 random bits, so nothing slower is needed.
CREATE TABLE access_tokens (
  id TEXT NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  created_on BIGINT NOT NULL,
  expires_on BIGINT,
  used_on BIGINT,
  FOREIGN KEY (organization, owner) REFERENCES users (organization, name) ON DELETE CASCADE
);
";
