//! Everything that can be said about a module without compiling it: what it is, and each thing that is wrong with it.

mod bodies;
mod findings;
mod imports;
mod limits;
mod lookalike;
mod names;
mod shape;
mod spaces;
mod validity;

use cartwright_domain::compile::{Abi, CompileReport, Finding, FindingCode, MODULE_BYTES_MAX};
use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_engine::wasi;
use serde_json::Value;
use sha2::{Digest, Sha256};
use wasmparser::{Encoding, ExternalKind, Parser, Payload, WasmFeatures};

use findings::{Findings, shown};
use shape::{Broken, Shape};

/// What the checks are made against.
pub(crate) struct Terms<'a> {
    /// The target that the function is to answer, if it has one.
    pub(crate) target: Option<&'a str>,
    /// The memory that a run may have at most, in bytes.
    pub(crate) memory_bytes_max: u64,
    /// The WebAssembly features that are on.
    pub(crate) features: WasmFeatures,
}

/// Check a module. The report has no findings if it may be compiled.
pub(crate) fn check(bytes: &[u8], terms: &Terms<'_>) -> CompileReport {
    let (mut shape, mut findings) = (Shape::default(), Findings::default());
    let abi = judge(bytes, terms, &mut shape, &mut findings);
    let settings_schema = carried(shape.settings.as_deref(), SETTINGS, &mut findings);
    let sample = carried(shape.sample.as_deref(), SAMPLE, &mut findings);
    CompileReport {
        module_sha256: Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        size_bytes: bytes.len() as u64,
        abi,
        exports: shape
            .exports
            .iter()
            .take(limits::EXPORTS_MAX as usize)
            .map(|(name, ..)| shown(name))
            .collect(),
        imports: shape.imports,
        memory: shape.spaces.memory,
        functions: shape.functions_defined,
        deterministic: abi == Some(Abi::Wasi),
        findings: findings.into_list(),
        settings_schema,
        sample,
        compile_ms: 0,
        engine_epoch: ENGINE_EPOCH,
    }
}

fn judge(
    bytes: &[u8],
    terms: &Terms<'_>,
    shape: &mut Shape,
    findings: &mut Findings,
) -> Option<Abi> {
    findings.bound(bytes.len() as u64, MODULE_BYTES_MAX, "bytes", || {
        let remedy = "Build with optimisation for size and without debug information (`wasm-opt -Oz --strip-debug`).";
        Finding::new(FindingCode::ModuleTooLarge, "The module is too large.", remedy)
    });
    if findings.has(FindingCode::ModuleTooLarge) {
        return None; // and was not read to its end
    }
    if let Some(finding) = lookalike::finding(bytes) {
        findings.add(finding);
        return None;
    }
    if is_component(bytes) {
        findings.add(imports::abi_not_supported(Abi::Component));
        return Some(Abi::Component);
    }
    let walked = shape::walk(bytes, terms.memory_bytes_max, shape, findings);
    let abi = shape
        .import_modules
        .iter()
        .find_map(|module| imports::other_abi(module))
        .unwrap_or(Abi::Wasi);
    if abi != Abi::Wasi {
        findings.add(imports::abi_not_supported(abi));
    }
    match walked {
        Err(broken) => findings.add(malformed(bytes, &broken)),
        Ok(()) => {
            validity::check(bytes, terms.features, shape, findings);
            if abi == Abi::Wasi {
                entry(terms.target, shape, findings);
                memory_exported(shape, findings);
            }
        }
    }
    Some(abi)
}

fn is_component(bytes: &[u8]) -> bool {
    let first = Parser::new(0).parse_all(bytes).next();
    matches!(
        first,
        Some(Ok(Payload::Version {
            encoding: Encoding::Component,
            ..
        }))
    )
}

fn malformed(bytes: &[u8], broken: &Broken) -> Finding {
    let (error, outside) = match broken {
        Broken::Outside(error) => (error, true),
        Broken::Inside(error) => (error, false),
    };
    let place = format!("byte {:#x}", error.offset());
    if outside && error.message().contains("unexpected end") {
        let what = format!("The file ends in the middle, after {} bytes.", bytes.len());
        return Finding::new(
            FindingCode::Truncated,
            what,
            "Upload the whole file: was a download or a build cut short?",
        )
        .at(place);
    }
    let what = format!(
        "Its bytes do not follow the WebAssembly format: {}.",
        error.message()
    );
    Finding::new(
        FindingCode::Malformed,
        what,
        "Build it anew: the file is damaged, or was made by a tool with a fault.",
    )
    .at(place)
}

