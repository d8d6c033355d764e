//! The commands: parse, call one library function, print.
//!
//! Takes: the command line.
//! Gives: results on standard output, findings and progress on standard error, an [`Exit`].
//! Never: a decision that the library could make; output besides [`Output`].
//! Start at: [`run`], then `plan.rs`.
//! How to add: a file with an `Args` and a `run`, one line in `Command` and one in `dispatch`.

mod exit;
mod output;
mod workspace;

mod acknowledge;
mod apply;
mod approve;
mod check;
mod demo;
mod describe;
mod doctor;
mod explain;
mod init;
mod install;
mod jail;
mod list;
mod lock;
mod plan;
mod pull;
mod reference;
mod passed;
mod said;
mod schema;
mod serve;
mod status;
mod validate;

use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use exit::Exit;
pub use jail::jailed;
pub use output::{Color, Output};

use workspace::Findings;

use crate::diagnostic::Diagnostic;
use crate::report;
use crate::source::Said;
use crate::world::World;

/// A GitOps agent: applies exactly the plan you approved, and keeps it true.
#[derive(Debug, Parser)]
#[command(name = "isobar", version, after_help = exit_codes(), max_term_width = 100)]
pub struct Line {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// The folder of the config repository.
    #[arg(short = 'C', long = "chdir", value_name = "FOLDER", default_value = ".", global = true)]
    folder: PathBuf,
    /// The agent's settings. Without them: one repository, targets in folders below `.isobar`.
    #[arg(long, env = "ISOBAR_SETTINGS", value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
    /// Places that remote imports may be fetched from, each with all below it.
    #[arg(
        long,
        env = "ISOBAR_ALLOW_IMPORTS",
        value_name = "URLS",
        value_delimiter = ',',
        global = true
    )]
    allow_imports: Vec<String>,
    /// Print results as JSON.
    #[arg(long, global = true)]
    json: bool,
    /// When to use colour.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", global = true)]
    color: Color,
    /// What to log to standard error: `info`, `isobar=debug`, ...
    #[arg(long, env = "ISOBAR_LOG", value_name = "FILTER", global = true)]
    log: Option<Targets>,
    #[command(flatten)]
    passed: passed::Args,
    #[command(flatten)]
    said: said::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Check(check::Args),
    /// Check manifests and components against their schemas and rules, as Atmos does.
    Validate(Looking<validate::Args>),
    Plan(plan::Args),
    Approve(approve::Args),
    Acknowledge(acknowledge::Args),
    Apply(apply::Args),
    Status(status::Args),
    Explain(explain::Args),
    /// List what the repository has.
    List(Looking<list::Args>),
    /// Show what the repository resolves to, as Atmos does.
    Describe(Looking<describe::Args>),
    Lock(lock::Args),
    #[command(subcommand)]
    Pull(pull::Args),
    Serve(serve::Args),
    Doctor(doctor::Args),
    Install(install::Args),
    Demo(demo::Args),
    Schema(schema::Args),
    #[command(hide = true)]
    Reference(reference::Args),
}

/// A command of several that look at a tree.
#[derive(Debug, Args)]
#[command(mut_args(said::shown))]
struct Looking<What: Subcommand> {
    #[command(flatten)]
    at: At,
    /// The same that every command understands, some of them to refuse it.
    #[command(flatten)]
    said: said::Args,
    #[command(subcommand)]
    what: What,
}

/// Which tree a command looks at.
#[derive(Debug, Clone, Default, Args)]
struct At {
    /// Look at a commit instead of the folder: a branch, a tag, `HEAD~3`.
    #[arg(long, value_name = "REVISION", global = true)]
    rev: Option<String>,
}

/// What a command gets besides its own arguments.
#[derive(Clone)]
struct Context {
    global: Global,
    /// The tree that is looked at.
    at: At,
    /// How it is read.
    said: Arc<Said>,
    output: Output,
    world: World,
    /// Set by Ctrl-C and SIGTERM: what has begun is finished, nothing new begins.
    stop: CancellationToken,
}

