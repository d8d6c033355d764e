//! A secret has no text to show: not for people, not for logs, not for programs.

use isobar::cli::Output;
use isobar::secret::{Clear, Secret};

fn for_people(secret: &Secret, clear: &Clear) -> String {
    format!("{secret} {clear}")
}

fn for_logs(secret: &Secret, clear: &Clear) -> String {
    format!("{secret:?} {clear:?}")
}

fn for_programs(output: &Output, secret: &Secret, clear: &Clear) {
    let _ = output.print_json(secret);
    let _ = output.print_json(clear);
}

fn main() {}
