//! Options of lists that Atmos has, and that another command answers here.

use crate::cli::{Failure, mistake};

/// The options. None of them is shown; each is refused with what to ask instead.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Elsewhere {
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    provenance: Option<Option<bool>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "DEPTH")]
    include_dependencies: Option<Option<String>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "DEPTH")]
    include_dependents: Option<Option<String>>,
}

impl Elsewhere {
    /// Refuses what is given.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        if self.provenance.is_some_and(|wanted| wanted != Some(false)) {
            return Err(mistake(
                "--provenance: `isobar describe component --filter full --query .imports` names the \
                 files, `isobar explain` tells where values come from",
            ));
        }
        let closures = [
            ("--include-dependencies", &self.include_dependencies, "forward"),
            ("--include-dependents", &self.include_dependents, "reverse"),
        ];
        match closures.into_iter().find(|(_, given, _)| given.is_some()) {
            None => Ok(()),
            Some((name, _, direction)) => Err(mistake(format!(
                "{name}: `isobar list dependencies --direction {direction}` shows them, to any depth"
            ))),
        }
    }
}