/// A run has to begin somewhere: with the export named like the target, or `_start`.
fn entry(target: Option<&str>, shape: &Shape, findings: &mut Findings) {
    let named = |name: &str| shape.exports.iter().find(|(export, ..)| export == name);
    let is_entry = |export: &(String, ExternalKind, u32)| {
        export.1 == ExternalKind::Func && shape.is_entry(export.2)
    };
    let wanted: Vec<&str> = target.into_iter().chain(["_start"]).collect();
    for name in &wanted {
        if let Some(export) = named(name).filter(|export| !is_entry(export)) {
            let what = format!(
                "Its export `{}` is not a function that takes and returns nothing.",
                shown(name)
            );
            let remedy = "Let it read its input from standard input and write its output to standard output.";
            findings.add(
                Finding::new(FindingCode::EntryType, what, remedy).at(format!(
                    "export `{}`, {} {}",
                    shown(name),
                    kind(export.1),
                    export.2
                )),
            );
        }
    }
    let any = |export: &(String, ExternalKind, u32)| is_entry(export) && export.0 != "_initialize";
    let found = match target {
        Some(_) => wanted.iter().any(|name| named(name).is_some_and(&is_entry)),
        None => shape.exports.iter().any(any),
    };
    if !found && !findings.has(FindingCode::EntryType) {
        let wanted: Vec<String> = wanted
            .iter()
            .map(|name| format!("`{}`", shown(name)))
            .collect();
        let what = format!(
            "It exports nothing that a run could begin with: no function {} that takes and returns nothing.",
            wanted.join(" or ")
        );
        let remedy = "Build it as a program with a `main` (Rust: a binary and not a library; C: not `-mexec-model=reactor`).";
        findings.add(Finding::new(FindingCode::EntryMissing, what, remedy));
    }
}

fn kind(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "function",
        ExternalKind::Table => "table",
        ExternalKind::Memory => "memory",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}

/// The host reads what a guest points at, so it must be able to see it.
fn memory_exported(shape: &Shape, findings: &mut Findings) {
    let calls_host = shape
        .import_modules
        .iter()
        .any(|module| module == wasi::MODULE);
    let exported = shape
        .exports
        .iter()
        .any(|(name, kind, _)| name == "memory" && *kind == ExternalKind::Memory);
    if calls_host && !exported {
        let what = "It calls WASI, but exports no memory under the name `memory`: its host could neither read nor write.";
        findings.add(Finding::new(
            FindingCode::MemoryNotExported,
            what,
            "Export its memory as `memory`.",
        ));
    }
}

/// A custom section of ours.
struct Carried {
    name: &'static str,
    code: FindingCode,
    /// Whether it has to be a JSON object, as a schema is.
    object: bool,
}

const SETTINGS: Carried = Carried {
    name: "cartwright.settings",
    code: FindingCode::SettingsInvalid,
    object: true,
};
const SAMPLE: Carried = Carried {
    name: "cartwright.sample",
    code: FindingCode::SampleInvalid,
    object: false,
};

/// The JSON that a custom section carries.
fn carried(bytes: Option<&[u8]>, section: Carried, findings: &mut Findings) -> Option<Value> {
    let bytes = bytes?;
    let Carried { name, code, object } = section;
    let place = format!("custom section `{name}`");
    if bytes.len() > limits::SECTION_BYTES_MAX {
        findings.bound(
            bytes.len() as u64,
            limits::SECTION_BYTES_MAX as u64,
            "bytes",
            || {
                Finding::new(
                    code,
                    format!("Its section `{name}` is too large."),
                    "Make it shorter.",
                )
                .at(place)
            },
        );
        return None;
    }
    let why = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if !object || value.is_object() => return Some(value),
        Ok(_) => "it is not an object".to_owned(),
        Err(error) => error.to_string(),
    };
    let what = format!("Its section `{name}` is not the JSON that it should be: {why}.");
    findings.add(
        Finding::new(
            code,
            what,
            "Put the JSON document there as it is, in UTF-8.",
        )
        .at(place),
    );
    None
}
