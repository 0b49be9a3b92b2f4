//! What comes in from outside: its licence is one that we may ship, it comes from the registry, and nothing that we
//! decided against comes in by a side door. The rules are in `deny.toml`, which `cargo deny` reads as well.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

fn packages() -> Vec<Value> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args([
            "metadata",
            "--offline",
            "--format-version",
            "1",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(xtask::place::root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo speaks JSON");
    let packages = metadata["packages"].as_array().expect("packages").clone();
    assert!(
        packages.len() > 200,
        "only {} packages: the question is wrong",
        packages.len()
    );
    packages
}

/// The strings of a list in `deny.toml`, such as `allow = [ … ]`.
fn rules(key: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(xtask::place::root().join("deny.toml"))
        .expect("deny.toml is there");
    let start = text
        .find(&format!("{key} = ["))
        .unwrap_or_else(|| panic!("deny.toml has a list {key}"));
    let list = text[start..].split(']').next().expect("the list ends");
    let rules: BTreeSet<String> = list
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert!(!rules.is_empty(), "deny.toml's list {key} is empty");
    rules
}

/// Whether an SPDX expression can be met with these licences. It reads `OR`, `AND`, `/` and parentheses.
fn may_ship(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.trim().replace('/', " OR ");
    let mut depth = 0i32;
    for word in [" OR ", " AND "] {
        for (at, letter) in expression.char_indices() {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ if depth == 0 && expression[at..].starts_with(word) => {
                    let (left, right) = (&expression[..at], &expression[at + word.len()..]);
                    let (left, right) = (may_ship(left, allowed), may_ship(right, allowed));
                    return if word == " OR " {
                        left || right
                    } else {
                        left && right
                    };
                }
                _ => {}
            }
        }
    }
    match expression
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        Some(inner) => may_ship(inner, allowed),
        None => allowed.contains(expression.trim()),
    }
}

#[test]
fn every_licence_is_one_that_we_may_ship() {
    let allowed = rules("allow");
    assert!(
        !may_ship("GPL-3.0-only", &allowed),
        "the rule refuses something"
    );
    assert!(
        may_ship("GPL-3.0-only OR (MIT AND Apache-2.0)", &allowed),
        "the rule reads expressions"
    );
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| {
            !may_ship(
                package["license"].as_str().unwrap_or("none stated"),
                &allowed,
            )
        })
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:#?}");
}

#[test]
fn nothing_that_we_decided_against_comes_in() {
    let banned = rules("deny");
    let found: Vec<String> = packages()
        .iter()
        .filter(|package| banned.contains(package["name"].as_str().unwrap_or_default()))
        .map(|package| format!("{} {}", package["name"], package["version"]))
        .collect();
    assert!(found.is_empty(), "banned by deny.toml: {found:?}");
}

#[test]
fn every_dependency_comes_from_the_registry() {
    for package in packages() {
        let source = package["source"].as_str().unwrap_or("this workspace");
        assert!(
            source == "this workspace" || source.starts_with("registry+"),
            "{} comes from {source}",
            package["name"]
        );
    }
}
