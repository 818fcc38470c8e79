//! Logins by password and by session token.

use catalog::{CreateMode, NewUser};
use reqwest::Method;
use serde_json::{Value, json};
use server::Limits;

use crate::world::{Answer, PASSWORD, World, send};

async fn login(world: &World, path: &str, body: Value) -> Answer {
    world.client.post(path, body).await
}

#[tokio::test]
async fn a_login_answers_with_the_version_that_clients_expect() {
    let world = World::new().await;
    let answer =
        login(&world, "/v1/session/login?disable_session_token=true", json!({"database": "default"})).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["version"], "1.2.900");
    assert_eq!(body["tokens"], Value::Null);
    assert_eq!(body["session_id"], answer.header("x-databend-session-id"));
}

#[tokio::test]
async fn a_login_without_a_body_is_a_login() {
    let world = World::new().await;
    let request = world.client.request(Method::POST, "/v1/session/login?disable_session_token=true");
    assert_eq!(send(request).await.status, 200);
}

#[tokio::test]
async fn logins_that_fail_say_why() {
    let world = World::new().await;
    let refuse =
        async |client: &crate::world::Client| client.post("/v1/session/login", json!({})).await.error();
    let (status, code, message) = refuse(&world.client.user("root", "wrong")).await;
    assert_eq!((status, code), (401, 5100));
    assert!(message.contains("password is wrong"), "{message}");
    assert_eq!(refuse(&world.client.user("nobody", PASSWORD)).await, (401, 5100, message));
    let (status, code, message) = refuse(&world.client.nobody()).await;
    assert_eq!((status, code), (401, 5100));
    assert_eq!(message, "Authentication error: no authorization header provided");
    let (status, _, message) = refuse(&world.client.organization("elsewhere").user("x", "y")).await;
    assert_eq!(status, 401);
    assert!(message.contains("organization `elsewhere` does not exist"), "{message}");
}

#[tokio::test]
async fn every_route_but_health_and_the_page_needs_a_login() {
    let world = World::new().await;
    let nobody = world.client.nobody();
    let routes = [
        (Method::POST, "/v1/query"),
        (Method::GET, "/v1/query/q"),
        (Method::GET, "/v1/query/q/page/0"),
        (Method::GET, "/v1/query/q/final"),
        (Method::POST, "/v1/query/q/final"),
        (Method::POST, "/v1/query/q/kill"),
        (Method::POST, "/v1/session/login"),
        (Method::POST, "/v1/session/logout"),
        (Method::POST, "/v1/session/heartbeat"),
        (Method::POST, "/v1/verify"),
        (Method::PUT, "/v1/upload_to_stage"),
        (Method::GET, "/v1/discovery_nodes"),
        (Method::GET, "/v1/catalog/databases"),
        (Method::GET, "/v1/catalog/databases/d/tables"),
        (Method::GET, "/v1/catalog/databases/d/tables/t/fields"),
    ];
    for (method, path) in routes {
        let answer = send(nobody.request(method, path).json(&json!({"sql": "rows 1"}))).await;
        assert_eq!(answer.error().0, 401, "{path}");
    }
}

#[tokio::test]
async fn malformed_credentials_are_refused() {
    let world = World::new().await;
    for value in
        ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Digest x", "Bearer", "Bearer abc", "Basic /////w=="]
    {
        let request =
            world.client.nobody().request(Method::POST, "/v1/verify").header("Authorization", value);
        assert_eq!(send(request).await.error().0, 401, "{value}");
    }
}

