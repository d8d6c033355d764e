//! Opening: where a store is, its settings, its schema.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::db::{Db, Link};
use super::{Store, StoreError, StoreWorld, args};
use crate::ids::ContentId;
use crate::world::World;

/// How long a write waits for another, a query for a connection or a lock. Half of the shortest
/// sensible lease (10 s), so that whoever waits learns of it before the lease runs out.
pub(super) const WAIT: Duration = Duration::from_secs(5);

/// A wait ends by the world's clock, after [`WAIT`]. This one, by the system's, is never the first, and
/// what is waited for until then is no matter for a log.
const ACQUIRE_MAX: Duration = Duration::from_secs(60);

/// How long a transaction on PostgreSQL may stand still before its session is ended: half of
/// [`WAIT`], so that a paused process loses its transaction and those who wait get theirs.
const IDLE: Duration = Duration::from_millis(2_500);

/// What Isobar's own folder is called where nobody names another.
const OWN_FOLDER: &str = ".isobar";

/// Connections that read beside the one that writes: the machine's cores are few, and a read of
/// the largest plan takes some 100 ms.
const SQLITE_READERS: u32 = 4;

/// Pages that each connection keeps of the database, in KiB with the minus that SQLite wants: the ends of
/// its indexes. The largest rows are plans of a megabyte, and the system keeps the file at hand anyway.
const SQLITE_CACHE: &str = "-256";

/// Rows that a connection's thread reads before somebody takes them: each time it waits costs two
/// changes of threads, and a look reads an inventory of hundreds.
const SQLITE_ROWS_AHEAD: usize = 1_000;

/// Connections to PostgreSQL per process: its default is 100 in all, and ten processes share it.
const POSTGRES_CONNECTIONS: u32 = 8;

/// The first SQLite in which two connections that write and checkpoint cannot corrupt a database
/// in WAL mode (<https://sqlite.org/releaselog/3_51_3.html>).
const SQLITE_MIN: [u32; 3] = [3, 51, 3];

/// One step of the schema. Never changed once released; the next one is added.
struct Migration {
    version: i64,
    tables: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        tables: include_str!("migrations/0001.sql"),
        sqlite: include_str!("migrations/0001.sqlite.sql"),
        postgres: include_str!("migrations/0001.postgres.sql"),
    },
    Migration {
        version: 2,
        tables: include_str!("migrations/0002.sql"),
        sqlite: include_str!("migrations/0002.sqlite.sql"),
        postgres: include_str!("migrations/0002.postgres.sql"),
    },
    Migration { version: 3, tables: include_str!("migrations/0003.sql"), sqlite: "", postgres: "" },
    Migration { version: 4, tables: include_str!("migrations/0004.sql"), sqlite: "", postgres: "" },
    Migration { version: 5, tables: include_str!("migrations/0005.sql"), sqlite: "", postgres: "" },
    Migration { version: 6, tables: include_str!("migrations/0006.sql"), sqlite: "", postgres: "" },
];

