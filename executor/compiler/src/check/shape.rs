//! One pass over a module's sections: what it is, and every shape that it may not have.

use std::ops::Range;

use cartwright_domain::compile::{Finding, FindingCode};
use wasmparser::{CompositeInnerType, ExternalKind, FuncType, Import, Parser, Payload, TypeRef};

use super::findings::{Findings, shown};
use super::limits::*;
use super::spaces::Spaces;
use super::{bodies, imports, names};

/// What the pass learned.
#[derive(Default)]
pub(super) struct Shape {
    /// Types by index; `None` for one that is no function type.
    types: Vec<Option<FuncType>>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    pub(super) imports: Vec<String>,
    pub(super) import_modules: Vec<String>,
    pub(super) exports: Vec<(String, ExternalKind, u32)>,
    pub(super) spaces: Spaces,
    pub(super) functions_defined: u32,
    bodies_seen: u32,
    pub(super) settings: Option<Vec<u8>>,
    pub(super) sample: Option<Vec<u8>>,
    pub(super) names: names::Names,
}

impl Shape {
    /// Whether the function of this index takes and returns nothing.
    pub(super) fn is_entry(&self, function: u32) -> bool {
        let ty = self
            .functions
            .get(function as usize)
            .and_then(|ty| self.types.get(*ty as usize));
        matches!(ty, Some(Some(ty)) if ty.params().is_empty() && ty.results().is_empty())
    }

    /// A function for people: its index, and its name where there is one.
    pub(super) fn function_place(&self, index: u32) -> String {
        match self.names.of(index) {
            Some(name) => format!("function {index} `{}`", shown(name)),
            None => format!("function {index}"),
        }
    }

    fn imported_functions(&self) -> u32 {
        self.functions.len() as u32 - self.functions_defined
    }
}

/// Where a module's bytes stop making sense.
pub(super) enum Broken {
    /// Between sections: one is longer than the rest of the file.
    Outside(wasmparser::Error),
    /// Inside a section.
    Inside(wasmparser::Error),
}

/// Walk the module. What was learned until it broke stands.
pub(super) fn walk(
    bytes: &[u8],
    memory_bytes_max: u64,
    shape: &mut Shape,
    findings: &mut Findings,
) -> Result<(), Broken> {
    shape.names = names::Names::of_module(bytes);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(Broken::Outside)?;
        section(payload, memory_bytes_max, shape, findings).map_err(Broken::Inside)?;
    }
    Ok(())
}

fn section(
    payload: Payload<'_>,
    memory_bytes_max: u64,
    shape: &mut Shape,
    findings: &mut Findings,
) -> wasmparser::Result<()> {
    use FindingCode as Code;
    match payload {
        Payload::TypeSection(types) => {
            many(
                findings,
                types.count(),
                TYPES_MAX,
                "types",
                Code::TypesTooMany,
                "type section",
            );
            for group in types {
                for ty in group?.into_types() {
                    shape.types.push(match ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => Some(ty),
                        _ => None,
                    });
                }
            }
        }
        Payload::ImportSection(imports) => {
            many(
                findings,
                imports.count(),
                IMPORTS_MAX,
                "imports",
                Code::ImportsTooMany,
                "import section",
            );
            for (index, import) in imports.into_imports().enumerate() {
                import_of(&import?, index as u32, shape, findings);
            }
        }
        Payload::FunctionSection(functions) => {
            many(
                findings,
                functions.count(),
                FUNCTIONS_MAX,
                "functions",
                Code::FunctionsTooMany,
                "function section",
            );
            for ty in functions {
                shape.functions.push(ty?);
                shape.functions_defined += 1;
            }
        }
        Payload::TableSection(tables) => {
            for table in tables {
                shape.spaces.table(table?.ty.initial, findings);
            }
        }
        Payload::MemorySection(memories) => {
            for memory in memories {
                shape.spaces.memory(&memory?, memory_bytes_max, findings);
            }
        }
        Payload::GlobalSection(globals) => {
            many(
                findings,
                globals.count(),
                GLOBALS_MAX,
                "globals",
                Code::GlobalsTooMany,
                "global section",
            );
        }
        Payload::ExportSection(exports) => {
            many(
                findings,
                exports.count(),
                EXPORTS_MAX,
                "exports",
                Code::ExportsTooMany,
                "export section",
            );
            for export in exports {
                let export = export?;
                shape
                    .exports
                    .push((export.name.to_owned(), export.kind, export.index));
            }
        }
        Payload::StartSection { func, range } => start_of(func, &range, shape, findings),
        Payload::ElementSection(segments) => {
            many(
                findings,
                segments.count(),
                ELEMENT_SEGMENTS_MAX,
                "element segments",
                Code::ElementsTooMany,
                "element section",
            );
            shape.spaces.elements(segments, findings)?;
        }
        Payload::DataSection(segments) => {
            many(
                findings,
                segments.count(),
                DATA_SEGMENTS_MAX,
                "data segments",
                Code::DataSegmentsTooMany,
                "data section",
            );
            shape.spaces.data(segments, findings)?;
        }
        Payload::CodeSectionEntry(body) => {
            let index = shape.imported_functions() + shape.bodies_seen;
            shape.bodies_seen += 1;
            bodies::check(&body, &shape.function_place(index), findings)?;
        }
        Payload::CustomSection(custom) => match custom.name() {
            "cartwright.settings" => shape.settings = Some(custom.data().to_vec()),
            "cartwright.sample" => shape.sample = Some(custom.data().to_vec()),
            _ => {}
        },
        _ => {}
    }
    Ok(())
}

pub(super) const FEWER: &str =
    "Leave out what it does not use: build with optimisation for size and without unused code.";

fn many(
    findings: &mut Findings,
    count: u32,
    limit: u32,
    unit: &str,
    code: FindingCode,
    place: &str,
) {
    findings.bound(count, limit, unit, || {
        Finding::new(code, format!("It has too many {unit}."), FEWER).at(place)
    });
}

fn import_of(import: &Import<'_>, index: u32, shape: &mut Shape, findings: &mut Findings) {
    imports::judge(import, index, &shape.types, findings);
    if (index as usize) < IMPORTS_MAX as usize {
        shape
            .imports
            .push(format!("{}.{}", shown(import.module), shown(import.name)));
        shape.import_modules.push(import.module.to_owned());
    }
    match import.ty {
        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => shape.functions.push(ty),
        TypeRef::Table(_) => shape.spaces.tables += 1,
        TypeRef::Memory(_) => shape.spaces.memories += 1,
        TypeRef::Global(_) | TypeRef::Tag(_) => {}
    }
}

fn start_of(function: u32, range: &Range<usize>, shape: &Shape, findings: &mut Findings) {
    let what = "It has a start function, which would run before anything is ready for it.";
    let remedy =
        "Export it instead, as `_start` or `_initialize` (AssemblyScript: `--exportStart _start`).";
    let place = format!(
        "{}, start section at byte {:#x}",
        shape.function_place(function),
        range.start
    );
    findings.add(Finding::new(FindingCode::StartFunction, what, remedy).at(place));
}
