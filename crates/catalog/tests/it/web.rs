//! What users of the web app keep.

use std::time::Duration;

use catalog::{Catalog, CreateMode, NewUser, Owner, Saved, WorksheetChange};

use crate::two_organizations;

async fn with_users() -> Catalog {
    let catalog = two_organizations().await;
    for organization in ["acme", "globex"] {
        let user = NewUser { name: "ann", ..NewUser::default() };
        catalog.create_user(organization, &user, CreateMode::Create).await.unwrap();
    }
    catalog
}

const ANN: Owner<'_> = Owner { organization: "acme", user: "ann" };
const OTHER_ANN: Owner<'_> = Owner { organization: "globex", user: "ann" };

fn text(text: &str) -> WorksheetChange {
    WorksheetChange { text: Some(text.to_owned()), keep_version: true, ..WorksheetChange::default() }
}

#[tokio::test]
async fn versions_are_bounded() {
    let catalog = with_users().await;
    let worksheet = catalog.create_worksheet(ANN, &text("0"), 9).await.unwrap().unwrap();
    for rev in 1..=120 {
        let saved = catalog.save_worksheet(ANN, &worksheet.id, rev, &text(&rev.to_string())).await.unwrap();
        assert!(matches!(saved, Some(Saved::Saved(_))));
    }
    let versions = catalog.worksheet_versions(ANN, &worksheet.id).await.unwrap();
    assert_eq!(versions.len(), 100);
    assert_eq!((versions[0].rev, versions[99].rev), (120, 21));
    assert_eq!(versions[0].text, "119");
    // A save that changes no text keeps nothing.
    let renamed =
        WorksheetChange { name: Some("n".to_owned()), keep_version: true, ..WorksheetChange::default() };
    catalog.save_worksheet(ANN, &worksheet.id, 121, &renamed).await.unwrap();
    assert_eq!(catalog.worksheet_versions(ANN, &worksheet.id).await.unwrap()[0].rev, 120);
}

#[tokio::test]
async fn a_save_of_many_is_one() {
    let catalog = with_users().await;
    let worksheet = catalog.create_worksheet(ANN, &text("0"), 9).await.unwrap().unwrap();
    let saves = (0..8).map(|n| {
        let (catalog, id) = (catalog.clone(), worksheet.id.clone());
        async move { catalog.save_worksheet(ANN, &id, 1, &text(&n.to_string())).await.unwrap().unwrap() }
    });
    let saved = futures::future::join_all(saves).await;
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Saved::Saved(_))).count(), 1);
}

#[tokio::test]
async fn namesakes_of_organizations_do_not_meet() {
    let catalog = with_users().await;
    let worksheet = catalog.create_worksheet(ANN, &text("0"), 9).await.unwrap().unwrap();
    assert_eq!(catalog.worksheet(OTHER_ANN, &worksheet.id).await.unwrap(), None);
    assert_eq!(catalog.save_worksheet(OTHER_ANN, &worksheet.id, 1, &text("x")).await.unwrap(), None);
    assert!(!catalog.delete_worksheet(OTHER_ANN, &worksheet.id).await.unwrap());
    let token = catalog.share_worksheet(ANN, &worksheet.id).await.unwrap().unwrap();
    assert_eq!(catalog.shared_worksheet("globex", &token).await.unwrap(), None);
    assert!(catalog.shared_worksheet("acme", &token).await.unwrap().is_some());
    assert!(catalog.create_access_token(ANN, "t", "digest", None, 9).await.unwrap().is_some());
    assert!(catalog.use_access_token(ANN, "digest").await.unwrap());
    assert!(!catalog.use_access_token(OTHER_ANN, "digest").await.unwrap());
}

#[tokio::test]
async fn what_expires_is_not_there() {
    let catalog = with_users().await;
    let draft = catalog.create_draft(ANN, "d", "{}", 9).await.unwrap().unwrap();
    let page = catalog.hand_off(ANN, &draft.id, "{}", Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(catalog.handoff(&page.token).await.unwrap(), None);
    assert_eq!(catalog.handoff_of_draft(ANN, &draft.id).await.unwrap(), None);
    let page = catalog.hand_off(ANN, &draft.id, "{}", Duration::from_secs(60)).await.unwrap().unwrap();
    assert_eq!(catalog.handoff(&page.token).await.unwrap(), Some(page.clone()));
    assert_eq!(catalog.hand_off(OTHER_ANN, &draft.id, "{}", Duration::from_secs(60)).await.unwrap(), None);
    catalog.delete_draft(ANN, &draft.id).await.unwrap();
    assert_eq!(catalog.handoff(&page.token).await.unwrap(), None);
    catalog.create_access_token(ANN, "t", "old", Some(Duration::ZERO), 9).await.unwrap();
    assert!(!catalog.use_access_token(ANN, "old").await.unwrap());
}

#[tokio::test]
async fn everything_goes_with_its_user() {
    let catalog = with_users().await;
    let worksheet = catalog.create_worksheet(ANN, &text("0"), 9).await.unwrap().unwrap();
    catalog.save_worksheet(ANN, &worksheet.id, 1, &text("1")).await.unwrap();
    let draft = catalog.create_draft(ANN, "d", "{}", 9).await.unwrap().unwrap();
    catalog.hand_off(ANN, &draft.id, "{}", Duration::from_secs(60)).await.unwrap();
    catalog.create_access_token(ANN, "t", "digest", None, 9).await.unwrap();
    catalog.drop_user("acme", "ann", false).await.unwrap();
    let user = NewUser { name: "ann", ..NewUser::default() };
    catalog.create_user("acme", &user, CreateMode::Create).await.unwrap();
    assert_eq!(catalog.worksheets(ANN, "", "").await.unwrap(), []);
    assert_eq!(catalog.drafts(ANN).await.unwrap(), []);
    assert_eq!(catalog.access_tokens(ANN).await.unwrap(), []);
    assert!(!catalog.use_access_token(ANN, "digest").await.unwrap());
}
