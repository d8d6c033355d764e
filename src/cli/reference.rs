//! `isobar reference`: the source of `docs/cli.md`, `docs/settings.md` and `docs/metrics.md`.

mod metrics;
mod settings;

use std::fmt::Write as _;

use clap::CommandFactory as _;

use super::{Context, Exit, Failure, Line};

/// Print a reference page as Markdown.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// About what.
    of: Of,
}

/// What `--json` prints, as the page of commands says it.
const JSON: &str = "
With `--json` a result is one JSON document on standard output. It is an object with a `version`
where Isobar shapes it; `list` and `describe` print the shapes of Atmos, and what `list`, `doctor`
and `pull list` list is a bare list. `serve` has no result, and `install` prints YAML all the same.
A command of which nothing comes, for what stands in the repository, the settings or the command
line or for what it needs, prints `{\"version\": 1, \"error\": ..., \"diagnostics\": [...]}` in its
place: why, in a text, and the findings with their places, as `check --json` has them. People read
the same on standard error, and the exit code is that of the table below.
";

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Of {
    /// The help of every command.
    Commands,
    /// Every key of every settings file.
    Settings,
    /// What an agent counts, and what to alert on.
    Metrics,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let page = match args.of {
        Of::Commands => commands()?,
        Of::Settings => settings::page()?,
        Of::Metrics => metrics::page()?,
    };
    context.output.print(&page)?;
    Ok(Exit::Done)
}

fn commands() -> Result<String, std::fmt::Error> {
    let mut command = Line::command().term_width(100);
    command.build();
    let mut text =
        "# Commands\n\nMade by `isobar reference commands`; `scripts/check` holds it to that.\n"
            .to_owned();
    text.push_str(JSON);
    write_command(&mut text, &command, "isobar")?;
    Ok(text)
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