impl Context {
    /// The same for the tree `at`.
    fn at(&self, at: &At) -> Self {
        Self { at: at.clone(), ..self.clone() }
    }

    /// The same for a command that only looks at it: such a one may be told how to read it.
    fn looking<What: Subcommand>(
        &self,
        args: &Looking<What>,
        manifest: Option<&str>,
    ) -> Result<Self, Failure> {
        let said = args.said.said(&self.global.folder, manifest)?;
        Ok(Self { said: said.into(), ..self.at(&args.at) })
    }
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// Mistakes with places; the file texts to show them come along. And what could not be done for
    /// them, where they do not say it.
    Found(Findings, Option<String>),
    /// Anything else, with the exit it means.
    Other(Exit, anyhow::Error),
}

/// The command line in `words`, the program's name first; or how it ends with what was said.
pub fn parse(words: &[OsString]) -> Result<Line, Exit> {
    Line::try_parse_from(words).map_err(|error| {
        // Help and version come this way too. Nobody to read them is no error.
        let _ = error.print();
        if !error.use_stderr() {
            return Exit::Done;
        }
        if words.iter().any(|word| word == "--json") {
            failed(Output::new(true, Color::Auto), &unparsed(&error), &[]);
        }
        Exit::Mistake
    })
}

impl Line {
    /// Whether it goes on until somebody ends it, or does all that such a one does.
    pub fn goes_on(&self) -> bool {
        matches!(self.command, Command::Serve(_) | Command::Demo(_))
    }
}

/// Runs a command line.
pub async fn run(line: Line) -> Exit {
    let color = match &line.global.passed {
        passed if passed.no_color => Color::Never,
        passed if passed.force_color == Some(true) => Color::Always,
        _ => line.global.color,
    };
    let output = Output::new(line.global.json, color);
    log(line.global.log.as_ref());
    let stop = CancellationToken::new();
    let context = Context {
        global: line.global,
        at: At::default(),
        said: Arc::default(),
        output,
        world: World::real(),
        stop: stop.clone(),
    };
    // To be told to stop is how serving ends.
    let stopped = match line.command {
        Command::Serve(_) => Exit::Done,
        _ => Exit::Interrupted,
    };
    // On a thread of its own: resolving computes for long, and a signal is heard all the same.
    let context = Arc::new(context);
    let (its, command) = (context.clone(), line.command);
    let mut work = JoinSet::new();
    work.spawn(async move { dispatch(&its, command).await });
    let ended = tokio::select! {
        ended = whole(&mut work) => ended,
        () = told_to_stop() => {
            output.note("stopping: what has begun is being finished (again to stop at once)");
            stop.cancel();
            tokio::select! {
                ended = whole(&mut work) => ended.map(|_| stopped),
                () = told_to_stop() => Ok(Exit::Interrupted),
            }
        }
    };
    match ended {
        Ok(exit) => exit,
        Err(failure) => failure.report(&context),
    }
}

/// What comes of a command; one that breaks off is a defect.
async fn whole(work: &mut JoinSet<Result<Exit, Failure>>) -> Result<Exit, Failure> {
    match work.join_next().await.expect("a command ends once") {
        Ok(ended) => ended,
        Err(broken) => match broken.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(broken) => Err(broken.into()),
        },
    }
}

async fn dispatch(context: &Context, command: Command) -> Result<Exit, Failure> {
    if !matches!(command, Command::Validate(_) | Command::List(_) | Command::Describe(_)) {
        context.global.said.refuse()?;
    }
    match command {
        Command::Init(args) => init::run(context, &args),
        Command::Check(args) => check::run(&context.at(&args.at)).await,
        Command::Validate(args) => {
            let context = context.looking(&args, args.what.schema())?;
            validate::run(&context, &args.what).await
        }
        Command::Plan(args) => plan::run(&context.at(&args.at), &args).await,
        Command::Approve(args) => apart(|| approve::run(context, &args)).await,
        Command::Acknowledge(args) => apart(|| acknowledge::run(context, &args)).await,
        Command::Apply(args) => apart(|| apply::run(context, &args)).await,
        Command::Status(args) => apart(|| status::run(context, &args)).await,
        Command::Explain(args) => explain::run(&context.at(&args.at), &args).await,
        Command::List(args) => list::run(&context.looking(&args, None)?, &args.what).await,
        Command::Describe(args) => describe::run(&context.looking(&args, None)?, &args.what).await,
        Command::Lock(args) => lock::run(context, &args),
        Command::Pull(args) => apart(|| pull::run(context, &args)).await,
        Command::Serve(args) => apart(|| serve::run(context, &args)).await,
        Command::Doctor(args) => apart(|| doctor::run(context, &args)).await,
        Command::Install(args) => apart(|| install::run(context, &args)).await,
        Command::Demo(args) => apart(|| demo::run(context, &args)).await,
        Command::Schema(args) => schema::run(context, &args),
        Command::Reference(args) => reference::run(context, &args),
    }
}

