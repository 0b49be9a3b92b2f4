//! Modules within every limit that are still dear to compile.

use wasm_encoder::{BlockType, Function, Instruction};

use crate::shapes::functions;
use crate::{Animal, Ending};

pub(crate) const ANIMALS: &[Animal] = &[
    bomb("nested blocks with wide branches", || {
        functions(8, nested_branches)
    }),
    bomb("a million live values", || functions(20, live_values)),
    bomb("as many functions as there may be", || {
        functions(9_999, |body| arithmetic(body, 20))
    }),
    bomb("loops in loops", || functions(40, loops)),
];

const fn bomb(name: &'static str, make: fn() -> Vec<u8>) -> Animal {
    Animal {
        name,
        ending: Ending::Bounded,
        make,
    }
}

/// 200 blocks around one branch to any of them, 4,000 directions wide, again and again.
fn nested_branches(body: &mut Function) {
    const DEPTH: u32 = 200;
    (0..DEPTH).for_each(|_| {
        body.instruction(&Instruction::Block(BlockType::Empty));
    });
    for at in 0..DEPTH {
        let here = DEPTH - at;
        body.instruction(&Instruction::I32Const(at as i32));
        let targets: Vec<u32> = (0..400).map(|n| n % here).collect();
        body.instruction(&Instruction::BrTable(targets.into(), 0));
        body.instruction(&Instruction::End);
    }
}

/// Loads that all stay on the stack until the end, and are then added up: more than any register holds.
fn live_values(body: &mut Function) {
    const VALUES: u32 = 8_000;
    let at = |offset: u32| wasm_encoder::MemArg {
        offset: u64::from(offset),
        align: 0,
        memory_index: 0,
    };
    for value in 0..VALUES {
        body.instruction(&Instruction::I32Const(0));
        body.instruction(&Instruction::I64Load(at(value)));
    }
    for _ in 1..VALUES {
        body.instruction(&Instruction::I64Add);
    }
    body.instruction(&Instruction::Drop);
}

fn arithmetic(body: &mut Function, count: i32) {
    for n in 0..count {
        body.instruction(&Instruction::I32Const(n));
        body.instruction(&Instruction::I32Const(n + 1));
        body.instruction(&Instruction::I32DivS);
        body.instruction(&Instruction::Drop);
    }
}

/// 200 loops within each other, each of which may go around again.
fn loops(body: &mut Function) {
    const DEPTH: u32 = 200;
    (0..DEPTH).for_each(|_| {
        body.instruction(&Instruction::Loop(BlockType::Empty));
    });
    for at in 0..DEPTH {
        arithmetic(body, 5);
        body.instruction(&Instruction::I32Const(0));
        body.instruction(&Instruction::I32Load(wasm_encoder::MemArg {
            offset: u64::from(at),
            align: 0,
            memory_index: 0,
        }));
        body.instruction(&Instruction::BrIf(0));
        body.instruction(&Instruction::End);
    }
}