#[tokio::test]
async fn session_tokens_stand_for_the_password() {
    let world = World::new().await;
    let body = login(&world, "/v1/session/login", json!({})).await.json();
    let tokens = &body["tokens"];
    assert_eq!(tokens["session_token_ttl_in_secs"], 3600);
    let with_token = async |method, path: &str, token: &Value, body: Value| {
        let request = world.client.nobody().request(method, path).bearer_auth(token.as_str().unwrap());
        send(request.json(&body)).await
    };
    let session_token = &tokens["session_token"];
    let answer = with_token(Method::POST, "/v1/query", session_token, json!({"sql": "rows 1"})).await;
    assert_eq!(answer.json()["state"], "Succeeded");

    // The driver reads the new tokens flat, Databend nests them.
    let refreshed = with_token(
        Method::POST,
        "/v1/session/refresh",
        &tokens["refresh_token"],
        json!({"session_token": session_token}),
    )
    .await
    .json();
    assert_eq!(refreshed["session_token"], refreshed["tokens"]["session_token"]);
    assert_ne!(&refreshed["session_token"], session_token);
    let new_token = &refreshed["session_token"];
    assert_eq!(with_token(Method::POST, "/v1/verify", new_token, json!({})).await.json()["user"], "root");

    let logout = with_token(Method::POST, "/v1/session/logout", new_token, json!({})).await;
    assert_eq!(logout.json(), json!({"error": null}));
    let gone = with_token(Method::POST, "/v1/verify", new_token, json!({})).await;
    assert_eq!(gone.error().1, 5103);
    let refresh = with_token(
        Method::POST,
        "/v1/session/refresh",
        &refreshed["refresh_token"],
        json!({"session_token": new_token}),
    );
    assert_eq!(refresh.await.error().1, 5104);
    // A refresh token proves nothing but that it may be exchanged.
    let misused = with_token(Method::POST, "/v1/verify", &refreshed["refresh_token"], json!({})).await;
    assert_eq!(misused.status, 401);
}

#[tokio::test]
async fn tokens_expire_with_the_code_that_makes_clients_refresh() {
    let world = World::with_limits(Limits { session_token_ttl_secs: 0, ..Limits::default() }).await;
    let body = login(&world, "/v1/session/login", json!({})).await.json();
    let token = body["tokens"]["session_token"].as_str().unwrap().to_owned();
    let answer = send(world.client.nobody().request(Method::POST, "/v1/verify").bearer_auth(token)).await;
    assert_eq!(answer.error().1, 5101);
}

