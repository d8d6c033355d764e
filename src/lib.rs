//! Isobar: a GitOps reconciliation agent.
//!
//! ```text
//! source ──> stacks ──> build ──┐
//! snapshot   desired   rendered │
//!                               ├──> plan ──> apply ──> store
//!            backends ──────────┘    digest   outcome   journal
//!            observed                  │         │
//!                                    report ──> forge
//! ```
//!
//! A commit is **fetched** (`source`), **resolved** (`stacks`), **built** (`build`) and compared
//! with what the target says (`backends`). The **plan** is one immutable value per stack with a
//! digest of its effect. People approve the digest (`report`, `forge`); `apply` does exactly that,
//! journalled (`store`) and under a lease. `reconcile` is the loop around it.
//!
//! What holds everywhere:
//! - Decisions are made in pure code ([`stacks`], [`build`], [`plan`], [`report`]); effects are
//!   carried out by code that decides nothing ([`apply`], [`backends`]).
//! - Modules import only what stands above them in the list below, and stages never each other.
//! - A thing that must be complete, exclusive or approved is a type that only one module can make:
//!   [`source::Snapshot`], [`build::Rendered`], [`store::Lease`], `store::Claim`.
//! - What could not be read is not empty: nothing is ever deleted because a look failed.
//!
//! Read [`reconcile`] first: its one function tells the whole story.

pub mod ids;
pub mod pattern;
pub mod secret;
pub mod diagnostic;
pub mod schema;
pub mod settings;
pub mod metrics;
pub mod world;
pub mod jail;
pub mod model;
pub mod keyring;

pub mod source;
pub mod stacks;
pub mod build;
pub mod backends;
pub mod plan;
pub mod store;
pub mod forge;
pub mod report;
pub mod apply;
pub mod reconcile;
pub mod http;
pub mod cli;
