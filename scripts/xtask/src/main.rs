//! The repository's own tasks: what the files in `scripts/` do where it takes more than a
//! straight line.
//!
//! To add a step to the gate: one line in `check::STEPS`. To add a generated file: one line in
//! `generate::FILES`. To add a package that tests need: one line in `install::PACKAGES`.

mod bench;
mod check;
mod child;
mod demo;
mod deny;
mod edits;
mod generate;
mod install;
mod lock;
mod order;
mod place;
mod readme;
mod testbed;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use place::Place;
use testbed::Bed;

const USAGE: &str = "\
usage: cargo run -p xtask -- <task>

  check               everything CI checks, in order, with the time of each step
  install             what the tests need and this machine lacks
  lock                the number of packages in Cargo.lock
  deny                bans, licenses and sources of dependencies; advisories where reachable
  generate [--check]  files made by the binary: write them, or say which are out of date
  order               the functions that run, which the release binary is laid out by (15 minutes)
  readme              the commands of README.md, with the output it promises
  bench start         start-up time, binary size, memory of the demo
  bench stacks        resolving a large repository, and one ten times larger
  bench kubernetes    applying to a cluster, beside a loop that does nothing else
  bench repository <folder> <organisations>  only the repository, to measure by hand
  edits [COUNT [SEED]]            edits of others on a test bed: whether one is ever missed
  demo kubernetes     the story of a change on a cluster, to watch
  testbed build       the programs of the Kubernetes test bed, where they are missing
  testbed up|down|env [NAME]      a test bed, its end, what a shell needs to use it
  testbed user NAME USER [GROUP]  one more user of a test bed
  testbed keep FOLDER             a test bed that lasts until its input is closed";

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
        ["order", words @ ..] => order::run(&place, words),
        ["readme"] => readme::run(&place),
        ["bench", "start"] => bench::start(&place),
        ["bench", "stacks"] => bench::stacks(&place),
        ["bench", "kubernetes"] => bench::kubernetes(&place),
        ["bench", "repository", folder, organisations] => {
            bench::repository(folder.as_ref(), organisations.parse()?).map(drop)
        }
        ["edits", words @ ..] if words.len() < 3 => edits::run(&place, words),
        ["demo", "kubernetes"] => demo::kubernetes(&place),
        ["testbed", words @ ..] => testbed(&place, words),
        _ => bail!("{USAGE}"),
    }
}

fn testbed(place: &Place, words: &[&str]) -> Result<()> {
    let bed = |name: &str| Bed::named(place, name);
    match words {
        ["build"] => testbed::build(place),
        ["up"] => testbed::up(place, &bed("default")),
        ["up", name] => testbed::up(place, &bed(name)),
        ["down"] => testbed::down(&bed("default")),
        ["down", name] => testbed::down(&bed(name)),
        ["env"] => testbed::env(place, &bed("default")),
        ["env", name] => testbed::env(place, &bed(name)),
        ["user", name, user] => testbed::user(&bed(name), user, "system:masters"),
        ["user", name, user, group] => testbed::user(&bed(name), user, group),
        ["user-at", folder, user, group] => testbed::user(&Bed::at(folder), user, group),
        ["keep", folder] => testbed::keep(place, Path::new(folder), false),
        ["keep", "--until-stopped", folder] => testbed::keep(place, Path::new(folder), true),
        _ => bail!("{USAGE}"),
    }
}
