//! A module that is loaded and linked: what a run starts from.

use std::collections::HashMap;

use wasmtime::{ExternType, InstancePre, Module, ModuleExport};

use crate::guest::Guest;

/// A version's module, mapped, linked and ready to be instantiated any number of times.
pub struct ReadyModule {
    pub(crate) instance: InstancePre<Guest>,
    memory: Option<ModuleExport>,
    /// Exported functions that take nothing and return nothing: what can be run.
    entries: HashMap<Box<str>, ModuleExport>,
    code_bytes: usize,
}

/// The export that a run begins with, and the one to call before it.
pub(crate) struct Entry {
    pub(crate) initialize: Option<ModuleExport>,
    pub(crate) main: ModuleExport,
}

impl ReadyModule {
    pub(crate) fn new(instance: InstancePre<Guest>) -> Self {
        let module = instance.module();
        let entries = module
            .exports()
            .filter(|export| is_entry(&export.ty()))
            .filter_map(|export| {
                Some((
                    export.name().into(),
                    module.get_export_index(export.name())?,
                ))
            })
            .collect();
        let memory = memory_of(module);
        let code_bytes =
            (module.image_range().end as usize) - (module.image_range().start as usize);
        Self {
            memory,
            entries,
            code_bytes,
            instance,
        }
    }

    /// Address space that the loaded artifact takes, in bytes: what a cache of loaded modules counts.
    #[must_use]
    pub fn code_bytes(&self) -> usize {
        self.code_bytes
    }

    /// Names of the exports that a run can begin with, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(AsRef::as_ref)
    }

    pub(crate) fn memory(&self) -> Option<&ModuleExport> {
        self.memory.as_ref()
    }

    /// The export named like the target, after `_initialize` if there is one; else `_start`.
    pub(crate) fn entry(&self, target: Option<&str>) -> Option<Entry> {
        if let Some(main) = target.and_then(|target| self.entries.get(target)) {
            return Some(Entry {
                initialize: self.entries.get("_initialize").copied(),
                main: *main,
            });
        }
        self.entries.get("_start").map(|main| Entry {
            initialize: None,
            main: *main,
        })
    }
}

fn is_entry(ty: &ExternType) -> bool {
    ty.func()
        .is_some_and(|ty| ty.params().len() == 0 && ty.results().len() == 0)
}

fn memory_of(module: &Module) -> Option<ModuleExport> {
    module
        .get_export("memory")
        .filter(|ty| ty.memory().is_some())?;
    module.get_export_index("memory")
}

impl std::fmt::Debug for ReadyModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadyModule")
            .field("code_bytes", &self.code_bytes)
            .finish_non_exhaustive()
    }
}
