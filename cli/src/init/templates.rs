//! What the templates are made of: the sources of `functions/`, which are built and tested there, and around them what a
//! project of its own needs.

/// A project to start from.
pub(super) struct Template {
    /// Its language, as `--template` names it.
    pub(super) language: &'static str,
    /// The extension point that it answers.
    pub(super) target: &'static str,
    /// What must be installed to build it.
    pub(super) needs: &'static str,
    parts: &'static [&'static [File]],
}

impl Template {
    /// Everything that it is made of.
    pub(super) fn files(&self) -> impl Iterator<Item = &'static File> {
        self.parts.iter().copied().flatten()
    }
}

/// One file of a template.
pub(super) struct File {
    /// Where it goes in the project.
    pub(super) path: &'static str,
    content: &'static [u8],
    /// Whether it names the function.
    is_named: bool,
}

/// What stands for the function's name in files that only projects have.
const NAME: &str = "function-name";

impl File {
    /// What is in it, in a project of the function of this name.
    pub(super) fn content(&self, name: &str) -> Vec<u8> {
        if !self.is_named {
            return self.content.to_vec();
        }
        let text = str::from_utf8(self.content).expect("what names the function is text");
        text.replace(NAME, name).into_bytes()
    }
}

/// Files of one folder in `functions/`, as they are.
macro_rules! shared {
    ($path:literal, $from:literal, [$($file:literal),* $(,)?]) => {
        &[$(File {
            path: concat!($path, $file),
            content: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/", $from, "/", $file)),
            is_named: false,
        }),*]
    };
}

/// Files that only projects have, from one folder in `cli/templates/`.
macro_rules! own {
    ($from:literal, [$($path:literal = $file:literal),* $(,)?]) => {
        &[$(File {
            path: $path,
            content: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $from, "/", $file)),
            is_named: true,
        }),*]
    };
}

const RUST_NEEDS: &str = "Rust by rustup, and `rustup target add wasm32-wasip1`";
const NPM_NEEDS: &str = "Node 20 or newer, with npm";

/// Every template.
pub(super) const TEMPLATES: &[Template] = &[
    Template {
        language: "rust",
        target: "cart.discount",
        needs: RUST_NEEDS,
        parts: &[
            own!(
                "rust",
                [
                    "README.md" = "discount.md",
                    "cartwright.toml" = "discount.toml"
                ]
            ),
            RUST,
            SDK,
            RUST_TARGET,
            shared!(
                "src/",
                "volume-discount-rust/src",
                ["discount.rs", "main.rs"]
            ),
            DISCOUNT_SETTINGS,
            DISCOUNT_SAMPLES,
            DISCOUNT_REFUSED,
        ],
    },
    Template {
        language: "assemblyscript",
        target: "cart.discount",
        needs: NPM_NEEDS,
        parts: &[
            ASSEMBLYSCRIPT,
            ASSEMBLYSCRIPT_SOURCES,
            DISCOUNT_SETTINGS,
            DISCOUNT_SAMPLES,
            DISCOUNT_REFUSED,
        ],
    },
    Template {
        language: "javascript",
        target: "cart.discount",
        needs: NPM_NEEDS,
        parts: &[
            JAVASCRIPT,
            shared!("src/", "volume-discount-javascript/src", ["function.js"]),
            shared!(
                "quickjs/",
                "quickjs",
                ["LICENSE", "pack.mjs", "interpreter.wasm"]
            ),
            DISCOUNT_SETTINGS,
            DISCOUNT_SAMPLES,
            DISCOUNT_REFUSED,
        ],
    },
    Template {
        language: "c",
        target: "cart.discount",
        needs: "clang that links for wasm32-wasi; on Debian and Ubuntu: `apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32`",
        parts: &[
            C,
            C_SOURCES,
            DISCOUNT_SETTINGS,
            DISCOUNT_SAMPLES,
            DISCOUNT_REFUSED,
        ],
    },
    Template {
        language: "rust",
        target: "payment.filter",
        needs: RUST_NEEDS,
        parts: &[
            own!(
                "rust",
                [
                    "README.md" = "payment.md",
                    "cartwright.toml" = "payment.toml"
                ]
            ),
            RUST,
            SDK,
            RUST_TARGET,
            shared!(
                "src/",
                "payment-method-filter/src",
                ["filter.rs", "main.rs"]
            ),
            shared!("", "payment-method-filter", ["settings.schema.json"]),
            PAYMENT_SAMPLES,
            PAYMENT_REFUSED,
        ],
    },
    Template {
        language: "rust",
        target: "shipping.rates",
        needs: RUST_NEEDS,
        parts: &[
            own!(
                "rust",
                [
                    "README.md" = "shipping.md",
                    "cartwright.toml" = "shipping.toml"
                ]
            ),
            RUST,
            SDK,
            RUST_TARGET,
            shared!("src/", "shipping-rule/src", ["main.rs", "rates.rs"]),
            shared!("", "shipping-rule", ["settings.schema.json"]),
            SHIPPING_SAMPLES,
            SHIPPING_REFUSED,
        ],
    },
];

const RUST: &[File] = own!(
    "rust",
    [
        "Cargo.toml" = "Cargo.toml.in",
        "Cargo.lock" = "Cargo.lock.in",
        "sdk/Cargo.toml" = "sdk-Cargo.toml.in",
        ".gitignore" = "gitignore",
    ]
);

const RUST_TARGET: &[File] = shared!(".cargo/", ".cargo", ["config.toml"]);

