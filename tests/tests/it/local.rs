//! Functions on the developer's machine: `cartwright init`, `build`, `test` and `run`, and that what they count is what is
//! billed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cartwright_tests::{Stack, Tenant, eventually, module};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use xtask::fuel::{self, Burned};

use crate::recorded::{WITHIN, keeping, kept, replay};

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The same, if it ended so.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        let told = format!("out: {}\nerr: {}", self.out, self.err);
        assert_eq!(self.code, Some(code), "{told}");
        assert!(!self.err.contains("panicked"), "{told}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}", self.out))
    }
}

/// `cartwright`, to be typed in a folder.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(xtask::place::binary("cartwright"));
    // What rustup and npm need of this machine stays; what this run of cargo says of itself does not reach the one inside.
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("CARGO_NET_OFFLINE", "true")
        .env(
            "CARGO_BUILD_BUILD_DIR",
            xtask::place::target().join("templates"),
        )
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .env_remove("CARTWRIGHT_API_KEY");
    command
}

pub(crate) fn cartwright(folder: &Path, arguments: &[&str]) -> Said {
    let said = command(folder, arguments).output().expect("it starts");
    Said {
        code: said.status.code(),
        out: String::from_utf8_lossy(&said.stdout).into_owned(),
        err: String::from_utf8_lossy(&said.stderr).into_owned(),
    }
}

/// A template, and a run of the committed module that is made of the same source.
struct Template {
    language: &'static str,
    target: &'static str,
    run: &'static Burned,
}

const TEMPLATES: [Template; 6] = [
    Template {
        language: "rust",
        target: "cart.discount",
        run: &fuel::DISCOUNT_RUST,
    },
    Template {
        language: "assemblyscript",
        target: "cart.discount",
        run: &fuel::DISCOUNT_ASSEMBLYSCRIPT,
    },
    Template {
        language: "javascript",
        target: "cart.discount",
        run: &fuel::DISCOUNT_JAVASCRIPT,
    },
    Template {
        language: "c",
        target: "cart.discount",
        run: &fuel::DISCOUNT_C,
    },
    Template {
        language: "rust",
        target: "payment.filter",
        run: &fuel::PAYMENT,
    },
    Template {
        language: "rust",
        target: "shipping.rates",
        run: &fuel::SHIPPING,
    },
];

impl Template {
    /// A new project of it.
    fn init(&self) -> (TempDir, PathBuf) {
        let home = tempfile::tempdir().expect("a folder");
        let options = ["init", "--template", self.language, "--target", self.target];
        cartwright(home.path(), &[&options[..], &["my-function"]].concat()).expect(0);
        let project = home.path().join("my-function");
        (home, project)
    }

    /// Whether this machine has what builds it.
    fn can_build(&self, project: &Path) -> bool {
        let succeeds = |program: &str, arguments: &[&str]| {
            let mut tried = Command::new(program);
            tried
                .args(arguments)
                .current_dir(project)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            tried.status().is_ok_and(|status| status.success())
        };
        match self.language {
            "rust" => {
                let libraries = Command::new("rustc")
                    .args(["--print", "target-libdir", "--target", "wasm32-wasip1"])
                    .output();
                let installed = libraries.is_ok_and(|said| {
                    Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_dir()
                });
                installed && succeeds("cargo", &["fetch", "--offline"])
            }
            "assemblyscript" | "javascript" => {
                let function = format!("functions/volume-discount-{}", self.language);
                let packages = root().join(function).join("node_modules");
                packages.is_dir()
                    && std::os::unix::fs::symlink(packages, project.join("node_modules")).is_ok()
            }
            _ => {
                let source = project.join("try.c");
                std::fs::write(
                    &source,
                    "#include <stdlib.h>\nint main(void) { return abs(0); }",
                )
                .expect("it is written");
                let links = succeeds(
                    "clang",
                    &["--target=wasm32-wasi", "try.c", "-o", "try.wasm"],
                );
                std::fs::remove_file(source).expect("it is there");
                links
            }
        }
    }
}

/// Run a committed module on its sample here, without a target, as a function without one runs.
fn run_here(burned: &Burned) -> Value {
    let functions = root().join("functions");
    let arguments = ["run", burned.module, "--input", burned.sample, "--json"];
    cartwright(&functions, &arguments).expect(0).json()
}

fn root() -> PathBuf {
    xtask::place::root()
}

/// A module in a folder of its own.
pub(crate) fn written(module: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("module.wasm"), module).expect("it is written");
    folder
}

