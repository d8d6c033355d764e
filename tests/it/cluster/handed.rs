//! Stacks and components that get another name or place hand their objects over, and who looks at a
//! part of all stacks takes nothing from the others.

use super::scene::Scene;

const PAIR: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: two }, data: { a: b } }
";

const ONE: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
";

const THREE: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: three }, data: { a: b } }
";

const FOUR: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: four }, data: { a: b } }
";

/// The scene's ConfigMaps with their ids, and whose they say they are.
fn there(scene: &Scene) -> (Vec<String>, Vec<String>) {
    let each = r"jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.metadata.annotations.isobar\.dev/component} {.metadata.labels.isobar\.dev/owner}{'\n'}{end}";
    let all = scene.kubectl(["get", "configmaps", "--output", each]);
    let lines = all.lines().filter(|line| !line.starts_with("kube-root-ca"));
    let split = |line: &str| {
        let (name, rest) = line.split_once(' ').expect("a name");
        let (uid, whose) = rest.split_once(' ').expect("an id");
        (format!("{name} {uid}"), format!("{name} {whose}"))
    };
    lines.map(split).unzip()
}

/// How many marks name the object.
fn marked(scene: &Scene, name: &str) -> usize {
    let marks = format!("--namespace={}-marks", scene.namespace());
    let text = scene.kubectl(["get", "configmaps", &marks, "--output=jsonpath={.items[*].data}"]);
    text.matches(&format!("ConfigMap/{}/{name}", scene.namespace())).count()
}

/// What anybody has asked the server to delete in the scene.
fn deletes(scene: &Scene) -> Vec<String> {
    let asked = scene.requests(&format!("/namespaces/{}/", scene.namespace()));
    let deletes = asked
        .iter()
        .filter(|asked| asked["verb"].as_str().is_some_and(|verb| verb.starts_with("delete")));
    deletes.map(|asked| asked["requestURI"].to_string()).collect()
}

/// Applies what waits for a yes, and once more: then there is nothing left to do.
fn settle(scene: &Scene) -> String {
    let told = scene.isobar(["apply", "--local", "--yes"]);
    let plan = scene.isobar(["plan"]);
    assert!(plan.contains("No effect: no stack changes"), "{told}\n{plan}");
    told
}

#[test]
fn a_renamed_stack_hands_its_objects_over() {
    for (namespace, is_lost, now) in [
        ("restacked", false, PAIR.to_owned()),
        ("restacked-lost", true, PAIR.to_owned()),
        ("restacked-new", false, PAIR.replace("a: b", "a: c")),
    ] {
        let Some(scene) = Scene::new(namespace) else { return };
        scene.wants_in("prod", &[("shop", "", PAIR)]);
        settle(&scene);
        let (before, _) = there(&scene);
        scene.remove("stacks/deploy/prod.yaml");
        // The new one cannot be read at first: nobody takes what is there for left over.
        scene.write("stacks/deploy/live.yaml", "vars: { stage: live }\ncomponents: [\n");
        let ran = scene.run(["apply", "--local", "--yes"]);
        assert_ne!(ran.status.code(), Some(0), "{}", ran.said());
        assert_eq!(there(&scene).0, before, "{}", ran.said());

        scene.wants_in("live", &[("shop", "", &now)]);
        if is_lost {
            scene.lose_database();
        }
        let told = settle(&scene);
        let (after, whose) = there(&scene);
        assert_eq!(after, before, "{namespace}: {told}");
        let live = ["one", "two"].map(|name| format!("{name} live/kubernetes/shop tester.config"));
        assert_eq!(whose, live, "{namespace}: {told}");
        assert_eq!(deletes(&scene), Vec::<String>::new(), "{namespace}");
        assert_eq!([marked(&scene, "one"), marked(&scene, "two")], [1, 1], "{namespace}");
        // It is the new one's by now: what that gives up goes, and nothing else.
        scene
            .wants_in("live", &[("shop", "", &now.lines().take(2).collect::<Vec<_>>().join("\n"))]);
        settle(&scene);
        assert_eq!(there(&scene).0, before[..1], "{namespace}");
    }
}

#[test]
fn a_component_that_moves_to_another_stack_takes_its_objects_along() {
    for (namespace, from, to) in [("goes-on", "live", "prod"), ("goes-back", "prod", "live")] {
        let Some(scene) = Scene::new(namespace) else { return };
        scene.wants_in(from, &[("shop", "", PAIR), ("stays", "", THREE)]);
        scene.wants_in(to, &[("other", "", FOUR)]);
        settle(&scene);
        let (before, _) = there(&scene);
        scene.wants_in(from, &[("stays", "", THREE)]);
        scene.wants_in(to, &[("other", "", FOUR), ("shop", "", PAIR)]);
        let told = settle(&scene);
        let (after, whose) = there(&scene);
        assert_eq!(after, before, "{told}");
        let expected = [
            format!("four {to}/kubernetes/other tester.config"),
            format!("one {to}/kubernetes/shop tester.config"),
            format!("three {from}/kubernetes/stays tester.config"),
            format!("two {to}/kubernetes/shop tester.config"),
        ];
        assert_eq!(whose, expected, "{told}");
        assert_eq!(deletes(&scene), Vec::<String>::new());
        let all = ["four", "one", "three", "two"].map(|name| marked(&scene, name));
        assert_eq!(all, [1; 4]);
        // The stack that it came from can go, and takes nothing of it along.
        scene.remove(&format!("stacks/deploy/{from}.yaml"));
        settle(&scene);
        assert_eq!(there(&scene).0, [&before[0], &before[1], &before[3]].map(Clone::clone));
    }
}

/// Whom an apply is not asked for loses nothing by it, whatever became of it; nor does a stack that
/// may not name the target any more.
#[test]
fn who_looks_at_a_part_takes_nothing_from_the_rest() {
    let Some(scene) = Scene::new("narrowed") else { return };
    scene.wants_in("prod", &[("shop", "", ONE)]);
    scene.wants_in("live", &[("shop", "", THREE)]);
    settle(&scene);
    let (before, _) = there(&scene);
    let prod = std::fs::read_to_string(scene.folder().join("stacks/deploy/prod.yaml"));
    let prod = prod.expect("a text");
    scene.remove("stacks/deploy/prod.yaml");
    let ran = scene.run(["apply", "--local", "--yes", "live"]);
    assert_eq!(there(&scene).0, before, "{}", ran.said());

    // The target is for the other stack alone by now.
    let settings =
        |text: String| text.replace("    kubernetes:\n", "    stacks: [live]\n    kubernetes:\n");
    scene.change("agent.yaml", settings);
    for is_there in [false, true] {
        if is_there {
            scene.write("stacks/deploy/prod.yaml", &prod);
        }
        let ran = scene.run(["apply", "--local", "--yes"]);
        assert_eq!(there(&scene).0, before, "{}", ran.said());
    }
    assert_eq!(deletes(&scene), Vec::<String>::new());

    // Who is asked for all, and may, takes it.
    scene.change("agent.yaml", |text| text.replace("    stacks: [live]\n", ""));
    scene.remove("stacks/deploy/prod.yaml");
    settle(&scene);
    assert_eq!(there(&scene).0, before[1..]);
}
