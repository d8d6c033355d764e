//! Objects of kinds that a repository has rules for.

use super::applied::{Applied, NOTICE_MAX, settings};
use super::place::Corner;
use crate::backends::kubernetes::KubernetesTarget;
use crate::model::health_rule::HealthRule;
use crate::model::observation::Health;

/// ConfigMaps do well if their size is this one.
fn rule(target: &KubernetesTarget, size: &str) {
    let text = format!("{{kind: ConfigMap, healthy: \"self.data.size == '{size}'\"}}");
    let rule: HealthRule = crate::schema::read("isobar.yaml", &text).unwrap();
    target.rules.learn(&[rule]);
}

async fn comes_to(applied: &Applied, is_well: bool) {
    let comes = async {
        while (applied.health().await == Health::Healthy) != is_well {
            applied.woken().await;
        }
    };
    tokio::time::timeout(NOTICE_MAX, comes).await.expect("somebody is told");
}

/// Of a ConfigMap the metadata alone is told, and how it is doing does not depend on anything else.
#[tokio::test]
async fn another_rule_for_a_kind_has_its_objects_judged_anew() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    assert_eq!(applied.health().await, Health::Healthy);
    rule(&applied.target, "7");
    comes_to(&applied, false).await;
    applied.settled().await;
    let why = "ConfigMap/NAMESPACE/settings: `healthy` of the rule for its kind is not true";
    let why = why.replace("NAMESPACE", &corner.namespace);
    assert_eq!(applied.health().await, Health::Progressing(why));
    rule(&applied.target, "3");
    comes_to(&applied, true).await;
    rule(&applied.target, "4");
    comes_to(&applied, false).await;
    applied.target.rules.learn(&[]);
    comes_to(&applied, true).await;
    applied.settled().await;
}

/// How they were doing is kept with the rules that said it.
#[tokio::test]
async fn what_was_judged_by_another_rule_before_is_judged_anew_in_the_next_process() {
    let Some(corner) = Corner::new().await else { return };
    let mut applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    applied.target = corner.target("one");
    rule(&applied.target, "7");
    // The version, the list, the marks, two lists of kinds, and the object.
    assert_eq!(applied.cost().await, (true, 6));
    assert_ne!(applied.health().await, Health::Healthy);
    applied.settled().await;
    applied.target = corner.target("one");
    rule(&applied.target, "7");
    assert_ne!(applied.health().await, Health::Healthy);
    assert_eq!(applied.target.requests(), 3, "the same rule has said it before");
    applied.target = corner.target("one");
    assert_eq!(applied.health().await, Health::Healthy);
}
