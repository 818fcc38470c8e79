//! One page of a folder, by one request to S3.

use chrono::{DateTime, Utc};
use credentials::Access;

use crate::session::Session;
use crate::stage::listing::is_folder_marker;
use crate::stage::open_location;
use crate::{Error, Identity};

/// What is looked at.
#[derive(Debug, Clone)]
pub struct FolderRequest {
    pub identity: Identity,
    pub query_id: String,
    /// The stage's name without `@`.
    pub stage: String,
    /// The first characters of paths in the stage; a folder's end in `/`.
    pub prefix: String,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Files and folders of a page; S3 gives 1000 at most.
    pub entries_max: usize,
}

/// One page of a folder.
#[derive(Debug, Clone)]
pub struct FolderListing {
    /// Where the stage is: `s3://bucket/prefix/`.
    pub url: String,
    pub folders: Vec<FolderEntry>,
    pub files: Vec<FolderFile>,
    pub next_cursor: Option<String>,
}

/// A folder in a folder. Its name may be empty: `raw//` in `raw/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderEntry {
    pub name: String,
    /// What comes after `@stage/`, with the slash at its end.
    pub path: String,
}

/// A file in a folder.
#[derive(Debug, Clone)]
pub struct FolderFile {
    pub name: String,
    /// What comes after `@stage/`.
    pub path: String,
    pub size: u64,
    pub last_modified: DateTime<Utc>,
    pub etag: Option<String>,
}

pub(crate) async fn list_folder(session: &Session, request: FolderRequest) -> Result<FolderListing, Error> {
    let location = sql::Location::Stage { stage: request.stage, path: request.prefix };
    let place = open_location(session, &location, None, Access::Read).await?;
    let page = place.list_folder(request.cursor, request.entries_max).await?;
    let folders = page.folders.iter().map(|folder| {
        let path = place.below_root(folder);
        FolderEntry { name: last_part(path.strip_suffix('/').unwrap_or(path)), path: path.to_owned() }
    });
    let files = page.objects.iter().filter(|object| !is_folder_marker(object)).map(|object| {
        let path = place.relative(&object.location);
        FolderFile {
            name: Some(last_part(&path)).filter(|name| !name.is_empty()).unwrap_or_else(|| "/".to_owned()),
            path: path.into_owned(),
            size: object.size,
            last_modified: object.last_modified,
            etag: object.e_tag.clone(),
        }
    });
    Ok(FolderListing {
        url: place.root_url(),
        folders: folders.collect(),
        files: files.collect(),
        next_cursor: page.next,
    })
}

fn last_part(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}
