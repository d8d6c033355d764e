//! A repository of stacks, each file behind a line `--- path`: it resolves or says why not, the
//! same each time, and the layers of every component merge to its sections.

#![no_main]

use isobar::model::desired::Component;
use isobar::model::question::Answers;
use isobar::source::Snapshot;
use isobar::stacks::{Lists, Selection, fold, resolve};
use libfuzzer_sys::fuzz_target;

const SETTINGS: &str = "stacks: {base_path: stacks, included_paths: [deploy/**], name_template: '{{ .vars.stage }}'}\n\
templates: {settings: {enabled: true, sprig: {enabled: true}}}\n";

fn shown(component: &Component) -> String {
    format!("{component:?}")
}

fuzz_target!(|text: &str| {
    let settings = ("atmos.yaml".to_owned(), SETTINGS.as_bytes().to_vec());
    let files = text.split("--- ").skip(1).filter_map(|file| {
        let (path, text) = file.split_once('\n')?;
        Some((format!("stacks/{}", path.trim()), text.as_bytes().to_vec()))
    });
    let snapshot = Snapshot::in_memory([settings].into_iter().chain(files));
    let resolved = || resolve(&snapshot, &Selection::all(), &Answers::new()).desired;
    let (desired, again) = (resolved(), resolved());
    assert_eq!(desired.diagnostics, again.diagnostics);
    assert!(desired.components().map(shown).eq(again.components().map(shown)));
    for component in desired.components() {
        assert_eq!(fold(&component.layers, Lists::Replace), component.sections, "{}", component.id);
    }
});
