//! The binary as a process: its start, its password, its end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures::StreamExt;
use reqwest::StatusCode;

use crate::world::Client;

struct Serving {
    child: Child,
    address: String,
    /// What was said before the server listened.
    said: String,
}

fn stagedoor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stagedoor"));
    command.args(arguments).env_remove("STAGEDOOR_ROOT_PASSWORD").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn serve(data: &Path, password: Option<&str>) -> Serving {
    let mut command = stagedoor(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    command.stderr(Stdio::piped());
    if let Some(password) = password {
        command.env("STAGEDOOR_ROOT_PASSWORD", password);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    let address = loop {
        let line = lines.next().unwrap_or_else(|| panic!("the server ended: {said}")).unwrap();
        said.push_str(&line);
        said.push('\n');
        if let Some((_, rest)) = line.split_once("listening address=") {
            break rest.split(' ').next().unwrap().to_owned();
        }
    };
    // What follows must be read, or the server would wait for its log.
    std::thread::spawn(move || lines.for_each(drop));
    Serving { child, address, said }
}

impl Serving {
    fn client(&self, password: &str) -> Client {
        Client::new(&format!("http://{}", self.address)).user("root", password)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

#[tokio::test]
async fn a_password_is_made_at_the_first_start_and_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut first = serve(&data, None);
    let password = std::fs::read_to_string(data.join("root-password")).unwrap().trim().to_owned();
    assert_eq!(first.said.matches(&password).count(), 1, "{}", first.said);
    assert_eq!(first.client(&password).start("q", "SELECT 1").await.status, StatusCode::OK);
    assert_eq!(first.client("").start("r", "SELECT 1").await.status, StatusCode::UNAUTHORIZED);
    first.signal("-TERM");
    assert!(first.child.wait().unwrap().success());

    let mut second = serve(&data, None);
    assert!(!second.said.contains(&password), "{}", second.said);
    assert_eq!(second.client(&password).start("q", "SELECT 1").await.status, StatusCode::OK);
    second.signal("-INT");
    assert!(second.child.wait().unwrap().success());
}

#[tokio::test]
async fn the_history_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let of_the_first = "SELECT count(*) FROM system.query_history WHERE sql LIKE 'SELECT ''before%'";
    let mut seen = 0_u64;
    for life in 0..3 {
        let mut serving = serve(folder.path(), Some("pw"));
        let client = serving.client("pw");
        let rows = client.rows(of_the_first).await;
        let known: u64 = rows[0][0].as_str().unwrap().parse().unwrap();
        // What is written behind the statements' back may lose its last moment.
        assert!((life == 0 || known > 0) && known <= seen, "life {life}: {known} of {seen}");
        assert!(!serving.said.contains("damaged"), "{}", serving.said);
        let queries = (0..200).map(|number| {
            let client = client.clone();
            async move { client.run(&format!("SELECT 'before', {number}")).await }
        });
        // Killed in the middle of it: whatever had been written has to be whole.
        let mut queries = futures::stream::iter(queries).buffer_unordered(8);
        for _ in 0..100 {
            queries.next().await.unwrap().unwrap();
        }
        seen += 200;
        let wal = folder.path().join("history.sqlite-wal");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !String::from_utf8_lossy(&std::fs::read(&wal).unwrap()).contains("SELECT 'before'") {
            assert!(std::time::Instant::now() < deadline, "nothing is written");
            tokio::task::yield_now().await;
        }
        serving.child.kill().unwrap();
        serving.child.wait().unwrap();
        drop(queries);
    }
}

#[tokio::test]
async fn the_variable_sets_the_password_at_each_start() {
    let folder = tempfile::tempdir().unwrap();
    for password in ["one", "two", ""] {
        let mut serving = serve(folder.path(), Some(password));
        assert_eq!(serving.client(password).start("q", "SELECT 1").await.status, StatusCode::OK);
        assert_eq!(serving.client("other").start("r", "SELECT 1").await.status, StatusCode::UNAUTHORIZED);
        assert!(!serving.said.contains("password"), "{}", serving.said);
        serving.signal("-TERM");
        assert!(serving.child.wait().unwrap().success());
    }
}

#[test]
fn an_empty_password_is_refused_beyond_loopback() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let mut command = stagedoor(&["serve", "--listen", "0.0.0.0:0", "--data", data]);
    let refused = command.env("STAGEDOOR_ROOT_PASSWORD", "").output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("STAGEDOOR_ROOT_PASSWORD is empty"));
}

#[test]
fn a_broken_configuration_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.toml");
    std::fs::write(&path, "[organizations.acme]\nprincpal = \"x\"\n").unwrap();
    let refused = stagedoor(&["serve", "--config", path.to_str().unwrap()]).output().unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("broken.toml") && said.contains("princpal"), "{said}");
}

#[test]
fn the_sandbox_prints_its_accounts() {
    let mut child =
        stagedoor(&["sandbox", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = String::new();
    while said.matches("AWS_SECRET_ACCESS_KEY=").count() < 2 {
        said.push_str(&lines.next().unwrap().unwrap());
        said.push('\n');
    }
    for number in ["123456789012", "987654321987"] {
        assert!(said.contains(number), "{said}");
    }
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_demo_ends_in_rows() {
    let folder = tempfile::tempdir().unwrap();
    let done = stagedoor(&["demo", "--once"]).current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("SELECT * FROM @databend_test/test.parquet"), "{said}");
    assert!(said.contains("Ada Lovelace"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demo left files behind");
}

#[test]
fn the_demo_stays_until_it_is_told_to_stop() {
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"];
    let mut child = stagedoor(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("AWS_SECRET_ACCESS_KEY=") {
        assert!(out.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(said.contains("databend://root:@127.0.0.1:"), "{said}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    out.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
}
