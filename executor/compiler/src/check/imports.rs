//! What a module imports: WASI preview 1 with its exact types, and for anything else who would have offered it.

use cartwright_domain::compile::{Abi, Finding, FindingCode};
use cartwright_engine::wasi::{MODULE, Signature};
use wasmparser::{FuncType, Import, TypeRef, ValType};

use super::findings::{Findings, shown};

/// Judge one import. `functions` are the module's function types.
pub(super) fn judge(
    import: &Import<'_>,
    index: u32,
    types: &[Option<FuncType>],
    findings: &mut Findings,
) {
    if other_abi(import.module).is_some() {
        return; // told once for the module, not once for each import
    }
    let place = format!(
        "import {index}, `{}.{}`",
        shown(import.module),
        shown(import.name)
    );
    let ty = describe(import.ty, types);
    let known = (import.module == MODULE)
        .then(|| Signature::of(import.name))
        .flatten();
    let Some(signature) = known else {
        let what = format!(
            "It imports {ty} `{}.{}`, which nobody offers here.",
            shown(import.module),
            shown(import.name)
        );
        findings.add(Finding::new(FindingCode::ImportUnknown, what, remedy(import)).at(place));
        return;
    };
    let expected = text_of(signature);
    if ty != expected {
        let what = format!(
            "It imports `{}.{}` as {ty}; its type is {expected}.",
            shown(import.module),
            shown(import.name)
        );
        let remedy =
            "Build with a toolchain that follows WASI preview 1 (`wasi_snapshot_preview1`).";
        findings.add(Finding::new(FindingCode::ImportType, what, remedy).at(place));
    }
}

/// The interface that an import belongs to, if it is one that we know and that is not WASI.
pub(super) fn other_abi(module: &str) -> Option<Abi> {
    match module {
        "shopify_function_v1" => Some(Abi::ShopifyV1),
        "shopify_function_v2" => Some(Abi::ShopifyV2),
        _ if module.starts_with("javy_quickjs_provider")
            || module.starts_with("shopify_functions_javy_v") =>
        {
            Some(Abi::Javy)
        }
        _ => None,
    }
}

/// The finding about an interface that is recognised and not supported.
pub(super) fn abi_not_supported(abi: Abi) -> Finding {
    let (what, remedy) = match abi {
        Abi::ShopifyV1 | Abi::ShopifyV2 => (
            "It is built for Shopify's function API, which this installation does not support yet.",
            "Build it as a WASI program: input from standard input, output to standard output.",
        ),
        Abi::Javy => (
            "It is JavaScript linked to Javy's plugin, which this installation does not support yet.",
            "Build it with Javy without dynamic linking, so that it carries its own engine.",
        ),
        Abi::Component => (
            "It is a component of WASI 0.2, which this installation does not support yet.",
            "Build a core module for the target `wasm32-wasip1`.",
        ),
        Abi::Wasi => unreachable!("WASI preview 1 is supported"),
    };
    Finding::new(FindingCode::AbiNotSupported, what, remedy)
}

fn remedy(import: &Import<'_>) -> &'static str {
    match (import.module, import.name) {
        ("wasi_unstable", _) => {
            "It is built for WASI preview 0: build it with a newer toolchain, which imports `wasi_snapshot_preview1`."
        }
        (MODULE, _) => {
            "WASI preview 1 has no function of this name: build it with a toolchain that follows preview 1."
        }
        ("wbg" | "__wbindgen_placeholder__" | "__wbindgen_externref_xform__", _) => {
            "It is built for a browser with wasm-bindgen: build a plain program for the target `wasm32-wasip1`."
        }
        ("go" | "gojs", _) => "It is built for a browser: build it with GOOS=wasip1 GOARCH=wasm.",
        ("env", "abort" | "seed" | "trace") => {
            "It is built for AssemblyScript's own host: build it with `--use abort=` or `asconfig.json` as in our AssemblyScript sample."
        }
        ("env", "memory" | "__indirect_function_table" | "__linear_memory") => {
            "It expects its host to bring the memory: link it as a program of its own, which defines and exports its memory."
        }
        ("env", _) => {
            "A function was not found when it was linked: link the library that has it, or leave it out."
        }
        _ if import.module.starts_with("wasi:") => {
            "It is built for WASI 0.2, as a part of a component: build a core module for the target `wasm32-wasip1`."
        }
        _ => {
            "Leave it out: a function may import WASI preview 1 (`wasi_snapshot_preview1`) and nothing else."
        }
    }
}

/// An import's type in words, as the text format has it.
fn describe(ty: TypeRef, types: &[Option<FuncType>]) -> String {
    match ty {
        TypeRef::Func(index) | TypeRef::FuncExact(index) => match types.get(index as usize) {
            Some(Some(ty)) => text(
                ty.params().iter().map(name_of),
                ty.results().iter().map(name_of),
            ),
            _ => "a function of an unknown type".into(),
        },
        TypeRef::Table(_) => "a table".into(),
        TypeRef::Memory(_) => "a memory".into(),
        TypeRef::Global(_) => "a global".into(),
        TypeRef::Tag(_) => "a tag".into(),
    }
}

fn text_of(signature: &Signature) -> String {
    let result = signature.answers.then_some("i32".to_owned());
    text(
        signature.parameters.iter().map(|ty| ty.as_str().to_owned()),
        result.into_iter(),
    )
}

fn text(parameters: impl Iterator<Item = String>, results: impl Iterator<Item = String>) -> String {
    let (parameters, results): (Vec<String>, Vec<String>) =
        (parameters.collect(), results.collect());
    shown(&format!(
        "func ({}) -> ({})",
        parameters.join(" "),
        results.join(" ")
    ))
}

fn name_of(ty: &ValType) -> String {
    ty.to_string()
}