#[tokio::test]
async fn a_new_password_ends_the_old_ones_logins_and_tokens() {
    let world = World::new().await;
    let body = login(&world, "/v1/session/login", json!({})).await.json();
    let token = body["tokens"]["session_token"].as_str().unwrap().to_owned();
    world.catalog.set_password("default", "root", Some("new")).await.unwrap();
    assert_eq!(world.client.post("/v1/verify", json!({})).await.status, 401);
    let with_token = world.client.nobody().request(Method::POST, "/v1/verify").bearer_auth(&token);
    assert_eq!(send(with_token).await.error().1, 5103);
    assert_eq!(world.client.user("root", "new").post("/v1/verify", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_dropped_user_is_nobody_at_once() {
    let world = World::new().await;
    let alice = world.client.user("alice", PASSWORD);
    assert_eq!(alice.post("/v1/verify", json!({})).await.status, 200);
    world.catalog.drop_user("default", "alice", false).await.unwrap();
    assert_eq!(alice.post("/v1/verify", json!({})).await.status, 401);
}

#[tokio::test]
async fn a_user_without_a_password_cannot_log_in() {
    let world = World::new().await;
    let user = NewUser { name: "locked", ..NewUser::default() };
    world.catalog.create_user("default", &user, CreateMode::Create).await.unwrap();
    assert_eq!(world.client.user("locked", "").post("/v1/verify", json!({})).await.status, 401);
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let world = World::with_limits(Limits { failed_logins_max: 3, ..Limits::default() }).await;
    let guess = world.client.user("alice", "guess");
    for _ in 0..3 {
        assert_eq!(guess.post("/v1/verify", json!({})).await.status, 401);
    }
    let (status, code, message) =
        world.client.user("alice", PASSWORD).post("/v1/verify", json!({})).await.error();
    assert_eq!((status, code), (429, 5100));
    assert!(message.contains("wait"), "{message}");
    assert_eq!(world.client.post("/v1/verify", json!({})).await.status, 200, "another user is not affected");
}

#[tokio::test]
async fn a_database_that_does_not_exist_fails_the_login() {
    let world = World::new().await;
    // The runner of this test knows no such statement; what it answers is the login's answer.
    let (status, code, _) = login(&world, "/v1/session/login", json!({"database": "nowhere"})).await.error();
    assert_eq!((status, code), (400, 1005));
    assert_eq!(world.made.requests.lock()[0].sql, "USE \"nowhere\"");
    let (status, code, message) =
        login(&world, "/v1/session/login", json!({"settings": {"timezone": "Nowhere", "any": 1}}))
            .await
            .error();
    assert_eq!((status, code), (400, 1078));
    assert!(message.contains("`Nowhere`"), "{message}");
}

#[tokio::test]
async fn verify_says_who_one_is() {
    let world = World::new().await;
    let answer =
        world.client.organization("acme").user("alice", PASSWORD).post("/v1/verify", json!({})).await;
    assert_eq!(answer.json()["tenant"], "acme");
    assert_eq!(answer.json()["user"], "alice");
}

/// As Databend's drivers do it: a token of their own for each request, and a header that says so.
#[tokio::test]
async fn a_key_pair_logs_in() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use ring::signature::{Ed25519KeyPair, KeyPair};

    let world = World::new().await;
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let public_key = STANDARD.encode([&prefix, pair.public_key().as_ref()].concat());
    let user = NewUser { name: "svc", public_key: Some(&public_key), ..NewUser::default() };
    world.catalog.create_user("acme", &user, CreateMode::Create).await.unwrap();

    let token = |user: &str| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "EdDSA", "typ": "JWT"}));
        let signed = format!("{header}.{}", part(json!({"sub": user, "iat": now, "exp": now + 60})));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()).as_ref()))
    };
    let ask = async |organization: &str, path: &str, token: String| {
        let client = world.client.nobody().organization(organization);
        let request = client.request(Method::POST, path).header("X-DATABEND-AUTH-METHOD", "keypair");
        send(request.bearer_auth(token).json(&json!({"sql": "rows 1"}))).await
    };
    let verified = ask("acme", "/v1/verify", token("svc")).await.json();
    assert_eq!((&verified["user"], &verified["auth_type"]), (&json!("svc"), &json!("key_pair")));
    assert_eq!(ask("acme", "/v1/query", token("svc")).await.json()["state"], "Succeeded");
    assert_eq!(ask("acme", "/v1/session/login", token("svc")).await.status, 200);
    // Another user's name, another organization, and the token without the header prove nothing.
    for (organization, user) in [("acme", "alice"), ("acme", "root"), ("default", "svc"), ("acme", "nobody")]
    {
        let refused = ask(organization, "/v1/verify", token(user)).await;
        assert_eq!(refused.error().0, 401, "{organization} {user}");
    }
    let bare = world.client.nobody().organization("acme").request(Method::POST, "/v1/verify");
    assert_eq!(send(bare.bearer_auth(token("svc"))).await.error().0, 401);
    // There is no password to guess, and a disabled user is out.
    assert_eq!(
        world.client.organization("acme").user("svc", "").post("/v1/verify", json!({})).await.status,
        401
    );
    let change = catalog::UserChange { disabled: Some(true), ..catalog::UserChange::default() };
    world.catalog.alter_user("acme", "svc", &change).await.unwrap();
    assert_eq!(ask("acme", "/v1/verify", token("svc")).await.error().0, 401);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let world = World::new().await;
    let alice = world.client.user("alice", PASSWORD);
    let login = alice.post("/v1/session/login", json!({})).await.json();
    let session_token = login["tokens"]["session_token"].as_str().unwrap();
    let change = catalog::UserChange { disabled: Some(true), ..catalog::UserChange::default() };
    world.catalog.alter_user("default", "alice", &change).await.unwrap();
    assert_eq!(alice.post("/v1/verify", json!({})).await.error().0, 401);
    let with_token = world.client.nobody().request(Method::POST, "/v1/verify").bearer_auth(session_token);
    assert_eq!(send(with_token).await.error().1, 5103);
    let change = catalog::UserChange { disabled: Some(false), ..catalog::UserChange::default() };
    world.catalog.alter_user("default", "alice", &change).await.unwrap();
    assert_eq!(alice.post("/v1/verify", json!({})).await.status, 200);
}
