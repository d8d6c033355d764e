//! What is wrong with what an author wrote, and where: collected, never thrown at the first one.
//!
//! A diagnostic points into the config repository. What goes wrong elsewhere (network, database,
//! a target) is an error of the stage that met it.
//!
//! To add a code: one entry in [`Code`]'s table below, one page in `docs/errors/`, one case that
//! shows it in `tests/golden/errors/`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A place between two positions in one file of the config repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Path from the repository's root, with `/`.
    pub file: Arc<str>,
    /// First character.
    pub start: Position,
    /// Just behind the last character.
    pub end: Position,
}

/// A line and a column, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Span {
    /// A place in the YAML file `path`.
    pub fn new(path: &Arc<str>, span: yaml_span::Span) -> Self {
        let position = |at: yaml_span::Position| Position { line: at.line, column: at.column };
        Self { file: path.clone(), start: position(span.start), end: position(span.end) }
    }

    /// The whole of a file, when no place in it is better than another.
    pub fn file(path: impl Into<Arc<str>>) -> Self {
        let start = Position { line: 1, column: 1 };
        Self { file: path.into(), start, end: start }
    }
}

impl Position {
    /// The position of byte `at` of `text`.
    pub fn of(text: &str, at: usize) -> Self {
        let head = text.get(..at).unwrap_or(text);
        let line_start = head.rfind('\n').map_or(0, |end| end + 1);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let line = memchr::memchr_iter(b'\n', head.as_bytes()).count() + 1;
        Self { line: count(line), column: count(head[line_start..].chars().count() + 1) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.start.line, self.start.column)
    }
}

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look; nothing is held back for it.
    Warning,
    /// What it regards is not resolved, and so neither applied nor deleted.
    Error,
}

/// One mistake: what it is, where it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// What kind of mistake.
    pub code: Code,
    /// Whether it holds anything back.
    pub severity: Severity,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Where the author wrote it.
    pub span: Span,
    /// Other places that belong to it, each with what is to be seen there.
    pub related: Vec<(Span, String)>,
    /// What to do about this one, as an instruction; see [`Diagnostic::advice`].
    pub hint: Option<String>,
    /// The place of the mistake that it comes from, and would go with.
    #[serde(skip)]
    pub follows: Option<Box<Span>>,
}

/// Takes out what only follows from a mistake that is among `found` itself: whoever mends that one
/// mends both.
pub fn without_consequences(found: &mut Vec<Diagnostic>) {
    let own = found.iter().filter(|found| found.is_error() && found.follows.is_none());
    let causes: BTreeSet<Span> = own.map(|found| found.span.clone()).collect();
    found.retain(|found| found.follows.as_ref().is_none_or(|cause| !causes.contains(&**cause)));
}

impl Diagnostic {
    /// An error with no hint and nothing related.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        let (related, severity) = (Vec::new(), Severity::Error);
        Self { code, severity, message, span, related, hint: None, follows: None }
    }

    /// The same, if it comes from the mistake at `cause` and would go with it.
    #[must_use]
    pub fn following(self, cause: Option<Span>) -> Self {
        match cause {
            Some(cause) => Self { follows: Some(cause.clone().into()), ..self }
                .hint(format!("mend what is wrong at {cause} first")),
            None => self,
        }
    }

    /// Where the mistake is that it comes from: its own place, unless it follows from another.
    pub fn cause(&self) -> &Span {
        self.follows.as_deref().unwrap_or(&self.span)
    }

    /// A warning with no hint and nothing related.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// What the template engine says, at `span`.
    pub fn from_template(error: &gotmpl::Error, span: Span) -> Self {
        use gotmpl::ErrorKind as Template;
        let code = match error.kind {
            Template::Lex | Template::Parse => Code::TemplateSyntax,
            Template::MissingKey => Code::TemplateMissingKey,
            Template::Refused => Code::FunctionRefused,
            Template::Exec | Template::Limit => Code::TemplateFailed,
        };
        let message = match &error.context {
            Some(context) => format!("`{context}`: {}", error.message),
            None => error.message.clone(),
        };
        Self::error(code, span, message)
    }

    /// What the YAML parser says about the file `path`.
    pub fn from_yaml(path: &Arc<str>, error: &yaml_span::SyntaxError) -> Self {
        Self::from_yaml_at(error, |span| Span::new(path, span))
    }

    /// The same of a text whose places are elsewhere for its author: where, `place` says.
    pub fn from_yaml_at(
        error: &yaml_span::SyntaxError,
        place: impl Fn(yaml_span::Span) -> Span,
    ) -> Self {
        use yaml_span::Code as Yaml;
        let code = match error.code {
            Yaml::Syntax => Code::YamlSyntax,
            Yaml::NotUtf8 => Code::FileUnreadable,
            Yaml::TooLarge => Code::FileTooLarge,
            Yaml::DuplicateKey => Code::YamlDuplicateKey,
            Yaml::ComplexKey | Yaml::NullKey => Code::YamlKey,
            Yaml::UnknownAlias | Yaml::SelfReference | Yaml::BadMerge => Code::YamlAnchor,
            Yaml::TooDeep | Yaml::TooManyNodes | Yaml::TooMuchExpansion | Yaml::TooManyAliases => {
                Code::YamlLimit
            }
        };
        let found = Self::error(code, place(error.span), error.message.clone());
        let found = match &error.related {
            Some(related) if error.code == Yaml::DuplicateKey => {
                let first = place(related.span).start;
                let there = match first.line == found.span.start.line {
                    true => format!("column {}", first.column),
                    false => format!("line {}", first.line),
                };
                found.hint(format!("remove this one, or the one in {there}"))
            }
            _ => Self { hint: error.hint.map(str::to_owned), ..found },
        };
        match &error.related {
            Some(related) => found.related(place(related.span), related.message),
            None => found,
        }
    }

    /// Adds what to do about it.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds another place and what is to be seen there.
    pub fn related(mut self, span: Span, note: impl Into<String>) -> Self {
        self.related.push((span, note.into()));
        self
    }

    /// What to do about it: about this one, or else about most of its kind.
    pub fn advice(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.code.hint())
    }

    /// Whether anything is held back for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The form that a place asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Keys with values.
    Map,
    /// Items.
    List,
    /// One text.
    Text,
}

