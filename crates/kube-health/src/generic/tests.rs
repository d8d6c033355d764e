use serde_json::{Value, json};

use crate::judge;
use crate::tests::now;

fn said(object: &Value) -> String {
    judge("example.org", "Thing", object, now()).to_string()
}

/// What is said of conditions, each given as type, status and reason.
fn conditions(list: &[(&str, &str, &str)]) -> String {
    let list: Vec<_> = list
        .iter()
        .map(|(name, status, reason)| json!({"type": name, "status": status, "reason": reason}))
        .collect();
    said(&json!({"status": {"conditions": list}}))
}

#[test]
fn what_says_nothing_is_healthy() {
    assert_eq!(said(&json!({})), "healthy");
    assert_eq!(said(&json!({"spec": {}, "status": {}})), "healthy");
    assert_eq!(conditions(&[("LoadBalancerReadyForTraffic", "False", "")]), "healthy");
}

#[test]
fn trouble_outweighs_success() {
    let degraded = "degraded: Degraded is True: DiskFull";
    assert_eq!(conditions(&[("Ready", "True", ""), ("Degraded", "True", "DiskFull")]), degraded);
    let degraded = "degraded: BackupFailed is True: Timeout";
    assert_eq!(conditions(&[("BackupFailed", "True", "Timeout"), ("Ready", "True", "")]), degraded);
    assert_eq!(conditions(&[("Failed", "False", ""), ("Ready", "True", "")]), "healthy");
    assert_eq!(conditions(&[("NoErrors", "True", "")]), "healthy");
    assert_eq!(conditions(&[("NodeFailure", "True", "")]), "degraded: NodeFailure is True");
    let paused = [("Paused", "True", ""), ("Degraded", "True", "")];
    assert_eq!(conditions(&paused), "suspended: Paused is True");
}

#[test]
fn a_success_that_is_denied_is_not_healthy() {
    let synced = "progressing: Synced is False: Waiting";
    assert_eq!(conditions(&[("Ready", "True", ""), ("Synced", "False", "Waiting")]), synced);
    let failed = "degraded: Synced is False: ReconcileError";
    assert_eq!(
        conditions(&[("Ready", "Unknown", ""), ("Synced", "False", "ReconcileError")]),
        failed
    );
}

#[test]
fn progress_that_is_done_is_no_progress() {
    let progress =
        |reason| conditions(&[("Progressing", "True", reason), ("Available", "True", "")]);
    assert_eq!(progress("RollingOut"), "progressing: Progressing is True: RollingOut");
    assert_eq!(progress("NewReplicaSetAvailable"), "healthy");
    let late = "degraded: Progressing is False: ProgressDeadlineExceeded";
    assert_eq!(conditions(&[("Progressing", "False", "ProgressDeadlineExceeded")]), late);
}

#[test]
fn a_condition_of_an_earlier_generation_says_nothing() {
    let ready = json!({"type": "Ready", "status": "True", "observedGeneration": 1});
    let mut object = json!({"metadata": {"generation": 2}, "status": {"conditions": [ready]}});
    let expected = "progressing: generation 2 is not observed yet, the condition Ready is of 1";
    assert_eq!(said(&object), expected);
    let failed = json!({"type": "Failed", "status": "True", "observedGeneration": 1});
    object["status"]["conditions"].as_array_mut().unwrap().push(failed);
    assert_eq!(said(&object), expected);
    object["status"]["conditions"].as_array_mut().unwrap().pop();
    object["status"]["observedGeneration"] = json!(2);
    assert_eq!(said(&object), "healthy");
}

#[test]
fn a_failure_counts_once_it_has_lasted() {
    let object = |since: &str| {
        let ready = json!({"type": "Ready", "status": "False", "reason": "PullFailed",
                           "lastTransitionTime": since});
        judge("example.org", "Thing", &json!({"status": {"conditions": [ready]}}), now())
    };
    let young = object("2026-01-01T00:00:50Z");
    let until = "2026-01-01T00:01:05Z".parse().unwrap();
    assert!(
        matches!(&young, crate::Health::Progressing { until: Some(at), .. } if *at == until),
        "{young:?}"
    );
    assert_eq!(object("2026-01-01T00:00:45Z").to_string(), "degraded: Ready is False: PullFailed");
}

#[test]
fn words_are_read_where_no_condition_sums_up() {
    let phase = |word: &str| said(&json!({"status": {"phase": word, "message": "why"}}));
    assert_eq!(phase("RUNNING"), "healthy");
    assert_eq!(phase("SyncFailed"), "degraded: status.phase is SyncFailed: why");
    assert_eq!(phase("Paused"), "suspended: status.phase is Paused: why");
    assert_eq!(phase("PendingApproval"), "progressing: status.phase is PendingApproval: why");
    assert_eq!(phase("Upgrading"), "progressing: status.phase is Upgrading: why");
    let unknown = "unknown: status.phase is Frobnicated: why, and no rule knows this word";
    assert_eq!(phase("Frobnicated"), unknown);
}

#[test]
fn flags_and_counts_are_read() {
    let object = json!({"status": {"ready": false}});
    assert_eq!(said(&object), "progressing: status.ready is false");
    let object = json!({"spec": {"replicas": 3}, "status": {"readyReplicas": 2}});
    assert_eq!(said(&object), "progressing: 2 of 3 replicas are ready");
}
