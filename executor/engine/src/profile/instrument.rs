//! Rewrites a module so that each function, and each call of the host, says when it is entered and left.
//!
//! ```text
//! (func $f (param i32) (result i32)      (func $f (param i32) (result i32)
//!   body…                                  (call $enter (i32.const <index of f>))
//! )                                        (block (result i32) body…)       a branch out of the body ends here
//!                                          (call $leave))                   a `return` in it says so before
//! ```

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, EntityType, ImportSection, Instruction, Module, SectionId, TypeSection,
    ValType,
};
use wasmparser::{
    CompositeInnerType, FuncType, FunctionBody, KnownCustom, Name, Operator, Parser, Payload,
    TypeRef,
};

use super::recorder::Function;
use crate::ending::function_name;

/// The module and the names of the two functions that are said to.
pub(super) const MODULE: &str = "cartwright_profile";
pub(super) const ENTER: &str = "enter";
pub(super) const LEAVE: &str = "leave";

/// What saying so burns by the fuel table: a constant and a call; a call.
pub(super) const ENTER_FUEL: u64 = 2;
pub(super) const LEAVE_FUEL: u64 = 1;

/// Functions added: what stood behind the imports moves on by so many.
const ADDED: u32 = 2;

type Result<T> = std::result::Result<T, reencode::Error<Infallible>>;

/// A rewritten module, and the functions of the one that it was made of, by their index there.
pub(super) struct Rewritten {
    pub(super) module: Vec<u8>,
    pub(super) functions: BTreeMap<u32, Function>,
}

/// Rewrite a valid module. Its custom sections are left out: nothing reads them.
pub(super) fn rewrite(module: &[u8]) -> Result<Rewritten> {
    let mut rewriter = Rewriter::new(module)?;
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        rewriter.section(payload?, module, &mut out)?;
    }
    rewriter.end_code(&mut out);
    Ok(Rewritten {
        module: out.finish(),
        functions: rewriter.functions,
    })
}

struct Rewriter {
    /// The module's own types, by index.
    types: Vec<Option<FuncType>>,
    /// The type of each function, imported ones first.
    function_types: Vec<u32>,
    imported: u32,
    functions: BTreeMap<u32, Function>,
    /// For each function type with several results, the type of a block that takes nothing and gives those.
    blocks: BTreeMap<u32, u32>,
    enter_type: u32,
    leave_type: u32,
    imports_written: bool,
    code: CodeSection,
    bodies: u32,
}

impl Reencode for Rewriter {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        Ok(if function < self.imported {
            function
        } else {
            function + ADDED
        })
    }
}

impl Rewriter {
    /// Learn what the rewriting must know before the first section is written.
    fn new(module: &[u8]) -> Result<Self> {
        let mut rewriter = Self {
            types: Vec::new(),
            function_types: Vec::new(),
            imported: 0,
            functions: BTreeMap::new(),
            blocks: BTreeMap::new(),
            enter_type: 0,
            leave_type: 0,
            imports_written: false,
            code: CodeSection::new(),
            bodies: 0,
        };
        for payload in Parser::new(0).parse_all(module) {
            rewriter.learn(payload?)?;
        }
        Ok(rewriter)
    }

    fn learn(&mut self, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    self.types.extend(group?.into_types().map(
                        |ty| match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        },
                    ));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if let TypeRef::Func(ty) = import.ty {
                        let name = function_name(import.name);
                        let function = Function { name, host: true };
                        self.functions.insert(self.imported, function);
                        self.function_types.push(ty);
                        self.imported += 1;
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.function_types.push(ty?);
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections.into_iter().map_while(std::result::Result::ok) {
                        self.learn_names(subsection);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn learn_names(&mut self, subsection: Name<'_>) {
        if let Name::Function(names) = subsection {
            for named in names.into_iter().map_while(std::result::Result::ok) {
                let name = function_name(named.name);
                // An import keeps the name that it is imported by: the same in every language.
                self.functions
                    .entry(named.index)
                    .or_insert(Function { name, host: false });
            }
        }
    }

    fn section(&mut self, payload: Payload<'_>, module: &[u8], out: &mut Module) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                self.parse_type_section(&mut types, section)?;
                self.add_types(&mut types)?;
                out.section(&types);
            }
            Payload::ImportSection(section) => {
                let mut imports = ImportSection::new();
                self.parse_import_section(&mut imports, section)?;
                self.write_imports(imports, out);
            }
            Payload::CodeSectionStart { .. } => {}
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            other => {
                let Some((id, range)) = other.as_section() else {
                    return Ok(());
                };
                if id != SectionId::Custom as u8 {
                    self.write_imports(ImportSection::new(), out);
                    self.whole_section(other, &module[range], id, out)?;
                }
            }
        }
        Ok(())
    }

