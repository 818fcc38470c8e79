//! What the web app asks, as a browser asks it.

mod attacks;
mod exports;
mod handoffs;
mod login;
mod pages;
mod stages;
mod tokens;
mod worksheets;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::{Answer, Client, PASSWORD, send};

/// A browser on a page of the server.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    origin: String,
    pub cookie: Option<String>,
}

impl Browser {
    pub fn new(client: &Client, address: std::net::SocketAddr) -> Self {
        Self { client: client.nobody(), origin: format!("http://{address}"), cookie: None }
    }

    pub async fn logged_in(client: &Client, address: std::net::SocketAddr, user: &str) -> Self {
        let mut browser = Self::new(client, address);
        let answer = browser.log_in(json!({"user": user, "password": PASSWORD})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    pub async fn log_in(&mut self, body: Value) -> Answer {
        let answer = self.post("/ui/api/session", body).await;
        if answer.status == 200 {
            let cookie = answer.header("set-cookie");
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        answer
    }

    /// A request as the browser itself makes it, without what the app adds.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, path);
        match &self.cookie {
            Some(cookie) => request.header("cookie", format!("other=1; {cookie}")),
            None => request,
        }
    }

    /// A request of the app.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request =
            self.bare(method.clone(), path).header("x-ui", "1").header("sec-fetch-site", "same-origin");
        if method == Method::GET { request } else { request.header("origin", &self.origin) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }
}
