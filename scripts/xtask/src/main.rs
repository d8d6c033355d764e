//! The repository's own tasks: what the files in `scripts/` do where it takes more than a
//! straight line.
//!
//! To add a step to the gate: one line in `check::STEPS`. To add a generated file: one line in
//! `generate::FILES`. To add a package that tests need: one line in `install::PACKAGES`.

mod bench;
mod check;
mod child;
mod deny;
mod generate;
mod install;
mod lock;
mod place;
mod readme;

use std::process::ExitCode;

use anyhow::{Result, bail};

use place::Place;

const USAGE: &str = "\
usage: cargo run -p xtask -- <task>

  check               everything CI checks, in order, with the time of each step
  install             what the tests need and this machine lacks
  lock                the number of packages in Cargo.lock
  deny                bans, licenses and sources of dependencies; advisories where reachable
  generate [--check]  files made by the binary: write them, or say which are out of date
  readme              the commands of README.md, with the output it promises
  bench start         start-up time, binary size, memory of the demo
  bench stacks        resolving a large repository, and one ten times larger
  bench repository <folder> <organisations>  only the repository, to measure by hand";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let place = Place::find()?;
    match words.as_slice() {
        ["check"] => check::run(&place),
        ["install"] => install::run(&place),
        ["lock"] => lock::run(&place),
        ["deny"] => deny::run(&place),
        ["generate"] => generate::write(&place),
        ["generate", "--check"] => generate::check(&place),
        ["readme"] => readme::run(&place),
        ["bench", "start"] => bench::start(&place),
        ["bench", "stacks"] => bench::stacks(&place),
        ["bench", "repository", folder, organisations] => {
            bench::repository(folder.as_ref(), organisations.parse()?).map(drop)
        }
        _ => bail!("{USAGE}"),
    }
}
