//! Custom sections that a module carries for the console: the schema of its settings, and an input to try.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wasmparser::{Parser, Payload};

use crate::project::{Build, Project};

const SETTINGS: &str = "cartwright.settings";
const SAMPLE: &str = "cartwright.sample";

/// The module with the sections that the project names, in place of what it has of them.
pub(super) fn into_module(module: &[u8], project: &Project, build: &Build) -> Result<Vec<u8>> {
    let mut carried = module.to_vec();
    for (name, file) in [(SETTINGS, &build.settings), (SAMPLE, &build.sample)] {
        if let Some(file) = file {
            let content = read_json(&project.path(file))?;
            carried = with_section(&carried, name, &content)
                .with_context(|| format!("put {} into the module", file.display()))?;
        }
    }
    Ok(carried)
}

fn read_json(file: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
    serde_json::from_slice::<Value>(&bytes)
        .with_context(|| format!("{} is not JSON", file.display()))?;
    Ok(bytes)
}

/// The module with one custom section of this name, at its end.
fn with_section(module: &[u8], name: &str, content: &[u8]) -> Result<Vec<u8>> {
    ensure!(
        module.starts_with(b"\0asm"),
        "the build left no WebAssembly module"
    );
    let mut out = module[..8.min(module.len())].to_vec();
    let mut kept_to = out.len();
    for payload in Parser::new(0).parse_all(module) {
        // Sections are told with the range of their content; what lies before it is their id and length.
        let payload = payload.context("the module is damaged")?;
        let Some((_, range)) = payload.as_section() else {
            continue;
        };
        let is_old = matches!(&payload, Payload::CustomSection(custom) if custom.name() == name);
        if !is_old {
            out.extend_from_slice(&module[kept_to..range.end]);
        }
        kept_to = range.end;
    }
    out.push(0);
    let body_length = length_of(name.len()) + name.len() + content.len();
    push_length(&mut out, body_length);
    push_length(&mut out, name.len());
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(content);
    Ok(out)
}

/// LEB128, as everywhere in the format: seven bits a byte, lowest first.
fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

fn length_of(length: usize) -> usize {
    let mut bytes = Vec::new();
    push_length(&mut bytes, length);
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(module: &[u8]) -> Vec<(String, Vec<u8>)> {
        let custom = Parser::new(0).parse_all(module).filter_map(|payload| {
            match payload.expect("it is whole") {
                Payload::CustomSection(custom) => {
                    Some((custom.name().to_owned(), custom.data().to_vec()))
                }
                _ => None,
            }
        });
        custom.collect()
    }

    #[test]
    fn a_section_is_added_once_and_replaced_after() {
        let empty = b"\0asm\x01\0\0\0";
        let content = "x".repeat(300);
        let one = with_section(empty, "a", content.as_bytes()).expect("it is a module");
        let two = with_section(&one, "b", b"2").expect("it is a module");
        let again = with_section(&two, "a", b"new").expect("it is a module");
        assert_eq!(
            sections(&again),
            [("b".into(), b"2".to_vec()), ("a".into(), b"new".to_vec())]
        );
        assert_eq!(
            with_section(&again, "a", b"new").expect("it is a module"),
            again
        );
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(with_section(b"#!/bin/sh", "a", b"").is_err());
        assert!(with_section(b"\0asm\x01\0\0\0\x01\x7f", "a", b"").is_err());
    }
}
