//! Modules that want from their host what it does not give.

use cartwright_domain::compile::FindingCode as Code;

use crate::{Animal, refused, text};

pub(crate) const ANIMALS: &[Animal] = &[
    refused(
        "imports a function that nobody has",
        Code::ImportUnknown,
        || {
            text(
                r#"(module (import "env" "abort" (func (param i32 i32 i32 i32))) (func (export "_start")))"#,
            )
        },
    ),
    refused(
        "imports a function that WASI does not have",
        Code::ImportUnknown,
        || {
            text(
                r#"(module (import "wasi_snapshot_preview1" "fd_steal" (func (param i32) (result i32))) (memory (export "memory") 1) (func (export "_start")))"#,
            )
        },
    ),
    refused("imports from WASI preview 0", Code::ImportUnknown, || {
        text(
            r#"(module (import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32))) (func (export "_start")))"#,
        )
    }),
    refused("imports from WASI 0.2", Code::ImportUnknown, || {
        text(
            r#"(module (import "wasi:cli/environment@0.2.0" "get-environment" (func (param i32))) (func (export "_start")))"#,
        )
    }),
    refused("imports its memory", Code::ImportUnknown, || {
        text(r#"(module (import "env" "memory" (memory 1)) (func (export "_start")))"#)
    }),
    refused(
        "imports a WASI function as a global",
        Code::ImportType,
        || {
            text(
                r#"(module (import "wasi_snapshot_preview1" "fd_write" (global i32)) (memory (export "memory") 1) (func (export "_start")))"#,
            )
        },
    ),
    refused(
        "imports a WASI function with another type",
        Code::ImportType,
        || {
            text(
                r#"(module (import "wasi_snapshot_preview1" "fd_write" (func (param i64))) (memory (export "memory") 1) (func (export "_start")))"#,
            )
        },
    ),
    refused("imports without end", Code::ImportsTooMany, || {
        let import = r#"(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))"#;
        text(&format!(
            r#"(module {} (memory (export "memory") 1) (func (export "_start")))"#,
            import.repeat(5_000)
        ))
    }),
    refused(
        "is for Shopify's function API",
        Code::AbiNotSupported,
        || {
            text(
                r#"(module (import "shopify_function_v2" "shopify_function_input_get" (func (result i64))) (func (export "_start")))"#,
            )
        },
    ),
    refused("is for Javy's plugin", Code::AbiNotSupported, || {
        text(
            r#"(module (import "javy_quickjs_provider_v3" "invoke" (func (param i32 i32 i32 i32))) (func (export "_start")))"#,
        )
    }),
    refused(
        "calls WASI and shows no memory",
        Code::MemoryNotExported,
        || {
            text(
                r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory 1) (func (export "_start")))"#,
            )
        },
    ),
];