    /// A section behind the imports: the same, with functions by their new index.
    fn whole_section(
        &mut self,
        payload: Payload<'_>,
        bytes: &[u8],
        id: u8,
        out: &mut Module,
    ) -> Result<()> {
        match payload {
            Payload::TableSection(section) => {
                let mut tables = wasm_encoder::TableSection::new();
                self.parse_table_section(&mut tables, section)?;
                out.section(&tables);
            }
            Payload::GlobalSection(section) => {
                let mut globals = wasm_encoder::GlobalSection::new();
                self.parse_global_section(&mut globals, section)?;
                out.section(&globals);
            }
            Payload::ExportSection(section) => {
                let mut exports = wasm_encoder::ExportSection::new();
                self.parse_export_section(&mut exports, section)?;
                out.section(&exports);
            }
            Payload::StartSection { func, .. } => {
                let function_index = self.function_index(func)?;
                out.section(&wasm_encoder::StartSection { function_index });
            }
            Payload::ElementSection(section) => {
                let mut elements = wasm_encoder::ElementSection::new();
                self.parse_element_section(&mut elements, section)?;
                out.section(&elements);
            }
            Payload::DataSection(section) => {
                self.end_code(out);
                let mut data = wasm_encoder::DataSection::new();
                self.parse_data_section(&mut data, section)?;
                out.section(&data);
            }
            _ => {
                out.section(&wasm_encoder::RawSection { id, data: bytes });
            }
        }
        Ok(())
    }

    fn add_types(&mut self, types: &mut TypeSection) -> Result<()> {
        let mut next = self.types.len() as u32;
        for (index, results) in self.several_results() {
            let results = self.val_types(results)?;
            types.ty().function([], results);
            self.blocks.insert(index, next);
            next += 1;
        }
        types.ty().function([ValType::I32], []);
        types.ty().function([], []);
        (self.enter_type, self.leave_type) = (next, next + 1);
        Ok(())
    }

    /// The function types with several results, and those.
    fn several_results(&self) -> Vec<(u32, Vec<wasmparser::ValType>)> {
        let several = |(index, ty): (usize, &Option<FuncType>)| {
            let results = ty.as_ref()?.results();
            (results.len() > 1).then(|| (index as u32, results.into()))
        };
        self.types.iter().enumerate().filter_map(several).collect()
    }

    fn write_imports(&mut self, mut imports: ImportSection, out: &mut Module) {
        if !self.imports_written {
            imports.import(MODULE, ENTER, EntityType::Function(self.enter_type));
            imports.import(MODULE, LEAVE, EntityType::Function(self.leave_type));
            out.section(&imports);
            self.imports_written = true;
        }
    }

    fn end_code(&mut self, out: &mut Module) {
        if !self.code.is_empty() {
            out.section(&std::mem::replace(&mut self.code, CodeSection::new()));
        }
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        let index = self.imported + self.bodies;
        self.bodies += 1;
        let mut function = self.new_function_with_parsed_locals(body)?;
        let (enter, leave) = (
            Instruction::Call(self.imported),
            Instruction::Call(self.imported + 1),
        );
        function.instruction(&Instruction::I32Const(index.cast_signed()));
        function.instruction(&enter);
        function.instruction(&Instruction::Block(self.block_type(index)?));
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let operator = reader.read()?;
            match &operator {
                Operator::Return => {
                    function.instruction(&leave);
                    function.instruction(&Instruction::Return);
                }
                Operator::Call { function_index } if *function_index < self.imported => {
                    function.instruction(&Instruction::I32Const(function_index.cast_signed()));
                    function.instruction(&enter);
                    function.instruction(&Instruction::Call(*function_index));
                    function.instruction(&leave);
                }
                _ => {
                    function.instruction(&self.instruction(operator)?);
                }
            }
        }
        // The body's own last `end` was that of the block.
        function.instruction(&leave);
        function.instruction(&Instruction::End);
        self.code.function(&function);
        Ok(())
    }

    fn block_type(&mut self, function: u32) -> Result<BlockType> {
        let index = self.function_types[function as usize];
        let results = self.types[index as usize]
            .as_ref()
            .map_or(&[][..], FuncType::results);
        Ok(match results {
            [] => BlockType::Empty,
            [one] => BlockType::Result(reencode::utils::val_type(self, *one)?),
            _ => BlockType::FunctionType(self.blocks[&index]),
        })
    }
}
