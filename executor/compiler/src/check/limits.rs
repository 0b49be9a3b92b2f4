//! The shapes that a module may have. Each bounds what compiling or starting it can cost; all are far above what real modules need.

/// Function types.
pub(super) const TYPES_MAX: u32 = 1_000;
/// Imports: preview 1 has 46 functions.
pub(super) const IMPORTS_MAX: u32 = 256;
/// Functions that it defines.
pub(super) const FUNCTIONS_MAX: u32 = 10_000;
/// Global variables.
pub(super) const GLOBALS_MAX: u32 = 1_000;
/// Exports.
pub(super) const EXPORTS_MAX: u32 = 256;
/// Elements of its table: what an instance slot holds.
pub(super) const TABLE_ELEMENTS_MAX: u64 = cartwright_engine::TABLE_ELEMENTS_MAX as u64;
/// Element segments, and elements in all of them together.
pub(super) const ELEMENT_SEGMENTS_MAX: u32 = 1_000;
pub(super) const ELEMENTS_MAX: u32 = 20_000;
/// Data segments.
pub(super) const DATA_SEGMENTS_MAX: u32 = 1_000;
/// Code of one function, in bytes. The cost of compiling one function grows faster than its size.
pub(super) const FUNCTION_BYTES_MAX: u64 = 128 << 10;
/// Local variables of one function, parameters not counted.
pub(super) const LOCALS_MAX: u32 = 1_000;
/// Blocks within blocks of one function.
pub(super) const NESTING_MAX: u32 = 256;
/// Targets of one `br_table`.
pub(super) const BRANCH_TARGETS_MAX: u32 = 4_096;
/// A custom section of ours, in bytes.
pub(super) const SECTION_BYTES_MAX: usize = 64 << 10;
/// Findings that are listed of one kind, and of all kinds.
pub(super) const FINDINGS_PER_CODE_MAX: usize = 20;
pub(super) const FINDINGS_MAX: usize = 100;
/// A name from the module as it is shown, in characters.
pub(super) const SHOWN_NAME_MAX: usize = 80;
