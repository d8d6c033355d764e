//! Repositories made to cost more than they may: every bound holds at N and not at N + 1, and no
//! path leads out. `docs/limits.md` has all of them.

use super::{ATMOS, flow, resolved};
use crate::diagnostic::Code;
use crate::model::value::TEXT_PART;
use crate::stacks::bulk::PARTS_MAX;
use crate::stacks::{Resolution, settings};

const STACK: &str = "vars: {stage: dev}\ncomponents: {terraform: {vpc: {}}}\n";

/// The codes of all findings about a stack that says `text` beside `files`.
fn codes(files: &str, text: &str) -> Vec<Code> {
    let resolution = stack(files, text);
    resolution.desired.diagnostics.iter().map(|found| found.code).collect()
}

fn stack(files: &str, text: &str) -> Resolution {
    resolved(&format!("{ATMOS}{files}--- stacks/deploy/dev.yaml\n{text}"))
}

#[test]
fn a_stack_is_made_of_ten_thousand_imports() {
    let import = |count: usize| {
        let items = "a,".repeat(count);
        codes("--- stacks/a.yaml\nvars: {a: 1}\n", &format!("import: [{items}]\n{STACK}"))
    };
    assert_eq!(import(10_000), []);
    assert_eq!(import(10_001), [Code::ImportDepth]);
}

/// Each file imports the next one twice: thirteen files would be read eight thousand times.
#[test]
fn imports_that_double_end() {
    let links = (0..30).map(|at| format!("--- stacks/n{at}.yaml\nimport: [n{0}, n{0}]\n", at + 1));
    let files = links.collect::<String>() + "--- stacks/n30.yaml\nvars: {a: 1}\n";
    let found = codes(&files, &format!("import: [n0]\n{STACK}"));
    assert!(found.contains(&Code::ImportDepth), "{found:?}");
}

#[test]
fn a_component_has_a_thousand_bases() {
    let bases = |count: usize| {
        let names: Vec<_> = (0..count).map(|at| format!("b{at}")).collect();
        let bases: String = names
            .iter()
            .map(|name| format!("    {name}: {{metadata: {{type: abstract}}}}\n"))
            .collect();
        let stack = format!(
            "vars: {{stage: dev}}\ncomponents:\n  terraform:\n{bases}    vpc: {{metadata: {{inherits: [{}]}}}}\n",
            names.join(", ")
        );
        codes("", &stack)
    };
    assert_eq!(bases(1_000), []);
    assert_eq!(bases(1_001), [Code::InheritCycle]);
}

