//! Files that are no module, or no longer one.

use cartwright_domain::compile::FindingCode as Code;

use crate::{Animal, healthy, refused, text};

pub(crate) const ANIMALS: &[Animal] = &[
    refused("an empty file", Code::NotWasm, Vec::new),
    refused("a gzip archive", Code::NotWasm, || {
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
    }),
    refused("a ZIP archive", Code::NotWasm, || {
        b"PK\x03\x04and so on".to_vec()
    }),
    refused("a Linux executable", Code::NotWasm, || {
        b"\x7fELF\x02\x01\x01\0".to_vec()
    }),
    refused("a module in the text format", Code::NotWasm, || {
        b"(module (func (export \"_start\")))".to_vec()
    }),
    refused("JavaScript", Code::NotWasm, || {
        b"export default function () {}".to_vec()
    }),
    refused("an error page of a web server", Code::NotWasm, || {
        b"<!DOCTYPE html><title>404</title>".to_vec()
    }),
    refused("JSON", Code::NotWasm, || b"{\"a\": 1}".to_vec()),
    refused("noise", Code::NotWasm, || {
        (0..5_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80)
            .collect()
    }),
    refused("three bytes of a module", Code::Truncated, || {
        b"\0as".to_vec()
    }),
    refused(
        "the mark of a module and nothing else",
        Code::Truncated,
        || b"\0asm".to_vec(),
    ),
    refused(
        "a module of a version that does not exist",
        Code::Malformed,
        || b"\0asm\x02\0\0\0".to_vec(),
    ),
    refused("a component", Code::AbiNotSupported, || text("(component)")),
    refused("half a module", Code::Truncated, || {
        let mut bytes = healthy();
        bytes.truncate(bytes.len() / 2);
        bytes
    }),
    refused("a module without its last byte", Code::Truncated, || {
        let mut bytes = healthy();
        bytes.pop();
        bytes
    }),
    refused(
        "a section that is longer than its file",
        Code::Truncated,
        || b"\0asm\x01\0\0\0\x01\xff\xff\xff\x7f\0".to_vec(),
    ),
    refused("a length that never ends", Code::Malformed, || {
        b"\0asm\x01\0\0\0\x01\x80\x80\x80\x80\x80\x80\x80\x80\x01".to_vec()
    }),
    refused(
        "a section of a kind that does not exist",
        Code::Malformed,
        || b"\0asm\x01\0\0\0\x7f\x01\0".to_vec(),
    ),
    refused(
        "more types promised than there are",
        Code::Malformed,
        || b"\0asm\x01\0\0\0\x01\x05\xff\xff\xff\xff\x0f".to_vec(),
    ),
    refused("one section twice", Code::Malformed, || {
        b"\0asm\x01\0\0\0\x01\x01\0\x01\x01\0".to_vec()
    }),
    refused("sections in the wrong order", Code::Malformed, || {
        b"\0asm\x01\0\0\0\x03\x01\0\x01\x01\0".to_vec()
    }),
    refused("code without declared functions", Code::Malformed, || {
        b"\0asm\x01\0\0\0\x0a\x04\x01\x02\0\x0b".to_vec()
    }),
    refused("an export whose name is not UTF-8", Code::Malformed, || {
        b"\0asm\x01\0\0\0\x07\x05\x01\x01\xff\0\0".to_vec()
    }),
];
