//! `docs/settings.md`: every key of every settings file, from the schemas' own descriptions.

use std::fmt::{self, Write as _};

use serde_json::Value as Json;

use crate::model::policy::{Reconcile, RepositoryPolicy};
use crate::schema;
use crate::settings::AgentSettings;

const AGENT: &str = "\
# Settings

Made by `isobar reference settings`; `scripts/check` holds it to that. Isobar reads two files, and a
block in the manifests. An unknown key, a missing one and a value of the wrong type are errors, all
reported at once. The schemas in `schemas/` let an editor check the files while you type:

```yaml
# yaml-language-server: $schema=schemas/isobar.schema.json
```

In the tables, `<name>` is a name you choose, `[]` an entry of a list. A time is `30s` or `1h30m`.

## `agent.yaml`: the agent's own

Named by `--settings` or `ISOBAR_SETTINGS`. It is the only file that says where Isobar may write and
which credentials it has: a config repository can set none of this. Relative paths begin at the
folder of the file. Without a file, a person's command works in the folder it is in: every target is
a folder in `.isobar/targets`, and the database is `.isobar/isobar.db`.

Every key is also a variable, which wins over the file: `ISOBAR_` and the path in upper case, levels
joined by two underscores, every other character that is no letter or digit as one. The value is
YAML. So `ISOBAR_REPOSITORIES__PLATFORM__INTERVAL=30s` sets `repositories.platform.interval`.
";

const REPOSITORY: &str = "
## `isobar.yaml`: the repository's

In the root of the config repository, beside `atmos.yaml`. It is read from the tracked branch: a
pull request that edits it cannot use the rules it brings. Without the file, or with a mistake in
it, every stack is only observed. `isobar init` writes one to begin with.
";

const RECONCILE: &str = "
## `settings.reconcile`: of a component

A block in the manifests. It is merged like all other settings, so a mixin, a catalog or a stack can
set it for many components at once.
";

/// The page.
pub(super) fn page() -> Result<String, fmt::Error> {
    let mut page = String::new();
    let parts = [
        (AGENT, schema::of::<AgentSettings>()),
        (REPOSITORY, schema::of::<RepositoryPolicy>()),
        (RECONCILE, schema::of::<Reconcile>()),
    ];
    for (text, schema) in &parts {
        write!(page, "{text}\n| Key | Default | Meaning |\n|---|---|---|\n")?;
        let mut table = Table { schema, rows: &mut page };
        table.keys("", schema)?;
    }
    Ok(page)
}

/// Writes the rows of one file's table.
struct Table<'a> {
    schema: &'a Json,
    rows: &'a mut String,
}

impl<'a> Table<'a> {
    /// One row for each key of `object`, and below it those of what the key holds.
    fn keys(&mut self, path: &str, object: &'a Json) -> fmt::Result {
        let Some(keys) = object.get("properties").and_then(Json::as_object) else { return Ok(()) };
        let required = object.get("required").and_then(Json::as_array);
        for (name, value) in keys {
            let required = required.is_some_and(|all| all.iter().any(|key| key == name));
            let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let default = if required { "required".to_owned() } else { default(value) };
            let mut meaning = sentence(value);
            for choice in self.choices(value) {
                let word = choice.get("const").and_then(Json::as_str).unwrap_or_default();
                write!(meaning, " `{word}`: {}", lower(&sentence(choice)))?;
            }
            self.row(&key, &default, &meaning)?;
            self.inside(&key, value)?;
        }
        Ok(())
    }

    /// The keys below `key`: of a map, of a list's entries, of each form that may stand there.
    fn inside(&mut self, key: &str, value: &'a Json) -> fmt::Result {
        let value = self.resolved(value);
        if let Some(items) = value.get("items") {
            return self.inside(&format!("{key}[]"), items);
        }
        if let Some(named) = value.get("additionalProperties").filter(|named| named.is_object()) {
            return self.inside(&format!("{key}.<name>"), named);
        }
        for form in forms(value) {
            let form = self.resolved(form);
            // A form that is told apart by its one key has the description of that key.
            let keys = form.get("properties").and_then(Json::as_object);
            let sole = keys.filter(|keys| keys.len() == 1).and_then(|keys| keys.iter().next());
            match sole.filter(|(_, held)| held.get("description").is_none()) {
                Some((name, held)) => {
                    let key = format!("{key}.{name}");
                    self.row(&key, "", &sentence(form))?;
                    self.inside(&key, held)?;
                }
                None => self.inside(key, form)?,
            }
        }
        self.keys(key, value)
    }

    /// The words that may stand for `value`, wherever among its forms they are.
    fn choices(&self, value: &'a Json) -> Vec<&'a Json> {
        let forms = || forms(self.resolved(value));
        let words = forms().filter(|form| form.get("const").is_some());
        let deeper = forms().filter(|form| form.get("$ref").is_some());
        words.chain(deeper.flat_map(|form| self.choices(form))).collect()
    }

    /// What `value` refers to, or itself.
    fn resolved(&self, value: &'a Json) -> &'a Json {
        let pointer = value.get("$ref").and_then(Json::as_str).and_then(|to| to.strip_prefix('#'));
        pointer.and_then(|pointer| self.schema.pointer(pointer)).unwrap_or(value)
    }

    fn row(&mut self, key: &str, default: &str, meaning: &str) -> fmt::Result {
        writeln!(self.rows, "| `{key}` | {default} | {} |", meaning.replace('|', "\\|"))
    }
}

/// The alternatives of a value.
fn forms(value: &Json) -> impl Iterator<Item = &Json> {
    let named = ["anyOf", "oneOf"].into_iter().filter_map(|word| value.get(word)?.as_array());
    named.flatten()
}

/// The default if it says more than that nothing is there.
fn default(value: &Json) -> String {
    match value.get("default") {
        None | Some(Json::Null | Json::Object(_)) => String::new(),
        Some(Json::String(text)) if text.is_empty() => String::new(),
        Some(Json::String(text)) => format!("`{text}`"),
        Some(other) => format!("`{other}`"),
    }
}

/// The description on one line.
fn sentence(value: &Json) -> String {
    let text = value.get("description").and_then(Json::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
