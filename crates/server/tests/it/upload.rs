//! Uploads to a stage.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use server::Limits;

use crate::world::{Answer, World, send};

async fn upload(world: &World, stage: &str, form: Form) -> Answer {
    let request = world.client.request(Method::PUT, "/v1/upload_to_stage");
    send(request.header("X-DATABEND-STAGE-NAME", stage).multipart(form)).await
}

fn file(name: &str, content: Vec<u8>) -> Part {
    Part::bytes(content).file_name(name.to_owned())
}

#[tokio::test]
async fn files_keep_their_folders() {
    let world = World::new().await;
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    let form = Form::new()
        .part("upload", file("client/load/1.csv", b"a,b\n".to_vec()))
        .part("ignored", file("x", b"x".to_vec()))
        .part("upload", file("2.bin", large.clone()));
    let answer = upload(&world, "my_stage", form).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["state"], "SUCCESS");
    assert_eq!(body["stage_name"], "my_stage");
    assert_eq!(body["files"], json!(["client/load/1.csv", "2.bin"]));
    let files = world.made.files.lock();
    assert_eq!(files[0], ("my_stage".to_owned(), "client/load/1.csv".to_owned(), b"a,b\n".to_vec()));
    assert!(files[1].2 == large);
}

#[tokio::test]
async fn a_folder_may_come_apart() {
    let world = World::new().await;
    let request = world.client.request(Method::PUT, "/v1/upload_to_stage");
    let request = request.header("stage_name", "s").header("relative_path", "in/2024/");
    send(request.multipart(Form::new().part("upload", file("a.csv", Vec::new())))).await;
    assert_eq!(world.made.files.lock()[0].1, "in/2024/a.csv");
}

#[tokio::test]
async fn what_is_not_an_upload_is_refused() {
    let world = World::new().await;
    let refuse = async |stage: &str, form: Form| upload(&world, stage, form).await.error();
    let (status, _, message) = refuse("s", Form::new().part("upload", file("../a", Vec::new()))).await;
    assert_eq!(status, 400);
    assert!(message.contains("`..`"), "{message}");
    assert_eq!(refuse("s", Form::new().text("other", "x")).await.0, 400);
    assert_eq!(refuse("", Form::new().part("upload", file("a", Vec::new()))).await.0, 400);
    let (status, code, message) =
        refuse("denied", Form::new().part("upload", file("a", vec![0; 3 << 20]))).await;
    assert_eq!((status, code), (403, 3002));
    assert!(message.contains("s3:PutObject"), "{message}");
    let not_a_form = world.client.request(Method::PUT, "/v1/upload_to_stage").header("stage_name", "s");
    assert_eq!(send(not_a_form.body("x")).await.error().0, 400);
    assert!(world.made.files.lock().is_empty());
}

#[tokio::test]
async fn uploads_have_limits() {
    let limits = Limits { upload_bytes_max: 10, upload_files_max: 2, ..Limits::default() };
    let world = World::with_limits(limits).await;
    let form = Form::new().part("upload", file("a", vec![0; 6])).part("upload", file("b", vec![0; 6]));
    let (status, _, message) = upload(&world, "s", form).await.error();
    assert_eq!(status, 413);
    assert!(message.contains("`upload_bytes_max`"), "{message}");
    assert_eq!(world.made.files.lock().len(), 1, "the file that was cut off is not written");
    let form =
        ["a", "b", "c"].iter().fold(Form::new(), |form, name| form.part("upload", file(name, vec![0])));
    let (status, _, message) = upload(&world, "s", form).await.error();
    assert_eq!(status, 413);
    assert!(message.contains("`upload_files_max`"), "{message}");
}
