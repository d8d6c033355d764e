//! What has the right form in `isobar.yaml`, and is a mistake all the same.

use expect_test::{Expect, expect};

use super::policy;
use crate::model::policy::RepositoryPolicy;
use crate::stacks::tests::snapshot;

fn check(text: &str, expected: &Expect) {
    let (policy, found) = policy(&snapshot(&format!("--- isobar.yaml\n{text}")));
    assert_eq!(policy, RepositoryPolicy::default(), "a file with a mistake allows nothing");
    let told = found.iter().map(|d| {
        let hint = d.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        format!("{}: {}: {}{hint}\n", d.span, d.code, d.message)
    });
    expected.assert_eq(&told.collect::<String>());
}

#[test]
fn a_rule_for_health_that_cannot_be_asked_is_told_at_its_place() {
    check(
        "\
version: 1
health:
  - group: example.com/v1
    kind: Depot
    healthy: status.stage ==
  - group: example.com
    kind: depots.example.com
    degraded: stauts.stage == 'Broken'
    healthy: >-
      self.data.filter(line, line.ok && lin.size > 0).size() == size(data)
      && type(spec.size) == int
  - { kind: Secret, healthy: has(self.data.key) }
  - { group: example.com, kind: Depot, healthy: 'true', reason: oops }
  - { group: example.com, kind: Depot }
",
        &expect![[r#"
            isobar.yaml:3:12: settings-invalid: `example.com/v1` is no API group (write it without a version: `example.com`)
            isobar.yaml:5:14: settings-invalid: `healthy` is no CEL at 1:15 of it: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER} (mend the expression: `status.phase == 'Ready'`)
            isobar.yaml:7:11: settings-invalid: `depots.example.com` is no kind (write it as manifests do: `Database`; its group is `group`)
            isobar.yaml:8:15: settings-invalid: `degraded` names `stauts`, which is nothing that it sees (did you mean `status`?)
            isobar.yaml:9:14: settings-invalid: `healthy` names `data`, which is nothing that it sees (it sees self, metadata, spec, status; other fields are below `self`)
            isobar.yaml:9:14: settings-invalid: `healthy` names `lin`, which is nothing that it sees (it sees self, metadata, spec, status; other fields are below `self`)
            isobar.yaml:12:13: settings-invalid: no rule sees a Secret (take the rule out: a Secret is well as soon as it is there)
            isobar.yaml:13:65: settings-invalid: `reason` names `oops`, which is nothing that it sees (it sees self, metadata, spec, status; other fields are below `self`)
            isobar.yaml:14:5: settings-invalid: `healthy` is missing (add `healthy:` here)
        "#]],
    );
}

#[test]
fn a_kind_has_one_rule() {
    check(
        "\
health:
  - { kind: Pod, healthy: 'true' }
  - { group: example.com, kind: Pod, healthy: 'true' }
  - { group: '', kind: Pod, healthy: 'false' }
",
        &expect![[r#"
            isobar.yaml:4:24: settings-invalid: there is a rule for `Pod` above (make one rule of the two)
        "#]],
    );
}

#[test]
fn rules_for_health_are_part_of_the_policy() {
    let text = "--- isobar.yaml\nhealth: [{group: example.com, kind: Depot, healthy: 'true'}]\n";
    let (policy, found) = policy(&snapshot(text));
    assert!(found.is_empty(), "{found:?}");
    let [rule] = policy.health.as_slice() else { panic!("{:?}", policy.health) };
    assert_eq!((rule.called().as_str(), rule.healthy.as_str()), ("Depot.example.com", "true"));
}
