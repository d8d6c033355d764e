//! A private PostgreSQL for the tests of this process: a cluster in a temporary folder, reached by
//! a socket in it, one database per test.
//!
//! It is made when the first test asks for it and ends with the process, however that ends: a
//! shell keeps it until the pipe that this process holds is closed, then stops it and removes the
//! folder. Without PostgreSQL on the machine the tests that want it are skipped, loudly, or fail
//! where `CI` is set.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Connection as _;

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);
static SKIPPED: AtomicU32 = AtomicU32::new(0);

struct Cluster {
    folder: PathBuf,
    /// Holds the pipe open; never asked for anything.
    _keeper: Child,
}

/// The address of a new, empty database; `None` if this machine has no PostgreSQL.
pub(crate) async fn database() -> Option<String> {
    let Some(cluster) = CLUSTER.get_or_init(Cluster::start) else {
        skip();
        return None;
    };
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut admin = sqlx::PgConnection::connect(&cluster.url("postgres"))
        .await
        .expect("the cluster takes connections");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut admin)
        .await
        .expect("a new database");
    Some(cluster.url(&name))
}

/// The address of a new copy of the database at `url`, to which nobody is connected.
pub(crate) async fn copy(url: &str) -> String {
    let cluster = CLUSTER.get().and_then(Option::as_ref).expect("it has the database");
    let (before, _) = url.split_once('?').expect("an address of ours");
    let (_, from) = before.rsplit_once('/').expect("an address of ours");
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut admin = sqlx::PgConnection::connect(&cluster.url("postgres"))
        .await
        .expect("the cluster takes connections");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {from}")))
        .execute(&mut admin)
        .await
        .expect("a copy");
    cluster.url(&name)
}

/// Straight to standard error, past what the test harness keeps back.
fn skip() {
    assert!(!settings("CI"), "PostgreSQL is missing, and here every peer has to be there");
    let skipped = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    writeln!(std::io::stderr(), "SKIPPED on PostgreSQL: {skipped} so far, initdb is not here")
        .expect("standard error takes a line");
}

fn settings(name: &str) -> bool {
    isobar::settings::variable(name).is_some()
}

impl Cluster {
    fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("isobar-pg-").tempdir().expect("a folder");
        let folder = folder.keep();
        let mut keeper = keeper(&programs, &folder);
        let mut line = String::new();
        let output = keeper.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("its output can be read");
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert_eq!(line, "ready\n", "PostgreSQL does not start: {}", log());
        Some(Self { folder, _keeper: keeper })
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://isobar@localhost/{database}?host={}", self.folder.display())
    }
}

/// A shell that starts the cluster, says `ready`, and ends it once its input is closed.
#[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
fn keeper(programs: &Path, folder: &Path) -> Child {
    const SCRIPT: &str = r#"
        trap '' INT TERM HUP
        set -e
        cd "$FOLDER"
        "$PROGRAMS/initdb" -D cluster -U isobar -A trust -E UTF8 --locale=C --no-sync >log 2>&1
        "$PROGRAMS/pg_ctl" -w -D cluster -l log -o "-k $FOLDER -c listen_addresses= \
            -c fsync=off -c max_connections=200" start >>log 2>&1
        echo ready
        read -r _ || true
        "$PROGRAMS/pg_ctl" -w -D cluster -m immediate stop >>log 2>&1
        cd / && rm -rf "$FOLDER"
    "#;
    let mut shell = Command::new("sh");
    shell.args(["-c", SCRIPT]).env("PROGRAMS", programs).env("FOLDER", folder);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some((user, group)) = other_than_root(folder) {
        std::os::unix::fs::chown(folder, Some(user), Some(group)).expect("root may give it away");
        shell.uid(user).gid(group);
    }
    shell.spawn().expect("a shell")
}

/// Whom to run as, if we are root, which PostgreSQL refuses: ids of user and group.
fn other_than_root(folder: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(folder).expect("the folder is there").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("a list of users");
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("a user that is not root"))
}

/// The folder of initdb: the newest below `/usr/lib/postgresql`, or in the search path.
fn programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = installed.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    versions.reverse();
    let path = isobar::settings::variable("PATH").unwrap_or_default();
    let searched = std::env::split_paths(&path).collect::<Vec<_>>();
    versions.into_iter().chain(searched).find(|folder| folder.join("initdb").is_file())
}
