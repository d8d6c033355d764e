//! `isobar reference`: the source of `docs/cli.md`.

use std::fmt::Write as _;

use clap::CommandFactory as _;

use super::{Context, Exit, Failure, Line};

/// Print the help of every command as Markdown.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(context: &Context, Args {}: &Args) -> Result<Exit, Failure> {
    let mut command = Line::command().term_width(100);
    command.build();
    let mut text =
        "# Commands\n\nMade by `isobar reference`; `scripts/check` holds it to that.\n".to_owned();
    write_command(&mut text, &command, "isobar")?;
    context.output.print(&text)?;
    Ok(Exit::Done)
}

fn write_command(text: &mut String, command: &clap::Command, path: &str) -> std::fmt::Result {
    let help = command.clone().render_long_help().to_string();
    write!(text, "\n## `{path}`\n\n```text\n{}\n```\n", trimmed(&help))?;
    for sub in
        command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
    {
        write_command(text, sub, &format!("{path} {}", sub.get_name()))?;
    }
    Ok(())
}

fn trimmed(help: &str) -> String {
    help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}
