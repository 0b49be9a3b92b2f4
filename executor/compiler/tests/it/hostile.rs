//! Every animal of the zoo ends as it must, and nothing that is like a module but broken kills the compiler.

use std::time::{Duration, Instant};

use cartwright_domain::compile::{Death, FindingCode, WALL_MS_MAX, frame};
use cartwright_domain::outcome::Outcome;
use cartwright_zoo::{Ending, animals};

use crate::child::{answer, compile, engine, run};

#[test]
fn every_animal_of_the_zoo_ends_as_it_must() {
    let engine = engine();
    let mut wrong = Vec::new();
    for animal in animals() {
        let started = Instant::now();
        let ended = match animal.ending {
            Ending::Refused(code) => refused(&animal.bytes(), code),
            Ending::Bounded => bounded(&animal.bytes()),
            Ending::Runs(outcomes) => {
                let (report, artifact) = compile(&animal.bytes(), &[]);
                match artifact {
                    None => Err(format!("refused: {:?}", report.findings)),
                    Some(artifact) => {
                        let finished = run(&engine, &artifact, b"{}".to_vec(), "{}");
                        let ended = outcomes.contains(&finished.outcome);
                        ended
                            .then_some(())
                            .ok_or_else(|| format!("{:?}: {:?}", finished.outcome, finished.error))
                    }
                }
            }
        };
        println!("{:>6} ms  {}", started.elapsed().as_millis(), animal.name);
        wrong.extend(
            ended
                .err()
                .map(|why| format!("{}: {why}, not {:?}", animal.name, animal.ending)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(engine.slots().in_use, 0);
}

fn refused(module: &[u8], code: FindingCode) -> Result<(), String> {
    let (report, artifact) = compile(module, &[]);
    let found = report.findings.iter().any(|finding| finding.code == code);
    if found && artifact.is_none() {
        Ok(())
    } else {
        Err(format!("{:?}", report.findings))
    }
}

/// A bomb may be accepted or not, but in time, and a death must be the module's doing.
fn bounded(module: &[u8]) -> Result<(), String> {
    let started = Instant::now();
    let (status, answer) = answer(module, &[]);
    if started.elapsed() > Duration::from_millis(WALL_MS_MAX) {
        return Err(format!("took {:?}", started.elapsed()));
    }
    if status.success() {
        return frame::decode(&answer)
            .map(drop)
            .map_err(|error| error.to_string());
    }
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    signal
        .and_then(|signal| Death::Signal(signal).finding())
        .map(drop)
        .ok_or_else(|| status.to_string())
}

#[test]
fn the_zoo_is_large_and_its_names_are_unique() {
    let names: std::collections::BTreeSet<_> = animals().iter().map(|animal| animal.name).collect();
    assert_eq!(names.len(), animals().len());
    assert!(names.len() >= 40, "{}", names.len());
    let control = animals()
        .into_iter()
        .filter(|animal| animal.ending == Ending::Runs(&[Outcome::Ok]));
    assert_eq!(
        control.count(),
        1,
        "without one that runs well, a broken run would pass for all"
    );
}

const MUTANTS: usize = 150;

#[test]
fn a_module_with_wrong_bytes_is_judged_and_kills_nobody() {
    let seed = std::time::UNIX_EPOCH
        .elapsed()
        .expect("the clock is past 1970")
        .as_nanos() as u64;
    println!("seed {seed}");
    let mut random = seed;
    let mut below = move |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    let small: Vec<Vec<u8>> = animals()
        .iter()
        .filter(|animal| matches!(animal.ending, Ending::Runs(_)))
        .map(cartwright_zoo::Animal::bytes)
        .filter(|bytes| bytes.len() < 4_096)
        .collect();
    let engine = engine();
    let mut accepted = 0;
    for mutant in 0..MUTANTS {
        let mut bytes = small[below(small.len())].clone();
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            match below(4) {
                0 => bytes[at] ^= 1 << below(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, below(256) as u8),
            }
        }
        let (status, answer) = answer(&bytes, &[]);
        assert!(
            status.success(),
            "mutant {mutant} of seed {seed} killed the compiler: {status}"
        );
        let (_, artifact) = frame::decode(&answer)
            .unwrap_or_else(|error| panic!("mutant {mutant} of seed {seed}: {error}"));
        if let Some(artifact) = artifact {
            accepted += 1;
            run(&engine, artifact, b"{}".to_vec(), "{}");
        }
    }
    println!("{accepted} of {MUTANTS} were accepted, and ran");
}
