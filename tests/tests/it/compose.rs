//! The compose file starts the same roles with the same commands and environment as `cargo xtask up`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cartwright_tests::{Role, Stack};
use yaml_rust2::{Yaml, YamlLoader};

/// Set where a container differs from a process on a laptop: log format, and places that an image fixes.
const SET_ONLY_IN_COMPOSE: &[&str] = &[
    "CARTWRIGHT_LOG",
    "CARTWRIGHT_LOG_FORMAT",
    "CARTWRIGHT_METER_DURABILITY",
];
/// Has its place beside the api's binary in the image.
const SET_ONLY_ON_A_LAPTOP: &[&str] = &["CARTWRIGHT_COMPILER"];

fn compose_text() -> String {
    std::fs::read_to_string(xtask::place::root().join("docker-compose.yml"))
        .expect("the compose file is there")
}

fn compose() -> Yaml {
    YamlLoader::load_from_str(&compose_text())
        .expect("the compose file is YAML")
        .remove(0)
}

/// The environment of a service, with what `<<` merges into it.
fn environment(service: &Yaml) -> BTreeMap<String, String> {
    let own = service["environment"]
        .as_hash()
        .expect("a service with an environment");
    let mut all = BTreeMap::new();
    for (name, value) in own {
        let name = name.as_str().expect("a variable's name");
        match (name, value) {
            ("<<", Yaml::Array(merged)) => all.extend(merged.iter().flat_map(plain)),
            ("<<", merged) => all.extend(plain(merged)),
            (_, value) => {
                all.insert(
                    name.to_owned(),
                    value.as_str().unwrap_or_default().to_owned(),
                );
            }
        }
    }
    all
}

fn plain(hash: &Yaml) -> BTreeMap<String, String> {
    let entries = hash.as_hash().expect("a mapping").iter();
    entries
        .map(|(name, value)| {
            (
                name.as_str().unwrap().to_owned(),
                value.as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

fn run(binary: &str, arguments: &[&str]) -> String {
    let output = Command::new(xtask::place::binary(binary))
        .args(arguments)
        .output()
        .expect("the binary runs");
    assert!(
        output.status.success(),
        "{binary} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn compose_gives_each_role_the_command_and_the_variables_that_up_gives_it() {
    let stack = Stack::shared().await;
    let compose = compose();
    for role in Role::ALL {
        let service = &compose["services"][role.name()];
        let command: Vec<&str> = service["command"]
            .as_vec()
            .expect("a command")
            .iter()
            .filter_map(Yaml::as_str)
            .collect();
        assert_eq!(command, role.command().1, "the command of {}", role.name());

        let without = |all: BTreeMap<String, String>, left_out: &[&str]| -> BTreeSet<String> {
            all.into_keys()
                .filter(|name| !left_out.contains(&name.as_str()))
                .collect()
        };
        let in_compose = without(environment(service), SET_ONLY_IN_COMPOSE);
        let mut on_a_laptop = without(
            stack.wiring.environment(role).unwrap(),
            SET_ONLY_ON_A_LAPTOP,
        );
        on_a_laptop.retain(|name| !SET_ONLY_IN_COMPOSE.contains(&name.as_str()));
        if role == Role::Api {
            on_a_laptop.insert("CARTWRIGHT_CONSOLE_DIR".to_owned()); // absent in a stack whose console was not built
        }
        assert_eq!(in_compose, on_a_laptop, "the variables of {}", role.name());
    }
}

#[test]
fn every_variable_in_compose_stands_in_the_help_of_its_command() {
    let compose = compose();
    let services = [("migrate", "cartwright-api", "migrate")]
        .into_iter()
        .chain(Role::ALL.map(|role| (role.name(), role.command().0, role.command().1[0])));
    for (service, binary, command) in services {
        let help = run(binary, &[command, "--help"]);
        assert!(
            help.contains("DATABASE_URL") || binary == "cartwright-executor",
            "{binary} {command} --help names variables"
        );
        for name in environment(&compose["services"][service]).into_keys() {
            assert!(
                help.contains(&name),
                "`{binary} {command} --help` does not name {name}, which compose sets"
            );
        }
    }
}

#[test]
fn keys_generate_prints_every_secret_that_compose_asks_for() {
    let generated: BTreeSet<String> = run("cartwright-api", &["keys", "generate"])
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.to_owned()))
        .collect();
    let text = compose_text();
    let asked: BTreeSet<&str> = text
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .filter(|(variable, _)| !variable.contains(":-"))
        .map(|(variable, _)| variable.split(':').next().unwrap_or(variable))
        .collect();
    assert!(
        asked.contains("CARTWRIGHT_SECRETS_KEY"),
        "the reading of variables works: {asked:?}"
    );
    let missing: Vec<_> = asked
        .iter()
        .filter(|name| !generated.contains(**name))
        .collect();
    assert!(
        missing.is_empty(),
        "`cartwright-api keys generate` does not print {missing:?}"
    );
}

#[test]
fn every_image_that_is_not_ours_is_pinned_to_a_release() {
    let compose = compose();
    let services = compose["services"].as_hash().unwrap();
    let images: Vec<&str> = services
        .values()
        .filter_map(|service| service["image"].as_str())
        .collect();
    assert!(images.len() >= 7, "{images:?}");
    for image in images
        .iter()
        .filter(|image| !image.starts_with("cartwright-"))
    {
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        assert!(
            tag.starts_with(|c: char| c.is_ascii_digit()) && tag.contains('.'),
            "{image} is not pinned"
        );
    }
}

#[tokio::test]
async fn migrate_makes_the_bucket_that_is_not_there_and_leaves_one_that_is() {
    let stack = Stack::shared().await;
    let bucket = format!("made-{}", uuid::Uuid::now_v7().simple());
    let migrate = || {
        Command::new(xtask::place::binary("cartwright-api"))
            .args(["migrate", "--create-bucket"])
            .envs(stack.wiring.migration_environment().unwrap())
            .envs(
                stack
                    .wiring
                    .environment(Role::Worker)
                    .unwrap()
                    .into_iter()
                    .filter(|(name, _)| name.starts_with("AWS_") || name == "S3_ENDPOINT"),
            )
            .env("S3_BUCKET", &bucket)
            .output()
            .expect("the binary runs")
    };
    for _ in 0..2 {
        let output = migrate();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
