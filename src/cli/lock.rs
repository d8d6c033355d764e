//! `isobar lock`

use std::collections::BTreeMap;

use serde_json::json;

use super::workspace::{Findings, Workspace};
use super::{Context, Exit, Failure, any_error, mistake};
use crate::diagnostic::closest;
use crate::reconcile::relocked;
use crate::report::json::VERSION;
use crate::report::words::several;
use crate::stacks::Lock;

/// Write down what every remote import and chart is, in `isobar.lock`.
///
/// Places are only asked if they are allowed: `--allow-imports`, or `allow.imports` in the settings.
/// What is locked already stays as it is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Take over what is there now: of all, or of these, as the file has them.
    #[arg(long, value_name = "URL", num_args = 0..)]
    update: Option<Vec<String>>,
    /// Change nothing; fail if the file would change.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let snapshot = Workspace::tree(context)?;
    let (before, _) = Lock::of(&snapshot);
    let updated = args.update.as_deref();
    let old = all(&before);
    for url in updated.unwrap_or_default() {
        if !old.contains_key(url.as_str()) {
            let close = closest(url, old.keys().copied());
            let hint = close.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
            return Err(mistake(format!("`{}` has no `{url}`{hint}", Lock::PATH)));
        }
    }
    let renews =
        |url: &str| updated.is_some_and(|all| all.is_empty() || all.iter().any(|u| u == url));
    let imports = Workspace::imports(context)?;
    let made = relocked(&snapshot, &imports, renews);
    Findings::among(made.found.clone(), &snapshot).and_of(&made.files).show(context);
    let new = all(&made.lock);
    let added: Vec<_> = new.keys().filter(|url| !old.contains_key(*url)).collect();
    let removed: Vec<_> = old.keys().filter(|url| !new.contains_key(*url)).collect();
    let differs = |url: &&&str| old.get(**url).is_some_and(|before| new[**url] != *before);
    let changed: Vec<_> = new.keys().filter(differs).collect();
    let is_same = added.is_empty() && changed.is_empty() && removed.is_empty();
    if !is_same && !args.check {
        let path = context.global.folder.join(Lock::PATH);
        std::fs::write(&path, made.lock.text())
            .map_err(|error| mistake(format!("{} cannot be written: {error}", path.display())))?;
    }
    if context.output.json {
        context.output.print_json(&json!({
            "version": VERSION, "imports": made.lock.imports.len(), "charts": made.lock.charts.len(),
            "added": added, "changed": changed, "removed": removed,
        }))?;
    } else {
        let rows = [("added", &added), ("changed", &changed), ("removed", &removed)];
        let rows = rows.iter().flat_map(|(word, urls)| urls.iter().map(move |url| (word, url)));
        let mut text: String = rows.map(|(word, url)| format!("{word:<7}  {url}\n")).collect();
        text.push_str(&several(made.lock.imports.len(), "remote import"));
        if !made.lock.charts.is_empty() {
            let charts = several(made.lock.charts.len(), "chart");
            text.push_str(&format!(", {charts}"));
        }
        context.output.print(&text)?;
    }
    let is_wrong = any_error(&made.found) || (args.check && !is_same);
    Ok(if is_wrong { Exit::Mistake } else { Exit::Done })
}

/// What is locked, by what is asked for: enough to tell what differs.
fn all(lock: &Lock) -> BTreeMap<&str, String> {
    let imports = lock.imports.iter().map(|(url, locked)| (url.as_str(), format!("{locked:?}")));
    let charts = lock.charts.iter().map(|(url, locked)| (url.as_str(), format!("{locked:?}")));
    imports.chain(charts).collect()
}
