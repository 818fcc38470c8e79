use serde_json::{Value, json};
use server::Limits;

use super::Browser;
use crate::world::World;

async fn browser(world: &World, user: &str) -> Browser {
    Browser::logged_in(&world.client, world.server.address(), user).await
}

fn path(worksheet: &Value) -> String {
    format!("/ui/api/worksheets/{}", worksheet["id"].as_str().unwrap())
}

#[tokio::test]
async fn worksheets_are_kept_found_and_deleted() {
    let world = World::new().await;
    let root = browser(&world, "root").await;
    let body = json!({"name": " Sales ", "folder": "/finance//2026/", "text": "SELECT 100%", "context": {"database": "d"}});
    let made = root.post("/ui/api/worksheets", body).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(made["name"], "Sales");
    assert_eq!(made["folder"], "finance/2026");
    assert_eq!(made["context"], json!({"database": "d"}));
    assert_eq!((&made["rev"], &made["share"]), (&json!(1), &Value::Null));
    root.post("/ui/api/worksheets", json!({"name": "other", "text": "SELECT 2"})).await;
    let list = async |query: &str| {
        let list = root.get(&format!("/ui/api/worksheets{query}")).await.json();
        let names = list["worksheets"].as_array().unwrap().iter().map(|head| head["name"].clone());
        (names.collect::<Vec<_>>(), list["folders"].clone(), list)
    };
    let (names, folders, all) = list("").await;
    assert_eq!(names, [json!("other"), json!("Sales")]);
    assert_eq!(folders, json!(["finance", "finance/2026"]));
    assert_eq!(all["worksheets"][1]["excerpt"], "SELECT 100%");
    assert_eq!(all["worksheets"][1].get("text"), None);
    assert_eq!(list("?search=sALES").await.0, [json!("Sales")]);
    assert_eq!(list("?search=100%25").await.0, [json!("Sales")]);
    // `%` is a letter like others, not everything.
    assert_eq!(list("?search=2%25").await.0, [] as [Value; 0]);
    assert_eq!(list("?folder=finance").await.0, [json!("Sales")]);
    assert_eq!(list("?folder=fin").await.0, [] as [Value; 0]);
    assert_eq!(root.get(&path(&made)).await.json()["text"], "SELECT 100%");
    assert_eq!(root.delete(&path(&made)).await.status, 204);
    assert_eq!(root.get(&path(&made)).await.error().0, 404);
    assert_eq!(root.delete(&path(&made)).await.error().0, 404);
}

#[tokio::test]
async fn two_tabs_cannot_overwrite_each_other() {
    let world = World::new().await;
    let root = browser(&world, "root").await;
    let made = root.post("/ui/api/worksheets", json!({"text": "one"})).await.json();
    let saved = root.put(&path(&made), json!({"rev": 1, "text": "two"})).await.json();
    assert_eq!((&saved["rev"], &saved["text"]), (&json!(2), &json!("two")));
    let late = root.put(&path(&made), json!({"rev": 1, "text": "three"})).await;
    assert_eq!(late.error().0, 409);
    assert_eq!(late.json()["current"]["text"], "two");
    assert_eq!(late.json()["current"]["rev"], 2);
    // What is not named stays.
    let renamed = root.put(&path(&made), json!({"rev": 2, "name": "n"})).await.json();
    assert_eq!((&renamed["text"], &renamed["name"]), (&json!("two"), &json!("n")));
    assert!(root.put(&path(&made), json!({"text": "x"})).await.error().2.contains("`rev`"));
}

#[tokio::test]
async fn the_past_of_a_worksheet_is_kept() {
    let world = World::new().await;
    let root = browser(&world, "root").await;
    let made = root.post("/ui/api/worksheets", json!({"text": "one"})).await.json();
    for (rev, text, keep) in [(1, "two", false), (2, "three", false), (3, "four", true)] {
        let body = json!({"rev": rev, "text": text, "keep_version": keep});
        assert_eq!(root.put(&path(&made), body).await.status, 200);
    }
    let versions = root.get(&format!("{}/versions", path(&made))).await.json();
    let revs: Vec<&Value> =
        versions["versions"].as_array().unwrap().iter().map(|version| &version["rev"]).collect();
    // The first change keeps one, the second comes too soon, the third asks for it.
    assert_eq!(revs, [&json!(3), &json!(1)]);
    let version = root.get(&format!("{}/versions/1", path(&made))).await.json();
    assert_eq!(version["text"], "one");
    assert_eq!(root.get(&format!("{}/versions/2", path(&made))).await.error().0, 404);
}

#[tokio::test]
async fn nobody_reaches_what_is_anothers() {
    let world = World::new().await;
    let root = browser(&world, "root").await;
    let alice = browser(&world, "alice").await;
    let mut acme = Browser::new(&world.client, world.server.address());
    let login = json!({"user": "root", "password": crate::world::PASSWORD, "organization": "acme"});
    acme.log_in(login).await;
    let made = root.post("/ui/api/worksheets", json!({"text": "secret"})).await.json();
    for other in [&alice, &acme] {
        assert_eq!(other.get(&path(&made)).await.error().0, 404);
        assert_eq!(other.put(&path(&made), json!({"rev": 1, "text": "x"})).await.error().0, 404);
        assert_eq!(other.delete(&path(&made)).await.error().0, 404);
        assert_eq!(other.post(&format!("{}/share", path(&made)), json!({})).await.error().0, 404);
        assert_eq!(other.get(&format!("{}/versions", path(&made))).await.error().0, 404);
        assert_eq!(other.get("/ui/api/worksheets").await.json()["worksheets"], json!([]));
    }
    // A link is for colleagues, as long as it is there.
    let share = root.post(&format!("{}/share", path(&made)), json!({})).await.json();
    let again = root.post(&format!("{}/share", path(&made)), json!({})).await.json();
    assert_eq!(share["token"], again["token"]);
    let link = format!("/ui/api/shares/{}", share["token"].as_str().unwrap());
    let shown = alice.get(&link).await.json();
    assert_eq!((&shown["text"], &shown["owner"]), (&json!("secret"), &json!("root")));
    assert_eq!(acme.get(&link).await.error().0, 404);
    let nobody = Browser::new(&world.client, world.server.address());
    assert_eq!(nobody.get(&link).await.error().0, 401);
    assert_eq!(root.get(&path(&made)).await.json()["share"], share["path"]);
    assert_eq!(root.delete(&format!("{}/share", path(&made))).await.status, 204);
    assert_eq!(alice.get(&link).await.error().0, 404);
}

#[tokio::test]
async fn worksheets_have_limits() {
    let limits = Limits { worksheets_per_user_max: 1, worksheet_bytes_max: 100, ..Limits::default() };
    let world = World::with_limits(limits).await;
    let root = browser(&world, "root").await;
    let large = json!({"text": "x".repeat(101)});
    assert!(root.post("/ui/api/worksheets", large).await.error().2.contains("`worksheet_bytes_max`"));
    assert_eq!(root.post("/ui/api/worksheets", json!({})).await.status, 201);
    assert!(root.post("/ui/api/worksheets", json!({})).await.error().2.contains("`worksheets_per_user_max`"));
    assert_eq!(browser(&world, "alice").await.post("/ui/api/worksheets", json!({})).await.status, 201);
    let unknown = root.post("/ui/api/worksheets", json!({"title": "x"})).await.error();
    assert!(unknown.0 == 400 && unknown.2.contains("title"), "{unknown:?}");
}
