//! Two databases over whole numbers and text: one SQL text serves both.
//!
//! Placeholders are `$1`, `$2`, ... which both understand. What differs stands side by side in the
//! two arms of a `match` here and nowhere else (the migrations' triggers aside).

use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{Database, Decode, Encode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Type};

use super::StoreWorld;
use super::error::StoreError;
use crate::ids::{
    Actor, AgentName, CommitId, Digest, Epoch, HolderId, PullNumber, RepositoryName, ResourceKey,
    RunId, StackName, TargetName,
};
use crate::world::{Clock, UnderWay};

/// An open database.
#[derive(Clone)]
pub(super) enum Db {
    /// One connection writes, several read beside it.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// All connections are alike.
    Postgres(PgPool),
}

/// One transaction, under way from the wait for its turn to its end. Dropped without a commit, it
/// is rolled back.
pub(super) enum Link {
    Sqlite(sqlx::Transaction<'static, Sqlite>, UnderWay),
    Postgres(sqlx::Transaction<'static, Postgres>, UnderWay),
}

/// What a statement is given.
#[derive(Clone)]
pub(super) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
}

/// What a query returns.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Db {
    /// A transaction that writes. SQLite lets in one at a time.
    pub(super) async fn write(&self, world: &StoreWorld) -> Result<Link, StoreError> {
        let under_way = world.work.begin();
        Ok(match self {
            Self::Sqlite { writer, .. } => {
                let begun = world.in_time(writer.begin_with("BEGIN IMMEDIATE"));
                Link::Sqlite(begun.await?, under_way)
            }
            Self::Postgres(pool) => {
                Link::Postgres(world.in_time(pool.begin_with("BEGIN")).await?, under_way)
            }
        })
    }

    /// A transaction that reads one state of the database, however many queries it takes.
    pub(super) async fn read(&self, world: &StoreWorld) -> Result<Link, StoreError> {
        const POSTGRES: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let under_way = world.work.begin();
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                Link::Sqlite(world.in_time(readers.begin_with("BEGIN")).await?, under_way)
            }
            Self::Postgres(pool) => {
                Link::Postgres(world.in_time(pool.begin_with(POSTGRES)).await?, under_way)
            }
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Link {
    /// Runs a statement; gives how many rows it changed.
    pub(super) async fn execute(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx, _) => bound(sql, args).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx, _) => bound(sql, args).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs a query; gives all its rows.
    pub(super) async fn rows(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx, _) => {
                let rows = bound(sql, args).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(tx, _) => {
                let rows = bound(sql, args).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs a query that has one row at most.
    pub(super) async fn row(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx, _) => {
                bound(sql, args).fetch_optional(&mut **tx).await?.map(Row::Sqlite)
            }
            Self::Postgres(tx, _) => {
                bound(sql, args).fetch_optional(&mut **tx).await?.map(Row::Postgres)
            }
        })
    }

    /// Runs several statements at once.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx, _) => {
                sqlx::raw_sql(sql).execute(&mut **tx).await?;
            }
            Self::Postgres(tx, _) => {
                sqlx::raw_sql(sql).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }

    /// The time that leases are granted by, in microseconds: the one clock that all processes on
    /// this database share.
    pub(super) async fn now(&mut self, clock: &dyn Clock) -> Result<i64, StoreError> {
        const POSTGRES: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT";
        match self {
            Self::Sqlite(..) => Ok(clock.now().as_microsecond()),
            Self::Postgres(tx, _) => Ok(sqlx::query_scalar(POSTGRES).fetch_one(&mut **tx).await?),
        }
    }

    /// Waits until nobody else writes, and reads where the journal ends. SQLite's writer is alone
    /// already.
    pub(super) async fn lock_head(&mut self) -> Result<Option<Row>, StoreError> {
        const SQLITE: &str = "SELECT seq, hash FROM journal_head WHERE id = 1";
        const POSTGRES: &str = "SELECT seq, hash FROM journal_head WHERE id = 1 FOR UPDATE";
        let sql = match self {
            Self::Sqlite(..) => SQLITE,
            Self::Postgres(..) => POSTGRES,
        };
        self.row(sql, Vec::new()).await
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx, _under_way) => tx.commit().await,
            Self::Postgres(tx, _under_way) => tx.commit().await,
        }
        .map_err(StoreError::of_commit)
    }
}

impl Row {
    /// The value in a column, counted from 0.
    pub(super) fn get<T>(&self, at: usize) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite>,
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(at)?,
            Self::Postgres(row) => row.try_get(at)?,
        })
    }

    /// The name or id in a column.
    pub(super) fn id<T>(&self, at: usize) -> Result<T, StoreError>
    where
        T: TryFrom<String>,
        T::Error: std::error::Error + Send + Sync + 'static,
    {
        T::try_from(self.get(at)?).map_err(|error| StoreError::corrupt("a name", error))
    }

    /// What the JSON in a column says.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        at: usize,
        what: &'static str,
    ) -> Result<T, StoreError> {
        let text: String = self.get(at)?;
        serde_json::from_str(&text).map_err(|error| StoreError::corrupt(what, error))
    }
}

fn bound<'q, DB>(sql: &'static str, args: Vec<Arg>) -> Query<'q, DB, DB::Arguments>
where
    DB: Database,
    Option<i64>: Encode<'q, DB> + Type<DB>,
    Option<String>: Encode<'q, DB> + Type<DB>,
{
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Int(value) => query.bind(value),
        Arg::Text(value) => query.bind(value),
    })
}

/// The arguments of a statement, in the order of its placeholders.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::db::Arg::from($value)),*] };
}
pub(super) use args;

macro_rules! from_value {
    ($($type:ty: $value:ident => $arg:expr;)+) => {$(
        impl From<$type> for Arg {
            fn from($value: $type) -> Self {
                $arg
            }
        }
    )+};
}

from_value! {
    i64: value => Self::Int(Some(value));
    Option<i64>: value => Self::Int(value);
    Epoch: value => Self::Int(Some(value.0));
    Option<Epoch>: value => Self::Int(value.map(|epoch| epoch.0));
    String: value => Self::Text(Some(value));
    Option<String>: value => Self::Text(value);
    &str: value => Self::Text(Some(value.to_owned()));
    Option<&str>: value => Self::Text(value.map(str::to_owned));
    Digest: value => Self::Text(Some(value.to_string()));
    PullNumber: value => Self::Text(Some(value.0.to_string()));
    &AgentName: value => Self::Text(Some(value.as_str().to_owned()));
    &RepositoryName: value => Self::Text(Some(value.as_str().to_owned()));
    &StackName: value => Self::Text(Some(value.as_str().to_owned()));
    &TargetName: value => Self::Text(Some(value.as_str().to_owned()));
    &ResourceKey: value => Self::Text(Some(value.as_str().to_owned()));
    &Actor: value => Self::Text(Some(value.as_str().to_owned()));
    &RunId: value => Self::Text(Some(value.as_str().to_owned()));
    &HolderId: value => Self::Text(Some(value.as_str().to_owned()));
    &CommitId: value => Self::Text(Some(value.as_str().to_owned()));
}
