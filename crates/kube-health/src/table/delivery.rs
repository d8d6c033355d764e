//! What builds and delivers: Flux, Argo, Tekton.

use super::{Row, code, conditions, exists, phases};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::{False, True};
use crate::operators::delivery;
use crate::phases::Phases;

/// What it depends on is on its way.
const FLUX: Conditions = Conditions::required(&["Ready"])
    .signs(&[Sign::progressing("Ready", False).because(&["ArtifactFailed", "DependencyNotReady"])]);

/// Its conditions are absent where it has nothing to do: a static repository needs no status.
const FLUX_STATIC: Conditions = FLUX.optional();

const RUN: Conditions = Conditions::required(&["Succeeded"])
    .strict()
    .patience(0)
    .signs(&[Sign::progressing("Succeeded", False).because(&["ToBeRetried"])]);

const ANALYSIS: Phases = Phases::at("/status/phase").healthy(&["Successful"]).degraded(&[
    "Failed",
    "Error",
    "Inconclusive",
]);

pub(super) const ROWS: &[Row] = &[
    exists("argoproj.io", &["AnalysisTemplate", "AppProject", "ClusterAnalysisTemplate"]),
    exists("argoproj.io", &["ClusterWorkflowTemplate", "WorkflowEventBinding", "WorkflowTemplate"]),
    phases("argoproj.io", &["AnalysisRun", "Experiment"], ANALYSIS),
    code("argoproj.io", &["Application"], delivery::application, &["/spec/syncPolicy/automated"]),
    conditions(
        "argoproj.io",
        &["ApplicationSet"],
        Conditions::required(&["ResourcesUpToDate"]).signs(&[
            Sign::degraded("ErrorOccurred", True),
            Sign::progressing("RolloutProgressing", True),
        ]),
    ),
    conditions(
        "argoproj.io",
        &["CronWorkflow"],
        Conditions::required(&[])
            .signs(&[Sign::degraded("SpecError", True), Sign::degraded("SubmissionError", True)]),
    ),
    conditions("argoproj.io", &["EventBus"], Conditions::required(&["Configured", "Deployed"])),
    conditions(
        "argoproj.io",
        &["EventSource"],
        Conditions::required(&["SourcesProvided", "Deployed"]),
    ),
    conditions(
        "argoproj.io",
        &["Sensor"],
        Conditions::required(&["DependenciesProvided", "TriggersProvided", "Deployed"]),
    ),
    code("argoproj.io", &["Rollout"], delivery::rollout, &["/spec/replicas"]),
    phases(
        "argoproj.io",
        &["Workflow"],
        Phases::at("/status/phase").healthy(&["Succeeded"]).degraded(&["Failed", "Error"]),
    ),
    phases(
        "flagger.app",
        &["Canary"],
        Phases::at("/status/phase").healthy(&["Initialized", "Succeeded"]).degraded(&["Failed"]),
    ),
    exists("flagger.app", &["AlertProvider", "MetricTemplate"]),
    conditions(
        "fluxcd.controlplane.io",
        &["FluxInstance", "FluxReport", "ResourceSet", "ResourceSetInputProvider"],
        FLUX,
    ),
    conditions("helm.toolkit.fluxcd.io", &["HelmRelease"], FLUX),
    conditions(
        "image.toolkit.fluxcd.io",
        &["ImagePolicy", "ImageRepository", "ImageUpdateAutomation"],
        FLUX,
    ),
    conditions("infra.contrib.fluxcd.io", &["Terraform"], FLUX),
    conditions("kustomize.toolkit.fluxcd.io", &["Kustomization"], FLUX),
    conditions("notification.toolkit.fluxcd.io", &["Alert", "Provider"], FLUX_STATIC),
    conditions("notification.toolkit.fluxcd.io", &["Receiver"], FLUX),
    conditions("source.extensions.fluxcd.io", &["ArtifactGenerator"], FLUX),
    conditions(
        "source.toolkit.fluxcd.io",
        &["Bucket", "ExternalArtifact", "GitRepository", "HelmChart", "OCIRepository"],
        FLUX,
    ),
    conditions("source.toolkit.fluxcd.io", &["HelmRepository"], FLUX_STATIC),
    conditions("operator.tekton.dev", &["*"], Conditions::required(&["Ready"]).strict()),
    exists("tekton.dev", &["ClusterTask", "Pipeline", "StepAction", "Task"]),
    conditions("tekton.dev", &["CustomRun", "PipelineRun", "TaskRun"], RUN),
    conditions(
        "triggers.tekton.dev",
        &["EventListener"],
        Conditions::required(&["Ready"]).also(&["Available"]),
    ),
    exists(
        "triggers.tekton.dev",
        &["ClusterTriggerBinding", "Interceptor", "Trigger", "TriggerBinding", "TriggerTemplate"],
    ),
];
