//! The compiler as the worker starts it: what it accepts, what it says about what it refuses, and what it cannot do.

mod child;
mod hostile;
mod jail;
mod real;
mod report;
