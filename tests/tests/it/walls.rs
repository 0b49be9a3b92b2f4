//! The walls between crates, asked of cargo. Each question stands beside one that must find something, since a
//! misspelt name finds nothing too.

use std::process::Command;

/// Whether `package`, as it is built alone, links `dependency`.
fn links(package: &str, dependency: &str) -> bool {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--package",
            package,
        ])
        .current_dir(xtask::place::root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).expect("cargo speaks UTF-8");
    assert!(
        tree.starts_with(package),
        "the tree of {package} begins with it: {tree}"
    );
    tree.lines()
        .any(|line| line.split(' ').next() == Some(dependency))
}

#[test]
fn the_executor_has_no_database_driver() {
    assert!(
        links("cartwright-billing", "sqlx"),
        "billing has one, so the question finds it"
    );
    assert!(!links("cartwright-executor", "sqlx"));
    assert!(!links("cartwright-executor", "sqlx-postgres"));
}

#[test]
fn the_executor_has_no_compiler() {
    assert!(
        links("cartwright-compiler", "cranelift-codegen"),
        "the compiler has one, so the question finds it"
    );
    assert!(!links("cartwright-executor", "cranelift-codegen"));
    assert!(!links("cartwright-executor", "wasmtime-internal-cranelift"));
}

#[test]
fn the_executor_has_no_profiler() {
    assert!(
        links("cartwright-cli", "wasm-encoder"),
        "the command line rewrites modules to profile them, so the question finds it"
    );
    assert!(!links("cartwright-executor", "wasm-encoder"));
}

#[test]
fn the_executor_has_no_object_store_client() {
    assert!(
        links("cartwright-api", "aws-sdk-s3"),
        "the api has one, so the question finds it"
    );
    assert!(!links("cartwright-executor", "aws-sdk-s3"));
}

#[test]
fn the_api_and_billing_have_no_wasm_runtime() {
    assert!(
        links("cartwright-executor", "wasmtime"),
        "the executor has one, so the question finds it"
    );
    assert!(!links("cartwright-api", "wasmtime"));
    assert!(!links("cartwright-billing", "wasmtime"));
}

#[test]
fn the_engine_knows_no_network() {
    assert!(
        links("cartwright-executor", "hyper"),
        "the executor has one, so the question finds it"
    );
    for network in ["hyper", "reqwest", "redis", "axum"] {
        assert!(
            !links("cartwright-engine", network),
            "the engine links {network}"
        );
    }
}

#[test]
fn the_domain_does_no_io() {
    assert!(
        links("cartwright-role", "tokio"),
        "a role has one, so the question finds it"
    );
    for io in ["tokio", "hyper", "sqlx", "reqwest"] {
        assert!(!links("cartwright-domain", io), "the domain links {io}");
    }
}

#[test]
fn the_command_line_has_no_database_driver_and_no_object_store_client() {
    assert!(
        links("cartwright-cli", "reqwest"),
        "the command line has it, so the question finds it"
    );
    for heavy in ["sqlx", "sqlx-core", "aws-sdk-s3", "aws-config", "axum"] {
        assert!(
            !links("cartwright-cli", heavy),
            "the command line links {heavy}"
        );
    }
}

#[test]
fn xtask_stays_light() {
    assert!(
        links("xtask", "serde_json"),
        "xtask has it, so the question finds it"
    );
    for heavy in ["tokio", "sqlx", "aws-sdk-s3", "wasmtime", "hyper"] {
        assert!(!links("xtask", heavy), "xtask links {heavy}");
    }
}
