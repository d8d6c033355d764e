use super::*;

#[test]
fn a_code_of_either_database_has_one_meaning() {
    let cases = [
        ("5", Meaning::Unavailable),
        ("517", Meaning::Unavailable), // BUSY_SNAPSHOT
        ("13", Meaning::Unavailable),
        ("1034", Meaning::Disk), // IOERR_FSYNC
        ("26", Meaning::Corrupt),
        ("2067", Meaning::Defect), // CONSTRAINT_UNIQUE
        ("", Meaning::Defect),
        ("08006", Meaning::Unavailable),
        ("53300", Meaning::Unavailable),
        ("57P01", Meaning::Unavailable),
        ("40P01", Meaning::Unavailable),
        ("25006", Meaning::Unavailable),
        ("58030", Meaning::Disk),
        ("XX001", Meaning::Corrupt),
        ("XX000", Meaning::Defect),
        ("23505", Meaning::Defect),
    ];
    for (code, expected) in cases {
        assert_eq!(meaning(code), expected, "{code}");
    }
}

#[test]
fn a_connection_lost_while_committing_leaves_its_fate_open() {
    let lost = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
    assert!(matches!(StoreError::of_commit(lost()), StoreError::CommitUnknown(_)));
    assert!(matches!(StoreError::from(lost()), StoreError::Unavailable(_)));
}
