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

#[test]
fn what_says_nothing_is_a_mistake() {
    let found = |annotation: &str, value: &str| {
        let text = format!("metadata: {{ annotations: {{ {annotation}: {value:?} }} }}");
        let object = yaml::parse(&text, Rules::Kubernetes).unwrap();
        Upkeep::mistakes(&object).into_iter().map(|mistake| mistake.form).collect::<Vec<_>>()
    };
    let good = [
        ("isobar.dev/reconcile", "Once"),
        ("isobar.dev/prune", "false"),
        ("isobar.dev/wait", "true"),
        ("isobar.dev/replace", "True"),
        ("isobar.dev/ignore", "spec.replicas, data.size"),
        ("isobar.dev/timeout", "1h 30m"),
        ("isobar.dev/service-account", "shop/deployer"),
        ("isobar.dev/component", "shop/kubernetes/web"),
        ("example.com/isobar.dev", "of somebody else"),
    ];
    for (annotation, value) in good {
        assert_eq!(found(annotation, value), [], "{annotation}: {value}");
    }
    let truth = Some("`false` or `true`");
    let bad = [
        ("isobar.dev/purne", "false", None),
        ("isobar.dev/reconcile", "disabled", Some("`false`, `once` or `true`")),
        ("isobar.dev/prune", "no", truth),
        ("isobar.dev/wait", "", truth),
        ("isobar.dev/replace", "1", truth),
        (
            "isobar.dev/ignore",
            "spec.[",
            Some("names of fields, such as `spec.replicas, data.size`"),
        ),
        ("isobar.dev/timeout", "0s", Some("a time, such as `90s` or `10m`")),
        ("isobar.dev/timeout", "long", Some("a time, such as `90s` or `10m`")),
        (
            "isobar.dev/service-account",
            "deployer",
            Some("a service account, such as `shop/deployer`"),
        ),
    ];
    for (annotation, value, form) in bad {
        assert_eq!(found(annotation, value), [form], "{annotation}: {value}");
    }
}

#[test]
fn a_time_is_said_in_words() {
    let timeout = |value| said("isobar.dev/timeout", value).timeout.map(|time| time.as_secs());
    assert_eq!(timeout("90s"), Some(90));
    assert_eq!(timeout(" 1h 30m "), Some(5_400));
    assert_eq!(timeout("0s"), None);
    assert_eq!(timeout("-5m"), None);
}
