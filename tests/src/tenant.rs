//! A tenant who signed up like any other, with the verbs that tests need of one.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Stack, eventually_ok};

/// A signed-up tenant with a session and an API key.
pub struct Tenant {
    /// Its slug, unique in the stack.
    pub slug: String,
    /// Its owner's address.
    pub email: String,
    /// Its owner's password.
    pub password: String,
    /// A user's access token, for the control plane.
    pub access_token: String,
    /// An API key, for both planes.
    pub api_key: String,
    api_url: String,
    invoke_url: String,
    http: reqwest::Client,
}

impl Tenant {
    pub(crate) async fn sign_up(stack: &Stack, name: &str) -> Self {
        let unique = Uuid::new_v4().simple().to_string();
        let slug = format!("{name}-{}", &unique[..8]);
        let mut tenant = Self {
            email: format!("{slug}@example.com"),
            password: format!("correct horse {unique}"),
            slug,
            access_token: String::new(),
            api_key: String::new(),
            api_url: stack.api_url.clone(),
            invoke_url: stack.invoke_url.clone(),
            http: reqwest::Client::new(),
        };
        let account =
            json!({"email": tenant.email, "password": tenant.password, "tenant": tenant.slug});
        tenant
            .send(
                tenant
                    .anonymous(Method::POST, "/v1/auth/signup")
                    .json(&account),
            )
            .await
            .expect(201);
        let login = json!({"email": tenant.email, "password": tenant.password});
        let session = tenant
            .send(
                tenant
                    .anonymous(Method::POST, "/v1/auth/login")
                    .json(&login),
            )
            .await
            .expect(200);
        tenant.access_token = session.json()["access_token"]
            .as_str()
            .expect("an access token")
            .to_owned();
        let key = tenant
            .post("/v1/api-keys", &json!({"name": "tests"}))
            .await
            .expect(201);
        tenant.api_key = key.json()["key"].as_str().expect("an API key").to_owned();
        tenant
    }

    /// `GET` on the control plane, as the signed-in user.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` on the control plane.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `PUT` on the control plane.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// `PATCH` on the control plane.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body))
            .await
    }

    /// `DELETE` on the control plane.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Create a function that must not exist yet.
    pub async fn create_function(&self, name: &str) -> Answer {
        self.post("/v1/functions", &json!({"name": name}))
            .await
            .expect(201)
    }

    /// Upload a module as the next version of a function and, if it is ready at once, make it live.
    pub async fn upload(&self, function: &str, module: impl Into<Vec<u8>>) -> Answer {
        let path = format!("/v1/functions/{function}/versions?promote=live");
        let request = self
            .request(Method::POST, &path)
            .header("content-type", "application/wasm");
        self.send(request.body(module.into())).await
    }

    /// Create a function and put a module live on it, ready to be invoked.
    pub async fn deploy(&self, function: &str, module: impl Into<Vec<u8>>) {
        self.create_function(function).await;
        self.upload(function, module).await.expect(201);
    }

    /// Invoke a function by its live alias, with the API key.
    pub async fn invoke(&self, function: &str, input: &Value) -> Answer {
        self.send(self.invocation(function).json(input)).await
    }

    /// The same, patient with an executor that has not heard of a new key or function yet.
    pub async fn invoke_when_known(&self, function: &str, input: &Value) -> Answer {
        let what = format!("the executor knows {function} and its tenant's key");
        eventually_ok(&what, Duration::from_secs(10), async || {
            let answer = self.invoke(function, input).await;
            if [401, 404, 503].contains(&answer.status) {
                return Err(answer.text());
            }
            Ok(answer)
        })
        .await
    }

    /// An invocation to shape further: the query, headers, any body.
    pub fn invocation(&self, function: &str) -> RequestBuilder {
        self.invocation_at(&self.invoke_url, function)
    }

    /// The same at one executor of several: see [`Stack::executor_url`].
    pub fn invocation_at(&self, invoke_url: &str, function: &str) -> RequestBuilder {
        self.http
            .post(format!("{invoke_url}/v1/invoke/{function}"))
            .bearer_auth(&self.api_key)
    }

    /// A request on the control plane as the signed-in user, to shape further.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.access_token)
    }

    /// A request on the control plane from nobody in particular.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api_url))
    }

    /// Send a request and read its answer; no answer at all ends the test.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request)
            .await
            .unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// Send a request that may get no answer, because a test kills who would give it.
    pub async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        Answer::read(request.send().await?).await
    }
}