/// Texts of five megabytes, included until the component is as heavy as it may be, and one part more.
#[test]
fn a_component_holds_a_million_parts() {
    const FILE: usize = 4 << 20;
    let of_texts = |bytes: usize| {
        let texts = (0..bytes.div_ceil(FILE)).map(|at| FILE.min(bytes - at * FILE));
        let texts: Vec<_> = texts.map(|bytes| "x".repeat(bytes)).collect();
        let files = texts.iter().enumerate().map(|(at, text)| format!("--- t{at}.txt\n{text}\n"));
        let values = (0..5).map(|at| match at < texts.len() {
            true => format!("t{at}: !include.raw t{at}.txt, "),
            false => format!("t{at}: 1, "),
        });
        let vars: String = values.collect();
        stack(&files.collect::<String>(), &STACK.replace("{stage", &format!("{{{vars}stage")))
    };
    let light = of_texts(0);
    let sections = &light.desired.components().next().expect("a component").sections;
    let mut parts = PARTS_MAX;
    let sections = sections.as_map().expect("sections");
    assert!(sections.iter().all(|(_, section)| section.fits(64, &mut parts)));
    let bytes = usize::try_from(parts).expect("it fits") * TEXT_PART;
    let codes = |resolution: Resolution| {
        let found = resolution.desired.diagnostics.iter();
        found.map(|found| found.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(of_texts(bytes)), []);
    assert_eq!(codes(of_texts(bytes + TEXT_PART)), [Code::ComponentTooLarge]);
}

/// No text of it is larger than a template may write; together they are.
#[test]
fn templates_of_a_component_write_a_million_parts() {
    let written = |values: usize| {
        let one = "'{{ repeat 1000 (repeat 4000 .vars.stage) }}'";
        let vars: String = (0..values).map(|at| format!("t{at}: {one}, ")).collect();
        let stack = STACK.replace("{stage: dev", &format!("{{{vars}stage: d"));
        codes("", &stack)
    };
    assert_eq!(written(3), []);
    assert_eq!(written(5), [Code::ComponentTooLarge]);
}

#[test]
fn values_are_rendered_ten_times_and_no_more() {
    let rendered = |evaluations: u32| {
        let atmos = ATMOS
            .replace("{enabled: true,", &format!("{{enabled: true, evaluations: {evaluations},"));
        let links = (0..12).map(|at| format!("a{at}: '{{{{ .vars.a{} }}}}', ", at + 1));
        let links: String = links.collect();
        let text = format!(
            "{atmos}--- stacks/deploy/dev.yaml\nvars: {{stage: dev, {links}a12: end}}\n\
             components: {{terraform: {{vpc: {{}}}}}}\n"
        );
        let resolution = resolved(&text);
        let component = resolution.desired.components().next().expect("a component");
        flow(component.section("vars").expect("vars").get("a0").expect("a value"))
    };
    assert_ne!(rendered(10), rendered(9));
    assert_eq!(rendered(10), rendered(11));
}

#[test]
fn settings_are_a_thousand_files() {
    let merged = |imports: usize| {
        let files: String =
            (0..imports).map(|at| format!("--- c/{at:04}.yaml\nn{at}: 1\n")).collect();
        let written = settings(&super::snapshot(&format!("--- atmos.yaml\nimport: [c]\n{files}")));
        let found: Vec<_> = written.found.iter().map(|found| found.code).collect();
        (found, written.value.get("n998").is_some(), written.value.get("n999").is_some())
    };
    assert_eq!(merged(999), (vec![], true, false));
    assert_eq!(merged(1_000), (vec![Code::ImportDepth], true, false));
}

/// Wherever a manifest or the settings name a path, it stays inside.
#[test]
fn no_path_leads_out() {
    let out = "../../../../../etc/passwd";
    for (stack, code) in [
        (format!("import: [{out}]\n{STACK}"), Code::ImportNotFound),
        (format!("import: [./{out}]\n{STACK}"), Code::ImportNotFound),
        (format!("import: ['../../../**/*.yaml']\n{STACK}"), Code::ImportNotFound),
        (format!("import: [/etc/passwd]\n{STACK}"), Code::ImportNotFound),
        ("import: ['file:///etc/passwd']\n".to_owned() + STACK, Code::ImportUnlocked),
        (format!("{STACK}settings: !include {out}\n"), Code::ImportNotFound),
        (format!("{STACK}settings: !include /etc/passwd\n"), Code::ImportNotFound),
        (format!("{STACK}settings: !include.raw ./{out}\n"), Code::ImportNotFound),
        (format!("{STACK}settings: !include file:///etc/passwd\n"), Code::FunctionRefused),
    ] {
        let found = codes("", &stack);
        assert!(found.contains(&code), "{stack}: {found:?}");
    }
    for place in [
        "base_path: ../..\nstacks: {base_path: stacks}\n",
        "stacks: {base_path: ../stacks}\n",
        "stacks: {base_path: stacks}\ncomponents: {terraform: {base_path: ../../etc}}\n",
        "stacks: {base_path: stacks}\nschemas: {opa: {base_path: ../rules}}\n",
    ] {
        let found = resolved(&format!("--- atmos.yaml\n{place}--- stacks/dev.yaml\n{STACK}"));
        let found: Vec<_> = found.desired.diagnostics.iter().map(|found| found.code).collect();
        assert_eq!(found, [Code::SettingsInvalid], "{place}");
    }
}
