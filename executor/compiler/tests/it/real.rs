//! The functions of `functions/`: accepted, and their samples answered, so that the limits are known to fit real modules.

use std::fs;
use std::path::{Path, PathBuf};

use cartwright_domain::outcome::Outcome;

use crate::child::{compile, engine, run};

fn functions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions")
}

/// The functions that have a prebuilt module: their folder and its name.
fn prebuilt() -> Vec<(PathBuf, String)> {
    let folders = fs::read_dir(functions())
        .expect("the functions are there")
        .filter_map(Result::ok);
    let mut found: Vec<_> = folders
        .map(|folder| {
            (
                folder.path(),
                folder.file_name().to_string_lossy().into_owned(),
            )
        })
        .filter(|(folder, name)| folder.join(format!("{name}.wasm")).exists())
        .collect();
    found.sort();
    found
}

#[test]
fn every_function_of_ours_is_accepted_with_its_settings_and_sample() {
    assert!(prebuilt().len() >= 5, "{:?}", prebuilt());
    for (folder, name) in prebuilt() {
        let module = fs::read(folder.join(format!("{name}.wasm"))).expect("it can be read");
        let (report, artifact) = compile(&module, &["--memory-bytes-max", "16777216"]);
        assert!(
            report.accepted() && artifact.is_some(),
            "{name}: {:#?}",
            report.findings
        );
        assert!(
            report.settings_schema.is_some() && report.sample.is_some(),
            "{name} carries its settings and a sample"
        );
    }
}

#[test]
fn every_function_of_ours_answers_every_sample_twice_alike() {
    let engine = engine();
    let mut samples = 0;
    for (folder, name) in prebuilt() {
        let module = fs::read(folder.join(format!("{name}.wasm"))).expect("it can be read");
        let artifact = compile(&module, &[]).1.expect("it is accepted");
        for (sample, input, settings, expected) in samples_of(&folder) {
            let run = || run(&engine, &artifact, input.clone(), &settings);
            let (first, second) = (run(), run());
            let place = format!("{name}/{sample}");
            assert_eq!(
                first.outcome,
                Outcome::Ok,
                "{place}: {:?} {}",
                first.error,
                String::from_utf8_lossy(&first.log)
            );
            assert_eq!(json(&first.output), json(&expected), "{place}");
            assert_eq!(
                (&first.output, first.fuel_used),
                (&second.output, second.fuel_used),
                "{place}"
            );
            println!(
                "{place}: {} fuel, {} KiB, {:?}",
                second.fuel_used,
                second.memory_peak_bytes >> 10,
                second.wall
            );
            samples += 1;
        }
    }
    assert!(samples >= 10, "only {samples} samples were found");
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).expect("it is JSON")
}

/// The samples of a function: name, input, settings, expected output.
fn samples_of(folder: &Path) -> Vec<(String, Vec<u8>, String, Vec<u8>)> {
    let files = fs::read_dir(folder.join("samples"))
        .expect("it has samples")
        .filter_map(Result::ok);
    let names = files.filter_map(|file| {
        Some(
            file.file_name()
                .to_str()?
                .strip_suffix(".input.json")?
                .to_owned(),
        )
    });
    let read =
        |name: &str, part: &str| fs::read(folder.join(format!("samples/{name}.{part}.json")));
    names
        .map(|name| {
            let settings = read(&name, "settings").map_or("{}".to_owned(), |bytes| {
                String::from_utf8(bytes).expect("it is text")
            });
            let input = read(&name, "input").expect("it can be read");
            let expected = read(&name, "output").expect("each input has its output");
            (name, input, settings, expected)
        })
        .collect()
}
