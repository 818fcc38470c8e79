//! What a person sees who looks through a stage: one page of a folder, the footer of one file.

mod folder;
mod parquet;

pub use folder::{FolderEntry, FolderFile, FolderListing, FolderRequest};
pub use parquet::{ChunkSummary, FooterRequest, FooterSummary, LeafSummary, RowGroupSummary};

pub(crate) use folder::list_folder;
pub(crate) use parquet::read_summary;
