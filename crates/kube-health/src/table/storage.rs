//! Volumes, backups and virtual machines.

use super::{Row, code, conditions, exists, phases};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::True;
use crate::operators::storage;
use crate::phases::Phases;

const CEPH: Phases = Phases::at("/status/phase")
    .healthy(&["Ready", "Connected", "Created"])
    .degraded(&["Failure", "ReconcileFailed"])
    .may_be_unset();

const LONGHORN_STATE: Phases = Phases::at("/status/state").healthy(&["attached", "detached"]);

/// Of a volume that is attached to nothing the robustness is unknown.
const LONGHORN_VOLUME: Phases = Phases::at("/status/robustness")
    .healthy(&["healthy", "unknown"])
    .degraded(&["degraded", "faulted"])
    .may_be_unset()
    .then(&LONGHORN_STATE);

const VELERO: Phases = Phases::at("/status/phase")
    .messages(&["/status/failureReason", "/status/validationErrors", "/status/message"])
    .healthy(&["Completed", "Enabled", "Available", "Ready", "Processed"])
    .degraded(&[
        "Failed",
        "FailedValidation",
        "FinalizingPartiallyFailed",
        "NotReady",
        "PartiallyFailed",
        "Unavailable",
        "WaitingForPluginOperationsPartiallyFailed",
    ])
    .suspended(&["Canceled"]);

const MACHINE: Phases = Phases::at("/status/printableStatus")
    .healthy(&["Running", "Migrating"])
    .degraded(&[
        "CrashLoopBackOff",
        "DataVolumeError",
        "ErrImagePull",
        "ErrorDataVolumeNotFound",
        "ErrorPvcNotFound",
        "ErrorUnschedulable",
        "ImagePullBackOff",
    ])
    .suspended(&["Stopped", "Paused"]);

const INSTANCE: Phases = Phases::at("/status/phase")
    .healthy(&["Running", "Succeeded"])
    .degraded(&["Failed"])
    .then_conditions(&INSTANCE_CONDITIONS);

const INSTANCE_CONDITIONS: Conditions =
    Conditions::required(&["Ready"]).optional().signs(&[Sign::suspended("Paused", True)]);

const DONE: Phases = Phases::at("/status/phase")
    .messages(&["/status/error/message"])
    .healthy(&["Succeeded"])
    .degraded(&["Failed"]);

const DEPLOYED: Phases = Phases::at("/status/phase").healthy(&["Deployed"]).degraded(&["Error"]);

pub(super) const ROWS: &[Row] = &[
    phases("cdi.kubevirt.io", &["CDI"], DEPLOYED),
    conditions("cdi.kubevirt.io", &["DataImportCron"], Conditions::required(&["UpToDate"])),
    conditions("cdi.kubevirt.io", &["DataSource"], Conditions::required(&["Ready"])),
    // Without a consumer the volume waits for as long as it takes.
    phases(
        "cdi.kubevirt.io",
        &["DataVolume"],
        Phases::at("/status/phase")
            .healthy(&["Succeeded", "WaitForFirstConsumer", "PendingPopulation"])
            .degraded(&["Failed"])
            .suspended(&["Paused"]),
    ),
    code("ceph.rook.io", &["CephCluster"], storage::ceph_cluster, &[]),
    phases("ceph.rook.io", &["*"], CEPH),
    exists("instancetype.kubevirt.io", &["*"]),
    phases("kubevirt.io", &["KubeVirt"], DEPLOYED),
    phases("kubevirt.io", &["VirtualMachine"], MACHINE),
    phases("kubevirt.io", &["VirtualMachineInstance"], INSTANCE),
    phases("kubevirt.io", &["VirtualMachineInstanceMigration"], DONE),
    phases("longhorn.io", &["Volume"], LONGHORN_VOLUME),
    phases(
        "longhorn.io",
        &["Engine", "Replica"],
        Phases::at("/status/currentState").healthy(&["running", "stopped"]).degraded(&["error"]),
    ),
    phases(
        "longhorn.io",
        &["Backup"],
        Phases::at("/status/state")
            .messages(&["/status/error"])
            .healthy(&["Completed"])
            .degraded(&["Error"]),
    ),
    conditions("longhorn.io", &["Node"], Conditions::required(&["Ready", "Schedulable"])),
    exists("longhorn.io", &["RecurringJob", "Setting"]),
    phases(
        "objectbucket.io",
        &["ObjectBucket", "ObjectBucketClaim"],
        Phases::at("/status/phase").healthy(&["Bound"]).degraded(&["Failed"]),
    ),
    phases("snapshot.kubevirt.io", &["VirtualMachineSnapshot"], DONE),
    code(
        "snapshot.storage.k8s.io",
        &["VolumeSnapshot", "VolumeSnapshotContent"],
        storage::snapshot,
        &[],
    ),
    code(
        "groupsnapshot.storage.k8s.io",
        &["VolumeGroupSnapshot", "VolumeGroupSnapshotContent"],
        storage::snapshot,
        &[],
    ),
    exists("groupsnapshot.storage.k8s.io", &["VolumeGroupSnapshotClass"]),
    exists("snapshot.storage.k8s.io", &["VolumeSnapshotClass"]),
    phases(
        "velero.io",
        &[
            "Backup",
            "BackupRepository",
            "BackupStorageLocation",
            "DataDownload",
            "DataUpload",
            "DeleteBackupRequest",
            "PodVolumeBackup",
            "PodVolumeRestore",
            "Restore",
            "Schedule",
        ],
        VELERO,
    ),
    phases("velero.io", &["VolumeSnapshotLocation"], VELERO.may_be_unset()),
];
