//! What the agent has written down, read behind its back.

use std::collections::BTreeMap;
use std::path::Path;

use isobar::model::inventory::Mark;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::Stage;

/// One row of the journal.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) seq: i64,
    pub(crate) stack: Option<String>,
    pub(crate) run: Option<String>,
    pub(crate) epoch: Option<i64>,
    pub(crate) kind: String,
    /// What stands under the kind.
    pub(crate) payload: serde_json::Value,
}

impl Stage {
    /// The journal, the oldest row first.
    pub(crate) fn journal(&self) -> Vec<Event> {
        const ROWS: &str = "SELECT seq, stack, run, epoch, kind, payload FROM journal ORDER BY seq";
        let rows = super::runtime().block_on(async {
            let mut connection = connect(&self.path("isobar.db")).await;
            let rows = sqlx::query(ROWS).fetch_all(&mut connection).await.expect("rows");
            connection.close().await.expect("it closes");
            rows
        });
        let event = |row: &sqlx::sqlite::SqliteRow| {
            let kind: String = row.get(4);
            let payload: serde_json::Value =
                serde_json::from_str(row.get(5)).expect("the payload is JSON");
            let payload = payload[&kind].clone();
            let (seq, stack, run, epoch) = (row.get(0), row.get(1), row.get(2), row.get(3));
            Event { seq, stack, run, epoch, kind, payload }
        };
        rows.iter().map(event).collect()
    }

    /// Ends the agent and runs statements on its database.
    pub(crate) fn tamper(&mut self, sql: &'static str) {
        self.end();
        self.tamper_beside(sql);
    }

    /// The same beside an agent that runs.
    pub(crate) fn tamper_beside(&self, sql: &'static str) {
        super::runtime().block_on(async {
            let mut connection = connect(&self.path("isobar.db")).await;
            sqlx::raw_sql(sql).execute(&mut connection).await.expect("it is done");
            connection.close().await.expect("it closes");
        });
    }

    /// What the marks at the targets say is owned: the component, by target and resource.
    pub(crate) fn owned(&self) -> BTreeMap<String, String> {
        let mut owned = BTreeMap::new();
        let Ok(targets) = std::fs::read_dir(self.path("targets")) else { return owned };
        for target in targets {
            let target = target.expect("an entry").file_name().to_string_lossy().into_owned();
            let path = self.target(&format!("{target}/.isobar/isobar@platform.json"));
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let mark: Mark = serde_json::from_str(&text).expect("a mark");
            owned.extend(
                mark.resources
                    .into_iter()
                    .map(|(key, owned)| (format!("{target}/{key}"), owned.component.to_string())),
            );
        }
        owned
    }
}

async fn connect(path: &Path) -> SqliteConnection {
    let url = format!("sqlite:{}", path.display());
    SqliteConnection::connect(&url).await.expect("the database is there")
}