#[test]
fn every_template_becomes_a_project_that_builds_and_answers_its_samples() {
    for template in &TEMPLATES {
        let (_home, project) = template.init();
        if template.can_build(&project) {
            let built = cartwright(&project, &["build"]).expect(0);
            assert!(
                built.out.contains("an upload would take it"),
                "{}",
                built.out
            );
            assert!(built.out.contains("sample    carried"), "{}", built.out);
        } else {
            println!(
                "{}: its compiler is not here, so the committed module stands in",
                template.language
            );
            let manifest =
                std::fs::read_to_string(project.join("cartwright.toml")).expect("it is there");
            let line = manifest
                .lines()
                .find(|line| line.starts_with("module"))
                .expect("it has one");
            let path = project.join(line.split('"').nth(1).expect("a path"));
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            std::fs::write(path, module(template.run.module)).expect("it is written");
        }

        let tested = cartwright(&project, &["test", "--json"]).expect(0).json();
        assert_eq!(tested["failed"], 0);
        assert!(tested["passed"].as_u64() >= Some(5), "{tested}");

        let ran = cartwright(&project, &["run", "--json"]).expect(0).json();
        assert_eq!(ran["outcome"], "ok");
        assert!(ran["output"].is_object(), "{ran}");
    }
}

#[test]
fn a_template_that_does_not_exist_and_a_folder_that_is_not_empty_are_refused_with_what_to_do() {
    let home = tempfile::tempdir().expect("a folder");
    for wrong in [["cobol", "cart.discount"], ["c", "payment.filter"]] {
        let [language, target] = wrong;
        let arguments = ["init", "--template", language, "--target", target, "new"];
        let said = cartwright(home.path(), &arguments).expect(2);
        assert!(
            said.err.contains("--template c --target cart.discount"),
            "{}",
            said.err
        );
        assert!(!home.path().join("new").exists());
    }
    std::fs::write(home.path().join("thesis.txt"), "years of work").expect("it is written");
    let said = cartwright(home.path(), &["init", "--template", "c", "."]).expect(2);
    assert!(
        said.err.contains("--name") || said.err.contains("not empty"),
        "{}",
        said.err
    );
    let said = cartwright(
        home.path(),
        &["init", "--template", "c", "--name", "a", "."],
    )
    .expect(2);
    assert!(said.err.contains("not empty"), "{}", said.err);
}

#[test]
fn a_build_refuses_what_an_upload_refuses_in_the_same_words() {
    let module = r#"(module (import "env" "now" (func (result i64))) (memory (export "memory") 1) (func (export "_start")))"#;
    let folder = written(&wat::parse_str(module).expect("a module"));
    let said = cartwright(folder.path(), &["build", "module.wasm", "--json"]).expect(1);
    let codes: Vec<_> = said.json()["errors"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| finding["code"].clone())
        .collect();
    assert_eq!(codes, ["import_unknown"]);
    let said = cartwright(folder.path(), &["run", "module.wasm"]).expect(1);
    assert!(
        said.err.contains("an upload would refuse this module"),
        "{}",
        said.err
    );
}

#[test]
fn a_trap_shows_functions_with_file_and_line_where_the_module_has_them() {
    let folder = written(include_bytes!("lines/fee.wasm"));
    std::fs::write(folder.path().join("cart.json"), "{}").expect("it is written");
    let arguments = ["run", "module.wasm", "--input", "cart.json"];

    let said = cartwright(folder.path(), &arguments).expect(1);

    assert!(said.err.contains("trap: "), "{}", said.err);
    for place in [
        "in fee at ",
        "fee.c:4",
        "in checkout at ",
        "fee.c:8",
        "in _start at ",
        "fee.c:12",
    ] {
        assert!(said.err.contains(place), "{place} in {}", said.err);
    }

    // Names only, where there are no lines.
    let module = r#"(module (memory (export "memory") 1) (func $fee unreachable) (func $main (export "_start") (call $fee)))"#;
    let folder = written(&wat::parse_str(module).expect("a module"));
    std::fs::write(folder.path().join("cart.json"), "{}").expect("it is written");
    let said = cartwright(folder.path(), &[&arguments[..], &["--json"]].concat()).expect(1);
    assert_eq!(said.json()["error"]["backtrace"], json!(["fee", "main"]));

    let said = cartwright(
        folder.path(),
        &["run", "module.wasm", "--input", "/dev/null"],
    )
    .expect(2);
    assert!(said.err.contains("not JSON"), "{}", said.err);
}

