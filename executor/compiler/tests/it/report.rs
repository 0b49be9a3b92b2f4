//! What a report says: everything at once, where it is, and what to do.

use cartwright_domain::compile::{Abi, FindingCode as Code, MemoryReport};

use crate::child::{compile, report};

#[test]
fn a_report_lists_everything_that_is_wrong() {
    let report = report(
        r#"(module
            (import "env" "emit" (func $emit (param i32) (result i64)))
            (import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32)))
            (memory 2000 4000) (table 20000 funcref)
            (func $boom (drop (i32.add (i32.const 1) (f32.const 1))))
            (func $bang (call $nowhere))
            (func $nowhere (param i32))
            (start $boom))"#,
    );
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    let expected = [
        Code::ImportUnknown,
        Code::ImportType,
        Code::TableTooLarge,
        Code::MemoryTooLarge,
        Code::StartFunction,
        Code::Invalid,
        Code::Invalid,
        Code::EntryMissing,
        Code::MemoryNotExported,
    ];
    assert_eq!(codes, expected, "{:#?}", report.findings);
    assert_eq!(
        report.memory,
        Some(MemoryReport {
            minimum_bytes: 2000 << 16,
            maximum_bytes: Some(4000 << 16)
        })
    );
    assert_eq!(
        report.imports,
        ["env.emit", "wasi_snapshot_preview1.fd_write"]
    );
}

#[test]
fn a_finding_says_what_and_where_and_what_to_do() {
    let report = report(
        r#"(module (import "env" "emit" (func (param i32) (result i64))) (func (export "_start")))"#,
    );
    let finding = &report.findings[0];
    assert_eq!(
        finding.what,
        "It imports func (i32) -> (i64) `env.emit`, which nobody offers here."
    );
    assert_eq!(finding.place.as_deref(), Some("import 0, `env.emit`"));
    assert!(
        finding.remedy.contains("link the library"),
        "{}",
        finding.remedy
    );

    let report = self::report(
        r#"(module (func $named (drop (i32.add (i32.const 1) (f32.const 1)))) (func (export "_start")))"#,
    );
    let place = report.findings[0].place.clone().expect("it is somewhere");
    assert!(
        place.starts_with("function 0 `named`, at byte 0x"),
        "{place}"
    );
}

#[test]
fn a_limit_that_is_broken_is_named_with_its_value() {
    let report = report(r#"(module (memory (export "memory") 1025) (func (export "_start")))"#);
    let finding = &report.findings[0];
    assert_eq!(finding.limit.as_deref(), Some("67108864 bytes"));
    assert_eq!(finding.value.as_deref(), Some("67174400 bytes"));
}

#[test]
fn the_memory_limit_is_the_one_of_the_plan() {
    let module =
        wat::parse_str(r#"(module (memory (export "memory") 17) (func (export "_start")))"#)
            .expect("it is a module");
    assert!(compile(&module, &[]).0.accepted());
    let refused = compile(&module, &["--memory-bytes-max", "1048576"]).0;
    assert_eq!(
        refused
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>(),
        [Code::MemoryTooLarge]
    );
}

#[test]
fn a_function_with_a_target_may_answer_it_by_an_export_of_that_name() {
    let module =
        wat::parse_str(r#"(module (func (export "cart.discount")))"#).expect("it is a module");
    assert!(
        compile(&module, &["--target", "cart.discount"])
            .0
            .accepted()
    );
    let other = compile(&module, &["--target", "cart.shipping"]).0;
    assert_eq!(
        other
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>(),
        [Code::EntryMissing]
    );
    assert!(
        other.findings[0]
            .what
            .contains("`cart.shipping` or `_start`"),
        "{}",
        other.findings[0].what
    );
}

#[test]
fn a_thousand_faults_are_cut_and_counted() {
    let broken = "(func (drop (i32.add (i32.const 1) (f32.const 1))))".repeat(1_000);
    let report = report(&format!(r#"(module {broken} (func (export "_start")))"#));
    assert_eq!(report.findings.len(), 21);
    let last = report.findings.last().expect("there are some");
    assert_eq!(
        (last.code, last.what.as_str()),
        (Code::MoreFindings, "980 more findings are not listed.")
    );
}

#[test]
fn a_component_is_recognised_and_refused() {
    let report = report("(component)");
    assert_eq!(
        (report.abi, report.findings.len(), report.deterministic),
        (Some(Abi::Component), 1, false)
    );
}

#[test]
fn the_same_module_gives_the_same_artifact() {
    let module = cartwright_zoo::animals()[0..]
        .iter()
        .find(|animal| animal.name == "answers well, as a control")
        .expect("it is there")
        .bytes();
    let (first, second) = (compile(&module, &[]), compile(&module, &[]));
    assert!(first.1.is_some());
    assert_eq!(first.1, second.1);
}
