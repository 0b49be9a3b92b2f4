//! What a file that is not WebAssembly looks like, so that the report can say what was uploaded by mistake.

use cartwright_domain::compile::{Finding, FindingCode};

const MARK: &[u8] = b"\0asm";
const BUILD: &str = "Upload the `.wasm` file that your build makes.";

/// The finding about bytes that do not begin as a WebAssembly module, if they do not.
pub(super) fn finding(bytes: &[u8]) -> Option<Finding> {
    if bytes.starts_with(MARK) {
        return None;
    }
    if MARK.starts_with(bytes) && !bytes.is_empty() {
        let what = format!(
            "The file ends after {} bytes, in the middle of its first field.",
            bytes.len()
        );
        return Some(
            Finding::new(FindingCode::Truncated, what, "Upload the whole file.").at("byte 0"),
        );
    }
    let (what, remedy) = looks_like(bytes);
    Some(Finding::new(FindingCode::NotWasm, what, remedy).at("byte 0"))
}

fn looks_like(bytes: &[u8]) -> (&'static str, &'static str) {
    let text = || {
        std::str::from_utf8(&bytes[..bytes.len().min(512)])
            .ok()
            .map(str::trim_start)
    };
    match bytes {
        [] => ("The file is empty.", BUILD),
        [0x1f, 0x8b, ..] => (
            "The file is compressed with gzip.",
            "Unpack it (`gunzip`) and upload the `.wasm` file inside.",
        ),
        [b'P', b'K', 3 | 5, ..] => (
            "The file is a ZIP archive.",
            "Unpack it and upload the `.wasm` file inside.",
        ),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => (
            "The file is compressed with Zstandard.",
            "Unpack it and upload the `.wasm` file inside.",
        ),
        [0x7f, b'E', b'L', b'F', ..] => (
            "The file is a Linux executable or library, made for a processor and not for WebAssembly.",
            "Build for the target `wasm32-wasip1` and upload the `.wasm` file.",
        ),
        [b'M', b'Z', ..] => (
            "The file is a Windows executable or library, made for a processor and not for WebAssembly.",
            "Build for the target `wasm32-wasip1` and upload the `.wasm` file.",
        ),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => (
            "The file is a macOS executable or library, or Java bytecode.",
            "Build for the target `wasm32-wasip1` and upload the `.wasm` file.",
        ),
        [b'B', b'C', 0xc0, 0xde, ..] => (
            "The file is LLVM bitcode.",
            "Link it into a module first: let the build run to its end.",
        ),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => (
            "The file is a static library.",
            "Link it into a module first.",
        ),
        _ => match text() {
            Some(text)
                if text.starts_with("(module")
                    || text.starts_with("(component")
                    || text.starts_with(";;") =>
            {
                (
                    "The file is WebAssembly in its text format.",
                    "Translate it to the binary format (`wat2wasm`, `wasm-tools parse`).",
                )
            }
            Some(text)
                if text.starts_with("<!")
                    || text.starts_with("<html")
                    || text.starts_with("<?xml") =>
            {
                (
                    "The file is a web page: perhaps an error page, saved under the module's name.",
                    BUILD,
                )
            }
            Some(text) if text.starts_with('{') || text.starts_with('[') => {
                ("The file is JSON.", BUILD)
            }
            Some(_) => (
                "The file is text: perhaps source code, which has to be compiled first.",
                "Compile it to WebAssembly and upload the `.wasm` file.",
            ),
            None => (
                "The file is not WebAssembly: a module begins with the bytes 00 61 73 6d.",
                BUILD,
            ),
        },
    }
}