#[tokio::test]
async fn what_is_counted_here_is_what_is_billed_and_what_replays_burn_for_every_template() {
    let stack = Stack::shared().await;
    let ada = keeping(stack, "ada").await;
    for (index, burned) in fuel::ALL.into_iter().enumerate() {
        let (name, what) = (format!("template-{index}"), burned.module);
        ada.deploy(&name, module(what)).await;
        let warming = ada.invoke_when_known(&name, &Value::Null).await;

        let here = run_here(burned);
        let request = ada.invocation(&name).body(module(burned.sample));
        let there = ada.send(request).await.expect(200);
        let id = kept(&ada, &there).await;
        let replayed = replay(&ada, &id, &json!({})).await.expect(200).json();
        let replayed_here = replay_here(stack, &ada, &id, burned);

        let output = there.json();
        assert_eq!(here["fuel"], burned.fuel, "{what}");
        assert_eq!(here["output"], output, "{what}");
        assert_eq!(there.header("cartwright-fuel"), burned.fuel.to_string());
        assert_eq!(there.header("cartwright-cost"), here["cost"], "{what}");
        for member in [
            "comparable",
            "output_identical",
            "output_equal",
            "fuel_equal",
        ] {
            assert_eq!(replayed[member], true, "{what}: {member} of {replayed}");
        }
        assert_eq!(replayed["replayed"]["fuel"], burned.fuel, "{what}");
        assert_eq!(replayed_here["fuel"], burned.fuel, "{what}");
        assert_eq!(replayed_here["output"], output, "{what}");
        for member in ["comparable", "output_equal", "fuel_equal"] {
            assert_eq!(replayed_here["recorded"][member], true, "{replayed_here}");
        }

        let billed = ada.get(&format!("/v1/invocations/{id}")).await.json();
        assert_eq!(billed["fuel"], burned.fuel, "{billed}");
        assert_eq!(billed["billed"], true);
        // The sum has the replay too, which is billed to nobody.
        let of_warming: u64 = warming.header("cartwright-fuel").parse().expect("a number");
        let row = eventually("the sum has all three", WITHIN, async || {
            let usage = ada.get("/v1/usage?group_by=function").await;
            let rows = usage.expect(200).json()["data"].clone();
            let mut rows = rows.as_array().expect("rows").iter();
            let row = rows.find(|row| row["function"] == name)?;
            (row["invocations"] == 3).then(|| row.clone())
        })
        .await;
        assert_eq!(row["billable_invocations"], 2, "{row}");
        assert_eq!(row["fuel"], of_warming + 2 * burned.fuel, "{row}");
    }
}

/// Replay a recorded run of a committed module here, by its id.
fn replay_here(stack: &Stack, tenant: &Tenant, id: &str, burned: &Burned) -> Value {
    let functions = root().join("functions");
    let said = command(&functions, &["replay", id, burned.module, "--json"])
        .env("CARTWRIGHT_API_URL", &stack.api_url)
        .env("CARTWRIGHT_API_KEY", &tenant.api_key)
        .output()
        .expect("it starts");
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    serde_json::from_slice(&said.stdout).expect("it answers with JSON")
}

#[tokio::test]
async fn the_limits_here_are_those_of_a_new_tenant() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;

    let plan = ada.get("/v1/billing/plan").await.expect(200).json();

    assert_eq!(run_here(&fuel::DISCOUNT_RUST)["limits"], plan["limits"]);
}

