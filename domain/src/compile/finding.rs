//! What can be wrong with a module: one code per kind, with where it is and what to do about it.

use serde::{Deserialize, Serialize};

macro_rules! finding_codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// The stable code of a kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum FindingCode {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl FindingCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it in answers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

finding_codes!(
    /// The module is larger than a module may be.
    ModuleTooLarge = "module_too_large",
    /// It is something else than WebAssembly.
    NotWasm = "not_wasm",
    /// It ends in the middle.
    Truncated = "truncated",
    /// Its bytes do not follow the WebAssembly format.
    Malformed = "malformed",
    /// It breaks a rule of WebAssembly: types that do not match, an index that points nowhere.
    Invalid = "invalid",
    /// It uses a WebAssembly proposal that is off here.
    FeatureNotAllowed = "feature_not_allowed",
    /// It is for an interface that this installation does not support.
    AbiNotSupported = "abi_not_supported",
    /// It imports something that nobody offers.
    ImportUnknown = "import_unknown",
    /// It imports a known function with another type.
    ImportType = "import_type",
    /// It exports nothing that a run could begin with.
    EntryMissing = "entry_missing",
    /// It exports an entry of another type than `() -> ()`.
    EntryType = "entry_type",
    /// It calls its host, but exports no memory for that.
    MemoryNotExported = "memory_not_exported",
    /// It has a start function.
    StartFunction = "start_function",
    /// Too many types.
    TypesTooMany = "types_too_many",
    /// Too many imports.
    ImportsTooMany = "imports_too_many",
    /// Too many functions.
    FunctionsTooMany = "functions_too_many",
    /// Too many globals.
    GlobalsTooMany = "globals_too_many",
    /// Too many exports.
    ExportsTooMany = "exports_too_many",
    /// More than one table.
    TablesTooMany = "tables_too_many",
    /// A table with too many elements.
    TableTooLarge = "table_too_large",
    /// Too many element segments, or too many elements in them.
    ElementsTooMany = "elements_too_many",
    /// More than one memory.
    MemoriesTooMany = "memories_too_many",
    /// A memory that begins larger than its limit.
    MemoryTooLarge = "memory_too_large",
    /// Too many data segments.
    DataSegmentsTooMany = "data_segments_too_many",
    /// Data that does not fit the memory it is for.
    DataTooLarge = "data_too_large",
    /// A function whose code is too long.
    FunctionTooLarge = "function_too_large",
    /// A function with too many locals.
    LocalsTooMany = "locals_too_many",
    /// A function whose blocks nest too deep.
    NestingTooDeep = "nesting_too_deep",
    /// A `br_table` with too many targets.
    BranchTableTooLarge = "branch_table_too_large",
    /// Its custom section `cartwright.settings` is no JSON schema.
    SettingsInvalid = "settings_invalid",
    /// Its custom section `cartwright.sample` is no JSON.
    SampleInvalid = "sample_invalid",
    /// The compiler refused it.
    CompileFailed = "compile_failed",
    /// Compiling it took too much time.
    CompileTimeExceeded = "compile_time_exceeded",
    /// Compiling it took too much memory.
    CompileMemoryExceeded = "compile_memory_exceeded",
    /// There are more findings than are listed.
    MoreFindings = "more_findings",
);

impl std::fmt::Display for FindingCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong with a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its kind.
    pub code: FindingCode,
    /// What is wrong, in a sentence.
    pub what: String,
    /// Where in the module: a function with its index and name, a section, a byte offset.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none", default)]
    pub place: Option<String>,
    /// The limit that it breaks, with its unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit: Option<String>,
    /// What it has instead, with its unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// What to do about it, in a sentence.
    #[serde(rename = "do")]
    pub remedy: String,
}

impl Finding {
    /// A finding about the module as a whole.
    #[must_use]
    pub fn new(code: FindingCode, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            place: None,
            limit: None,
            value: None,
            remedy: remedy.into(),
        }
    }

    /// The same, at this place in the module.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The same, breaking `limit` with `value`.
    #[must_use]
    pub fn over(mut self, limit: impl ToString, value: impl ToString) -> Self {
        self.limit = Some(limit.to_string());
        self.value = Some(value.to_string());
        self
    }
}

/// How a compiler process ended that did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// The worker killed it when its wall-clock time was over.
    WallTime,
    /// A signal ended it.
    Signal(i32),
    /// It exited with this code, or exited 0 without a whole frame.
    Exit(i32),
}

/// Signals as Linux and macOS number them, where those agree; `SIGSYS` is 31 on Linux.
const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;
const SIGXCPU: i32 = 24;

impl Death {
    /// What the death says about the module; `None` when it says nothing, and the fault is ours: the jail bit a system call
    /// that compiling needs, the kernel's memory killer came by, the binary is broken.
    #[must_use]
    pub fn finding(self) -> Option<Finding> {
        const SIMPLER: &str =
            "Split its largest functions, or build it with less inlining and without unused code";
        match self {
            Self::WallTime | Self::Signal(SIGXCPU) => Some(
                Finding::new(
                    FindingCode::CompileTimeExceeded,
                    "Compiling the module took too long.",
                    format!("{SIMPLER}."),
                )
                .over(
                    format!("{} s of processor time", super::CPU_SECONDS_MAX),
                    "more",
                ),
            ),
            Self::Signal(SIGABRT | SIGSEGV) => Some(
                Finding::new(
                    FindingCode::CompileMemoryExceeded,
                    "Compiling the module took too much memory.",
                    format!("{SIMPLER}."),
                )
                .over(
                    format!("{} MiB", super::ADDRESS_SPACE_BYTES_MAX >> 20),
                    "more",
                ),
            ),
            Self::Signal(_) | Self::Exit(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_its_documentation_says() {
        let finding = Finding::new(FindingCode::NotWasm, "It is a picture.", "Upload a module.")
            .at("byte 0")
            .over("1 byte", "2 bytes");
        let json = serde_json::to_value(&finding).expect("it serialises");
        let expected = serde_json::json!({
            "code": "not_wasm", "what": "It is a picture.", "where": "byte 0", "limit": "1 byte", "value": "2 bytes",
            "do": "Upload a module.",
        });
        assert_eq!(json, expected);
        assert_eq!(
            serde_json::from_value::<Finding>(json).expect("it reads back"),
            finding
        );
    }

    #[test]
    fn every_code_is_written_as_its_word() {
        for code in FindingCode::ALL {
            assert_eq!(
                serde_json::to_value(code).expect("it serialises"),
                code.as_str()
            );
        }
    }

    #[test]
    fn a_death_blames_the_module_only_for_what_it_took() {
        assert_eq!(
            Death::WallTime.finding().map(|f| f.code),
            Some(FindingCode::CompileTimeExceeded)
        );
        assert_eq!(
            Death::Signal(24).finding().map(|f| f.code),
            Some(FindingCode::CompileTimeExceeded)
        );
        assert_eq!(
            Death::Signal(6).finding().map(|f| f.code),
            Some(FindingCode::CompileMemoryExceeded)
        );
        for ours in [
            Death::Signal(31),
            Death::Signal(9),
            Death::Exit(1),
            Death::Exit(0),
        ] {
            assert_eq!(ours.finding(), None, "{ours:?}");
        }
    }
}
