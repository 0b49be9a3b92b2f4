//! A whole stack of real processes to test through its front doors: every role, on free ports, against a database,
//! a bucket and a Redis number of its own. What the tests assert is left to `tests/it/`, one file a noun.
//!
//! ```ignore
//! #[tokio::test]
//! async fn one_tenant_cannot_see_the_function_of_another() {
//!     let stack = Stack::shared().await;
//!     let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
//!     ada.create_function("discount").await;
//!
//!     assert_eq!(ada.get("/v1/functions/discount").await.status, 200);
//!     assert_eq!(bob.get("/v1/functions/discount").await.status, 404);
//! }
//! ```
//!
//! `Stack::shared()` is one stack for all tests of the binary: don't break it. A test that kills a role, cuts off a
//! server or needs other options starts its own with `Stack::start(Options { .. })`, which dies with the test.
//! `cargo xtask test stack -- <filter>` runs such tests; the servers behind them are its business.

mod answer;
mod eventually;
mod executors;
mod faults;
mod spawner;
mod stack;
mod tenant;
mod workers;

pub use answer::Answer;
pub use eventually::{eventually, eventually_ok};
pub use faults::Backend;
pub use stack::{Options, Stack};
pub use tenant::Tenant;
pub use xtask::roles::Role;

/// The bytes of a module that is committed in `functions/`, by its path there.
pub fn module(path: &str) -> Vec<u8> {
    let file = xtask::place::root().join("functions").join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
