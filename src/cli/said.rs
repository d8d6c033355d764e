//! Options and variables of Atmos that say how a tree is read, over what its settings say.
//!
//! They are for those who look. What is planned and applied is read as an agent reads it: by what the
//! tree itself says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Failure, mistake};
use crate::settings;
use crate::source::Said;

/// The options. Only commands that look show them.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "How the tree is read")]
pub(super) struct Args {
    /// The folder that the paths of the settings begin at (`ATMOS_BASE_PATH`).
    #[arg(long, value_name = "FOLDER", global = true, hide = true)]
    base_path: Option<PathBuf>,
    /// Files of settings in the place of `atmos.yaml`, the later over the earlier.
    #[arg(long, value_name = "FILES", value_delimiter = ',', global = true, hide = true)]
    config: Vec<PathBuf>,
    /// Folders of settings in the place of `atmos.yaml` (`ATMOS_CLI_CONFIG_PATH`).
    #[arg(long, value_name = "FOLDERS", value_delimiter = ',', global = true, hide = true)]
    config_path: Vec<PathBuf>,
}

/// `option` as commands show it that look.
pub(super) fn shown(option: clap::Arg) -> clap::Arg {
    match option.get_id().as_str() {
        "base_path" | "config" | "config_path" => option.hide(false),
        _ => option,
    }
}

/// How a variable is read.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Text,
    /// Texts with commas between them.
    Texts,
}

/// Variables that are settings, with the keys they stand for.
const VARIABLES: &[(&str, &[&str], Shape)] = &[
    ("ATMOS_STACKS_BASE_PATH", &["stacks", "base_path"], Shape::Text),
    ("ATMOS_STACKS_INCLUDED_PATHS", &["stacks", "included_paths"], Shape::Texts),
    ("ATMOS_STACKS_EXCLUDED_PATHS", &["stacks", "excluded_paths"], Shape::Texts),
    ("ATMOS_STACKS_NAME_PATTERN", &["stacks", "name_pattern"], Shape::Text),
    ("ATMOS_STACKS_NAME_TEMPLATE", &["stacks", "name_template"], Shape::Text),
    (
        "ATMOS_COMPONENTS_TERRAFORM_BASE_PATH",
        &["components", "terraform", "base_path"],
        Shape::Text,
    ),
    ("ATMOS_COMPONENTS_HELMFILE_BASE_PATH", &["components", "helmfile", "base_path"], Shape::Text),
    ("ATMOS_COMPONENTS_PACKER_BASE_PATH", &["components", "packer", "base_path"], Shape::Text),
    ("ATMOS_WORKFLOWS_BASE_PATH", &["workflows", "base_path"], Shape::Text),
    ("ATMOS_SCHEMAS_JSONSCHEMA_BASE_PATH", &["schemas", "jsonschema", "base_path"], Shape::Text),
    ("ATMOS_SCHEMAS_OPA_BASE_PATH", &["schemas", "opa", "base_path"], Shape::Text),
    ("ATMOS_SCHEMAS_ATMOS_MANIFEST", MANIFEST, Shape::Text),
    ("ATMOS_SETTINGS_LIST_MERGE_STRATEGY", &["settings", "list_merge_strategy"], Shape::Text),
];

/// Where settings name the schema of manifests.
const MANIFEST: &[&str] = &["schemas", "atmos", "manifest"];

impl Args {
    /// What is said to a command that looks at `folder`; `manifest` is the schema of manifests that
    /// it was told.
    pub(super) fn said(&self, folder: &Path, manifest: Option<&str>) -> Result<Said, Failure> {
        let (mut over, mut settings) = (Map::new(), Vec::new());
        for (name, way, shape) in VARIABLES {
            let Some(text) = spoken(name) else { continue };
            let value = match shape {
                Shape::Text => text.into(),
                Shape::Texts => text.split(',').map(str::trim).collect::<Json>(),
            };
            put(&mut over, way, value);
        }
        if let Some(schema) = manifest {
            put(&mut over, MANIFEST, schema.into());
        }
        let base = match &self.base_path {
            Some(base) => Some(("--base-path", base.clone())),
            None => spoken("ATMOS_BASE_PATH").map(|base| ("ATMOS_BASE_PATH", base.into())),
        };
        if let Some((name, base)) = base {
            put(&mut over, &["base_path"], inside(folder, &base, name)?.into());
        }
        for (name, paths) in
            [("--config", self.config.clone()), ("--config-path", self.config_path.clone())]
        {
            for path in paths {
                settings.push(inside(folder, &path, name)?.into());
            }
        }
        const FOLDERS: &str = "ATMOS_CLI_CONFIG_PATH";
        if let Some(text) = spoken(FOLDERS).filter(|_| settings.is_empty()) {
            for path in text.split(',') {
                settings.push(inside(folder, Path::new(path), FOLDERS)?.into());
            }
        }
        // The root is where settings are looked for anyway.
        settings.retain(|at: &Arc<str>| !at.is_empty());
        let over = match over.is_empty() {
            true => None,
            false => Some(serde_json::to_string_pretty(&over)?.into()),
        };
        Ok(Said { settings, over })
    }

    /// Refuses what is given to a command that does not look.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        let given = [
            ("--base-path", self.base_path.is_some()),
            ("--config", !self.config.is_empty()),
            ("--config-path", !self.config_path.is_empty()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((name, _)) => Err(mistake(format!(
                "{name} goes with `describe`, `list` and `validate`: what is planned and applied is \
                 read as the tree itself says"
            ))),
        }
    }
}

/// What a variable says, if it says anything.
fn spoken(name: &str) -> Option<String> {
    settings::variable(name).filter(|text| !text.is_empty())
}

/// Puts `value` at the end of `way`.
fn put(over: &mut Map<String, Json>, way: &[&str], value: Json) {
    let Some((step, rest)) = way.split_first() else { return };
    if rest.is_empty() {
        over.insert((*step).to_owned(), value);
        return;
    }
    let below = over.entry(*step).or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(below) = below {
        put(below, rest, value);
    }
}

/// `path` as it is called from `folder` on; `name` is what said it.
fn inside(folder: &Path, path: &Path, name: &str) -> Result<String, Failure> {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    let (root, whole) = (real(folder)?, real(&folder.join(path))?);
    let below = whole.strip_prefix(&root).ok().and_then(Path::to_str);
    below.map(str::to_owned).ok_or_else(|| {
        mistake(format!(
            "{name}: {} is not below {}; settings and what they name are in the repository, whose \
             root -C names",
            path.display(),
            root.display()
        ))
    })
}
