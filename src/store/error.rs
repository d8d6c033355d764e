//! What can go wrong with the store, and what a caller does about it.

use std::error::Error;
use std::path::PathBuf;

use super::journal::JournalBroken;
use crate::ids::{Epoch, StackName};

/// A call of the store failed. Each variant says what its caller does.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The settings name no store. *A person corrects them.*
    #[error("not a store: {why}")]
    Settings {
        /// What is wrong with the address; never the address, which may hold a password.
        why: String,
    },
    /// The database's file cannot be made or protected. *A person has to look.*
    #[error("cannot prepare {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What went wrong.
        #[source]
        cause: std::io::Error,
    },
    /// Another agent serves from this file. *A person stops one of them.*
    #[error("{path} is held by {holder}")]
    Held {
        /// Which file.
        path: PathBuf,
        /// Who holds it, as it says of itself.
        holder: String,
    },
    /// This build carries an SQLite that can lose what was committed. *Never goes on.*
    #[error("SQLite {found} can corrupt a database that two connections write to")]
    Sqlite {
        /// Its version.
        found: String,
    },
    /// A newer Isobar has written here. *Never goes on: it could misread.*
    #[error("the store has schema {found}, this Isobar knows {known}")]
    Newer {
        /// The version of the schema there.
        found: i64,
        /// The newest that this binary knows.
        known: i64,
    },
    /// Opened for reading, and the agent that owns it is older. *Read from the targets instead.*
    #[error("the store has schema {found}, this Isobar reads {known}")]
    Older {
        /// The version of the schema there.
        found: i64,
        /// The one that this binary reads.
        known: i64,
    },
    /// Opened for reading. *A defect of the caller.*
    #[error("the store is open for reading only")]
    ReadOnly,
    /// It is away, busy or full, and nothing was written. *Start nothing new; try again later
    /// with jitter. What was about to be begun is not begun.*
    #[error("the store is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The connection was lost while committing: the transaction is there as a whole or not at
    /// all. *Read it back by its id (lease, run, plan, delivery) before anything else.*
    #[error("it is not known whether the store has committed")]
    CommitUnknown(#[source] sqlx::Error),
    /// Somebody else has the right to act by now. *Stop: no further effect may begin.*
    #[error("epoch {epoch} of {stack} is no longer the current one")]
    Fenced {
        /// Which stack.
        stack: StackName,
        /// The epoch that was refused.
        epoch: Epoch,
    },
    /// The call contradicts what is stored or what was claimed. *A defect of the caller: the run
    /// stops, and is looked at by a person.*
    #[error("{what}")]
    Conflict {
        /// What contradicts what.
        what: String,
    },
    /// What is to be stored is larger than the store takes. *Refused again at every try.*
    #[error("{what} has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// A row is not what was written. *Nothing is applied until a person has looked.*
    #[error("{what} in the store is not what was written")]
    Corrupt {
        /// What it should have been.
        what: String,
        /// Why it is not.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The journal's chain is broken. *Nothing is applied until a person has looked.*
    #[error("the journal is not what was written")]
    Journal(#[source] JournalBroken),
    /// The disk failed a read or a write. *End the process; a failed sync is never tried again.
    /// The next start continues from what is durable.*
    #[error("the disk under the store fails")]
    Disk(#[source] sqlx::Error),
    /// The database refuses a statement. *A defect of Isobar; nothing was written.*
    #[error("the database refuses a statement")]
    Defect(#[source] sqlx::Error),
}

impl StoreError {
    /// What a person does about a database that is not what was written: to wait is of no use.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Journal(_) | Self::Corrupt { .. } => Some(
                "restore the database from a backup, or put it aside: an empty one is filled from the \
                 marks at the targets",
            ),
            _ => None,
        }
    }

    pub(super) fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict { what: what.into() }
    }

    pub(super) fn corrupt(
        what: impl Into<String>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Corrupt { what: what.into(), cause: cause.into() }
    }

    /// What a failed COMMIT means: a connection that broke leaves its fate open.
    pub(super) fn of_commit(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
                Self::CommitUnknown(error)
            }
            sqlx::Error::Database(refusal)
                if refusal.code().is_some_and(|code| code.starts_with("57P")) =>
            {
                Self::CommitUnknown(error)
            }
            _ => error.into(),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Configuration(why) => Self::Settings { why: why.to_string() },
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Self::Unavailable(error)
            }
            E::Protocol(_) | E::BeginFailed => Self::Unavailable(error),
            E::Database(refusal) => match meaning(&refusal.code().unwrap_or_default()) {
                Meaning::Unavailable => Self::Unavailable(error),
                Meaning::Disk => Self::Disk(error),
                Meaning::Corrupt => Self::corrupt("a page", error),
                Meaning::Defect => Self::Defect(error),
            },
            E::ColumnDecode { index, .. } => Self::corrupt(format!("column {index}"), error),
            _ => Self::Defect(error),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Unavailable,
    Disk,
    Corrupt,
    Defect,
}

/// What a database's own code says. SQLite's are decimal numbers with the primary code in the
/// lowest byte (<https://sqlite.org/rescode.html>); PostgreSQL's have five characters, the class
/// in the first two (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn meaning(code: &str) -> Meaning {
    if code.len() == 5 {
        return match (&code[..2], code) {
            // Connection, resources, operator intervention, system error.
            ("08" | "53" | "57", _) => Meaning::Unavailable,
            ("58", _) => Meaning::Disk,
            ("XX", "XX001" | "XX002") => Meaning::Corrupt,
            // Serialization, deadlock, lock timeout, idle too long, a replica.
            (_, "40001" | "40P01" | "55P03" | "25P03" | "25006") => Meaning::Unavailable,
            _ => Meaning::Defect,
        };
    }
    match code.parse::<i32>().map(|code| code & 0xff) {
        // BUSY, LOCKED, READONLY, FULL, CANTOPEN.
        Ok(5 | 6 | 8 | 13 | 14) => Meaning::Unavailable,
        // IOERR.
        Ok(10) => Meaning::Disk,
        // CORRUPT, NOTADB.
        Ok(11 | 26) => Meaning::Corrupt,
        _ => Meaning::Defect,
    }
}

#[cfg(test)]
mod tests;
