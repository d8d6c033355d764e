//! Models and batch computing.

use super::{Row, conditions, exists, phases};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::{False, True};
use crate::phases::Phases;

const SERVED: Conditions = Conditions::required(&["Ready"]);

const INFERENCE: Phases = Phases::at("/status/modelStatus/transitionStatus")
    .messages(&["/status/modelStatus/lastFailureInfo/message"])
    .healthy(&["UpToDate", "InProgress"])
    .degraded(&["BlockedByFailedLoad", "InvalidSpec"])
    .may_be_unset()
    .then_conditions(&SERVED);

/// A stream runs for ever, so running is as good as completed.
const SPARK: Phases = Phases::at("/status/applicationState/state")
    .messages(&["/status/applicationState/errorMessage"])
    .healthy(&["RUNNING", "COMPLETED", "SUCCEEDING"])
    .degraded(&["FAILED", "SUBMISSION_FAILED"])
    .suspended(&["SUSPENDED"]);

const RAY_CLUSTER: Phases = Phases::at("/status/state")
    .healthy(&["ready"])
    .degraded(&["failed", "unhealthy"])
    .suspended(&["suspended"])
    .may_be_unset()
    .then_conditions(&RAY_CONDITIONS);

const RAY_CONDITIONS: Conditions =
    Conditions::required(&["RayClusterProvisioned", "HeadPodReady"]).optional().signs(&[
        Sign::degraded("ReplicaFailure", True),
        Sign::suspended("RayClusterSuspended", True),
        Sign::progressing("RayClusterProvisioned", False),
    ]);

const RAY_JOB: Phases = Phases::at("/status/jobDeploymentStatus")
    .healthy(&["Complete"])
    .degraded(&["Failed", "ValidationFailed"])
    .suspended(&["Suspended"])
    .then(&RAY_JOB_RESULT);

const RAY_JOB_RESULT: Phases = Phases::at("/status/jobStatus")
    .healthy(&["SUCCEEDED"])
    .degraded(&["FAILED", "STOPPED"])
    .may_be_unset();

const FLINK: Phases = Phases::at("/status/lifecycleState")
    .messages(&["/status/error"])
    .healthy(&["STABLE"])
    .degraded(&["FAILED", "ROLLED_BACK"])
    .suspended(&["SUSPENDED"]);

const TRAIN_JOB: Conditions = Conditions::required(&["Complete"])
    .signs(&[Sign::degraded("Failed", True), Sign::suspended("Suspended", True)]);

const TRAINING: Conditions = Conditions::required(&["Succeeded"])
    .signs(&[Sign::degraded("Failed", True), Sign::suspended("Suspended", True)]);

pub(super) const ROWS: &[Row] = &[
    phases(
        "core.oam.dev",
        &["Application"],
        Phases::at("/status/status")
            .messages(&["/status/workflow/message"])
            .healthy(&["running"])
            .degraded(&["workflowFailed", "workflowTerminated"])
            .suspended(&["workflowSuspending"]),
    ),
    phases("flink.apache.org", &["FlinkDeployment", "FlinkSessionJob"], FLINK),
    conditions("trainer.kubeflow.org", &["TrainJob"], TRAIN_JOB),
    conditions(
        "kubeflow.org",
        &["JAXJob", "MPIJob", "PyTorchJob", "TFJob", "XGBoostJob"],
        TRAINING,
    ),
    phases("ray.io", &["RayCluster"], RAY_CLUSTER),
    phases("ray.io", &["RayJob"], RAY_JOB),
    conditions("ray.io", &["RayService"], Conditions::required(&["Ready"])),
    phases("serving.kserve.io", &["InferenceService"], INFERENCE),
    conditions("serving.kserve.io", &["InferenceGraph", "TrainedModel"], SERVED),
    exists("serving.kserve.io", &["ClusterServingRuntime", "ServingRuntime"]),
    phases("sparkoperator.k8s.io", &["SparkApplication"], SPARK),
    phases(
        "sparkoperator.k8s.io",
        &["ScheduledSparkApplication"],
        Phases::at("/status/scheduleState").healthy(&["Scheduled"]).degraded(&["FailedValidation"]),
    ),
];
