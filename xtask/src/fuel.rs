//! What the committed modules burn: one table that the tests hold against debug builds, and `bench hot-path` against a
//! release build of the executor. The numbers are of the engine epoch that is built; another engine has others.

/// A committed module, a sample of it, and what a run on that burns.
pub struct Burned {
    /// The module, below `functions/`.
    pub module: &'static str,
    /// The input, below `functions/`.
    pub sample: &'static str,
    /// Fuel of the run, by whomever it is run and in whichever build.
    pub fuel: u64,
}

/// Hello, of which no project is made.
pub const HELLO: Burned = Burned {
    module: "hello/hello.wasm",
    sample: "hello/samples/hello.input.json",
    fuel: 1_631,
};

/// The discount in Rust.
pub const DISCOUNT_RUST: Burned = Burned {
    module: "volume-discount-rust/volume-discount-rust.wasm",
    sample: "volume-discount-rust/samples/lines-20.input.json",
    fuel: 122_726,
};

/// The discount in AssemblyScript.
pub const DISCOUNT_ASSEMBLYSCRIPT: Burned = Burned {
    module: "volume-discount-assemblyscript/volume-discount-assemblyscript.wasm",
    sample: "volume-discount-rust/samples/lines-20.input.json",
    fuel: 193_413,
};

/// The discount in JavaScript.
pub const DISCOUNT_JAVASCRIPT: Burned = Burned {
    module: "volume-discount-javascript/volume-discount-javascript.wasm",
    sample: "volume-discount-rust/samples/lines-20.input.json",
    fuel: 1_749_907,
};

/// The discount in C.
pub const DISCOUNT_C: Burned = Burned {
    module: "volume-discount-c/volume-discount-c.wasm",
    sample: "volume-discount-rust/samples/lines-20.input.json",
    fuel: 134_665,
};

/// The filter of payment methods.
pub const PAYMENT: Burned = Burned {
    module: "payment-method-filter/payment-method-filter.wasm",
    sample: "payment-method-filter/samples/large-order.input.json",
    fuel: 26_175,
};

/// The rule for shipping.
pub const SHIPPING: Burned = Burned {
    module: "shipping-rule/shipping-rule.wasm",
    sample: "shipping-rule/samples/free-from-amount.input.json",
    fuel: 24_509,
};

/// Every committed module that people start from.
pub const ALL: [&Burned; 7] = [
    &HELLO,
    &DISCOUNT_RUST,
    &DISCOUNT_ASSEMBLYSCRIPT,
    &DISCOUNT_JAVASCRIPT,
    &DISCOUNT_C,
    &PAYMENT,
    &SHIPPING,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::place;

    #[test]
    fn the_table_has_every_committed_module_but_the_interpreter_that_javascript_is_packed_with() {
        let folders = std::fs::read_dir(place::root().join("functions")).unwrap();
        let committed: BTreeSet<String> = folders
            .filter_map(|folder| {
                let name = folder.unwrap().file_name().into_string().unwrap();
                let module = format!("{name}/{name}.wasm");
                let path = place::root().join("functions").join(&module);
                path.is_file().then_some(module)
            })
            .collect();
        let known: BTreeSet<String> = ALL.iter().map(|burned| burned.module.to_owned()).collect();
        assert_eq!(known, committed);
    }
}
