//! What cannot change in place.

use super::*;

const REPLACED: &str = "
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web, annotations: { isobar.dev/replace: 'true' } }
  spec:
    replicas: 0
    selector: { matchLabels: { app: web } }
    template:
      metadata: { labels: { app: web } }
      spec: { containers: [{ name: web, image: 'web:1' }] }
";

#[test]
fn what_cannot_change_in_place_is_made_anew_where_its_manifest_asks_for_that() {
    let Some(scene) = Scene::new("anew") else { return };
    scene.wants(REPLACED);
    scene.isobar(["apply", "--local", "--yes"]);
    let uid = || scene.kubectl(["get", "deployment/web", "--output=jsonpath={.metadata.uid}"]);
    let first = uid();
    // One that could not be made stays.
    scene.wants(&REPLACED.replacen("{ app: web }", "{ app: other }", 1));
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Held
            Deployment.apps/anew/web: the target refuses it: Deployment.apps "web" is invalid: [spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`, spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable]
              > ask for what the target takes; until then all stays

          Held: no changes
    "#]].assert_eq(&scene.holds(["plan"]));
    scene.holds(["apply", "--local", "--yes"]);
    assert_eq!(uid(), first);

    scene.wants(&REPLACED.replace("{ app: web }", "{ app: other }"));
    expect![[r#"
        Needs approval: 1 replace in 1 stack
          stacks/deploy/prod.yaml:12 changes spec.selector.matchLabels.app in 1 component of 1 stack
          stacks/deploy/prod.yaml:14 changes spec.template.metadata.labels.app in 1 component of 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            ! replace Deployment.apps/anew/web                  disruptive
                spec.selector.matchLabels.app: "web" -> "other"  stacks/deploy/prod.yaml:12
                spec.template.metadata.labels.app: "web" -> "other"  stacks/deploy/prod.yaml:14

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 1 replace
    "#]].assert_eq(&scene.isobar(["plan"]));
    expect![[r#"
        prod: applied as predicted 2/2
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert_ne!(uid(), first);
    let label = "--output=jsonpath={.spec.selector.matchLabels.app}";
    assert_eq!(scene.kubectl(["get", "deployment/web", label]), "other");
    // What can change in place does.
    let second = uid();
    let larger = REPLACED.replace("{ app: web }", "{ app: other }").replace("web:1", "web:2");
    scene.wants(&larger);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(uid(), second);
}
