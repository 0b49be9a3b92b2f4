//! `cartwright`, the command line, typed as a developer types it: the real binary against real servers.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use cartwright_tests::{Options, Role, Stack, Tenant, eventually, module};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::guests;

/// A shell of somebody's own: a home, a working folder, and no variables but the path.
struct Shell {
    home: TempDir,
    api_url: String,
}

/// What a command said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// The same, if it ended so.
    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "out: {}\nerr: {}",
            self.out,
            self.err
        );
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}", self.out))
    }

    fn problem(&self) -> Value {
        serde_json::from_str(&self.err).unwrap_or_else(|_| panic!("no JSON: {}", self.err))
    }
}

impl Shell {
    fn new(stack: &Stack) -> Self {
        Self {
            home: tempfile::tempdir().expect("a home"),
            api_url: stack.api_url.clone(),
        }
    }

    /// A shell in which the tenant's owner has signed in.
    async fn of(stack: &Stack, tenant: &Tenant) -> Self {
        let shell = Self::new(stack);
        shell.log_in(tenant).await.expect(0);
        shell
    }

    async fn log_in(&self, tenant: &Tenant) -> Said {
        let arguments = [
            "login",
            "--api-url",
            &self.api_url,
            "--email",
            &tenant.email,
        ];
        self.type_with(&arguments, &format!("{}\n", tenant.password))
            .await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(xtask::place::binary("cartwright"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Said {
        self.type_with(arguments, "").await
    }

    async fn type_with(&self, arguments: &[&str], input: &str) -> Said {
        said(self.command(arguments), input).await
    }

    fn credentials(&self) -> PathBuf {
        self.home.path().join(".config/cartwright/credentials.json")
    }

    /// Change what is stored of the profile `default`.
    fn change_credentials(&self, change: impl FnOnce(&mut Value)) {
        let text = std::fs::read(self.credentials()).expect("credentials");
        let mut stored: Value = serde_json::from_slice(&text).expect("JSON");
        change(&mut stored["profiles"]["default"]);
        std::fs::write(self.credentials(), stored.to_string()).expect("written");
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.home.path().join(name), bytes).expect("a file");
    }
}

async fn said(mut command: Command, input: &str) -> Said {
    let mut child = command.spawn().expect("cartwright starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may end without having read.
    stdin.write_all(input.as_bytes()).await.ok();
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A module whose imports nobody has.
fn broken() -> Vec<u8> {
    wat::parse_str(r#"(module (import "env" "one" (func)) (memory (export "memory") 1))"#)
        .expect("a module")
}

const CART: &str = r#"{"cart":{"id":"c","currency":"EUR","lines":[{"id":"1","sku":"TEE","title":"Tee","quantity":3,"unit_price":"19.90"}]}}"#;

#[tokio::test]
async fn a_developer_signs_in_deploys_promotes_invokes_and_finds_the_run_and_its_usage() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let shell = Shell::new(stack);
    shell.file(
        "out.wasm",
        module("volume-discount-rust/volume-discount-rust.wasm"),
    );
    shell.file("cart.json", CART);
    let project = "function = \"discount\"\ntarget = \"cart.discount\"\nmodule = \"out.wasm\"\ninput = \"cart.json\"\n";
    shell.file("cartwright.toml", project);

    let signed_in = shell.log_in(&ada).await.expect(0);
    assert!(signed_in.out.contains(&ada.email), "{}", signed_in.out);
    let me = shell.run(&["whoami", "--json"]).await.expect(0).json();
    assert_eq!(me["caller"]["email"], json!(ada.email));

    let missing = shell.run(&["deploy"]).await.expect(4);
    assert!(missing.err.contains("--create"), "{}", missing.err);
    let deployed = shell.run(&["deploy", "--create"]).await.expect(0);
    assert!(
        deployed.out.contains("version 1 of discount is ready"),
        "{}",
        deployed.out
    );
    assert!(
        deployed.err.contains("cartwright promote discount 1"),
        "{}",
        deployed.err
    );
    let again = shell.run(&["deploy", "--json"]).await.expect(0).json();
    assert_eq!(again["version"], 1, "the same bytes are the same version");
    shell.run(&["promote", "1"]).await.expect(0);

    let invoked = eventually(
        "the promote is known",
        Duration::from_secs(15),
        async || {
            let invoked = shell.run(&["invoke"]).await;
            (invoked.code != Some(4)).then_some(invoked)
        },
    )
    .await
    .expect(0);
    let output: Value = serde_json::from_str(&invoked.out).expect("the output and nothing else");
    assert_eq!(output["total"], "5.97");
    assert!(
        invoked.err.contains("fuel ") && invoked.err.contains(" USD"),
        "{}",
        invoked.err
    );
    let told = shell.run(&["invoke", "--json"]).await.expect(0).json();
    assert_eq!((&told["output"], &told["version"]), (&output, &json!(1)));
    let id = told["invocation_id"].as_str().expect("an id").to_owned();
    let keyed = ["invoke", "--idempotency-key", "k", "--json"];
    let first = shell.run(&keyed).await.expect(0).json();
    let again = shell.run(&keyed).await.expect(0).json();
    assert_eq!(again["invocation_id"], first["invocation_id"]);
    assert_eq!(
        (&first["replayed"], &again["replayed"]),
        (&json!(false), &json!(true))
    );

    let seen = eventually("the run is seen", Duration::from_secs(15), async || {
        let runs = shell
            .run(&["runs", "--function", "discount", "--json"])
            .await;
        let runs = runs.expect(0).json();
        let run = runs["data"]
            .as_array()?
            .iter()
            .find(|run| run["invocation_id"] == id);
        run.cloned()
    })
    .await;
    assert_eq!(
        (&seen["fuel"], &seen["cost"]),
        (&told["fuel"], &told["cost"])
    );
    let detail = shell.run(&["runs", &id]).await.expect(0);
    assert!(detail.out.contains("discount, version 1"), "{}", detail.out);
    let used = eventually(
        "three runs are summed",
        Duration::from_secs(15),
        async || {
            let usage = shell
                .run(&["usage", "--group-by", "function", "--json"])
                .await;
            let row = usage.expect(0).json()["data"][0].clone();
            (row["invocations"] == 3).then_some(row)
        },
    )
    .await;
    assert_eq!(used["function"], "discount");
    let estimate = shell.run(&["estimate"]).await.expect(0);
    assert!(estimate.out.contains("forecast"), "{}", estimate.out);

    shell.run(&["logout"]).await.expect(0);
    let keys = ada.get("/v1/api-keys").await.json();
    let made = keys["data"].as_array().expect("keys");
    let made = made
        .iter()
        .find(|key| key["name"] == "cartwright command line");
    let made = made.expect("the key that the first invocation made");
    assert_eq!(made["scopes"], json!(["invoke"]));
    assert!(made["revoked_at"].is_string(), "{made}");
    let out = shell.run(&["whoami"]).await.expect(3);
    assert!(out.err.contains("cartwright login"), "{}", out.err);
}

#[tokio::test]
async fn a_wrong_password_signs_nobody_in() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let shell = Shell::new(stack);
    let arguments = [
        "login",
        "--api-url",
        &stack.api_url,
        "--email",
        &ada.email,
        "--json",
    ];

    let refused = shell
        .type_with(&arguments, "not her password\n")
        .await
        .expect(3);

    assert_eq!(refused.problem()["code"], "unauthenticated");
    assert_eq!(refused.out, "");
    assert!(!shell.credentials().exists());
    let nothing = shell.type_with(&arguments, "").await.expect(2);
    assert!(nothing.err.contains("Password"), "{}", nothing.err);
}

#[tokio::test]
async fn a_sign_in_is_its_owners_alone_and_goes_to_no_other_server() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let shell = Shell::of(stack, &ada).await;
    let mode = std::fs::metadata(shell.credentials())
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let other = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", other.local_addr().expect("an address"));

    let refused = shell.run(&["whoami", "--api-url", &url]).await.expect(3);

    assert!(refused.err.contains(&stack.api_url), "{}", refused.err);
    let nobody = tokio::time::timeout(Duration::from_millis(50), other.accept()).await;
    assert!(nobody.is_err(), "it was spoken to");
}

#[tokio::test]
async fn a_token_that_ended_is_exchanged_and_a_session_that_ended_says_how_to_go_on() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let shell = Shell::of(stack, &ada).await;

    // By this machine's clock it is over, or else the server says so.
    shell.change_credentials(|profile| {
        profile["session"]["expires_at"] = json!("2026-01-01T00:00:00Z");
    });
    shell.run(&["whoami"]).await.expect(0);
    shell.change_credentials(|profile| profile["session"]["access_token"] = json!("spoilt"));
    shell.run(&["whoami"]).await.expect(0);
    // Many at once exchange one token once: a second exchange would end the session.
    shell.change_credentials(|profile| {
        profile["session"]["expires_at"] = json!("2026-01-01T00:00:00Z");
    });
    let arguments = ["whoami"];
    let many = futures_util::future::join_all((0..8).map(|_| shell.run(&arguments))).await;
    for one in many {
        one.expect(0);
    }

    shell.change_credentials(|profile| {
        profile["session"]["access_token"] = json!("spoilt");
        profile["session"]["refresh_token"] = json!("spoilt");
    });
    let over = shell.run(&["functions"]).await.expect(3);
    assert!(over.err.contains("run `cartwright login`"), "{}", over.err);
    let told = shell.run(&["functions", "--json"]).await.expect(3);
    assert_eq!(told.problem()["code"], "not_signed_in");
    // The command that it names helps.
    shell.log_in(&ada).await.expect(0);
    shell.run(&["functions"]).await.expect(0);
}

#[tokio::test]
async fn each_kind_of_failure_has_its_exit_code_and_its_document() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let shell = Shell::of(stack, &ada).await;
    shell.file("wrong.wasm", broken());
    shell.file("text.wasm", "hello");
    ada.create_function("f").await;

