//! Against a real control plane: see `scripts/testbed`.

mod applied;
mod conformance;
mod drift;
mod fence;
mod foreign;
mod place;
mod step;

#[path = "../../../tests/testbed/bed.rs"]
mod bed;

use crate::settings::variable;
