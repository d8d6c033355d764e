//! What has to be true after a crash and a rerun, told by code that shares nothing with the
//! product but the check of the journal's chain.
//!
//! Takes: a scene in which nothing runs, and what its repository asks for.
//! Gives: every violation in one line.
//! Never: asks the product what is there.
//! Start at: [`violations`].
//! How to add: one function that pushes, one line in [`violations`], one planted violation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use isobar::store::Store;
use isobar::world::World;
use serde_json::{Value as Json, json};
use sqlx::{Column as _, Connection as _};

use super::scene::{Component, STACKS, Scene, Version};

/// Everything that is not as it has to be.
pub(crate) fn violations(scene: &Scene, wanted: &Version) -> Vec<String> {
    let mut found = Vec::new();
    for stack in STACKS {
        files(scene, stack, wanted, &mut found);
        own_files(scene, stack, &mut found);
        mark(scene, stack, wanted, &mut found);
    }
    forge(scene, &mut found);
    inventory(scene, wanted, &mut found);
    leases(scene, &mut found);
    chain(scene, &mut found);
    runs(scene, &mut found);
    found
}

/// The wanted files of a stack that are not there, whatever they hold.
pub(crate) fn missing(scene: &Scene, stack: &str, wanted: &Version) -> Vec<String> {
    let there = below(&scene.target(stack));
    expected(stack, wanted).into_keys().filter(|path| !there.contains_key(path)).collect()
}

/// The path and the content of each file a stack's target has to hold.
fn expected(stack: &str, wanted: &Version) -> BTreeMap<String, Json> {
    let of_stack = wanted.iter().filter(|component| component.stack == stack);
    of_stack
        .map(|Component { kind, name, size, .. }| match *kind {
            "terraform" => (
                format!("{stack}/terraform/{name}/{stack}-{name}.terraform.tfvars.json"),
                json!({ "size": size, "stage": stack }),
            ),
            _ => (
                format!("{stack}/kubernetes/{name}/ConfigMap.shop.{name}.yaml"),
                json!({
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": { "name": name, "namespace": "shop" },
                    "data": { "size": size.to_string() },
                }),
            ),
        })
        .collect()
}

fn files(scene: &Scene, stack: &str, wanted: &Version, found: &mut Vec<String>) {
    let there = below(&scene.target(stack));
    let expected = expected(stack, wanted);
    for (path, content) in &expected {
        match there.get(path) {
            None => found.push(format!("{path} is wanted and not there")),
            // JSON is YAML.
            Some(bytes) => match serde_yaml::from_slice::<Json>(bytes) {
                Ok(held) if held == *content => {}
                held => found.push(format!("{path} holds {held:?}, not {content}")),
            },
        }
    }
    let too_many = there.keys().filter(|path| !expected.contains_key(*path));
    found.extend(too_many.map(|path| format!("{path} is there and not wanted")));
}

/// Nothing of a crash is left in Isobar's own folder.
fn own_files(scene: &Scene, stack: &str, found: &mut Vec<String>) {
    let known = ["lock", "tester@config.json"];
    let own = below(&scene.target(stack).join(".isobar")).into_keys();
    let left = own.filter(|path| !known.contains(&path.as_str()));
    found.extend(left.map(|path| format!("{stack}: .isobar/{path} is left over")));
}

fn mark(scene: &Scene, stack: &str, wanted: &Version, found: &mut Vec<String>) {
    let text = std::fs::read(scene.mark(stack)).unwrap_or_default();
    let mark: Json = serde_json::from_slice(&text).unwrap_or_default();
    let named: BTreeSet<_> =
        mark["resources"].as_object().into_iter().flat_map(|r| r.keys()).collect();
    let expected = expected(stack, wanted);
    if named != expected.keys().collect() {
        found.push(format!("the mark of {stack} names {named:?}"));
    }
    // Where a stack only just begins nothing has been applied.
    let applied = |entry: &&Json| entry["applied"].is_null();
    let resources = mark["resources"].as_object();
    let never = resources.into_iter().flat_map(|all| all.values()).filter(applied).count();
    if never > 0 {
        found.push(format!("the mark of {stack} names {never} resources that were never applied"));
    }
}

/// Each thing is said once on a pull request.
fn forge(scene: &Scene, found: &mut Vec<String>) {
    let mut said = BTreeSet::new();
    for (path, bytes) in below(&scene.path().join("forge")) {
        let Some((pull, _)) = path.split_once("/comments/") else { continue };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let marker = text.lines().find(|line| line.starts_with("<!--"));
        let Some(marker) = marker else {
            found.push(format!("{path} has no marker"));
            continue;
        };
        if !said.insert((pull.to_owned(), marker.to_owned())) {
            found.push(format!("{pull} says `{marker}` twice"));
        }
    }
}

fn inventory(scene: &Scene, wanted: &Version, found: &mut Vec<String>) {
    let rows = rows(&scene.store, "SELECT resource, owned FROM inventory ORDER BY resource");
    let named: BTreeSet<_> = rows.iter().map(|row| row[0].clone()).collect();
    let expected: BTreeSet<_> =
        STACKS.iter().flat_map(|stack| expected(stack, wanted).into_keys()).collect();
    if named != expected {
        found.push(format!("the inventory names {named:?}"));
    }
}

fn leases(scene: &Scene, found: &mut Vec<String>) {
    const HELD: &str = "SELECT stack FROM lease WHERE holder IS NOT NULL AND until > 0";
    let held = rows(&scene.store, HELD);
    found.extend(held.iter().map(|row| format!("the lease on {} is held", row[0])));
}

