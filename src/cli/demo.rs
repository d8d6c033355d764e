//! `isobar demo`: the whole story on real parts, in a folder to play in afterwards.

mod scene;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::{Context, Exit, Failure, mistake};
use crate::report;
use crate::settings::ProgramSettings;
use scene::Scene;

/// Tell the story of one change, from a commit to a target that stays as it should be.
///
/// Everything is real: a Git repository, a database, a forge and targets, all in one new folder.
/// No network, no other program, and nothing outside of that folder is touched.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to make; by default a new one among the temporary files.
    #[arg(value_name = "FOLDER")]
    new_folder: Option<PathBuf>,
}

/// The edit: one line of one mixin.
const MIXIN: &str = "stacks/mixins/tenants/fnx.yaml";
const BEFORE: &str = "cost_center: fnx-shop";
const AFTER: &str = "cost_center: fnx-retail";

/// Lines of a comment that are shown: the verdict, the cause, every stack, and one change.
const LINES_MAX: usize = 26;

/// The value whose history is told at the end.
const COMPONENT: &str = "fnx-production-us-west-2-prod-01/helm/storefront";
const PATH: &str = "values.podLabels.cost-center";

/// What is edited by hand, below the targets' folder.
const FILE: &str = "fnx-production/fnx-production-us-west-2-prod-01/helm/storefront/values.yaml";

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let started = context.world.clock.monotonic();
    let folder = match &args.new_folder {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("isobar-demo-{}", context.world.ids.unique())),
    };
    if folder.exists() {
        return Err(mistake(format!("{} is already there", folder.display())));
    }
    let teller = Teller { context };
    let set = Scene::set(&context.world, &folder, &context.stop);
    let mut scene = teller.during("setting the scene", set).await?;
    teller.heading(1, "A config repository")?;
    teller.say(&format!(
        "{} files are committed to config.git in {}.",
        scene.files,
        folder.display()
    ))?;

    teller.heading(2, "Everything is planned, approved, applied")?;
    teller.during("planning", scene.pass()).await?;
    let (asked, shown) = scene.waiting().await?;
    for plan in &asked {
        let (stack, counts) = (&plan.effect().stack, report::words::plan_counts(plan));
        teller.say(&format!("  {stack}: {counts}, plan {}", plan.digest().short()))?;
    }
    for plan in &shown {
        let (stack, counts) = (&plan.effect().stack, report::words::plan_counts(plan));
        let why = plan.envelope.holds.first().map(|hold| report::words::reason(&hold.reason));
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        teller.say(&format!("  {stack}: {counts}, only shown{why}"))?;
    }
    teller.say("Nothing is applied: nobody has reviewed it. You approve the digests.")?;
    scene.approve(&asked).await?;
    for outcome in teller.during("applying", scene.settle()).await? {
        teller.say(&format!("  {}: {}", outcome.stack, report::words::outcome(&outcome)))?;
    }

    teller.heading(3, &format!("A pull request edits one line of {MIXIN}"))?;
    let pull = scene.open_pull(MIXIN, BEFORE, AFTER).await?;
    teller.during("planning", scene.pass()).await?;
    teller.quote(&scene.comment(pull, 0)?)?;

    teller.heading(4, "Approved, merged, applied: exactly that")?;
    scene.approve_and_merge(pull)?;
    teller.during("applying", scene.settle()).await?;
    teller.quote(&scene.comment(pull, 1)?)?;

    teller.heading(5, "Someone edits a file by hand")?;
    let (seen, corrected) = teller.during("waiting for the agent", scene.drift(FILE)).await?;
    teller.say(&format!("  {FILE}"))?;
    teller.say(&format!("Seen and put back after {}: {corrected}", milliseconds(seen)))?;

    teller.heading(6, "Where does a value come from?")?;
    teller.say(&teller.during("resolving", scene.explain(COMPONENT, PATH)).await?)?;

    teller.heading(7, "Try next")?;
    teller.say(&next(&folder))?;
    let took = context.world.clock.monotonic().saturating_sub(started);
    match context.output.json {
        true => context.output.print_json(&json!({
            "version": report::json::VERSION, "folder": folder,
            "milliseconds": took.as_millis(), "corrected_after_ms": seen.as_millis(),
        }))?,
        false => teller.say(&format!("All of this took {}.", milliseconds(took)))?,
    }
    Ok(Exit::Done)
}

fn next(folder: &std::path::Path) -> String {
    let folder = folder.display();
    // Whoever has only built it cannot call it by its name.
    let own = match ProgramSettings::default().find("isobar") {
        Some(_) => None,
        None => std::env::current_exe().ok(),
    };
    let alias = own.map(|own| format!("  alias isobar={}\n", own.display())).unwrap_or_default();
    format!(
        "{alias}  cd {folder}\n  \
           isobar status --settings agent.yaml\n  \
           isobar pull show 1 --settings agent.yaml\n  \
           isobar serve --settings agent.yaml          # then edit a file below targets/\n  \
           git clone config.git && cd config           # then edit, commit and push a branch, and\n  \
           isobar pull open <branch> --title <title> --settings ../agent.yaml\n"
    )
}

fn milliseconds(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ ..1000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    }
}

/// Tells the story to people; with `--json` only the end is told.
struct Teller<'a> {
    context: &'a Context,
}

impl Teller<'_> {
    fn heading(&self, number: u8, text: &str) -> Result<(), Failure> {
        self.say(&format!("\n{}", report::terminal::heading(&format!("{number}  {text}"))))
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        if !self.context.output.json {
            self.context.output.print(text)?;
        }
        Ok(())
    }

    /// What `work` gives; from a second on people see that something goes on.
    async fn during<T>(&self, what: &'static str, work: impl Future<Output = T>) -> T {
        let _busy = self.context.output.busy(what);
        work.await
    }

    /// The head of a comment as it stands at the forge, without the marker people do not see.
    fn quote(&self, comment: &str) -> Result<(), Failure> {
        let lines: Vec<_> = comment.lines().filter(|line| !line.starts_with("<!--")).collect();
        let shown = lines.iter().take(LINES_MAX).map(|line| format!("  | {line}\n"));
        let mut text: String = shown.collect();
        if lines.len() > LINES_MAX {
            let rest = lines.len() - LINES_MAX;
            text.push_str(&format!("  | ... {rest} more lines: `isobar pull show 1`\n"));
        }
        self.say(&text)
    }
}
