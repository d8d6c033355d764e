//! A plan into an outcome.
