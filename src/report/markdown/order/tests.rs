use super::*;
use crate::ids::StackName;
use crate::model::change::{Action, Risk};
use crate::report::tests::fixture::{self, change, plan};

const FORGE: Limits = Limits { characters_max: 60_000, folds: true, alerts: true, diagrams: true };

/// A stack of components that each wait for those named behind them; `-` before a name: it goes.
fn effect(components: &[(String, Vec<usize>)]) -> Effect {
    let changes = components.iter().enumerate().map(|(at, (name, _))| {
        let goes = name.starts_with('-');
        let id = fixture::component(fixture::HUB, name.trim_start_matches('-'));
        let action = if goes { Action::Delete } else { Action::Update };
        change(&id, action, Risk::Reversible, &format!("r-{at}"), &["a: 1 -> 2"])
    });
    let mut effect = plan(fixture::HUB, changes.collect(), vec![]).effect().clone();
    for (step, (_, after)) in effect.steps.iter_mut().zip(components) {
        step.after.clone_from(after);
    }
    assert_eq!(effect.stack, StackName::new(fixture::HUB).unwrap());
    effect
}

fn chain(count: usize) -> Effect {
    let one = |at: usize| (format!("helm/app-{at:02}"), (0..at).collect());
    effect(&(0..count).map(one).collect::<Vec<_>>())
}

fn text(effect: &Effect, limits: Limits) -> String {
    let mut out = String::new();
    write(&mut out, effect, &limits, Detail::Full);
    out
}

#[test]
fn what_waits_stands_behind_what_it_waits_for() {
    let parts = [
        ("terraform/kms", vec![]),
        ("terraform/vpc", vec![]),
        // That it comes after both, by way of the cluster, needs no arrow of its own.
        ("terraform/eks", vec![0, 1]),
        ("helm/ingress", vec![0, 1, 2]),
        ("-helm/ingress", vec![3]),
    ];
    let parts = parts.map(|(name, after)| (name.to_owned(), after));
    let said = text(&effect(&parts), FORGE);
    let expected = "\
<details><summary>Order: 5 parts in 4 waves</summary>

1. `terraform/kms`, `terraform/vpc`
2. `terraform/eks`
3. `helm/ingress`
4. `helm/ingress (goes)`

```mermaid
flowchart LR
  n0[\"terraform/kms\"]
  n1[\"terraform/vpc\"]
  n2[\"terraform/eks\"]
  n3[\"helm/ingress\"]
  n4[\"helm/ingress (goes)\"]
  n0 --> n2
  n1 --> n2
  n2 --> n3
  n3 --> n4
```

</details>

";
    assert_eq!(said, expected);
    let plain = text(&effect(&parts), Limits { folds: false, diagrams: false, ..FORGE });
    assert!(plain.starts_with("Order: 5 parts in 4 waves\n\n1. `terraform/kms`"), "{plain}");
    assert!(!plain.contains("mermaid") && !plain.contains('<'), "{plain}");
}

#[test]
fn where_nothing_waits_nothing_is_said() {
    assert_eq!(text(&effect(&[("a/b".to_owned(), vec![]), ("a/c".to_owned(), vec![])]), FORGE), "");
}

#[test]
fn a_diagram_and_a_list_are_bounded() {
    assert!(text(&chain(NODES_MAX), FORGE).contains("mermaid"));
    let said = text(&chain(NODES_MAX + 1), FORGE);
    assert!(!said.contains("mermaid") && said.contains("26. `helm/app-25`"), "{said}");
    assert!(!text(&chain(LISTED_MAX), FORGE).contains("more wave"));
    let said = text(&chain(LISTED_MAX + 1), FORGE);
    assert!(said.contains("and 1 more wave") && !said.contains("app-60"), "{said}");
}

#[test]
fn a_label_is_never_syntax() {
    let drawn = plain("a\"] --> b; click b \"javascript:alert(1)\" %%{init}%% `x` <b> #quot;");
    assert!(!drawn.contains(['"', '[', ']', ';', '%', '{', '`', '<', '>', '#', ':']), "{drawn}");
}
