//! Against a real control plane: see `scripts/testbed`.

mod applied;
mod conformance;
mod drift;
mod fence;
mod foreign;
mod place;
mod ruled;
mod step;
mod version;

#[path = "../../../tests/testbed/bed.rs"]
mod bed;

use crate::settings::variable;