/// Work that lies apart from the stack of who waits for it: without that every command would take
/// the room of all of them.
pub(super) fn apart<F: Future>(work: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(work())
}

/// Ctrl-C, or what a service is stopped with.
async fn told_to_stop() {
    #[cfg(unix)]
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => signals.recv().await.is_some(),
            Err(_) => false,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::ready(false);
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        true = terminated => {}
        else => std::future::pending().await,
    }
}

fn log(filter: Option<&Targets>) {
    let filter = filter.cloned().unwrap_or_else(|| Targets::new().with_default(LevelFilter::WARN));
    let colors = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colors);
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}

fn exit_codes() -> String {
    let rows = Exit::ALL.iter().map(|(_, code, meaning)| format!("  {code:<3}  {meaning}\n"));
    format!("Exit codes:\n{}", rows.collect::<String>())
}

impl Failure {
    /// The same, with what was found on the way.
    fn amid(self, findings: Findings) -> Self {
        match self {
            Self::Other(Exit::Mistake, error) => Self::Found(findings, Some(chain(&error))),
            other => other,
        }
    }

    /// Tells people, and with `--json` programs too.
    fn report(self, context: &Context) -> Exit {
        let (exit, findings, error) = match self {
            Self::Found(findings, error) => (Exit::Mistake, findings, error),
            Self::Other(_, error) if is_broken_pipe(&error) => return Exit::Done,
            Self::Other(exit, error) => (exit, Findings::default(), Some(chain(&error))),
        };
        findings.show(context);
        if let Some(error) = &error {
            context.output.note(&format!("error: {error}"));
        }
        if context.output.json {
            let error = error.unwrap_or_else(|| findings.summary());
            failed(context.output, &error, &findings.diagnostics);
        }
        exit
    }
}

/// Tells programs that nothing came of a command. That nobody reads it is no error.
fn failed(output: Output, error: &str, diagnostics: &[Diagnostic]) {
    let _ = output.print_json(&report::json::failed(error, diagnostics));
}

/// What is wrong with a command line, without its usage.
fn unparsed(error: &clap::Error) -> String {
    use ErrorKind::{DisplayHelpOnMissingArgumentOrSubcommand, MissingSubcommand};
    if matches!(error.kind(), DisplayHelpOnMissingArgumentOrSubcommand | MissingSubcommand) {
        return "the command line names no command".to_owned();
    }
    let said = error.render().to_string();
    let said = said.split("\n\nUsage:").next().unwrap_or_default();
    said.strip_prefix("error: ").unwrap_or(said).trim_end().to_owned()
}

/// One line per layer: `Display` of ours never repeats its source.
fn chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n  because: ")
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind)
    };
    error.chain().any(|cause| kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}

/// Errors with nothing better to say are defects, unless a disk or a pipe did not do it.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let exit = match error.chain().any(|cause| cause.is::<std::io::Error>()) {
            true => Exit::Unavailable,
            false => Exit::Internal,
        };
        Self::Other(exit, error)
    }
}

/// A mistake of whoever typed the command.
fn mistake(message: impl std::fmt::Display) -> Failure {
    Failure::Other(Exit::Mistake, anyhow::anyhow!("{message}"))
}

/// Whether any of `diagnostics` holds something back.
fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}
