use super::*;
use crate::model::need::Need;

const SECTIONS: &str = "#- sections.yaml
metadata: { component: web }
namespace: shop
";

/// An object of a chart: `ConfigMap/name`, with what makes it a hook and its weight.
fn object(object: &str, hook: &str, weight: &str) -> String {
    let (kind, name) = object.split_once('/').unwrap();
    let annotations = match hook {
        "" => String::new(),
        hook => {
            format!(", annotations: {{ helm.sh/hook: '{hook}', helm.sh/hook-weight: '{weight}' }}")
        }
    };
    format!("---\napiVersion: v1\nkind: {kind}\nmetadata: {{ name: {name}{annotations} }}\n")
}

/// What comes of a chart that is rendered to `text`: by object, the others that come before it.
fn order(sections: &str, text: &str) -> String {
    let mut fixture = fixture("prod/helm/web/own", &format!("{SECTIONS}{sections}{CHART}"));
    let component = fixture.desired.component(&fixture.id).unwrap();
    for errand in errands(component, &fixture.desired, &fixture.snapshot, Naming::Objects) {
        fixture.done.insert(errand.id(), Ok(text.into()));
    }
    let rendered = match fixture.render_as(Naming::Objects) {
        Ok(rendered) => rendered,
        found => return report(&found),
    };
    let mut lines = String::new();
    for (key, piece) in rendered.resources() {
        let needs = piece.needs.iter().filter_map(|need| match need {
            Need::Resource(key) => rendered.resources().contains_key(key).then(|| key.as_str()),
            _ => None,
        });
        let needs = needs.collect::<Vec<_>>().join(" ");
        writeln!(lines, "{}", format!("{key} <- {needs}").trim_end()).unwrap();
    }
    lines
}

#[test]
fn hooks_that_are_made_come_before_all_others_or_after_them_by_weight() {
    let text = [
        object("ConfigMap/main", "", ""),
        object("ConfigMap/pre", "pre-install, post-upgrade", "5"),
        object("ConfigMap/first", "pre-install", "-5"),
        object("ConfigMap/none", "pre-upgrade", "x"),
        object("ConfigMap/post", "post-install", "1"),
        object("ConfigMap/last", "post-upgrade", "10"),
        object("ConfigMap/kind", "crd-install", "7"),
    ];
    expect![[r#"
        ConfigMap/shop/first <- ConfigMap/shop/kind
        ConfigMap/shop/kind <-
        ConfigMap/shop/last <- ConfigMap/shop/first ConfigMap/shop/kind ConfigMap/shop/main ConfigMap/shop/none ConfigMap/shop/post ConfigMap/shop/pre
        ConfigMap/shop/main <- ConfigMap/shop/first ConfigMap/shop/kind ConfigMap/shop/none ConfigMap/shop/pre
        ConfigMap/shop/none <- ConfigMap/shop/first ConfigMap/shop/kind
        ConfigMap/shop/post <- ConfigMap/shop/first ConfigMap/shop/kind ConfigMap/shop/main ConfigMap/shop/none ConfigMap/shop/pre
        ConfigMap/shop/pre <- ConfigMap/shop/first ConfigMap/shop/kind ConfigMap/shop/none
    "#]].assert_eq(&order("", &text.concat()));
}

/// What it needs itself is made no later: otherwise each would wait for the other.
#[test]
fn what_a_hook_needs_comes_before_it() {
    let text = [
        object("Namespace/shop", "", ""),
        object("ConfigMap/main", "", ""),
        object("ConfigMap/early", "pre-install", "1"),
        object("Secret/late", "pre-install", "2"),
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: \
         { template: { spec: { volumes: [{ configMap: { name: after } }] } } }\n"
            .to_owned(),
        object("ConfigMap/after", "post-install", "0"),
    ];
    expect![[r#"
        ConfigMap/shop/after <- ConfigMap/shop/early Namespace/shop Secret/shop/late
        ConfigMap/shop/early <- Namespace/shop
        ConfigMap/shop/main <- ConfigMap/shop/early Namespace/shop Secret/shop/late
        Deployment.apps/shop/web <- ConfigMap/shop/after ConfigMap/shop/early Namespace/shop Secret/shop/late
        Namespace/shop <-
        Secret/shop/late <- ConfigMap/shop/early Namespace/shop
    "#]].assert_eq(&order("", &text.concat()));
}

#[test]
fn hooks_that_are_run_or_for_another_moment_are_refused_by_name_or_left_out() {
    let text = [
        object("ConfigMap/main", "", ""),
        object("Pod/run", "post-install", "0"),
        object("ConfigMap/gone", "pre-delete", "0"),
        object("Secret/back", "pre-rollback, post-rollback", "0"),
        object("Job/move", "pre-upgrade", "0"),
        object("ConfigMap/typo", "pre-instal", "0"),
        object("Pod/try", "test", "0"),
        object("ConfigMap/tries", "test-success, test-failure", "0"),
    ];
    expect![[r#"
        components/helm/web/Chart.yaml:1:1: build-failed: Pod run is a hook (post-install), and nothing here runs it
          hint: `settings.helm.hooks: skip` leaves such hooks out
        components/helm/web/Chart.yaml:1:1: build-failed: ConfigMap gone is a hook (pre-delete), and nothing here runs it
          hint: `settings.helm.hooks: skip` leaves such hooks out
        components/helm/web/Chart.yaml:1:1: build-failed: Secret back is a hook (pre-rollback, post-rollback), and nothing here runs it
          hint: `settings.helm.hooks: skip` leaves such hooks out
        components/helm/web/Chart.yaml:1:1: build-failed: Job move is a hook (pre-upgrade), and nothing here runs it
          hint: `settings.helm.hooks: skip` leaves such hooks out
        components/helm/web/Chart.yaml:1:1: build-failed: ConfigMap typo is a hook (pre-instal), and nothing here runs it
          hint: `settings.helm.hooks: skip` leaves such hooks out
    "#]].assert_eq(&order("", &text.concat()));
    let skips = "settings: { helm: { hooks: skip } }\n";
    assert_eq!(order(skips, &text.concat()), "ConfigMap/shop/main <-\n");
}
