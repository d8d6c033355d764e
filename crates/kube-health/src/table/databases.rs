//! Databases, queues and search.

use super::{Row, code, conditions, exists, phases};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::{False, True};
use crate::operators::{runtime, storage};
use crate::phases::Phases;

const STRIMZI: Conditions = Conditions::required(&["Ready"]).signs(&[
    Sign::suspended("ReconciliationPaused", True),
    Sign::progressing("NotReady", True).because(&["Creating"]),
    Sign::degraded("NotReady", True),
]);

const REBALANCE: Conditions = Conditions::required(&["Ready"]).signs(&[
    Sign::suspended("ReconciliationPaused", True),
    Sign::suspended("ProposalReady", True),
    Sign::suspended("Stopped", True),
    Sign::degraded("NotReady", True),
]);

const CNPG: Phases = Phases::at("/status/phase")
    .messages(&["/status/phaseReason"])
    .healthy(&["Cluster in healthy state"])
    .degraded(&[
        "Cluster cannot execute instance online upgrade due to missing architecture binary",
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        "Cluster has incomplete or invalid image catalog",
        "Cluster is in an unrecoverable state, needs manual intervention",
        "Cluster is unrecoverable and needs manual intervention",
        "Not enough disk space",
        "Unable to create required cluster objects",
    ])
    .suspended(&["Waiting for user action"]);

const ELASTIC_HEALTH: Phases = Phases::at("/status/health").healthy(&["green"]).degraded(&["red"]);

const ELASTICSEARCH: Phases = Phases::at("/status/phase")
    .healthy(&["Ready"])
    .degraded(&["Stalled", "Invalid"])
    .then(&ELASTIC_HEALTH);

const ELASTIC: Phases = Phases::at("/status/associationStatus")
    .healthy(&["Established"])
    .degraded(&["Failed"])
    .may_be_unset()
    .then(&ELASTIC_HEALTH);

const SEARCH_HEALTH: Phases =
    Phases::at("/status/health").healthy(&["green", "unknown"]).degraded(&["red"]).may_be_unset();

const OPENSEARCH: Phases = Phases::at("/status/phase").healthy(&["RUNNING"]).then(&SEARCH_HEALTH);

const MINIO_HEALTH: Phases = Phases::at("/status/healthStatus")
    .messages(&["/status/healthMessage"])
    .healthy(&["green"])
    .degraded(&["red"])
    .may_be_unset();

const MINIO: Phases =
    Phases::at("/status/currentState").messages(&[]).healthy(&["Initialized"]).then(&MINIO_HEALTH);

const CASSANDRA_CONDITIONS: Conditions =
    Conditions::required(&["Ready"]).signs(&[Sign::suspended("Stopped", True)]);

const CASSANDRA: Phases = Phases::at("/status/cassandraOperatorProgress")
    .healthy(&["Ready"])
    .then_conditions(&CASSANDRA_CONDITIONS);

const PERCONA: Phases =
    Phases::at("/status/state").healthy(&["ready"]).degraded(&["error"]).suspended(&["paused"]);

const PERCONA_BACKUP: Phases = Phases::at("/status/state")
    .messages(&["/status/error", "/status/comments"])
    .healthy(&["Succeeded", "ready"])
    .degraded(&["Failed", "error", "rejected"])
    .suspended(&["Suspended"]);

const MONGODB: Phases = Phases::at("/status/phase")
    .healthy(&["Running", "Updated"])
    .degraded(&["Failed", "Unsupported"])
    .suspended(&["Disabled"]);

/// What runs by a schedule is never complete.
const MARIADB_JOB: Conditions =
    Conditions::required(&["Complete"]).signs(&[Sign::healthy("Complete", False).because(&[
        "CronJobRunning",
        "CronJobScheduled",
        "CronJobSucess",
    ])]);

