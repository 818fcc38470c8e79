use catalog::{CatalogError, ConnectionParameters, CreateMode, Created, NewFileFormat, StageAccess};

use crate::{ROLE, connection, stage, two_organizations};

#[tokio::test]
async fn a_stage_comes_back_as_it_went_in() {
    let catalog = two_organizations().await;
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    let inline = ConnectionParameters {
        storage_type: "s3".into(),
        role_arn: Some(ROLE.into()),
        ..ConnectionParameters::default()
    };
    for access in
        [StageAccess::Connection("sales".into()), StageAccess::Inline(inline), StageAccess::Unsigned]
    {
        let new = stage("lake", access);
        catalog.create_stage("acme", &new, CreateMode::OrReplace).await.unwrap();
        let stored = catalog.stage("acme", "lake").await.unwrap().unwrap();
        assert_eq!(
            (stored.bucket, stored.prefix, stored.access.clone(), stored.file_format),
            (new.bucket, new.prefix, new.access, new.file_format)
        );
        let has_own_id = matches!(stored.access, StageAccess::Inline(_));
        assert_eq!(stored.inline_external_id.is_some(), has_own_id);
    }
}

#[tokio::test]
async fn names_are_checked_and_kept_apart() {
    let catalog = two_organizations().await;
    let unsigned = stage("lake", StageAccess::Unsigned);
    assert_eq!(catalog.create_stage("acme", &unsigned, CreateMode::Create).await, Ok(Created::Created));
    assert_eq!(
        catalog.create_stage("acme", &unsigned, CreateMode::Create).await,
        Err(CatalogError::StageExists { name: "lake".into() })
    );
    assert_eq!(catalog.create_stage("acme", &unsigned, CreateMode::IfNotExists).await, Ok(Created::Existed));
    assert_eq!(catalog.stage("globex", "lake").await, Ok(None));
    assert_eq!(
        catalog.drop_stage("globex", "lake", false).await,
        Err(CatalogError::UnknownStage { name: "lake".into() })
    );
    assert_eq!(catalog.drop_stage("globex", "lake", true).await, Ok(false));
    assert_eq!(catalog.stages("acme").await.unwrap().len(), 1);
    for name in ["", "a\nb", &"x".repeat(256)] {
        let error =
            catalog.create_stage("acme", &stage(name, StageAccess::Unsigned), CreateMode::Create).await;
        assert!(matches!(error, Err(CatalogError::InvalidName { .. })), "{name:?}");
    }
}

#[tokio::test]
async fn a_stage_uses_only_connections_of_its_organization() {
    let catalog = two_organizations().await;
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    let foreign = stage("lake", StageAccess::Connection("sales".into()));
    assert_eq!(
        catalog.create_stage("globex", &foreign, CreateMode::Create).await,
        Err(CatalogError::UnknownConnection { name: "sales".into() })
    );
}

#[tokio::test]
async fn file_formats_are_created_listed_and_dropped() {
    let catalog = two_organizations().await;
    let format = NewFileFormat {
        name: "my_csv".into(),
        options: r#"{"type":"csv","skip_header":1}"#.into(),
        creator: "root".into(),
        owner: catalog::Grantee::administrator(),
    };
    assert_eq!(catalog.create_file_format("acme", &format, CreateMode::Create).await, Ok(Created::Created));
    assert_eq!(
        catalog.create_file_format("acme", &format, CreateMode::Create).await,
        Err(CatalogError::FileFormatExists { name: "my_csv".into() })
    );
    assert_eq!(
        catalog.create_file_format("acme", &format, CreateMode::OrReplace).await,
        Ok(Created::Replaced)
    );
    assert_eq!(catalog.file_format("acme", "my_csv").await.unwrap().unwrap().options, format.options);
    assert_eq!(catalog.file_format("globex", "my_csv").await, Ok(None));
    assert!(catalog.file_formats("globex").await.unwrap().is_empty());
    assert_eq!(catalog.drop_file_format("acme", "my_csv", false).await, Ok(true));
    assert_eq!(
        catalog.drop_file_format("acme", "my_csv", false).await,
        Err(CatalogError::UnknownFileFormat { name: "my_csv".into() })
    );
}