const SDK: &[File] = shared!(
    "sdk/src/",
    "sdk-rust/src",
    [
        "amount.rs",
        "currency.rs",
        "failure.rs",
        "lib.rs",
        "object.rs",
        "streams.rs",
        "whole.rs",
    ]
);

const ASSEMBLYSCRIPT: &[File] = own!(
    "assemblyscript",
    [
        "README.md" = "README.md",
        "cartwright.toml" = "cartwright.toml.in",
        "package.json" = "package.json.in",
        "package-lock.json" = "package-lock.json.in",
        "asconfig.json" = "asconfig.json.in",
        ".gitignore" = "gitignore",
    ]
);

const ASSEMBLYSCRIPT_SOURCES: &[File] = shared!(
    "assembly/",
    "volume-discount-assemblyscript/assembly",
    [
        "amount.ts",
        "cart.ts",
        "failure.ts",
        "index.ts",
        "json_escapes.ts",
        "json_reader.ts",
        "json_values.ts",
        "json_writer.ts",
        "settings.ts",
        "streams.ts",
        "text.ts",
        "tsconfig.json",
    ]
);

const JAVASCRIPT: &[File] = own!(
    "javascript",
    [
        "README.md" = "README.md",
        "cartwright.toml" = "cartwright.toml.in",
        "package.json" = "package.json.in",
        ".gitignore" = "gitignore",
    ]
);

const C: &[File] = own!(
    "c",
    [
        "README.md" = "README.md",
        "cartwright.toml" = "cartwright.toml.in",
        "build.sh" = "build.sh",
        ".gitignore" = "gitignore",
    ]
);

const C_SOURCES: &[File] = shared!(
    "src/",
    "volume-discount-c/src",
    [
        "amount.c",
        "amount.h",
        "cart.c",
        "cart.h",
        "failure.c",
        "failure.h",
        "json_bytes.h",
        "json_reader.c",
        "json_reader.h",
        "json_string.c",
        "main.c",
        "settings.c",
        "settings.h",
        "streams.c",
        "streams.h",
        "text.h",
    ]
);

const DISCOUNT_SETTINGS: &[File] = shared!("", "volume-discount-rust", ["settings.schema.json"]);

const DISCOUNT_SAMPLES: &[File] = shared!(
    "samples/",
    "volume-discount-rust/samples",
    [
        "lines-3.input.json",
        "lines-3.output.json",
        "lines-20.input.json",
        "lines-20.output.json",
        "empty-cart.input.json",
        "empty-cart.output.json",
        "half-a-cent.input.json",
        "half-a-cent.output.json",
        "nothing-qualifies.input.json",
        "nothing-qualifies.output.json",
        "own-settings.input.json",
        "own-settings.output.json",
        "own-settings.settings.json",
    ]
);

const DISCOUNT_REFUSED: &[File] = shared!(
    "refused/",
    "volume-discount-rust/refused",
    [
        "line-without-price.input.json",
        "line-without-price.exit-code",
        "price-is-a-number.input.json",
        "price-is-a-number.exit-code",
        "unknown-setting.input.json",
        "unknown-setting.settings.json",
        "unknown-setting.exit-code",
        "truncated.input.json",
        "truncated.exit-code",
    ]
);

const PAYMENT_SAMPLES: &[File] = shared!(
    "samples/",
    "payment-method-filter/samples",
    [
        "at-the-limit.input.json",
        "at-the-limit.output.json",
        "large-order.input.json",
        "large-order.output.json",
        "never-above.input.json",
        "never-above.output.json",
        "never-above.settings.json",
        "other-currency.input.json",
        "other-currency.output.json",
        "other-currency.settings.json",
        "small-order.input.json",
        "small-order.output.json",
        "small-order.settings.json",
    ]
);

const PAYMENT_REFUSED: &[File] = shared!(
    "refused/",
    "payment-method-filter/refused",
    [
        "amount-is-a-number.input.json",
        "amount-is-a-number.settings.json",
        "amount-is-a-number.exit-code",
        "currency-in-small-letters.input.json",
        "currency-in-small-letters.exit-code",
        "methods-missing.input.json",
        "methods-missing.exit-code",
        "no-total.input.json",
        "no-total.exit-code",
        "unknown-setting.input.json",
        "unknown-setting.settings.json",
        "unknown-setting.exit-code",
    ]
);

const SHIPPING_SAMPLES: &[File] = shared!(
    "samples/",
    "shipping-rule/samples",
    [
        "all-rates-free.input.json",
        "all-rates-free.output.json",
        "all-rates-free.settings.json",
        "far-and-heavy.input.json",
        "far-and-heavy.output.json",
        "far-and-heavy.settings.json",
        "free-from-amount.input.json",
        "free-from-amount.output.json",
        "just-below.input.json",
        "just-below.output.json",
        "other-currency.input.json",
        "other-currency.output.json",
        "other-currency.settings.json",
    ]
);

const SHIPPING_REFUSED: &[File] = shared!(
    "refused/",
    "shipping-rule/refused",
    [
        "negative-weight.input.json",
        "negative-weight.exit-code",
        "no-destination.input.json",
        "no-destination.exit-code",
        "surcharge-has-cents-currency-has-none.input.json",
        "surcharge-has-cents-currency-has-none.settings.json",
        "surcharge-has-cents-currency-has-none.exit-code",
        "unknown-setting.input.json",
        "unknown-setting.settings.json",
        "unknown-setting.exit-code",
    ]
);
