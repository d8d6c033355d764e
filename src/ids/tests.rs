use super::*;

#[test]
fn a_name_is_bounded_and_readable() {
    assert!(StackName::new("a".repeat(NAME_BYTES_MAX)).is_ok());
    assert_eq!(
        StackName::new("a".repeat(NAME_BYTES_MAX + 1)),
        Err(IdError::Long { what: "stack name", bytes: NAME_BYTES_MAX + 1 })
    );
    assert_eq!(StackName::new(""), Err(IdError::Empty { what: "stack name" }));
    assert!(StackName::new("a\nb").is_err());
    assert!(AgentName::new("a/b").is_err(), "a label is a path segment and a metric label");
    assert!(ComponentName::new("eks/cluster").is_ok());
}

#[test]
fn a_digest_reads_back_as_written() {
    let digest = Digest::of_canonical(b"{}");
    assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
    assert!(Digest::parse(&digest.to_string()[3..]).is_err(), "the version is part of it");
    assert!(Digest::parse("v1:abc").is_err());
    assert_eq!(digest.short(), "44136fa355b3");
}

#[test]
fn a_commit_is_hexadecimal() {
    assert!(CommitId::new("0123456789abcdef0123456789abcdef01234567").is_ok());
    assert!(CommitId::new("--upload-pack=x").is_err());
}