    let unknown = shell
        .run(&["versions", "nothing", "--json"])
        .await
        .expect(4);
    assert_eq!(unknown.problem()["code"], "not_found");
    shell.run(&["functions", "create", "f"]).await.expect(7);
    shell
        .run(&["functions", "create", "No Name"])
        .await
        .expect(2);
    shell.run(&["frobnicate"]).await.expect(2);
    shell.run(&["invoke", "f"]).await.expect(4);
    let alien = shell
        .run(&["deploy", "f", "--module", "text.wasm"])
        .await
        .expect(2);
    assert!(alien.err.contains("no WebAssembly module"), "{}", alien.err);
    let refused = shell
        .run(&["deploy", "f", "--module", "wrong.wasm"])
        .await
        .expect(1);
    assert!(refused.err.contains("module_invalid"), "{}", refused.err);
    assert!(
        refused.err.lines().any(|line| line.starts_with("  - ")),
        "{}",
        refused.err
    );
    let report = shell
        .run(&["versions", "f", "--version", "1"])
        .await
        .expect(0);
    assert!(report.out.contains("refused"), "{}", report.out);
    shell.run(&["promote", "f", "1"]).await.expect(7);

    let mut key_only = shell.command(&["functions", "--json"]);
    key_only
        .env("CARTWRIGHT_API_URL", "http://127.0.0.1:1")
        .env("CARTWRIGHT_API_KEY", "cw_live_x");
    let away = said(key_only, "").await.expect(6);
    assert_eq!(away.problem()["code"], "unreachable");
}

