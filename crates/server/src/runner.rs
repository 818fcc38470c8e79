//! The seam between HTTP and what runs statements, so that paging is tested without an engine.

use engine::{Engine, Error, StatementOutput, StatementRequest, Upload};
use futures::future::BoxFuture;

/// Runs statements. The engine does; tests have their own.
pub trait StatementRunner: Send + Sync + 'static {
    /// Begins a statement. Dropping the future, or the stream in its output, cancels it.
    fn run(&self, request: StatementRequest) -> BoxFuture<'static, Result<StatementOutput, Error>>;

    /// Writes a file to a stage and gives its size. An error in the content means that the file is not whole.
    fn upload(&self, upload: Upload) -> BoxFuture<'static, Result<u64, Error>>;
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
}
