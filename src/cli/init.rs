//! `isobar init`

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::workspace::is_root;
use super::{Context, Exit, Failure, mistake};
use crate::report::json::VERSION;

/// Write an `isobar.yaml` with everything on observe: plans and drift are shown, nothing changes.
///
/// Works in an Atmos repository as it stands; no other file is touched.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print the file instead of writing it.
    #[arg(long)]
    print: bool,
}

/// What is written.
const NAME: &str = "isobar.yaml";

/// What a repository starts with. Every key is there, and the safest value of each is set.
const TEMPLATE: &str = include_str!("init/isobar.yaml");

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.print {
        let json = json!({ "version": VERSION, "file": NAME, "content": TEMPLATE });
        match context.output.json {
            true => context.output.print_json(&json)?,
            false => context.output.print(TEMPLATE)?,
        }
        return Ok(Exit::Done);
    }
    let folder = &context.global.folder;
    is_root(folder)?;
    write_new(&folder.join(NAME))?;
    if context.output.json {
        context.output.print_json(&json!({ "version": VERSION, "file": NAME }))?;
        return Ok(Exit::Done);
    }
    context.output.print(
        "Wrote isobar.yaml: every stack is observed, nothing will be changed.\n\
         Next: `isobar check` finds mistakes, `isobar plan` shows what would happen.\n",
    )?;
    Ok(Exit::Done)
}

/// Never over a file that is there, however late it came.
fn write_new(path: &Path) -> Result<(), Failure> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(
        |error| match error.kind() {
            ErrorKind::AlreadyExists => mistake(format!("{} is already there", path.display())),
            _ => anyhow::Error::from(error)
                .context(format!("cannot write {}", path.display()))
                .into(),
        },
    )?;
    let written = file.write_all(TEMPLATE.as_bytes()).and_then(|()| file.sync_all());
    Ok(written.with_context(|| format!("cannot write {}", path.display()))?)
}
