//! Which part objects have in calls that the API server makes.

use super::*;
use crate::model::need::{Call, Labels};

const CALLS: &str = "#- sections.yaml
manifests:
  - apiVersion: admissionregistration.k8s.io/v1
    kind: MutatingWebhookConfiguration
    metadata: {name: change}
    webhooks:
      - {name: one, clientConfig: {service: {namespace: shop, name: hook}}}
      - {name: two, clientConfig: {service: {namespace: other, name: hook}}}
  - apiVersion: admissionregistration.k8s.io/v1
    kind: ValidatingWebhookConfiguration
    metadata: {name: by-address}
    webhooks: [{name: one, clientConfig: {url: 'https://hook.example.com'}}]
  - apiVersion: apiregistration.k8s.io/v1
    kind: APIService
    metadata: {name: v1.shop.example.com}
    spec: {group: shop.example.com, version: v1, service: {namespace: shop, name: api}}
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: sites.example.com}
    spec:
      group: example.com
      scope: Cluster
      names: {kind: Site}
      conversion: {webhook: {clientConfig: {service: {namespace: shop, name: hook}}}}
  - {apiVersion: v1, kind: Service, metadata: {name: hook}, spec: {selector: {app: hook, tier: back}}}
  - {apiVersion: v1, kind: Service, metadata: {name: outside}, spec: {type: ExternalName}}
  - {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: other}}
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: hook, labels: {app: other}}
    spec: {template: {metadata: {labels: {app: hook, tier: back, more: 'yes'}}}}
  - apiVersion: batch/v1
    kind: Job
    metadata: {name: hook}
    spec: {template: {metadata: {labels: {app: hook, tier: back}}}}
settings: {kubernetes: {namespace: shop}}
";

#[test]
fn an_object_is_called_leads_calls_or_answers_them() {
    let built = fixture("prod/kubernetes/base", CALLS).render_as(Naming::Objects).unwrap();
    let parts = built.resources().iter().filter_map(|(key, piece)| {
        let part = piece.call.as_deref().cloned().or_else(|| piece.part_in_calls())?;
        let pairs = |labels: &Labels| -> Vec<_> {
            labels.pairs.iter().map(|(key, value)| format!("{key}={value}")).collect()
        };
        Some(match part {
            Call::Makes(called) => {
                let called: Vec<_> = called.iter().map(ToString::to_string).collect();
                format!("{key} calls {}\n", called.join(" "))
            }
            Call::Leads(labels) => format!("{key} leads to {:?}\n", pairs(&labels)),
            Call::Answers(labels) => {
                format!("{key} answers in {} as {:?}\n", labels.namespace, pairs(&labels))
            }
        })
    });
    expect![[r#"
        APIService.apiregistration.k8s.io/v1.shop.example.com calls Service/shop/api
        MutatingWebhookConfiguration.admissionregistration.k8s.io/change calls Service/other/hook Service/shop/hook
        Service/shop/hook leads to ["app=hook", "tier=back"]
        Service/shop/outside leads to []
        StatefulSet.apps/shop/hook answers in shop as ["app=hook", "more=yes", "tier=back"]
    "#]].assert_eq(&parts.collect::<String>());
}

#[test]
fn a_call_is_led_to_what_has_all_labels() {
    let labels = |namespace: &str, pairs: &[&str]| Labels {
        namespace: namespace.into(),
        pairs: pairs.iter().map(|pair| ((*pair).into(), "x".into())).collect(),
    };
    let led = labels("shop", &["a", "b"]);
    assert!(led.select(&labels("shop", &["a", "b", "c"])));
    for other in [labels("shop", &["a"]), labels("other", &["a", "b"])] {
        assert!(!led.select(&other), "{other:?}");
    }
    assert!(!labels("shop", &[]).select(&led), "a service without a selector leads nowhere");
}
