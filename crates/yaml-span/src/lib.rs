//! YAML as an arena of nodes that know where they stand in the source.
//!
//! Takes: the text of a YAML stream and [`Limits`].
//! Gives: one [`Document`] per document, and every [`SyntaxError`] at once. Scalars keep their
//! text and style; a [`schema`] types them later, by the rules of whoever reads the file.
//! Never: copies a scalar that is a slice of the source, expands an alias, reads a file.
//! Start at: [`parse_first`] or [`parse_stream`] ([`parse_manifests`] of what Kubernetes is to
//! read), then [`Document::root`].
//! How to add: a form that many files have is a case of `ordinary`, which must give what the full
//! parse gives; a check on finished trees goes to `check`; a rule set for scalars is a module of
//! [`schema`] with its answers recorded in `tests/scalars.json`.
//!
//! ```
//! use yaml_span::{Limits, parse_first, schema::v3};
//!
//! let parsed = parse_first("replicas: 0o17  # fifteen\n", &Limits::DEFAULT);
//! assert!(parsed.errors.is_empty());
//! let doc = parsed.document;
//! let replicas = doc.get(doc.root(), "replicas").unwrap();
//! assert_eq!(doc.text(replicas), "0o17");
//! assert_eq!(doc.span(replicas).start.column, 11);
//! assert_eq!(v3::scalar(&doc, replicas), Ok(yaml_span::schema::Scalar::Int(15)));
//! ```

mod arena;
mod builder;
mod check;
mod document;
mod error;
mod limits;
mod manifests;
mod merge;
mod notation;
mod open;
mod ordinary;
mod parse;
mod position;
pub mod schema;

pub use document::{Document, Kind, NodeId, Style, Tag};
pub use error::{Code, Related, SyntaxError};
pub use limits::Limits;
pub use manifests::parse_manifests;
pub use merge::{MergedEntry, Via};
pub use parse::{Parsed, Stream, parse_first, parse_ordinary, parse_stream, source_text};
pub use position::{Position, Span};