fn chain(scene: &Scene, found: &mut Vec<String>) {
    let verified = wait(async {
        let store = Store::open_read_only(&scene.store, &World::real()).await?;
        let store = store.expect("there is a database");
        let verified = store.journal_verify().await;
        store.close().await;
        verified
    });
    if let Err(error) = verified {
        let why = std::error::Error::source(&error).map(ToString::to_string);
        found.push(format!("the journal: {error}: {}", why.unwrap_or_default()));
    }
}

/// What the journal tells about one run.
#[derive(Default)]
struct Run {
    digest: String,
    reviewed: bool,
    intended: BTreeSet<u64>,
    done: BTreeMap<u64, usize>,
    concluded: BTreeSet<u64>,
    finished: usize,
}

/// Every run has an end and every intent an outcome, no step was done twice, and no approval has
/// started more than one run.
fn runs(scene: &Scene, found: &mut Vec<String>) {
    const JOURNAL: &str = "SELECT kind, COALESCE(run, ''), payload FROM journal ORDER BY seq";
    let mut runs: BTreeMap<String, Run> = BTreeMap::new();
    let mut approved: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows(&scene.store, JOURNAL) {
        let payload: Json = serde_json::from_str(&row[2]).expect("JSON");
        let told = &payload[&row[0]];
        if row[0] == "approved" {
            *approved.entry(text(&told["approval"]["digest"])).or_default() += 1;
        }
        if !row[1].is_empty() {
            runs.entry(row[1].clone()).or_default().learn(&row[0], told);
        }
    }
    let mut started: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, run) in &runs {
        let open: Vec<_> = run.intended.difference(&run.concluded).collect();
        if !open.is_empty() {
            found.push(format!("run {id}: the steps {open:?} have an intent and no outcome"));
        }
        if run.finished != 1 {
            found.push(format!("run {id} has {} ends", run.finished));
        }
        let twice = run.done.iter().filter(|(_, times)| **times > 1);
        found.extend(twice.map(|(step, _)| format!("run {id}: step {step} was done twice")));
        if run.reviewed {
            *started.entry(&run.digest).or_default() += 1;
        }
    }
    for (digest, runs) in started {
        let allowed = approved.get(digest).copied().unwrap_or_default();
        if runs > allowed {
            found.push(format!("{digest}: {runs} runs, {allowed} approvals"));
        }
    }
    let open = rows(&scene.store, "SELECT run FROM run WHERE ended_at IS NULL");
    found.extend(open.iter().map(|row| format!("run {} is open", row[0])));
    let unused = "SELECT digest FROM approval WHERE run IS NULL AND revoked_at IS NULL";
    let unused = rows(&scene.store, unused);
    found.extend(unused.iter().map(|row| format!("the approval of {} started nothing", row[0])));
}

impl Run {
    fn learn(&mut self, kind: &str, told: &Json) {
        let steps = |list: &Json| -> Vec<u64> {
            list.as_array().into_iter().flatten().filter_map(Json::as_u64).collect()
        };
        match kind {
            "claimed" => {
                self.digest = text(&told["digest"]);
                let mut authorities = told["authorities"].as_object().into_iter().flatten();
                self.reviewed = authorities.any(|(_, one)| one["authority"] == "reviewed");
            }
            "intended" => self.intended.extend(steps(&told["steps"])),
            "concluded" => {
                for outcome in told["outcomes"].as_array().into_iter().flatten() {
                    let step = outcome["step"].as_u64().expect("a number");
                    self.concluded.insert(step);
                    if outcome["end"]["end"] == "done" {
                        *self.done.entry(step).or_default() += 1;
                    }
                }
            }
            "finished" => self.finished += 1,
            _ => {}
        }
    }
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

/// Every file below `folder` but Isobar's own, by its path there.
pub(crate) fn below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return files };
    for entry in entries {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name of ours");
        match entry.file_type().expect("a type").is_dir() {
            true if name == ".isobar" => {}
            true => files.extend(
                below(&entry.path())
                    .into_iter()
                    .map(|(path, bytes)| (format!("{name}/{path}"), bytes)),
            ),
            false => drop(files.insert(name, std::fs::read(entry.path()).expect("a file"))),
        }
    }
    files
}

/// What a query gives, every column a text.
pub(crate) fn rows(store: &str, sql: &'static str) -> Vec<Vec<String>> {
    fn texts<R: sqlx::Row>(row: &R) -> Vec<String>
    where
        for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
        usize: sqlx::ColumnIndex<R>,
    {
        row.columns().iter().map(|column| row.get(column.ordinal())).collect()
    }
    wait(async {
        let rows = if store.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(store).await?;
            let rows = sqlx::query(sql).fetch_all(&mut connection).await?;
            connection.close().await?;
            rows.iter().map(texts).collect()
        } else {
            let mut connection = sqlx::PgConnection::connect(store).await?;
            let rows = sqlx::query(sql).fetch_all(&mut connection).await?;
            connection.close().await?;
            rows.iter().map(texts).collect()
        };
        Ok::<_, sqlx::Error>(rows)
    })
    .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Runs statements behind the product's back.
pub(crate) fn raw(store: &str, sql: &'static str) {
    wait(async {
        if store.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(store).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
            connection.close().await
        } else {
            let mut connection = sqlx::PgConnection::connect(store).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
            connection.close().await
        }
    })
    .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// What `work` gives. Cases run in threads of their own.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}
