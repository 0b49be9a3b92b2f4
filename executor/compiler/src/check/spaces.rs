//! The tables and memories of a module, and what is put into them: what an instance takes of its slot in the pool.

use cartwright_domain::compile::{Finding, FindingCode, MemoryReport};
use wasmparser::{
    DataKind, DataSectionReader, ElementItems, ElementSectionReader, MemoryType, Result,
};

use super::findings::Findings;
use super::limits::{ELEMENTS_MAX, TABLE_ELEMENTS_MAX};
use super::shape::FEWER;

/// A page of linear memory, in bytes.
const PAGE_BYTES: u64 = 65_536;

/// What was seen so far, imported ones included.
#[derive(Default)]
pub(super) struct Spaces {
    pub(super) tables: u32,
    pub(super) memories: u32,
    /// The first memory that the module defines.
    pub(super) memory: Option<MemoryReport>,
    elements: u64,
}

impl Spaces {
    pub(super) fn table(&mut self, initial: u64, findings: &mut Findings) {
        self.tables += 1;
        let place = format!("table {}", self.tables - 1);
        if self.tables > 1 {
            let remedy = "Build it with a toolchain that needs only one.";
            let finding = Finding::new(
                FindingCode::TablesTooMany,
                "It has more than one table.",
                remedy,
            );
            findings.add(
                finding
                    .at(place.clone())
                    .over("1 table", format!("{} tables", self.tables)),
            );
        }
        findings.bound(initial, TABLE_ELEMENTS_MAX, "elements", || {
            Finding::new(
                FindingCode::TableTooLarge,
                "Its table begins too large.",
                FEWER,
            )
            .at(place)
        });
    }

    pub(super) fn memory(&mut self, memory: &MemoryType, bytes_max: u64, findings: &mut Findings) {
        self.memories += 1;
        let place = format!("memory {}", self.memories - 1);
        if self.memories > 1 {
            let remedy = "Build it as one program with one memory.";
            let finding = Finding::new(
                FindingCode::MemoriesTooMany,
                "It has more than one memory.",
                remedy,
            );
            findings.add(
                finding
                    .at(place)
                    .over("1 memory", format!("{} memories", self.memories)),
            );
            return;
        }
        let bytes = |pages: u64| pages.saturating_mul(PAGE_BYTES);
        let minimum_bytes = bytes(memory.initial);
        self.memory = Some(MemoryReport {
            minimum_bytes,
            maximum_bytes: memory.maximum.map(bytes),
        });
        findings.bound(minimum_bytes, bytes_max, "bytes", || {
            let remedy =
                "Give it a smaller initial memory and a smaller stack, and less static data.";
            Finding::new(
                FindingCode::MemoryTooLarge,
                "Its memory begins larger than its limit.",
                remedy,
            )
            .at(place)
        });
    }

    pub(super) fn elements(
        &mut self,
        segments: ElementSectionReader<'_>,
        findings: &mut Findings,
    ) -> Result<()> {
        for segment in segments {
            self.elements += u64::from(match segment?.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            });
        }
        findings.bound(self.elements, u64::from(ELEMENTS_MAX), "elements", || {
            let what = "Its element segments hold too many elements.";
            Finding::new(FindingCode::ElementsTooMany, what, FEWER).at("element section")
        });
        Ok(())
    }

    pub(super) fn data(
        &self,
        segments: DataSectionReader<'_>,
        findings: &mut Findings,
    ) -> Result<()> {
        let mut active_bytes = 0_u64;
        for segment in segments {
            let segment = segment?;
            if matches!(segment.kind, DataKind::Active { .. }) {
                active_bytes += segment.data.len() as u64;
            }
        }
        let Some(memory) = self.memory else {
            return Ok(());
        };
        findings.bound(active_bytes, memory.minimum_bytes, "bytes", || {
            let what = "Its data is larger than the memory that it begins with.";
            Finding::new(
                FindingCode::DataTooLarge,
                what,
                "Give it a larger initial memory.",
            )
            .at("data section")
        });
        Ok(())
    }
}
