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
fn every_function_of_ours_answers_its_own_sample() {
    let engine = engine();
    for (folder, name) in prebuilt() {
        let module = fs::read(folder.join(format!("{name}.wasm"))).expect("it can be read");
        let (report, artifact) = compile(&module, &[]);
        let sample = report
            .sample
            .expect("it carries a sample")
            .to_string()
            .into_bytes();
        let artifact = artifact.expect("it is accepted");
        let first = run(&engine, &artifact, sample.clone(), "{}");
        assert_eq!(
            first.outcome,
            Outcome::Ok,
            "{name}: {:?} {}",
            first.error,
            String::from_utf8_lossy(&first.log)
        );
        println!(
            "{name}: {} fuel, {} KiB, {:?}",
            first.fuel_used,
            first.memory_peak_bytes >> 10,
            first.wall
        );
        let second = run(&engine, &artifact, sample, "{}");
        assert_eq!(
            (first.output, first.fuel_used),
            (second.output, second.fuel_used),
            "{name}"
        );
    }
}
