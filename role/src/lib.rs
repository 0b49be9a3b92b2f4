//! What the process of every role shares: logs, metrics, health, listeners and their drain, request ids, problem
//! documents, and how roles call each other. What a role does is left to the role.
//!
//! A role's `main` in short:
//!
//! ```ignore
//! telemetry::init(&config.log)?;
//! let metrics = prometheus::install()?;
//! let readiness = Readiness::new("billing");
//! let drain = Drain::on_signals(readiness.clone())?;
//! let public = request::layered(health::routes(readiness.clone(), metrics));
//! let internal = internal::guarded(routes, config.callers.internal_callers, Role::Billing);
//! tokio::join!(
//!     listener::serve(listener::bind(config.listen, "CARTWRIGHT_BILLING_LISTEN").await?, public, drain.clone()),
//!     listener::serve(listener::bind(config.internal_listen, "CARTWRIGHT_BILLING_INTERNAL_LISTEN").await?, internal, drain),
//! );
//! ```

pub mod drain;
pub mod extract;
pub mod health;
pub mod internal;
pub mod linger;
pub mod listener;
pub mod problem;
pub mod prometheus;
pub mod request;
pub mod telemetry;
mod write_deadline;
