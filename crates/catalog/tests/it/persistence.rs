use catalog::{Catalog, CatalogError, CreateMode, HistoryFile, NewUser, StageAccess};

use crate::{connection, ensure, stage};

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let catalog = Catalog::open(Some(&path)).await.unwrap();
    ensure(&catalog, "acme").await;
    let user = NewUser { name: "ann", password: Some("secret"), ..NewUser::default() };
    catalog.create_user("acme", &user, CreateMode::Create).await.unwrap();
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    let lake = stage("lake", StageAccess::Connection("sales".into()));
    catalog.create_stage("acme", &lake, CreateMode::Create).await.unwrap();
    let before = (
        catalog.connections("acme").await.unwrap(),
        catalog.stages("acme").await.unwrap(),
        catalog.users("acme").await.unwrap(),
    );
    // No orderly end: what was committed is on disk.
    std::mem::forget(catalog);

    let catalog = Catalog::open(Some(&path)).await.unwrap();
    let after = (
        catalog.connections("acme").await.unwrap(),
        catalog.stages("acme").await.unwrap(),
        catalog.users("acme").await.unwrap(),
    );
    assert_eq!(before, after);
    assert!(catalog.verify_password(&after.2[0], "secret").await);
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_the_user_of_the_server_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(Some(&folder.path().join("catalog.db"))).await.unwrap();
    ensure(&catalog, "acme").await;
    let history = folder.path().join("history.sqlite");
    let (history, _) = HistoryFile::open(&history, crate::history::LIMITS).await.unwrap();
    let mut modes = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        modes.push((entry.file_name(), entry.metadata().unwrap().permissions().mode() & 0o777));
    }
    assert!(modes.len() >= 2, "{modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
    history.close().await;
}

#[tokio::test]
async fn many_may_open_one_new_file_at_once() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        let opened = futures::future::join_all((0..6).map(|_| Catalog::open(Some(&path)))).await;
        for catalog in opened {
            catalog.unwrap();
        }
    }
}

#[tokio::test]
async fn two_processes_may_open_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let (first, second) = tokio::join!(Catalog::open(Some(&path)), Catalog::open(Some(&path)));
    let (first, second) = (first.unwrap(), second.unwrap());
    ensure(&first, "acme").await;
    second.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    assert!(first.connection("acme", "sales").await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_no_catalog_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    std::fs::write(&path, "this is a letter to my aunt, long enough to be read as a header").unwrap();
    let error = Catalog::open(Some(&path)).await.unwrap_err();
    assert!(matches!(error, CatalogError::CannotOpen { .. }), "{error}");
    let missing = folder.path().join("nowhere/catalog.db");
    let error = Catalog::open(Some(&missing)).await.unwrap_err();
    assert!(matches!(error, CatalogError::CannotOpen { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_catalog_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    Catalog::open(Some(&path)).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("INSERT INTO schema_versions VALUES (99)").execute(&pool).await.unwrap();
    pool.close().await;
    let error = Catalog::open(Some(&path)).await.unwrap_err();
    assert!(matches!(error, CatalogError::NewerSchema { found: 99, .. }), "{error}");
}