#[tokio::test]
async fn a_watched_run_runs_again_after_a_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("cart.json");
    let cart = |name: &str| module(&format!("volume-discount-rust/samples/{name}.input.json"));
    std::fs::write(&input, cart("lines-3")).expect("it is written");
    let module = root().join("functions").join(fuel::DISCOUNT_RUST.module);
    let arguments = [
        "run",
        module.to_str().expect("UTF-8"),
        "-i",
        "cart.json",
        "--watch",
    ];
    let mut watching = tokio::process::Command::from(command(folder.path(), &arguments))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(watching.stdout.take().expect("it is piped")).lines();
    let first = lines.next_line().await.expect("it reads").expect("a line");
    assert!(first.contains(r#""total":"5.97""#), "{first}");

    std::fs::write(&input, cart("empty-cart")).expect("it is written");

    let second = tokio::time::timeout(Duration::from_secs(30), lines.next_line());
    let second = second.await.expect("it runs again").expect("it reads");
    assert!(second.expect("a line").contains(r#""discounts":[]"#));
}

#[test]
fn a_profile_accounts_for_every_unit_of_fuel_of_every_template() {
    let folder = tempfile::tempdir().expect("a folder");
    for template in &TEMPLATES {
        let functions = root().join("functions");
        let (module, sample) = (
            functions.join(template.run.module),
            functions.join(template.run.sample),
        );
        let [module, sample] = [&module, &sample].map(|path| path.to_str().expect("UTF-8"));
        let arguments = [
            "profile", module, "--input", sample, "-o", "discount", "--json",
        ];

        let said = cartwright(folder.path(), &arguments).expect(0).json();

        assert_eq!(said["fuel"], template.run.fuel);
        let read = |name: &str| std::fs::read(folder.path().join(name)).expect("it was written");
        let document: Value = serde_json::from_slice(&read("discount.json")).expect("it is JSON");
        let thread = &document["threads"][0];
        let weights = thread["samples"]["weight"].as_array().expect("weights");
        let sum: u64 = weights.iter().filter_map(Value::as_u64).sum();
        assert_eq!(sum, template.run.fuel, "{}", template.run.module);
        let names = thread["stringArray"].as_array().expect("names");
        // By its name in the module, which is not always that of the export.
        let starts = ["_start", "~start", "start"].map(Value::from);
        assert!(names.iter().any(|name| starts.contains(name)), "{names:?}");
        assert!(names.contains(&json!("fd_read (host)")), "{names:?}");
        let svg = String::from_utf8(read("discount.svg")).expect("UTF-8");
        assert!(svg.contains("fd_read (host): "), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}

/// A target as the api tells it, with what matters here.
fn target_of_gifts() -> Value {
    json!({
        "name": "cart.gift",
        "input_schema": {
            "title": "GiftInput", "type": "object", "required": ["cart"],
            "properties": {
                "cart": {
                    "type": "object", "required": ["kind", "lines", "note"],
                    "properties": {
                        "kind": {"enum": ["gift", "self-use"]},
                        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                        "note": {"type": ["string", "null"]},
                        "weightGrams": {"type": "integer", "description": "What the goods weigh."},
                    },
                },
            },
            "$defs": {
                "line": {
                    "type": "object", "required": ["type"],
                    "properties": {
                        "type": {"type": "string"}, "of": {"$ref": "#/$defs/line"},
                        "shares": {"type": "object", "additionalProperties": {"type": "number"}},
                    },
                },
            },
        },
        "output_schema": {"type": "object", "required": ["gift"], "properties": {"gift": {"type": "boolean"}}},
    })
}

fn gift() -> Value {
    json!({
        "cart": {
            "kind": "self-use", "note": null, "weightGrams": 250,
            "lines": [{"type": "box", "of": {"type": "tea"}, "shares": {"ada": 0.5}}, {"type": "bow"}],
        },
    })
}

#[test]
fn bindings_in_rust_read_and_write_what_the_target_sends() {
    let rust = &TEMPLATES[0];
    let (_home, project) = rust.init();
    std::fs::write(project.join("target.json"), target_of_gifts().to_string())
        .expect("it is written");
    let arguments = [
        "bindings",
        "--schema",
        "target.json",
        "--language",
        "rust",
        "-o",
        "src/bindings.rs",
    ];
    cartwright(&project, &arguments).expect(0);
    assert!(
        rust.can_build(&project),
        "this test needs what builds it: rustup target add wasm32-wasip1"
    );
    let source = "#![allow(dead_code)]\nmod bindings;\nuse cartwright_function::{answer, parse, read_input, run};\n\
        fn main() -> std::process::ExitCode {\n    run(|| {\n        let text = read_input()?;\n        \
        let input: bindings::GiftInput = parse(&text)?;\n        answer(&input)\n    })\n}\n";
    std::fs::write(project.join("src/main.rs"), source).expect("it is written");
    std::fs::write(project.join("gift.json"), gift().to_string()).expect("it is written");

    let ran = cartwright(&project, &["run", "-i", "gift.json", "--json"]).expect(0);

    assert_eq!(ran.json()["output"], gift());
    std::fs::write(project.join("gift.json"), r#"{"cart":{"kind":"loan"}}"#)
        .expect("it is written");
    let ran = cartwright(&project, &["run", "-i", "gift.json"]).expect(1);
    assert!(ran.err.contains("unknown variant `loan`"), "{}", ran.err);
}

#[test]
fn bindings_in_typescript_take_what_the_target_sends_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("target.json"),
        target_of_gifts().to_string(),
    )
    .expect("it is written");
    let arguments = [
        "bindings",
        "--schema",
        "target.json",
        "--language",
        "typescript",
        "-o",
        "bindings.ts",
    ];
    cartwright(folder.path(), &arguments).expect(0);
    let checked = |input: &Value| {
        let source = format!(
            "import type {{ GiftInput, Output }} from \"./bindings\";\nexport const input: GiftInput = {input};\n\
             export const output: Output = {{ gift: true }};\n"
        );
        std::fs::write(folder.path().join("use.ts"), source).expect("it is written");
        let compiler = root().join("web-console/node_modules/typescript/bin/tsc");
        let mut tsc = Command::new("node");
        tsc.arg(compiler).args(["--noEmit", "--strict", "use.ts"]);
        let said = tsc
            .current_dir(folder.path())
            .output()
            .expect("node starts");
        (
            said.status.success(),
            String::from_utf8_lossy(&said.stdout).into_owned(),
        )
    };

    let (is_right, said) = checked(&gift());
    assert!(is_right, "{said}");
    let mut wrong = gift();
    wrong["cart"]["kind"] = json!("loan");
    let (is_right, said) = checked(&wrong);
    assert!(!is_right && said.contains("loan"), "{said}");
}

#[test]
fn a_schema_that_is_none_gets_no_bindings_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["bindings", "--schema", "s.json", "--language", "rust"];
    for (schema, why) in [
        ("{", "not JSON"),
        ("[]", "a schema is an object"),
        (
            r##"{"properties":{"a":{"$ref":"#/$defs/b"}}}"##,
            "`$ref` #/$defs/b leads nowhere",
        ),
    ] {
        std::fs::write(folder.path().join("s.json"), schema).expect("it is written");
        let said = cartwright(folder.path(), &arguments).expect(2);
        assert!(said.err.contains(why), "{}", said.err);
    }
}

/// Draws randomness, looks at the clock and at its settings, and answers none of it: only its fuel and output tell.
const GAMBLER: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\10\00\00\00")
    (data (i32.const 16) "\"              \"")
    (func $letters (param $from i32) (local $i i32)
        (loop $next
            (i32.store8 (i32.add (i32.const 17) (i32.add (local.get $from) (local.get $i)))
                (i32.add (i32.const 97) (i32.and (i32.load8_u (i32.add (i32.const 64) (local.get $i))) (i32.const 15))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 7)))))
    (func (export "_start") (local $spins i32)
        (drop (call $random (i32.const 64) (i32.const 8)))
        (call $letters (i32.const 0))
        (local.set $spins (i32.load16_u (i32.const 64)))
        (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 64)))
        (call $letters (i32.const 7))
        (drop (call $environ (i32.const 80) (i32.const 84)))
        (local.set $spins (i32.add (local.get $spins) (i32.load (i32.const 84))))
        (block $done (loop $spin
            (br_if $done (i32.eqz (local.get $spins)))
            (local.set $spins (i32.sub (local.get $spins) (i32.const 1)))
            (br $spin)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

#[tokio::test]
async fn a_recorded_run_goes_the_same_way_here_to_the_unit_of_fuel() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let kept = ada
        .patch("/v1/tenant", &json!({"run_log_retention": "all"}))
        .await;
    kept.expect(200);
    let gambler = wat::parse_str(GAMBLER).expect("a module");
    ada.deploy("gambler", gambler.clone()).await;
    let config = json!({"stakes": "  high "});
    ada.put("/v1/functions/gambler/config", &config)
        .await
        .expect(200);
    ada.invoke_when_known("gambler", &json!({})).await;
    let folder = written(&gambler);
    let recording = folder.path().join("run.json");
    let arguments = ["run", "module.wasm", "--recorded", "run.json", "--json"];
    let (mut outputs, mut last) = (Vec::new(), String::new());
    for _ in 0..2 {
        let request = ada.invocation("gambler").body("{ \"a\" :1}");
        let there = ada.send(request).await.expect(200);
        let id = there.header("cartwright-invocation-id");
        let path = format!("/v1/invocations/{id}/recording");
        let answer = eventually("the run was kept", Duration::from_secs(10), async || {
            let answer = ada.get(&path).await;
            (answer.status == 200).then_some(answer)
        })
        .await;
        std::fs::write(&recording, answer.text()).expect("it is written");

        let here = cartwright(folder.path(), &arguments).expect(0).json();

        assert_eq!(here["output"], there.json());
        assert_eq!(here["fuel"].to_string(), there.header("cartwright-fuel"));
        assert_eq!(here["recorded"]["output_equal"], true, "{here}");
        assert_eq!(here["recorded"]["fuel_equal"], true, "{here}");
        assert_eq!(here["recorded"]["comparable"], true, "{here}");
        outputs.push(there.json());
        last = id.to_owned();
    }
    assert_ne!(
        outputs[0], outputs[1],
        "chance and the clock differ from run to run"
    );

    // The same by its id alone: the command line asks the server itself.
    let api_key = ada.api_key.as_str();
    let mut by_id = command(folder.path(), &["replay", &last, "module.wasm", "--json"]);
    by_id
        .env("CARTWRIGHT_API_URL", &stack.api_url)
        .env("CARTWRIGHT_API_KEY", api_key);
    let said = by_id.output().expect("it starts");
    let told: Value = serde_json::from_slice(&said.stdout).expect("it answers with JSON");
    assert_eq!(told["output"], outputs[1]);
    assert_eq!(told["recorded"]["fuel_equal"], true, "{told}");

    // A run that went otherwise on the same module is told by the exit code; another module is not to blame.
    let text = std::fs::read_to_string(&recording).expect("it is there");
    let mut changed: Value = serde_json::from_str(&text).expect("it is JSON");
    changed["fuel"] = json!(1);
    std::fs::write(&recording, changed.to_string()).expect("it is written");
    let said = cartwright(folder.path(), &arguments[..4]).expect(1);
    assert!(
        said.err.contains("output equal, fuel different"),
        "{}",
        said.err
    );
    let hello = root().join("functions/hello/hello.wasm");
    let hello = hello.to_str().expect("UTF-8");
    let said = cartwright(folder.path(), &["run", hello, "--recorded", "run.json"]).expect(0);
    assert!(
        said.err.contains("not comparable: this is another module"),
        "{}",
        said.err
    );
    std::fs::write(&recording, "{}").expect("it is written");
    let said = cartwright(folder.path(), &arguments[..4]).expect(2);
    assert!(said.err.contains("is no recording"), "{}", said.err);
}

#[tokio::test]
async fn a_run_whose_input_was_not_kept_has_no_recording_and_says_what_to_set() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    ada.deploy("hello", module("hello/hello.wasm")).await;
    let there = ada.invoke_when_known("hello", &json!({})).await;
    let path = format!(
        "/v1/invocations/{}/recording",
        there.header("cartwright-invocation-id")
    );
    let refused = eventually("the run is known", Duration::from_secs(10), async || {
        let answer = ada.get(&path).await;
        let is_known = answer.status == 409 && answer.json()["log_status"] == "off";
        is_known.then_some(answer)
    })
    .await;
    assert!(
        refused.json()["detail"]
            .as_str()
            .expect("text")
            .contains("run_log_retention")
    );
}

#[tokio::test]
async fn bindings_are_of_the_target_that_the_server_has_or_of_a_file_that_holds_a_schema() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let folder = tempfile::tempdir().expect("a folder");
    let bindings = |arguments: &[&str]| {
        let said = command(folder.path(), &[&["bindings"], arguments].concat())
            .env("CARTWRIGHT_API_URL", &stack.api_url)
            .env("CARTWRIGHT_API_KEY", &ada.api_key)
            .output()
            .expect("it starts");
        Said {
            code: said.status.code(),
            out: String::from_utf8_lossy(&said.stdout).into_owned(),
            err: String::from_utf8_lossy(&said.stderr).into_owned(),
        }
    };
    let language = ["--language", "typescript"];

    let fetched = bindings(&[&["cart.discount"], &language[..]].concat()).expect(0);
    let target = ada.get("/v1/targets/cart.discount").await.expect(200);
    std::fs::write(folder.path().join("target.json"), target.text()).expect("it is written");
    let file = ["--schema", "target.json"];
    let of_file = bindings(&[&file, &language[..]].concat()).expect(0);

    assert!(fetched.out.contains("export interface"), "{}", fetched.out);
    assert_eq!(fetched.out, of_file.out);
    let absent = bindings(&[&["cart.nothing"], &language[..]].concat()).expect(4);
    assert!(absent.err.contains("not_found"), "{}", absent.err);
    let broken = r#"{"type": "object", "properties": {"a": {"type": "strng"}}}"#;
    std::fs::write(folder.path().join("target.json"), broken).expect("it is written");
    let refused = bindings(&[&file, &language[..]].concat()).expect(2);
    assert!(
        refused.err.contains("/properties/a/type"),
        "{}",
        refused.err
    );
    bindings(&language).expect(2);
}
