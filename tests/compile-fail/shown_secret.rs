//! A secret has no text to show: not for people, not for logs, not for files.

use isobar::secret::{Clear, Secret};

fn for_people(secret: &Secret, clear: &Clear) -> String {
    format!("{secret} {clear}")
}

fn for_logs(secret: &Secret, clear: &Clear) -> String {
    format!("{secret:?} {clear:?}")
}

fn for_files(secret: &Secret, clear: &Clear) {
    write(secret);
    write(clear);
}

fn write(_: &impl serde::Serialize) {}

fn main() {}
