//! Opening: the schema, who may read the files, a reader beside the writer.

use isobar::store::StoreError;

use super::*;

#[tokio::test]
async fn opening_again_changes_nothing() {
    for bed in beds().await {
        let store = bed.open().await;
        lease(&store, "a").await;
        store.close().await;
        let before = everything(&bed).await;
        assert!(before.contains("lease") && before.contains("holder"), "{before}");
        bed.open().await.close().await;
        assert_eq!(everything(&bed).await, before, "{}", bed.url);
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let mut schemas = Vec::new();
    for bed in beds().await {
        bed.open().await.close().await;
        schemas.push(columns(&bed).await);
    }
    assert!(schemas[0].len() > 60, "{:?}", schemas[0]);
    assert!(schemas.iter().all(|schema| *schema == schemas[0]), "{schemas:#?}");
}

#[tokio::test]
async fn two_that_open_an_empty_database_at_once_make_one_schema() {
    for bed in beds().await {
        let (one, other) = tokio::join!(bed.open(), bed.open());
        lease(&one, "a").await;
        let taken = other.acquire(&scope(), &stack(), &holder("b"), TTL).await;
        assert_eq!(taken.expect("an answer"), None);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    for bed in beds().await {
        bed.open().await.close().await;
        bed.raw("INSERT INTO schema_version (version, hash, at) VALUES (999, '', 0)")
            .await
            .expect("a change behind its back");
        let refused = Store::open(&bed.url, &bed.world()).await.err();
        assert!(matches!(refused, Some(StoreError::Newer { found: 999, .. })), "{refused:?}");
        let refused = Store::open_read_only(&bed.url, &bed.world()).await.err();
        assert!(matches!(refused, Some(StoreError::Newer { found: 999, .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn another_schema_of_the_same_number_is_refused() {
    for bed in beds().await {
        bed.open().await.close().await;
        bed.raw("UPDATE schema_version SET hash = 'x'").await.expect("a change behind its back");
        let refused = Store::open(&bed.url, &bed.world()).await.err();
        assert!(matches!(refused, Some(StoreError::Corrupt { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_what_is_committed_and_writes_nothing() {
    for bed in beds().await {
        let nothing = Store::open_read_only(&bed.url, &bed.world()).await;
        assert!(matches!(nothing, Ok(None)), "there is no store yet");
        let writer = bed.open().await;
        let reader = Store::open_read_only(&bed.url, &bed.world()).await.expect("an answer");
        let reader = reader.expect("a store");
        let plan = plan("x");
        let mut tx = writer.begin().await.expect("a transaction");
        tx.put_plan(&plan).await.expect("a plan");
        assert_eq!(reader.plan(&scope(), plan.digest()).await.expect("an answer"), None);
        tx.commit().await.expect("a commit");
        let seen = reader.plan(&scope(), plan.digest()).await.expect("an answer");
        assert_eq!(seen.as_ref(), Some(&plan));
        assert!(matches!(reader.begin().await.err(), Some(StoreError::ReadOnly)));
        let refused = reader.acquire(&scope(), &stack(), &holder("a"), TTL).await;
        assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
        reader.close().await;
        writer.close().await;
        let later = Store::open_read_only(&bed.url, &bed.world()).await.expect("an answer");
        let seen = later.expect("a store").plan(&scope(), plan.digest()).await;
        assert!(matches!(seen, Ok(Some(_))), "the agent need not run: {seen:?}");
    }
}

#[tokio::test]
async fn a_connection_lost_while_committing_says_that_it_is_not_known() {
    for bed in beds().await.into_iter().filter(|bed| !bed.is_sqlite()) {
        let store = bed.open().await;
        let plan = plan("x");
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_plan(&plan).await.expect("a plan");
        bed.raw(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .expect("the sessions end");
        let lost = tx.commit().await;
        assert!(matches!(lost, Err(StoreError::CommitUnknown(_))), "{lost:?}");
        let read_back = store.plan(&scope(), plan.digest()).await.expect("a new session");
        assert_eq!(read_back, None);
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    for bed in beds().await.into_iter().filter(Bed::is_sqlite) {
        bed.open().await.close().await;
        let path = bed.url.strip_prefix("sqlite:").expect("a file");
        let mut bytes = std::fs::read(path).expect("the file");
        let page = 4096;
        bytes[page..page + 64].fill(0xff);
        std::fs::write(path, bytes).expect("the file");
        let refused = Store::open(&bed.url, &bed.world()).await.err();
        assert!(matches!(refused, Some(StoreError::Corrupt { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_stands_still_keeps_the_others_waiting_for_a_bounded_time() {
    for bed in beds().await {
        let store = bed.open().await;
        let paused = store.begin().await.expect("a transaction");
        if bed.is_sqlite() {
            let pass = async { bed.clock.pass(Duration::from_secs(5)) };
            let (waiting, ()) = tokio::join!(store.begin(), pass);
            assert!(matches!(waiting.err(), Some(StoreError::Unavailable(_))), "{}", bed.url);
            paused.commit().await.expect("it was only slow");
        } else {
            let waiting = store.begin().await;
            waiting.expect("the paused session was ended").commit().await.expect("a commit");
            let (mut paused, plan) = (paused, plan("x"));
            let late = paused.put_plan(&plan).await;
            assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
        }
        store.begin().await.expect("it is free again");
    }
}

#[tokio::test]
async fn a_store_in_memory_serves_one_process() {
    let bed = Bed::new("sqlite::memory:".to_owned(), tempfile::tempdir().expect("a folder"));
    let store = bed.open().await;
    let lease = lease(&store, "a").await;
    claimed(&store, &lease, "run-1").await;
    assert!(store.open_run(&scope(), &stack()).await.expect("an answer").is_some());
    let other = bed.open().await;
    assert_eq!(other.open_run(&scope(), &stack()).await.expect("an answer"), None);
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("a/b");
    let url = format!("sqlite:{}", inside.join("isobar.db").display());
    let bed = Bed::new(url, folder);
    let store = bed.open().await;
    lease(&store, "a").await;
    let mut files = 0;
    for entry in std::fs::read_dir(&inside).expect("the folder was made") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log and their index");
}

/// Every row of every table, as one text.
async fn everything(bed: &Bed) -> String {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in columns(bed).await {
        tables.entry(table).or_default().push(column);
    }
    let mut text = String::new();
    for (table, columns) in tables {
        let values: Vec<String> =
            columns.iter().map(|name| format!("COALESCE(CAST({name} AS TEXT), '-')")).collect();
        let sql =
            format!("SELECT {} AS line FROM {table} ORDER BY line", values.join(" || ' ' || "));
        let lines = lines(bed, sql).await.join("\n");
        text.push_str(&format!("{table}: {}\n{lines}\n", columns.join(" ")));
    }
    text
}

async fn lines(bed: &Bed, sql: String) -> Vec<String> {
    use sqlx::Connection as _;
    let sql = sqlx::AssertSqlSafe(sql);
    if bed.is_sqlite() {
        let mut connection = sqlx::SqliteConnection::connect(&bed.url).await.expect("a database");
        sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect("rows")
    } else {
        let mut connection = sqlx::PgConnection::connect(&bed.url).await.expect("a database");
        sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect("rows")
    }
}

/// Every column of every table, sorted.
async fn columns(bed: &Bed) -> Vec<(String, String)> {
    use sqlx::Connection as _;
    const SQLITE: &str = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
        WHERE t.type = 'table'";
    const POSTGRES: &str = "SELECT table_name::TEXT, column_name::TEXT \
        FROM information_schema.columns WHERE table_schema = 'public'";
    let mut columns: Vec<(String, String)> = if bed.is_sqlite() {
        let mut connection = sqlx::SqliteConnection::connect(&bed.url).await.expect("a database");
        sqlx::query_as(SQLITE).fetch_all(&mut connection).await.expect("columns")
    } else {
        let mut connection = sqlx::PgConnection::connect(&bed.url).await.expect("a database");
        sqlx::query_as(POSTGRES).fetch_all(&mut connection).await.expect("columns")
    };
    columns.sort();
    columns
}

#[tokio::test]
async fn a_store_of_the_first_schema_is_brought_up_to_date() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        drop(claimed(&store, &lease, "run-1").await);
        store.close().await;
        // Everything after the first migration, undone.
        let sql = match bed.is_sqlite() {
            true => include_str!("back_to_0001.sqlite.sql"),
            false => include_str!("back_to_0001.postgres.sql"),
        };
        bed.raw(sql).await.expect("a change behind its back");
        let read = Store::open_read_only(&bed.url, &bed.world()).await.err();
        assert!(matches!(read, Some(StoreError::Older { found: 1, .. })), "{read:?}");
        let store = bed.open().await;
        let open = store.open_run(&scope(), &stack()).await.expect("an answer");
        assert_eq!(open.expect("it is open").run, run("run-1"));
        assert_eq!(store.latest_plans(&scope(), &stack()).await.expect("an answer"), []);
        assert_eq!(store.stacks_known(&scope()).await.expect("an answer"), []);
        store.journal_verify().await.expect("a whole journal");
    }
}

#[tokio::test]
async fn one_agent_serves_from_a_file_and_the_other_is_told_by_whom() {
    for bed in beds().await {
        let (one, other) = (bed.open().await, bed.open().await);
        let name = scope().agent;
        let held = one.hold(&name).expect("nobody holds it");
        match (bed.is_sqlite(), other.hold(&name)) {
            (true, Err(StoreError::Held { holder, .. })) => {
                assert!(holder.starts_with("agent `here`, process "), "{holder}");
            }
            (false, Ok(_)) => {}
            (_, refused) => panic!("{refused:?}"),
        }
        // Whoever does not serve may write beside it.
        lease(&other, "b").await;
        drop(held);
        drop(other.hold(&name).expect("nobody holds it any more"));
    }
}