#[tokio::test]
async fn a_pipeline_deploys_with_a_key_and_is_told_when_the_key_is_no_longer_good() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let made = ada
        .post("/v1/api-keys", &json!({"name": "ci", "scopes": ["deploy"]}))
        .await
        .expect(201)
        .json();
    let shell = Shell::new(stack);
    shell.file("one.wasm", guests::writing("1"));
    let run = async |arguments: &[&str]| {
        let mut command = shell.command(arguments);
        command
            .env("CARTWRIGHT_API_URL", &stack.api_url)
            .env("CARTWRIGHT_API_KEY", made["key"].as_str().expect("a key"));
        said(command, "").await
    };
    let deploy = [
        "deploy",
        "f",
        "-m",
        "one.wasm",
        "--create",
        "--promote",
        "live",
        "--json",
    ];

    let version = run(&deploy).await.expect(0).json();

    assert_eq!(
        (&version["version"], &version["aliases"]),
        (&json!(1), &json!(["live"]))
    );
    assert!(!shell.credentials().exists(), "nothing is stored in CI");
    let key = format!("/v1/api-keys/{}", made["id"].as_str().expect("an id"));
    ada.delete(&key).await.expect(204);
    let refused = run(&deploy).await.expect(3);
    let problem = refused.problem();
    assert_eq!(problem["code"], "unauthenticated");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(
        detail.contains("revoked") && detail.contains("CARTWRIGHT_API_KEY"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_run_that_fails_ends_with_one_and_says_where() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy(
        "discount",
        module("volume-discount-rust/volume-discount-rust.wasm"),
    )
    .await;
    ada.invoke_when_known("discount", &json!({"cart": {}}))
        .await;
    let shell = Shell::of(stack, &ada).await;

    let failed = shell
        .type_with(&["invoke", "discount"], "{\"cart\":1}")
        .await
        .expect(1);

    assert_eq!(failed.out, "");
    assert!(failed.err.contains("exited: "), "{}", failed.err);
    assert!(failed.err.contains("the end of its log"), "{}", failed.err);
}

#[tokio::test]
async fn a_rollback_is_a_move_back_and_a_second_one_undoes_it() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("f", guests::writing("1")).await;
    let shell = Shell::of(stack, &ada).await;
    shell.run(&["rollback", "f"]).await.expect(2);
    shell.file("two.wasm", guests::writing("2"));
    shell
        .run(&["deploy", "f", "-m", "two.wasm", "--promote", "live"])
        .await
        .expect(0);
    let live = async || ada.get("/v1/functions/f").await.json()["live"].clone();
    assert_eq!(live().await, 2);

    shell.run(&["rollback", "f"]).await.expect(0);
    assert_eq!(live().await, 1);
    shell.run(&["rollback", "f"]).await.expect(0);
    assert_eq!(live().await, 2);
    shell.run(&["rollback", "f", "--to", "1"]).await.expect(0);
    assert_eq!(live().await, 1);
}

