//! Against a real control plane: see `scripts/testbed`.

mod conformance;
mod drift;
mod place;

#[path = "../../../tests/testbed/bed.rs"]
mod bed;

use crate::settings::variable;
