//! How objects are doing of a kind that only a rule of the repository understands.

use super::scene::{Scene, UNREVIEWED};

/// Nobody but the test says how a depot is doing, and in words of its own.
const DEFINITION: &str = "
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: { name: depots.judged.example.com, namespace: '' }
  spec:
    group: judged.example.com
    scope: Namespaced
    names: { kind: Depot, plural: depots, singular: depot }
    versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
";

const DEPOT: &str = "
- { apiVersion: judged.example.com/v1, kind: Depot, metadata: { name: one }, spec: { stock: 3 } }
";

const RULE: &str = "
health:
- group: judged.example.com
  kind: Depot
  degraded: status.gate == 'stuck'
  healthy: status.gate == 'up' && status.stock >= spec.stock
  reason: >-
    'its gate is ' + status.gate + (has(status.note) ? ', ' + status.note : '')
";

#[test]
fn a_kind_of_ones_own_is_doing_as_its_rule_says() {
    let Some(scene) = Scene::new("judged") else { return };
    scene.write("isobar.yaml", &format!("{UNREVIEWED}{RULE}"));
    scene.wants_all(&[("definition", "", DEFINITION), ("depot", "", DEPOT)]);
    scene.commit();
    let mut serving = scene.serve_saying("isobar=info");
    serving.expect("is progressing: Depot.judged.example.com/judged/one: it has no status yet");
    let says = |status: &str| {
        let patch = format!("--patch={{\"status\": {status}}}");
        scene.kubectl(["patch", "depot/one", "--subresource=status", "--type=merge", &patch]);
    };
    says(r#"{"gate": "up", "stock": 1}"#);
    serving.expect("is progressing: Depot.judged.example.com/judged/one: its gate is up");
    says(r#"{"stock": 3}"#);
    serving.expect("does well component=prod/kubernetes/depot");
    says(r#"{"gate": "stuck", "note": "a van is below it"}"#);
    let stuck = "Depot.judged.example.com/judged/one: its gate is stuck, a van is below it";
    serving.expect(&format!("is degraded: {stuck}"));
    assert!(scene.run(["status"]).stdout.contains(stuck));

    // A rule that is changed counts for what is there.
    scene.change("isobar.yaml", |text| text.replace("status.gate == 'up'", "status.gate != 'up'"));
    scene.change("isobar.yaml", |text| text.replace("  degraded: status.gate == 'stuck'\n", ""));
    scene.commit();
    serving.expect("does well component=prod/kubernetes/depot");
    serving.kill();
}
