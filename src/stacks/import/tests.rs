use super::*;
use crate::stacks::tests::{ATMOS, snapshot};

/// The bound over all stacks holds at N and not at N + 1, however much the others are made of.
#[test]
fn all_stacks_together_are_two_million_imports() {
    let files = "--- stacks/deploy/dev.yaml\nimport: [a, a]\n--- stacks/a.yaml\nvars: {a: 1}\n";
    let snapshot = snapshot(&format!("{ATMOS}{files}"));
    let mut library = Library::new(&snapshot, "");
    let (dialect, _) = Dialect::read(&mut library);
    let mut templates = Templates::new(dialect.templates.clone());
    let mut faults = |so_far: usize| {
        let mut manifests = Manifests::default();
        let mut importer = Importer::new(&mut library, &mut templates, &dialect, &mut manifests);
        importer.contributions = so_far;
        let closure = importer.closure(&"stacks/deploy/dev.yaml".into());
        closure.faults.iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    assert_eq!(faults(CONTRIBUTIONS_ALL_MAX - 2), []);
    assert_eq!(faults(CONTRIBUTIONS_ALL_MAX - 1), [Code::ImportDepth]);
}

/// A pattern that nobody looks for any more is a mistake, not a pattern that nothing fits.
#[test]
fn a_pattern_beyond_what_is_looked_at_is_told() {
    let files =
        "--- stacks/deploy/dev.yaml\nimport: ['mixins/*', none]\n--- stacks/mixins/a.yaml\na: 1\n";
    let snapshot = snapshot(&format!("{ATMOS}{files}"));
    let mut library = Library::new(&snapshot, "");
    let (dialect, _) = Dialect::read(&mut library);
    let mut templates = Templates::new(dialect.templates.clone());
    library.look_at_no_more();
    let mut manifests = Manifests::default();
    let mut importer = Importer::new(&mut library, &mut templates, &dialect, &mut manifests);
    let faults = importer.closure(&"stacks/deploy/dev.yaml".into()).faults;
    let told: Vec<_> = faults.iter().map(|fault| (fault.code, fault.hint.as_deref())).collect();
    assert_eq!(told, [(Code::ImportDepth, None), (Code::ImportNotFound, None)]);
}

/// Rules are in settings: one that nobody looked for must not look like one that nobody wrote.
#[test]
fn settings_beyond_what_is_looked_at_are_told() {
    let files = "--- atmos.yaml\nimport: ['config/*', none]\n--- config/a.yaml\na: 1\n";
    let snapshot = snapshot(files);
    let codes = |library: &mut Library| {
        let found =
            super::super::atmos_import::settings(library, &["atmos.yaml".into()], None).faults;
        found.iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    let mut library = Library::new(&snapshot, "");
    assert_eq!(codes(&mut library), [Code::ImportNotFound]);
    let mut library = Library::new(&snapshot, "");
    library.look_at_no_more();
    assert_eq!(codes(&mut library), [Code::ImportDepth, Code::ImportDepth]);
}