pub(super) const ROWS: &[Row] = &[
    phases(
        "acid.zalan.do",
        &["postgresql"],
        Phases::at("/status/PostgresClusterStatus").healthy(&["Running"]).degraded(&[
            "CreateFailed",
            "UpdateFailed",
            "SyncFailed",
            "Invalid",
        ]),
    ),
    exists("acid.zalan.do", &["OperatorConfiguration", "PostgresTeam"]),
    conditions("consul.hashicorp.com", &["*"], Conditions::required(&["Synced"])),
    phases("cassandra.datastax.com", &["CassandraDatacenter"], CASSANDRA),
    phases(
        "clickhouse.altinity.com",
        &["ClickHouseInstallation", "ClickHouseKeeperInstallation"],
        Phases::at("/status/status")
            .messages(&["/status/error", "/status/action"])
            .healthy(&["Completed"])
            .degraded(&["Aborted"]),
    ),
    phases(
        "mysql.oracle.com",
        &["InnoDBCluster"],
        Phases::at("/status/cluster/status").healthy(&["ONLINE"]).degraded(&[
            "INVALID",
            "NO_QUORUM",
            "NO_QUORUM_UNCERTAIN",
            "ONLINE_UNCERTAIN",
            "SPLIT_BRAIN",
            "SPLIT_BRAIN_UNCERTAIN",
        ]),
    ),
    phases("minio.min.io", &["Tenant"], MINIO),
    phases("opensearch.opster.io", &["OpenSearchCluster"], OPENSEARCH),
    code("postgres-operator.crunchydata.com", &["PostgresCluster"], storage::postgres_cluster, &[]),
    phases("agent.k8s.elastic.co", &["Agent"], ELASTIC_HEALTH),
    phases("apm.k8s.elastic.co", &["ApmServer"], ELASTIC),
    phases("beat.k8s.elastic.co", &["Beat"], ELASTIC_HEALTH),
    phases("elasticsearch.k8s.elastic.co", &["Elasticsearch"], ELASTICSEARCH),
    phases("enterprisesearch.k8s.elastic.co", &["EnterpriseSearch"], ELASTIC),
    phases("kibana.k8s.elastic.co", &["Kibana"], ELASTIC),
    phases("logstash.k8s.elastic.co", &["Logstash"], ELASTIC_HEALTH),
    phases("maps.k8s.elastic.co", &["ElasticMapsServer"], ELASTIC),
    phases(
        "stackconfigpolicy.k8s.elastic.co",
        &["StackConfigPolicy"],
        Phases::at("/status/phase").healthy(&["Ready"]).degraded(&["Error", "Invalid", "Conflict"]),
    ),
    conditions("atlas.mongodb.com", &["*"], Conditions::required(&["Ready"])),
    phases("mongodb.com", &["MongoDB", "MongoDBMultiCluster", "MongoDBUser"], MONGODB),
    phases(
        "mongodb.com",
        &["MongoDBOpsManager"],
        Phases::at("/status/opsManager/phase")
            .messages(&["/status/opsManager/message"])
            .healthy(&["Running"])
            .degraded(&["Failed", "Unsupported"]),
    ),
    phases("mongodbcommunity.mongodb.com", &["MongoDBCommunity"], MONGODB),
    conditions("k8s.mariadb.com", &["Backup", "PhysicalBackup", "Restore", "SqlJob"], MARIADB_JOB),
    conditions("k8s.mariadb.com", &["*"], Conditions::required(&["Ready"])),
    conditions(
        "kafka.strimzi.io",
        &[
            "Kafka",
            "KafkaBridge",
            "KafkaConnect",
            "KafkaConnector",
            "KafkaMirrorMaker2",
            "KafkaTopic",
            "KafkaUser",
        ],
        STRIMZI,
    ),
    conditions("kafka.strimzi.io", &["KafkaNodePool"], STRIMZI.optional()),
    conditions("kafka.strimzi.io", &["KafkaRebalance"], REBALANCE),
    exists("core.strimzi.io", &["*"]),
    phases(
        "postgresql.cnpg.io",
        &["Backup"],
        Phases::at("/status/phase")
            .messages(&["/status/error"])
            .healthy(&["completed"])
            .degraded(&["failed", "walArchivingFailing"]),
    ),
    phases("postgresql.cnpg.io", &["Cluster"], CNPG),
    code("postgresql.cnpg.io", &["Database", "Publication", "Subscription"], storage::applied, &[]),
    exists("postgresql.cnpg.io", &["ClusterImageCatalog", "ImageCatalog", "ScheduledBackup"]),
    code("postgresql.cnpg.io", &["Pooler"], runtime::pooler, &["/spec/instances"]),
    conditions(
        "rabbitmq.com",
        &["RabbitmqCluster"],
        Conditions::required(&["ReconcileSuccess", "AllReplicasReady", "ClusterAvailable"])
            .signs(&[Sign::degraded("ReconcileSuccess", False).because(&["Error"])]),
    ),
    conditions("rabbitmq.com", &["*"], Conditions::required(&["Ready"])),
    phases("pxc.percona.com", &["PerconaXtraDBCluster"], PERCONA),
    phases("psmdb.percona.com", &["PerconaServerMongoDB"], PERCONA),
    phases("ps.percona.com", &["PerconaServerMySQL"], PERCONA),
    phases("pgv2.percona.com", &["PerconaPGCluster"], PERCONA),
    phases("*.percona.com", &["*"], PERCONA_BACKUP),
];