#[tokio::test]
async fn a_configuration_is_set_from_a_file_or_a_pipe_and_comes_back_as_it_was() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy(
        "discount",
        module("volume-discount-rust/volume-discount-rust.wasm"),
    )
    .await;
    let shell = Shell::of(stack, &ada).await;
    shell.file("config.json", "{\"percent\": 15}");

    shell.run(&["config", "get", "discount"]).await.expect(4);
    shell
        .run(&["config", "set", "discount", "--file", "config.json"])
        .await
        .expect(0);
    let set = ["config", "set", "discount", "-f", "-"];
    let refused = shell.type_with(&set, "{\"percent\": 1000}").await.expect(2);
    assert!(refused.err.contains("/percent"), "{}", refused.err);

    let got = shell
        .run(&["config", "get", "discount"])
        .await
        .expect(0)
        .json();
    assert_eq!(got, json!({"percent": 15}));
}

#[tokio::test]
async fn kept_logs_are_found_by_level_and_an_empty_search_says_why() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let log = "INFO one\nWARN two\n";
    ada.deploy("fails", guests::logging(log, 1, "unreachable"))
        .await;
    ada.deploy("works", guests::logging(log, 1, "")).await;
    ada.invoke_when_known("fails", &json!({})).await.expect(422);
    ada.invoke_when_known("works", &json!({})).await.expect(200);
    let shell = Shell::of(stack, &ada).await;

    let found = eventually("the log is kept", Duration::from_secs(15), async || {
        let found = shell.run(&["logs", "fails", "--json"]).await;
        let found = found.expect(0).json();
        (found["data"].as_array()?.len() >= 3).then_some(found)
    })
    .await;

    assert_eq!(found["data"][0]["kind"], "failure", "the newest first");
    let told = shell.run(&["logs", "fails"]).await.expect(0);
    let texts: Vec<&str> = told
        .out
        .lines()
        .filter_map(|line| Some(line.split_once("  ")?.1))
        .collect();
    assert_eq!(texts[..2], ["INFO one", "WARN two"], "as it was written");
    assert!(texts[2].starts_with("trap: "), "{}", texts[2]);
    let warnings = shell
        .run(&["logs", "fails", "--level", "warn", "--from", "1h"])
        .await
        .expect(0);
    assert_eq!(warnings.out.lines().count(), 2, "{}", warnings.out);
    let nothing = shell.run(&["logs", "works"]).await.expect(0);
    assert_eq!(nothing.out, "");
    assert!(
        nothing.err.contains("of failed runs only"),
        "{}",
        nothing.err
    );
    shell.run(&["logs", "-f", "nothing"]).await.expect(4);
    shell
        .run(&["logs", "-f", "works", "--from", "1h"])
        .await
        .expect(2);
}

