//! What `describe component` shows and no layer says: by which rule it is worked out.

use std::path::Path;

use super::component::{View, component};
use crate::model::desired::{Component, Desired};
use crate::model::path::{FieldPath, Segment};
use crate::model::value::Value;

/// A value that a rule of the dialect gives a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Worked {
    /// What it is.
    pub value: Value,
    /// The rule, in words.
    pub rule: &'static str,
    /// What the rule looks at: layers that say something there bear on the value.
    pub of: Vec<FieldPath>,
}

/// The names that a rule is for, the rule, and the paths that it looks at.
type Rule = (&'static [&'static str], &'static str, &'static [&'static [&'static str]]);

const RULES: &[Rule] = &[
    (
        &["component"],
        "the folder of its code: `metadata.component`, or else its name",
        &[&["metadata", "component"]],
    ),
    (
        &["workspace"],
        "`metadata.terraform_workspace`, its pattern or its template, or else the stack, and behind \
         it the component where its folder is called otherwise",
        &[
            &["metadata", "terraform_workspace"],
            &["metadata", "terraform_workspace_pattern"],
            &["metadata", "terraform_workspace_template"],
            &["metadata", "component"],
        ],
    ),
    (&["command"], "the tool of its kind", &[]),
    (
        &["inheritance"],
        "its bases, the most recent first",
        &[&["metadata", "inherits"], &["metadata", "component"]],
    ),
    (&["atmos_component"], "its name", &[]),
    (&["atmos_stack", "stack"], "the name of its stack", &[]),
    (&["atmos_stack_file", "atmos_manifest"], "the manifest it is defined through", &[]),
    (&["imports"], "the files that its manifest imports", &[]),
    (&["deps", "deps_all"], "the files that set its values", &[]),
    (&["component_type"], "its kind", &[]),
    (&["component_info"], "its kind and the folder of its code", &[]),
];

/// What is not in the table is a section that nobody says anything in.
const EMPTY: &str = "nothing is said, and its kind has the section";

/// What `describe component` shows at `path`, with paths from the repository's root.
pub fn worked(desired: &Desired, of: &Component, path: &FieldPath) -> Option<Worked> {
    let Some(Segment::Key(name)) = path.0.first() else { return None };
    let all = component(desired, of, View::Full(Path::new(""))).value();
    let value = path.find(&all)?.clone();
    let row = RULES.iter().find(|(names, ..)| names.contains(&name.as_ref()));
    let (rule, fields) = row.map_or((EMPTY, &[][..]), |(_, rule, fields)| (*rule, *fields));
    let path = |steps: &&[&str]| steps.iter().fold(FieldPath::root(), |path, step| path.key(*step));
    Some(Worked { value, rule, of: fields.iter().map(path).collect() })
}
