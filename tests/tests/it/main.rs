//! Tests of the whole stack through its front doors: one binary, one file a noun.

mod compose;
mod dependencies;
mod openapi;
mod stack;
mod walls;
