use super::*;

#[test]
fn a_url_names_a_place() {
    assert!(matches!(Place::parse("sqlite::memory:"), Ok(Place::Memory)));
    for url in ["sqlite:/var/lib/isobar.db", "sqlite:///var/lib/isobar.db"] {
        let place = Place::parse(url);
        assert!(matches!(&place, Ok(Place::File(path)) if path == "/var/lib/isobar.db"), "{url}");
    }
    assert!(matches!(Place::parse("postgres://isobar@db/isobar"), Ok(Place::Postgres(_))));
}

#[test]
fn what_is_no_store_is_refused_without_repeating_a_password() {
    for url in ["", "sqlite:", "sqlite:a?mode=ro", "mysql://a:hunter2@b", "postgres://a:hunter2@["]
    {
        let error = Place::parse(url).expect_err(url);
        assert!(matches!(error, StoreError::Settings { .. }), "{url}: {error:?}");
        assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn an_sqlite_that_can_lose_data_is_refused() {
    assert!(sqlite_is_sound("3.51.3"));
    assert!(sqlite_is_sound("3.52.0"));
    assert!(!sqlite_is_sound("3.51.2"));
    assert!(!sqlite_is_sound("3.46.0"));
    assert!(!sqlite_is_sound("unknown"));
}

#[test]
fn migrations_are_numbered_from_one_without_a_gap() {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    assert!(versions.eq(1..=newest()));
}