/// Where a store is.
#[derive(Debug, Clone)]
enum Place {
    Memory,
    File(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Store {
    /// Opens the store at `url` to read and write: `sqlite:<path>`, `sqlite::memory:` or
    /// `postgres://...`. Makes it if it is not there, brings its schema up to date, and checks the
    /// end of the journal.
    ///
    /// Refuses a schema newer than this binary's, and a journal that was tampered with. A file is
    /// readable by its owner alone.
    pub async fn open(url: &str, world: &World) -> Result<Self, StoreError> {
        let world = StoreWorld::of(world);
        let place = Place::parse(url)?;
        let file = place.file();
        let db = match place {
            Place::Memory => Db::memory().await?,
            Place::File(path) => {
                protect(&path).map_err(|cause| StoreError::File { path: path.clone(), cause })?;
                Db::file(&path).await?
            }
            Place::Postgres(options) => Db::postgres(*options, &world).await?,
        };
        let (known, inventories) = (Arc::default(), Arc::default());
        let store = Self { db, world, file, known, inventories, read_only: false };
        store.migrate().await?;
        store.journal_verify_end().await?;
        Ok(store)
    }

    /// Opens the store at `url` for reading, beside an agent that writes there. `None`: there is
    /// none, or none yet.
    pub async fn open_read_only(url: &str, world: &World) -> Result<Option<Self>, StoreError> {
        let world = StoreWorld::of(world);
        let place = Place::parse(url)?;
        let file = place.file();
        let db = match place {
            Place::Memory => return Ok(None),
            Place::File(path) if !path.exists() => return Ok(None),
            Place::File(path) => Db::file_read_only(&path).await?,
            Place::Postgres(options) => Db::postgres(*options, &world).await?,
        };
        let (known, inventories) = (Arc::default(), Arc::default());
        let store = Self { db, world, file, known, inventories, read_only: true };
        let known = newest();
        match version(&mut store.read().await?).await? {
            0 => Ok(None),
            found if found > known => Err(StoreError::Newer { found, known }),
            found if found < known => Err(StoreError::Older { found, known }),
            _ => Ok(Some(store)),
        }
    }

    /// Brings the schema up to date, all in one transaction.
    async fn migrate(&self) -> Result<(), StoreError> {
        const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_version \
            (version BIGINT PRIMARY KEY, hash TEXT NOT NULL, at BIGINT NOT NULL)";
        const APPLIED: &str = "INSERT INTO schema_version (version, hash, at) VALUES ($1, $2, $3)";
        let mut link = self.write().await?;
        link.lock_schema().await?;
        let (known, found) = (newest(), version(&mut link).await?);
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        link.execute(CREATE, Vec::new()).await?;
        for migration in MIGRATIONS {
            if migration.version <= found {
                migration.check(&mut link).await?;
                continue;
            }
            link.script(migration.tables).await?;
            link.script(match link {
                Link::Sqlite(..) => migration.sqlite,
                Link::Postgres(..) => migration.postgres,
            })
            .await?;
            let now = self.world.clock.now().as_microsecond();
            link.execute(APPLIED, args![migration.version, migration.hash(), now]).await?;
        }
        link.commit().await
    }
}

impl Migration {
    /// Over the part that both databases share.
    fn hash(&self) -> String {
        ContentId::of(self.tables).to_string()
    }

    /// Refuses a schema that another text has made.
    async fn check(&self, link: &mut Link) -> Result<(), StoreError> {
        const HASH: &str = "SELECT hash FROM schema_version WHERE version = $1";
        let row = link.row(HASH, args![self.version]).await?;
        let applied: Option<String> = row.map(|row| row.get(0)).transpose()?;
        match applied.is_some_and(|hash| hash == self.hash()) {
            true => Ok(()),
            false => Err(StoreError::corrupt(
                "the schema",
                format!("migration {} is another one here", self.version),
            )),
        }
    }
}

fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The version of the schema; 0: there is none.
async fn version(link: &mut Link) -> Result<i64, StoreError> {
    const VERSION: &str = "SELECT MAX(version) FROM schema_version";
    if !link.has_table("schema_version").await? {
        return Ok(0);
    }
    let row = link.row(VERSION, Vec::new()).await?;
    Ok(row.map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten().unwrap_or(0))
}

impl Place {
    fn file(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path.clone()),
            Self::Memory | Self::Postgres(_) => None,
        }
    }

    fn parse(url: &str) -> Result<Self, StoreError> {
        let settings = |why: &str| StoreError::Settings { why: why.to_owned() };
        if let Some(path) = url.strip_prefix("sqlite:") {
            return match path.strip_prefix("//").unwrap_or(path) {
                "" => Err(settings("`sqlite:` needs a path behind it")),
                ":memory:" => Ok(Self::Memory),
                path if path.contains(['?', '#', '%']) => {
                    Err(settings("the path of a store has no `?`, `#` or `%`"))
                }
                path => Ok(Self::File(path.into())),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(settings("it begins with `sqlite:` or `postgres://`"))
    }
}

impl Db {
    /// One connection, which lives as long as the store: what it holds is nowhere else.
    async fn memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str("sqlite::memory:")?.foreign_keys(true);
        let pool = sqlite_pool(1).connect_with(options).await?;
        Self::sqlite(pool.clone(), pool).await
    }

    /// What is committed is on the disk: `fullfsync` is what that takes on macOS.
    async fn file(path: &Path) -> Result<Self, StoreError> {
        let options = sqlite_options(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("fullfsync", "1");
        let writer = sqlite_pool(1).connect_with(options.clone()).await?;
        let check: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&writer).await?;
        if check != "ok" {
            return Err(StoreError::corrupt("a page", check));
        }
        let readers = sqlite_pool(SQLITE_READERS).connect_with(options.read_only(true)).await?;
        Self::sqlite(writer, readers).await
    }

    async fn file_read_only(path: &Path) -> Result<Self, StoreError> {
        let options = sqlite_options(path).read_only(true);
        let pool = sqlite_pool(SQLITE_READERS).connect_with(options).await?;
        Self::sqlite(pool.clone(), pool).await
    }

    async fn sqlite(
        writer: sqlx::SqlitePool,
        readers: sqlx::SqlitePool,
    ) -> Result<Self, StoreError> {
        let found: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&readers).await?;
        match sqlite_is_sound(&found) {
            true => Ok(Self::Sqlite { writer, readers }),
            false => Err(StoreError::Sqlite { found }),
        }
    }

