//! Imports run one way: a module names only what stands above it, and stages never each other.

use super::Finding;
use super::files::{File, is_word};

/// The words every module may use.
const WAIST: &[&str] = &["ids", "pattern", "secret", "diagnostic", "schema"];
/// What only modules with effects may use.
const OUTSIDE: &[&str] = &["settings", "metrics", "world", "jail"];
const MODEL: &[&str] = &["model"];
/// What opens encrypted values: for who looks at a target or writes to it.
const KEYS: &[&str] = &["keyring"];
/// The stages of the pipeline.
const STAGES: &[&str] =
    &["source", "stacks", "build", "backends", "plan", "store", "forge", "report"];

/// Each module and what it may name, in the order of `lib.rs`. Everybody may name itself.
const TABLE: &[(&str, &[&[&str]])] = &[
    ("ids", &[]),
    ("pattern", &[&["ids"]]),
    ("secret", &[&["ids"]]),
    ("diagnostic", &[&["ids", "secret"]]),
    ("schema", &[&["ids", "secret", "diagnostic"]]),
    ("settings", &[WAIST]),
    ("metrics", &[&["ids"]]),
    ("world", &[WAIST, &["settings", "metrics"]]),
    ("jail", &[&["world"]]),
    ("model", &[WAIST]),
    ("keyring", &[WAIST, MODEL, OUTSIDE]),
    ("source", &[WAIST, MODEL, OUTSIDE]),
    ("stacks", &[WAIST, MODEL]),
    ("build", &[WAIST, MODEL]),
    ("backends", &[WAIST, MODEL, OUTSIDE, KEYS]),
    ("plan", &[WAIST, MODEL]),
    ("store", &[WAIST, MODEL, OUTSIDE]),
    ("forge", &[WAIST, MODEL, OUTSIDE]),
    ("report", &[WAIST, MODEL]),
    ("apply", &[WAIST, MODEL, OUTSIDE, STAGES]),
    ("reconcile", &[WAIST, MODEL, OUTSIDE, KEYS, STAGES, &["apply"]]),
    ("http", &[WAIST, MODEL, OUTSIDE, STAGES, &["apply", "reconcile"]]),
    ("cli", &[WAIST, MODEL, OUTSIDE, STAGES, &["apply", "reconcile", "http"]]),
];

/// Types that prove something and that only one stage can make: other stages may hold them.
const WITNESSES: &[(&str, &[&str])] = &[
    ("source", &["Snapshot", "ReadError", "Entry"]),
    ("build", &["Rendered", "Piece", "Pieces"]),
    ("store", &["Lease", "LeaseLost", "Claim"]),
];

/// What one stage may use of another all the same: the local forge is the host of its repository,
/// and so it merges there and watches its branches.
const HOSTS: &[(&str, &str, &[&str])] = &[("forge", "source", &["watch", "write"])];

/// Modules without async, clock, environment, randomness or I/O.
const PURE: &[&str] = &[
    "ids",
    "pattern",
    "secret",
    "diagnostic",
    "schema",
    "model",
    "stacks",
    "build",
    "plan",
    "report",
];

/// Where those things come from.
const IMPURE: &[&[&str]] = &[
    &["tokio"],
    &["tokio_util"],
    &["futures_util"],
    &["async_trait"],
    &["sqlx"],
    &["gix"],
    &["notify"],
    &["fastrand"],
    &["uuid"],
    &["std", "env"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
];

/// Product code of `src/` names only the modules its own may name. Tests may look anywhere.
pub(super) fn one_way(file: &File, findings: &mut Vec<Finding>) {
    let Some(own) = module(file) else { return };
    for (line, path) in file.paths() {
        let what = match path[0].as_str() {
            "crate" => crate_path(own, &path),
            "super" => super_path(file, &path),
            _ => None,
        };
        findings.extend(what.map(|what| Finding { path: file.path.clone(), line, what }));
    }
}

fn crate_path(own: &str, path: &[String]) -> Option<String> {
    let other = path[1].as_str();
    let (_, may) = TABLE.iter().find(|(name, _)| *name == own)?;
    let witness = STAGES.contains(&own)
        && WITNESSES.iter().any(|(stage, types)| {
            *stage == other && path.get(2).is_some_and(|name| types.contains(&name.as_str()))
        });
    let host = HOSTS.iter().any(|(module, stage, parts)| {
        (*module, *stage) == (own, other)
            && path.get(2).is_some_and(|name| parts.contains(&name.as_str()))
    });
    let allowed = own == other || witness || host || may.iter().any(|part| part.contains(&other));
    (!allowed).then(|| format!("`{own}` may not import `{}`", path.join("::")))
}

/// `super` may not climb out of the module: the table could not see where it goes.
fn super_path(file: &File, path: &[String]) -> Option<String> {
    let steps = path.iter().take_while(|part| *part == "super").count();
    let inside = file.path.trim_start_matches("src/").trim_end_matches("/mod.rs");
    let depth = inside.split('/').count();
    (steps >= depth)
        .then(|| format!("`{}` reaches the crate root: write `crate::`", path.join("::")))
}

/// Pure modules name nothing that has an effect.
pub(super) fn pure(file: &File, findings: &mut Vec<Finding>) {
    let Some(own) = module(file).filter(|own| PURE.contains(own)) else { return };
    let mut add = |line, what: &str| {
        let what = format!("`{own}` is pure and may not use `{what}`");
        findings.push(Finding { path: file.path.clone(), line, what });
    };
    for (line, path) in file.paths() {
        let bare: Vec<&str> = path.iter().map(String::as_str).collect();
        if IMPURE.iter().any(|impure| bare.starts_with(impure)) {
            add(line, &path.join("::"));
        }
    }
    for (index, line) in file.code.lines().enumerate() {
        if let Some(word) =
            line.split(|c| !is_word(c)).find(|word| ["async", "await"].contains(word))
        {
            add(index + 1, word);
        }
    }
}

/// Every module of `lib.rs` has a row in the table.
pub(super) fn known(files: &[File], findings: &mut Vec<Finding>) {
    for file in files.iter().filter(|file| file.path == "src/lib.rs") {
        let mut last = 0;
        for (line, name) in file.modules().filter(|(_, name)| *name != "tests") {
            let row = TABLE.iter().position(|(known, _)| *known == name);
            let what = match row {
                None => format!("`{name}` has no row in the import table of the tidy test"),
                Some(row) if row < last => {
                    let above = TABLE[last].0;
                    format!("`{name}` stands below `{above}`, which may import it")
                }
                Some(row) => {
                    last = row;
                    continue;
                }
            };
            findings.push(Finding { path: file.path.clone(), line, what });
        }
    }
}

#[test]
fn a_row_names_only_what_stands_above_it() {
    for (row, (name, may)) in TABLE.iter().enumerate() {
        let above: Vec<_> = TABLE[..row].iter().map(|(above, _)| above).collect();
        let below = may.iter().copied().flatten().find(|other| !above.contains(other));
        assert_eq!(below, None, "{name}");
    }
}

/// The module of `src/` that a file of product code belongs to.
fn module(file: &File) -> Option<&str> {
    let inside = file.path.strip_prefix("src/").filter(|_| file.is_product())?;
    let name = inside.split('/').next()?.trim_end_matches(".rs");
    (!["lib", "main"].contains(&name)).then_some(name)
}