/// Run until a line of one of these runs is printed.
async fn seen_running(
    tenant: &Tenant,
    lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
) -> Value {
    let mut runs = Vec::new();
    eventually("a run is seen", Duration::from_secs(60), async || {
        let answer = tenant.invoke("talker", &json!({})).await;
        runs.push(json!(answer.header("cartwright-invocation-id")));
        let next = tokio::time::timeout(Duration::from_millis(500), lines.next_line()).await;
        let line = next.ok()?.expect("UTF-8").expect("it goes on");
        let entry: Value = serde_json::from_str(&line).expect("a document on a line");
        runs.contains(&entry["invocation_id"]).then_some(entry)
    })
    .await
}

#[tokio::test]
async fn a_watch_shows_what_runs_and_goes_on_after_the_server_was_restarted() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    let log = "INFO one\nWARN two\n";
    ada.deploy("talker", guests::logging(log, 1, "")).await;
    ada.invoke_when_known("talker", &json!({}))
        .await
        .expect(200);
    let shell = Shell::of(&stack, &ada).await;
    let follow = ["logs", "-f", "talker", "--level", "warn", "--json"];
    let mut child = shell.command(&follow).spawn().expect("cartwright starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();

    let seen = seen_running(&ada, &mut lines).await;

    assert_eq!(
        (&seen["level"], &seen["text"]),
        (&json!("warn"), &json!("WARN two"))
    );
    stack.restart(Role::Api).await;
    // Of runs from now on, so it is no line that came before.
    seen_running(&ada, &mut lines).await;
}

#[tokio::test]
async fn a_watch_that_has_seen_nothing_yet_says_that_a_restart_may_have_hidden_something() {
    let stack = Stack::start(Options::default()).await;
    let ada = stack.tenant("ada").await;
    ada.deploy("talker", guests::logging("INFO one\n", 1, ""))
        .await;
    let shell = Shell::of(&stack, &ada).await;
    let mut child = shell
        .command(&["logs", "-f", "talker"])
        .spawn()
        .expect("cartwright starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut said = async |text: &str| {
        let waiting = async {
            while let Some(line) = lines.next_line().await.expect("UTF-8") {
                if line.contains(text) {
                    return;
                }
            }
            panic!("it ended without saying {text:?}");
        };
        let within = tokio::time::timeout(Duration::from_secs(30), waiting);
        within.await.expect("it says so in time");
    };
    said("watching talker").await;

    stack.restart(Role::Api).await;

    said("what was logged meanwhile is not shown here").await;
    said("watching talker").await;
}

#[tokio::test]
async fn who_is_limited_is_told_when_to_come_again() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    ada.invoke_when_known("hello", &json!({})).await.expect(200);
    let none = json!({"daily_invocations": {"limit": 1}});
    ada.put("/v1/functions/hello/quotas", &none)
        .await
        .expect(200);
    let shell = Shell::of(stack, &ada).await;
    let limited = eventually(
        "the quota is heard of",
        Duration::from_secs(10),
        async || {
            let said = shell.run(&["invoke", "hello", "--data", "{}"]).await;
            (said.code != Some(0)).then_some(said)
        },
    )
    .await;
    assert!(limited.err.contains("quota_exceeded"), "{}", limited.err);
    assert!(limited.err.contains("try again in "), "{}", limited.err);
}

#[tokio::test]
async fn a_reader_that_has_gone_is_no_panic() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let shell = Shell::of(stack, &ada).await;
    for arguments in [&["completion", "bash"][..], &["functions"], &["--help"]] {
        let mut command = shell.command(arguments);
        let mut child = command.spawn().expect("cartwright starts");
        drop(child.stdout.take());
        drop(child.stdin.take());
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let said = lines.next_line().await.expect("UTF-8");
        assert_eq!(said, None, "{arguments:?}");
        assert_eq!(child.wait().await.expect("it ends").code(), Some(0));
    }
}
