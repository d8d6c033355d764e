//! Who judges a history. Reads the repository, the folders of the targets and the journal, and
//! knows nothing of how the engine decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::stage::{Event, Stage};

/// What breaks a law, in words.
pub(super) type Verdict = Result<(), String>;

/// What the tip of the branch asks for.
pub(super) struct Asked {
    /// Files and what they hold, by target and path.
    pub(super) files: BTreeMap<String, Value>,
    /// Whether something of it cannot be read.
    pub(super) broken: bool,
}

impl Asked {
    pub(super) fn at_tip(stage: &Stage) -> Self {
        let mut asked = Self { files: BTreeMap::new(), broken: false };
        for (path, text) in stage.tree("main") {
            let name = path.strip_prefix("stacks/").and_then(|name| name.strip_suffix(".yaml"));
            let Some(stack) = name.filter(|name| !name.contains('/')) else { continue };
            let manifest: Value = serde_yaml::from_str(&text).expect("a manifest");
            let target = manifest["settings"]["reconcile"]["target"].as_str().expect("a target");
            asked.broken |= manifest["import"][0] != "catalog/nothing";
            for (name, component) in
                manifest["components"]["helm"].as_object().into_iter().flatten()
            {
                let folder = format!("{target}/{stack}/helm/{name}");
                let release = json!({
                    "chart": component["chart"], "name": name, "version": component["version"],
                });
                asked.files.insert(format!("{folder}/values.yaml"), component["values"].clone());
                asked.files.insert(format!("{folder}/release.yaml"), release);
            }
        }
        asked
    }
}

/// Nothing went that the branch still asks for, or while not all of it could be read; and nothing
/// that is not the agent's was touched.
pub(super) fn nothing_went(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    asked: &[&Asked],
) -> Verdict {
    let mut why = String::new();
    for (path, text) in before.iter().filter(|(path, text)| after.get(*path) != Some(text)) {
        let gone = !after.contains_key(path);
        let may = asked.iter().any(|asked| !asked.files.contains_key(path) && !asked.broken);
        if gone && !may {
            let _ = writeln!(why, "{path} is asked for and went");
        }
        if path.ends_with("notes.txt") {
            let _ = writeln!(why, "{path} is not ours and was touched: {text}");
        }
    }
    if why.is_empty() { Ok(()) } else { Err(why) }
}

/// The folders hold what the branch asks for, and what others have put there.
pub(super) fn folders_agree(files: &BTreeMap<String, String>, asked: &Asked) -> Verdict {
    let found: BTreeMap<&String, Value> = files
        .iter()
        .filter(|(path, _)| !path.ends_with("notes.txt"))
        .map(|(path, text)| (path, serde_yaml::from_str(text).unwrap_or(Value::Null)))
        .collect();
    let wanted: BTreeMap<&String, Value> =
        asked.files.iter().map(|(path, value)| (path, value.clone())).collect();
    match found == wanted {
        true => Ok(()),
        false => Err(format!("there is\n{found:#?}\nand asked for is\n{wanted:#?}")),
    }
}

/// Each run was let through by yeses that came before it and that no other run has used, or only
/// puts back what was applied.
pub(super) fn every_run_was_allowed(journal: &[Event]) -> Verdict {
    let mut yeses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in journal {
        match event.kind.as_str() {
            "approved" => {
                let approval = &event.payload["approval"];
                let by = text(&approval["by"]);
                yeses.entry(text(&approval["digest"])).or_default().insert(by);
            }
            "claimed" => {
                let digest = text(&event.payload["digest"]);
                let authorities = event.payload["authorities"].as_object();
                let reviewed: Vec<&Value> = authorities
                    .into_iter()
                    .flat_map(|all| all.values())
                    .filter(|authority| authority["authority"] != "standing")
                    .collect();
                if reviewed.is_empty() {
                    continue;
                }
                let given = yeses.remove(&digest).unwrap_or_default();
                for authority in reviewed {
                    let by = authority["by"].as_array().into_iter().flatten().map(text);
                    let by: BTreeSet<String> = by.collect();
                    let fits = authority["authority"] == "reviewed"
                        && authority["digest"] == digest.as_str()
                        && !by.is_empty()
                        && by.is_subset(&given);
                    if !fits {
                        return Err(format!(
                            "row {}: {authority} lets {digest} through; yeses: {given:?}",
                            event.seq
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Who acts on a stack has an epoch that nobody had before; what it writes down has that epoch.
pub(super) fn epochs_grow(journal: &[Event]) -> Verdict {
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for event in journal {
        let (Some(stack), Some(epoch)) = (&event.stack, event.epoch) else { continue };
        let known = last.entry(stack).or_default();
        let holds = match event.kind.as_str() {
            "lease-acquired" => epoch > *known,
            _ => epoch == *known,
        };
        if !holds {
            return Err(format!("row {}: {stack} has epoch {epoch} after {known}", event.seq));
        }
        *known = epoch;
    }
    Ok(())
}

/// What was begun has ended, and every yes that was taken down is there.
pub(super) fn nothing_is_lost(journal: &[Event], yeses: &BTreeSet<(String, String)>) -> Verdict {
    let mut open: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for event in journal {
        let run = event.run.as_deref().unwrap_or_default();
        match event.kind.as_str() {
            "approved" => {
                let approval = &event.payload["approval"];
                told.insert((text(&approval["digest"]), text(&approval["by"])));
            }
            "claimed" => drop(open.entry(run).or_default()),
            "intended" => {
                let steps = event.payload["steps"].as_array().into_iter().flatten();
                open.entry(run).or_default().extend(steps.filter_map(Value::as_u64));
            }
            "concluded" => {
                for outcome in event.payload["outcomes"].as_array().into_iter().flatten() {
                    let step = outcome["step"].as_u64().unwrap_or(u64::MAX);
                    open.entry(run).or_default().remove(&step);
                }
            }
            "finished" => match open.remove(run) {
                Some(left) if left.is_empty() => {}
                left => return Err(format!("row {}: run {run} ended with {left:?}", event.seq)),
            },
            _ => {}
        }
    }
    if !open.is_empty() {
        return Err(format!("these runs never ended: {open:?}"));
    }
    match yeses.difference(&told).next() {
        Some(lost) => Err(format!("the yes {lost:?} is not in the journal")),
        None => Ok(()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
