//! The shape of one function's code: its size, its locals, its nesting, its branch tables.

use cartwright_domain::compile::{Finding, FindingCode};
use wasmparser::{FunctionBody, Operator};

use super::findings::Findings;
use super::limits::{BRANCH_TARGETS_MAX, FUNCTION_BYTES_MAX, LOCALS_MAX, NESTING_MAX};

const SPLIT: &str = "Split it into smaller functions, or build with less inlining.";

/// Check one body. It is read to its end only when it is not too large.
pub(super) fn check(
    body: &FunctionBody<'_>,
    place: &str,
    findings: &mut Findings,
) -> wasmparser::Result<()> {
    let range = body.range();
    let place = format!("{place}, at byte {:#x}", range.start);
    let bytes = (range.end - range.start) as u64;
    if bytes > FUNCTION_BYTES_MAX {
        findings.bound(bytes, FUNCTION_BYTES_MAX, "bytes", || {
            Finding::new(
                FindingCode::FunctionTooLarge,
                "A function's code is too long.",
                SPLIT,
            )
            .at(place)
        });
        return Ok(());
    }
    locals(body, &place, findings)?;
    operators(body, &place, findings)
}

fn locals(body: &FunctionBody<'_>, place: &str, findings: &mut Findings) -> wasmparser::Result<()> {
    let mut count = 0_u64;
    for local in body.get_locals_reader()? {
        count += u64::from(local?.0);
    }
    findings.bound(count, u64::from(LOCALS_MAX), "locals", || {
        Finding::new(
            FindingCode::LocalsTooMany,
            "A function has too many local variables.",
            SPLIT,
        )
        .at(place)
    });
    Ok(())
}

fn operators(
    body: &FunctionBody<'_>,
    place: &str,
    findings: &mut Findings,
) -> wasmparser::Result<()> {
    let (mut nesting, mut deepest, mut widest) = (0_u32, 0_u32, 0_u32);
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => {
                nesting += 1;
                deepest = deepest.max(nesting);
            }
            Operator::End => nesting = nesting.saturating_sub(1),
            Operator::BrTable { targets } => widest = widest.max(targets.len()),
            _ => {}
        }
    }
    findings.bound(deepest, NESTING_MAX, "levels", || {
        Finding::new(
            FindingCode::NestingTooDeep,
            "A function's blocks nest too deep.",
            SPLIT,
        )
        .at(place)
    });
    findings.bound(widest, BRANCH_TARGETS_MAX, "targets", || {
        Finding::new(
            FindingCode::BranchTableTooLarge,
            "A `br_table` of a function has too many targets.",
            SPLIT,
        )
        .at(place)
    });
    Ok(())
}
