//! The seam between HTTP and what runs statements, so that paging is tested without an engine.

use std::future::ready;

use engine::{
    Engine, Error, ErrorKind, FolderListing, FolderRequest, FooterRequest, FooterSummary, StatementOutput,
    StatementRequest, Upload,
};
use futures::future::BoxFuture;

/// Runs statements. The engine does; tests have their own.
pub trait StatementRunner: Send + Sync + 'static {
    /// Begins a statement. Dropping the future, or the stream in its output, cancels it.
    fn run(&self, request: StatementRequest) -> BoxFuture<'static, Result<StatementOutput, Error>>;

    /// Writes a file to a stage and gives its size. An error in the content means that the file is not whole.
    fn upload(&self, upload: Upload) -> BoxFuture<'static, Result<u64, Error>>;

    /// One page of a folder of a stage. A runner without stages has none.
    fn list_folder(&self, request: FolderRequest) -> BoxFuture<'static, Result<FolderListing, Error>> {
        Box::pin(ready(Err(no_stage(&request.stage))))
    }

    /// What the footer of a Parquet file of a stage says. A runner without stages has none.
    fn read_footer(&self, request: FooterRequest) -> BoxFuture<'static, Result<FooterSummary, Error>> {
        Box::pin(ready(Err(no_stage(&request.stage))))
    }

    /// Puts down what shall be there after a restart.
    fn close(&self) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }
}

impl StatementRunner for Engine {
    fn run(&self, request: StatementRequest) -> BoxFuture<'static, Result<StatementOutput, Error>> {
        let engine = self.clone();
        Box::pin(async move { engine.run(request).await })
    }

    fn upload(&self, upload: Upload) -> BoxFuture<'static, Result<u64, Error>> {
        let engine = self.clone();
        Box::pin(async move { engine.upload(upload).await })
    }

    fn list_folder(&self, request: FolderRequest) -> BoxFuture<'static, Result<FolderListing, Error>> {
        let engine = self.clone();
        Box::pin(async move { engine.list_folder(request).await })
    }

    fn read_footer(&self, request: FooterRequest) -> BoxFuture<'static, Result<FooterSummary, Error>> {
        let engine = self.clone();
        Box::pin(async move { engine.read_footer(request).await })
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let engine = self.clone();
        Box::pin(async move { engine.close().await })
    }
}

fn no_stage(name: &str) -> Error {
    Error::new(ErrorKind::UnknownStage, format!("stage `{name}` does not exist"))
}
