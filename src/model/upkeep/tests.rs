use super::*;
use crate::model::value::Rules;
use crate::model::yaml;

fn said(annotation: &str, value: &str) -> Upkeep {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ annotations: {{ {annotation}: {value:?} }} }}"
    );
    Upkeep::of(&yaml::parse(&text, Rules::Kubernetes).unwrap())
}

#[test]
fn what_others_mean_is_what_we_mean() {
    let plain = Upkeep::default();
    let off = Upkeep { hands: Hands::Off, ..plain.clone() };
    let once = Upkeep { hands: Hands::Once, ..plain.clone() };
    let outlives = Upkeep { outlives: true, ..plain.clone() };
    let no_matter = Upkeep { is_no_matter: true, ..plain.clone() };
    let flux = "kustomize.toolkit.fluxcd.io";
    let cases = [
        ("isobar.dev/reconcile", "false", &off),
        ("isobar.dev/reconcile", "once", &once),
        ("isobar.dev/reconcile", "true", &plain),
        ("isobar.dev/prune", "false", &outlives),
        ("isobar.dev/prune", "true", &plain),
        ("isobar.dev/wait", "false", &no_matter),
        (&format!("{flux}/reconcile"), "Disabled", &off),
        (&format!("{flux}/ssa"), "Ignore", &off),
        (&format!("{flux}/ssa"), "IfNotPresent", &once),
        (&format!("{flux}/ssa"), "Merge", &plain),
        (&format!("{flux}/prune"), "disabled", &outlives),
        (&format!("{flux}/prune"), "enabled", &plain),
        ("helm.sh/resource-policy", "keep", &outlives),
        ("argocd.argoproj.io/sync-options", "Validate=false, Prune=false", &outlives),
        ("argocd.argoproj.io/sync-options", "Delete=false", &outlives),
        ("argocd.argoproj.io/sync-options", "Prune=confirm", &plain),
        ("argocd.argoproj.io/ignore-healthcheck", "true", &no_matter),
    ];
    for (annotation, value, meant) in cases {
        assert_eq!(said(annotation, value), *meant, "{annotation}: {value}");
    }
    assert!(off.stays() && outlives.stays() && !once.stays() && !plain.stays());
}

#[test]
fn fields_are_named_between_commas_or_blanks() {
    let paths = said("isobar.dev/ignore", "spec.replicas, /data/size  ").ignore;
    let paths: Vec<_> = paths.iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["spec.replicas", "data.size"]);
}

#[test]
fn what_is_no_object_says_nothing() {
    let text = "metadata: { annotations: { isobar.dev/prune: 'false' } }";
    assert_eq!(Upkeep::of(&yaml::parse(text, Rules::Kubernetes).unwrap()), Upkeep::default());
}
