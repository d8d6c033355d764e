use std::error::Error as _;

use super::*;
use crate::backends::fixture::scope;
use crate::pattern::StackPattern;
use crate::settings::FilesSettings;

fn name(text: &str) -> TargetName {
    TargetName::new(text).unwrap()
}

#[test]
fn a_stack_uses_what_the_settings_let_it_use() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let files = |path: &str, stacks: &str| TargetSettings {
        place: PlaceSettings::Files(FilesSettings { path: folder.path().join(path) }),
        stacks: vec![StackPattern::new(stacks).unwrap()],
    };
    let targets = [
        (name("open"), files("open", "*")),
        (name("prod"), files("prod", "prod-*")),
        (name("broken"), files("file/inside", "*")),
    ];
    let settings = AgentSettings { targets: targets.into(), ..AgentSettings::default() };
    let targets = Targets::new(scope("one"), Arc::new(settings), World::real());
    let open = |target: &str, stack: &str| {
        let opened = targets.open(&name(target), &StackName::new(stack).unwrap());
        opened.map(|target| target.name().to_string()).map_err(|error| {
            assert_eq!(error.source().is_some(), target == "broken");
            error.to_string()
        })
    };
    assert_eq!(open("open", "dev-a"), Ok("open".to_owned()));
    assert_eq!(open("prod", "prod-a"), Ok("prod".to_owned()));
    let refused = "the agent's settings do not let `dev-a` use the target `prod`";
    assert_eq!(open("prod", "dev-a"), Err(refused.to_owned()));
    let unknown = "the target `none` is not in the agent's settings";
    assert_eq!(open("none", "dev-a"), Err(unknown.to_owned()));
    let broken = "the target `broken` cannot be opened";
    assert_eq!(open("broken", "dev-a"), Err(broken.to_owned()));
    // One that is broken keeps none of the others from being known.
    let known = targets.known().iter().map(|target| target.name().to_string()).collect::<Vec<_>>();
    assert_eq!(known, ["open", "prod"]);
}