    /// A session that stands still in a transaction is ended, so that a paused process does not
    /// keep the journal's head from the others.
    async fn postgres(options: PgConnectOptions, world: &StoreWorld) -> Result<Self, StoreError> {
        let options = options.application_name("isobar").options([
            ("synchronous_commit", "on".to_owned()),
            ("lock_timeout", format!("{}ms", WAIT.as_millis())),
            ("idle_in_transaction_session_timeout", format!("{}ms", IDLE.as_millis())),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(ACQUIRE_MAX)
            .acquire_slow_threshold(ACQUIRE_MAX)
            .connect_with(options.clone());
        match world.in_time(pool).await {
            Ok(pool) => Ok(Self::Postgres(pool)),
            Err(sqlx::Error::PoolTimedOut) => Err(unreached(&options, world).await.into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Link {
    /// Keeps other processes from making the schema at the same time. SQLite's writer is alone
    /// already.
    async fn lock_schema(&mut self) -> Result<(), StoreError> {
        // The number means nothing but "the schema of Isobar".
        const POSTGRES: &str = "SELECT pg_advisory_xact_lock(4757072)";
        match self {
            Self::Sqlite(..) => Ok(()),
            Self::Postgres(..) => self.execute(POSTGRES, Vec::new()).await.map(drop),
        }
    }

    async fn has_table(&mut self, name: &str) -> Result<bool, StoreError> {
        const SQLITE: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = $1";
        const POSTGRES: &str = "SELECT table_name::TEXT FROM information_schema.tables \
            WHERE table_schema = current_schema() AND table_name = $1";
        let sql = match self {
            Self::Sqlite(..) => SQLITE,
            Self::Postgres(..) => POSTGRES,
        };
        Ok(self.row(sql, args![name]).await?.is_some())
    }
}

/// Why nobody answers, and where: a pool asks again and again, and tells neither.
async fn unreached(options: &PgConnectOptions, world: &StoreWorld) -> sqlx::Error {
    use sqlx::Error;
    let (kind, why) = match world.in_time(options.connect()).await {
        Ok(_) | Err(Error::PoolTimedOut) => {
            (ErrorKind::TimedOut, format!("no answer for {} s", WAIT.as_secs()))
        }
        Err(Error::Io(cause)) => (cause.kind(), cause.to_string()),
        Err(other) => return other,
    };
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    Error::Io(std::io::Error::new(kind, format!("{place}: {why}")))
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(WAIT);
    options.pragma("cache_size", SQLITE_CACHE).row_buffer_size(SQLITE_ROWS_AHEAD)
}

fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_MAX)
        .acquire_slow_threshold(ACQUIRE_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
}

fn sqlite_is_sound(version: &str) -> bool {
    let parts: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    parts.is_some_and(|parts| parts.as_slice() >= SQLITE_MIN.as_slice())
}

/// Makes the file and its folder, for its owner alone. SQLite gives its other files the same
/// permissions. A file that is there is not opened: closing it would take away the locks that
/// other connections of this process have on it.
/// What is in our own folder is nobody's to commit: values that were rendered are in it.
fn ignore(folder: &Path) -> std::io::Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).open(folder.join(".gitignore")) {
        Ok(mut file) => file.write_all(b"*\n"),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn protect(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    folder.recursive(true);
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folder.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        folder.create(parent)?;
        if parent.file_name().is_some_and(|name| name == OWN_FOLDER) {
            ignore(parent)?;
        }
    }
    match file.open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
