//! The names that a module gives its functions, for reports: from its name section, as far as that can be read.

use std::collections::BTreeMap;

use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Names kept: enough for every function that a module may have.
const NAMES_MAX: usize = 20_000;

/// Function names by index.
#[derive(Default)]
pub(super) struct Names(BTreeMap<u32, String>);

impl Names {
    /// The names in a module. The section is at its end and may be broken: names are a courtesy.
    pub(super) fn of_module(bytes: &[u8]) -> Self {
        let mut names = BTreeMap::new();
        let sections = Parser::new(0).parse_all(bytes).map_while(Result::ok);
        for section in sections {
            let Payload::CustomSection(custom) = section else {
                continue;
            };
            let KnownCustom::Name(subsections) = custom.as_known() else {
                continue;
            };
            for subsection in subsections.into_iter().map_while(Result::ok) {
                let Name::Function(map) = subsection else {
                    continue;
                };
                let listed = map.into_iter().map_while(Result::ok).take(NAMES_MAX);
                names.extend(
                    listed.map(|naming| (naming.index, naming.name.chars().take(200).collect())),
                );
            }
        }
        Self(names)
    }

    pub(super) fn of(&self, index: u32) -> Option<&str> {
        self.0.get(&index).map(String::as_str)
    }
}
