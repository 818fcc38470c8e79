//! Listings that survive a renewal of the keys in the middle.

use std::borrow::Cow;

use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::{ListResult, ObjectMeta, Result};

use crate::OpenedBucket;
use crate::object_key::{key_of_path, listed_path};

/// What is listed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListRequest {
    /// Keys start with it, as text: no `/` is added.
    pub(crate) prefix: String,
    /// Keys come after it.
    pub(crate) after: Option<String>,
    /// Keys below a `/` are told by their common prefix.
    pub(crate) folders: bool,
    /// Keys a page.
    pub(crate) page_keys: Option<usize>,
    /// Where an earlier page ended.
    pub(crate) token: Option<String>,
}

/// One answer of a listing.
#[derive(Debug, Clone, Default)]
pub struct ListPage {
    pub objects: Vec<ObjectMeta>,
    /// Common prefixes, up to a `/` and with it.
    pub folders: Vec<String>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// One page of a listing, by one request.
pub(crate) async fn list_page(bucket: &OpenedBucket, request: ListRequest) -> Result<ListPage> {
    let page = bucket
        .attempt(|s3| {
            let options = PaginatedListOptions {
                offset: request.after.clone(),
                delimiter: request.folders.then_some(Cow::Borrowed("/")),
                max_keys: request.page_keys,
                page_token: request.token.clone(),
                ..PaginatedListOptions::default()
            };
            let prefix = (!request.prefix.is_empty()).then(|| request.prefix.clone());
            async move { s3.list_paginated(prefix.as_deref(), options).await }
        })
        .await?;
    let found = listed(page.result);
    let below = found.objects.into_iter().filter(|object| is_below(object, &request.prefix));
    let folders = found.common_prefixes.iter().map(|folder| format!("{}/", key_of_path(folder)));
    Ok(ListPage { objects: below.collect(), folders: folders.collect(), next: page.page_token })
}

enum Next {
    First,
    Page(String),
    End,
}

/// The pages of a listing, asked for as they are read.
pub(crate) fn list_pages(
    bucket: OpenedBucket,
    request: ListRequest,
) -> BoxStream<'static, Result<ListResult>> {
    stream::try_unfold((bucket, request, Next::First), |(bucket, request, next)| async move {
        let token = match next {
            Next::First => None,
            Next::Page(token) => Some(token),
            Next::End => return Ok(None),
        };
        let page = bucket
            .attempt(|s3| {
                let options = PaginatedListOptions {
                    offset: request.after.clone(),
                    delimiter: request.folders.then_some(Cow::Borrowed("/")),
                    max_keys: request.page_keys,
                    page_token: token.clone(),
                    ..PaginatedListOptions::default()
                };
                let prefix = (!request.prefix.is_empty()).then(|| request.prefix.clone());
                async move { s3.list_paginated(prefix.as_deref(), options).await }
            })
            .await?;
        let next = page.page_token.map_or(Next::End, Next::Page);
        Ok(Some((listed(page.result), (bucket, request, next))))
    })
    .boxed()
}

/// The objects of a listing.
pub(crate) fn list_objects(
    bucket: OpenedBucket,
    request: ListRequest,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let prefix = request.prefix.clone();
    list_pages(bucket, request)
        .map_ok(move |page| {
            let objects = page.objects.into_iter();
            let below: Vec<Result<ObjectMeta>> =
                objects.filter(|meta| is_below(meta, &prefix)).map(Ok).collect();
            stream::iter(below)
        })
        .try_flatten()
        .boxed()
}

/// What S3 lists beside what it was asked for is not ours.
pub(crate) fn is_below(object: &ObjectMeta, prefix: &str) -> bool {
    key_of_path(&object.location).starts_with(prefix)
}

/// With the paths that stand for the keys.
fn listed(mut result: ListResult) -> ListResult {
    for path in &mut result.common_prefixes {
        *path = listed_path(std::mem::take(path));
    }
    for object in &mut result.objects {
        object.location = listed_path(std::mem::take(&mut object.location));
    }
    result
}