impl Form {
    /// How a section of this form is written, as an instruction. Of a path only its last part
    /// counts: `metadata.labels`.
    pub fn advice(self, name: &str) -> String {
        let key = name.trim_matches('`').rsplit('.').next().unwrap_or_default();
        match self {
            Self::Map => format!("write a map: `{key}: {{key: value}}`"),
            Self::List => format!("write a list: `{key}: [one, two]`"),
            Self::Text => {
                format!("write a text: `{key}: one`, in quotes if it looks like a number")
            }
        }
    }
}

/// The name of `known` that `text` was probably meant to be.
pub fn closest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong: more, and the guess is likelier to mislead.
    let distance_max = (text.chars().count() / 3).max(1);
    known
        .map(|name| (strsim::damerau_levenshtein(text, name), name))
        .filter(|(distance, _)| *distance <= distance_max)
        .min()
        .map(|(_, name)| name)
}

macro_rules! codes {
    ($($name:ident = $text:literal: $title:literal, $hint:literal;)+) => {
        /// What kind of mistake a diagnostic reports. The text is stable: people search for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable text, which is also the name of its page in `docs/errors/`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The kind of mistake in one sentence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What mostly mends it, as an instruction.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)+ }
            }
        }
    };
}

codes! {
    // Reading a file.
    FileUnreadable = "file-unreadable": "A file of the snapshot cannot be read.",
        "save it as UTF-8 text, or take it out of the folder of the stacks";
    FileTooLarge = "file-too-large": "A file is larger than Isobar reads.",
        "split it, or keep what is no configuration elsewhere";
    YamlSyntax = "yaml-syntax": "A file is not valid YAML.",
        "look at the line above too: most often an indentation or a quote is wrong";
    YamlDuplicateKey = "yaml-duplicate-key": "A mapping has the same key twice.",
        "keep one of the two";
    YamlKey = "yaml-key": "A mapping key is not a plain scalar.",
        "write the key as a plain word, or in quotes";
    YamlAnchor = "yaml-anchor": "An alias leads nowhere, or an anchor contains itself.",
        "define the anchor above its first use, and not inside itself";
    YamlLimit = "yaml-limit": "A file is deeper or wider than Isobar reads.",
        "split the file, or flatten what is nested";
    // Settings of the repository and of the agent.
    SettingsInvalid = "settings-invalid": "A settings file does not match its schema.",
        "the reference of the settings has every key and what it may be";
    // Imports.
    ImportNotFound = "import-not-found": "An import names a file that does not exist.",
        "paths begin at the folder of the stacks, or with `./` at the file itself";
    ImportCycle = "import-cycle": "Files import each other in a ring.",
        "remove one of these imports";
    ImportForm = "import-form": "An import is neither a path nor a map with a path.",
        "write `- catalog/vpc` or `- path: catalog/vpc`";
    ImportDepth = "import-depth": "Imports are nested deeper than Isobar follows.",
        "import what is needed directly";
    ImportRemote = "import-remote": "A file or chart of another place is not allowed here.",
        "allow its place: `allow.imports` in the agent's settings, or `--allow-imports`";
    ImportUnlocked = "import-unlocked": "A file or chart of another place is not in `isobar.lock`.",
        "run `isobar lock`, look at what it names, and commit the file";
    ImportChanged = "import-changed": "A file or chart of another place is not what `isobar.lock` says.",
        "find out who changed it; `isobar lock --update` takes over what is there now";
    ImportFailed = "import-failed": "A file or chart of another place cannot be fetched.",
        "nothing that needs it is changed until it can; see that the place answers";
    // Shape of a manifest.
    SectionType = "section-type": "A section is not of the type its place asks for.",
        "give it the form that is named here, or take it out";
    UnknownKey = "unknown-key": "A key means nothing in its place.",
        "take it out, or put it below `settings` or `vars` where keys are yours";
    // Identity.
    StackNone = "stack-none": "The settings name no manifest as a stack.",
        "mend the path; until then nothing counts as gone";
    StackName = "stack-name": "A manifest's stack has no valid name.",
        "set the variables that the name is made of";
    StackDuplicate = "stack-duplicate": "Two manifests define the same component of one stack differently.",
        "define it in one of them, or give the stacks different names";
    // Components.
    InheritMissing = "inherit-missing": "A component inherits from one that the stack does not have.",
        "import the manifest that defines the base";
    InheritCycle = "inherit-cycle": "Components inherit from each other in a ring.",
        "take one of these out of `metadata.inherits`";
    ComponentTooLarge = "component-too-large": "A component holds more than Isobar resolves.",
        "include only what it needs, as in `!include table.yaml .rows`, or make several components";
    DependencyMissing = "dependency-missing": "A component depends on one that does not exist.",
        "name a component of the stack, or say `stack:` too";
    DependencyCycle = "dependency-cycle": "Components depend on each other in a ring.",
        "take out the dependency that is not needed";
    ResourceClaimed = "resource-claimed": "Two components claim the same resource.",
        "give one of them another name, or keep one component";
    // Templates and functions.
    TemplateSyntax = "template-syntax": "A template cannot be parsed.",
        "mend the expression; braces that are meant as text are written `{{ \"{{\" }}`";
    TemplateFailed = "template-failed": "A template fails when it is rendered.",
        "test for the value first, or give it another with `default`";
    TemplateMissingKey = "template-missing-key": "A template reads a key that is not there.",
        "set the value, or say what is meant without it: `{{ .vars.x | default \"none\" }}`";
    FunctionUnknown = "function-unknown": "A YAML function does not exist.",
        "quote the text if it is none";
    FunctionFailed = "function-failed": "A YAML function fails.",
        "look at the arguments: what they name has to be in the repository";
    FunctionRefused = "function-refused": "A YAML function is not allowed here.",
        "write the value, or let the agent's settings allow it";
    QueryInvalid = "query-invalid": "A query is not one, or uses what queries do not have here.",
        "queries only read: paths, `select`, `map` and their like, as in `.vars.zones[0]`";
    LocalsCycle = "locals-cycle": "Locals refer to each other in a ring.",
        "write one of them without the others";
    // Rules of the repository.
    RuleForm = "rule-form": "A rule is not declared as a rule can be.",
        "a rule has `schema_type` and `schema_path`";
    RuleMissing = "rule-missing": "A rule names a file that does not exist.",
        "paths begin at the folder that `schemas` in `atmos.yaml` names for the language";
    RuleInvalid = "rule-invalid": "A rule cannot be read.",
        "mend the rule: until then every component it is for is held back";
    RuleFailed = "rule-failed": "A rule fails when it is asked.",
        "let the rule test for what it reads: `has(vars.x)` in CEL, a rule with a default in Rego";
    RuleBroken = "rule-broken": "A component or a stack breaks a rule.",
        "change the value, or the rule";
    ManifestShape = "manifest-shape": "A manifest does not have the shape the dialect gives it.",
        "give it the form that is named here";
    // Building.
    KindUnsupported = "kind-unsupported": "No part of Isobar builds components of this kind.",
        "use a kind that is built, or disable the component";
    TargetConflict = "target-conflict": "The components of a stack name different targets.",
        "set `settings.reconcile.target` once, at the top";
    BuildFailed = "build-failed": "A component cannot be built into what its tool is handed.",
        "the message is of the part that builds this kind; its page says more";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
