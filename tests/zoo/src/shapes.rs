//! Modules of shapes that would cost too much, or that use what is off.

use cartwright_domain::compile::FindingCode as Code;
use wasm_encoder::{
    CodeSection, Function, FunctionSection, GlobalSection, GlobalType, Instruction, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};

use crate::{Animal, healthy, refused, text};

pub(crate) const ANIMALS: &[Animal] = &[
    refused(
        "more bytes than a module may have",
        Code::ModuleTooLarge,
        || {
            let mut bytes = healthy();
            bytes.resize(
                (cartwright_domain::compile::MODULE_BYTES_MAX + 1) as usize,
                0,
            );
            bytes
        },
    ),
    refused("a start function", Code::StartFunction, || {
        text(r#"(module (func $run (loop (br 0))) (func (export "_start")) (start $run))"#)
    }),
    refused("nothing to begin with", Code::EntryMissing, || {
        text(r#"(module (func (export "other") (param i32)))"#)
    }),
    refused("only an initialiser", Code::EntryMissing, || {
        text(r#"(module (func (export "_initialize")))"#)
    }),
    refused("a `_start` that wants a parameter", Code::EntryType, || {
        text(r#"(module (func (export "_start") (param i64)))"#)
    }),
    refused("a `_start` that is a memory", Code::EntryType, || {
        text(r#"(module (memory (export "_start") 1))"#)
    }),
    refused(
        "two hundred thousand functions",
        Code::FunctionsTooMany,
        || functions(200_000, |_| {}),
    ),
    refused("one endless function", Code::FunctionTooLarge, || {
        functions(1, |body| times(body, 200_000, &Instruction::Nop))
    }),
    refused("fifty thousand locals", Code::LocalsTooMany, || {
        one_function(Function::new([(50_000, ValType::I64)]))
    }),
    refused("blocks within blocks", Code::NestingTooDeep, || {
        functions(1, |body| {
            times(
                body,
                20_000,
                &Instruction::Block(wasm_encoder::BlockType::Empty),
            );
            times(body, 20_000, &Instruction::End);
        })
    }),
    refused(
        "a branch in a hundred thousand directions",
        Code::BranchTableTooLarge,
        || {
            functions(1, |body| {
                body.instruction(&Instruction::I32Const(0));
                body.instruction(&Instruction::BrTable(vec![0; 100_000].into(), 0));
            })
        },
    ),
    refused("ten thousand types", Code::TypesTooMany, || {
        let mut types = TypeSection::new();
        (0..10_000).for_each(|_| {
            types.ty().function([ValType::I32], []);
        });
        Module::new().section(&types).clone().finish()
    }),
    refused("a hundred thousand globals", Code::GlobalsTooMany, || {
        let mut globals = GlobalSection::new();
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        (0..100_000).for_each(|_| {
            globals.global(ty, &wasm_encoder::ConstExpr::i32_const(0));
        });
        Module::new().section(&globals).clone().finish()
    }),
    refused("ten thousand exports", Code::ExportsTooMany, || {
        let exports: String = (0..10_000)
            .map(|n| format!("(export \"e{n}\" (func 0))"))
            .collect();
        text(&format!("(module (func) {exports})"))
    }),
    refused("a table of ten million", Code::TableTooLarge, || {
        text(r#"(module (table 10000000 funcref) (func (export "_start")))"#)
    }),
    refused("two tables", Code::TablesTooMany, || {
        text(r#"(module (table 1 funcref) (table 1 funcref) (func (export "_start")))"#)
    }),
    refused("a hundred thousand elements", Code::ElementsTooMany, || {
        text(&format!(
            r#"(module (table 1 funcref) (func $f) (elem func {}) (func (export "_start")))"#,
            "$f ".repeat(100_000)
        ))
    }),
    refused("two memories", Code::MemoriesTooMany, || {
        let mut memories = MemorySection::new();
        let ty = MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        memories.memory(ty).memory(ty);
        Module::new().section(&memories).clone().finish()
    }),
    refused("a memory of four gigabytes", Code::MemoryTooLarge, || {
        text(r#"(module (memory (export "memory") 65536) (func (export "_start")))"#)
    }),
    refused(
        "ten thousand data segments",
        Code::DataSegmentsTooMany,
        || {
            text(&format!(
                r#"(module (memory 1) {} (func (export "_start")))"#,
                "(data (i32.const 0) \"\")".repeat(10_000)
            ))
        },
    ),
    refused("more data than memory", Code::DataTooLarge, || {
        text(&format!(
            r#"(module (memory 1) (data (i32.const 0) "{}") (func (export "_start")))"#,
            "x".repeat(70_000)
        ))
    }),
    refused("shared memory", Code::FeatureNotAllowed, || {
        text(r#"(module (memory 1 1 shared) (func (export "_start")))"#)
    }),
    refused("atomic operations", Code::FeatureNotAllowed, || {
        text(
            r#"(module (memory 1) (func (export "_start") (drop (i32.atomic.load (i32.const 0)))))"#,
        )
    }),
    refused("64-bit memory", Code::FeatureNotAllowed, || {
        text(r#"(module (memory i64 1) (func (export "_start")))"#)
    }),
    refused("exceptions", Code::FeatureNotAllowed, || {
        text(r#"(module (tag $e) (func (export "_start") (throw $e)))"#)
    }),
    refused("tail calls", Code::FeatureNotAllowed, || {
        text(r#"(module (func $f (return_call $f)) (func (export "_start")))"#)
    }),
    refused("garbage-collected types", Code::FeatureNotAllowed, || {
        text(r#"(module (type (struct (field i32))) (func (export "_start")))"#)
    }),
    refused("typed function references", Code::FeatureNotAllowed, || {
        text(r#"(module (type $t (func)) (func $f (param (ref $t))) (func (export "_start")))"#)
    }),
    refused(
        "references to things outside",
        Code::FeatureNotAllowed,
        || text(r#"(module (func (export "f") (param externref)) (func (export "_start")))"#),
    ),
    refused("a value of the wrong type", Code::Invalid, || {
        text(r#"(module (func (export "_start") (drop (i32.add (i32.const 1) (i64.const 1)))))"#)
    }),
    refused(
        "a call of a function that is not there",
        Code::Invalid,
        || text(r#"(module (func (export "_start") (call 77)))"#),
    ),
    refused("an alignment beyond its access", Code::Invalid, || {
        functions(1, |body| {
            body.instruction(&Instruction::I32Const(0));
            let at = wasm_encoder::MemArg {
                offset: 0,
                align: 31,
                memory_index: 0,
            };
            body.instruction(&Instruction::I32Load(at));
            body.instruction(&Instruction::Drop);
        })
    }),
    refused("settings that are not JSON", Code::SettingsInvalid, || {
        custom("cartwright.settings", b"10 percent")
    }),
    refused("settings that are no schema", Code::SettingsInvalid, || {
        custom("cartwright.settings", b"[1]")
    }),
    refused("settings without end", Code::SettingsInvalid, || {
        custom("cartwright.settings", &[b' '; 100_000])
    }),
    refused("a sample that is not JSON", Code::SampleInvalid, || {
        custom("cartwright.sample", b"{")
    }),
    refused(
        "settings that nest without end",
        Code::SettingsInvalid,
        || custom("cartwright.settings", "[".repeat(60_000).as_bytes()),
    ),
];

/// A module with this custom section at its end.
fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = healthy();
    let section = wasm_encoder::CustomSection {
        name: name.into(),
        data: data.into(),
    };
    wasm_encoder::Section::append_to(&section, &mut bytes);
    bytes
}

fn times(body: &mut Function, count: u32, instruction: &Instruction<'_>) {
    (0..count).for_each(|_| {
        body.instruction(instruction);
    });
}

/// A module of equal functions.
pub(crate) fn functions(count: u32, write: fn(&mut Function)) -> Vec<u8> {
    let mut body = Function::new([]);
    write(&mut body);
    body.instruction(&Instruction::End);
    assemble(count, &body)
}

fn one_function(mut body: Function) -> Vec<u8> {
    body.instruction(&Instruction::End);
    assemble(1, &body)
}

fn assemble(count: u32, body: &Function) -> Vec<u8> {
    let (mut types, mut declared, mut code) = (
        TypeSection::new(),
        FunctionSection::new(),
        CodeSection::new(),
    );
    types.ty().function([], []);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = wasm_encoder::ExportSection::new();
    exports.export("_start", wasm_encoder::ExportKind::Func, 0);
    (0..count).for_each(|_| {
        declared.function(0);
        code.function(body);
    });
    Module::new()
        .section(&types)
        .section(&declared)
        .section(&memories)
        .section(&exports)
        .section(&code)
        .clone()
        .finish()
}
