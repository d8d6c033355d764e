use super::*;

fn git(repository: &str, path: &str, reference: Option<&str>) -> Result<RemoteFile, String> {
    let reference = reference.map(str::to_owned);
    Ok(RemoteFile::Git { repository: repository.into(), path: path.into(), reference })
}

fn web(url: &str) -> Result<RemoteFile, String> {
    Ok(RemoteFile::Web { url: url.into() })
}

#[test]
fn every_form_that_is_fetched_is_read() {
    for (text, found) in [
        ("https://Example.com/a/b.yaml", web("https://example.com/a/b.yaml")),
        ("https://example.com/b.yaml?token=x", web("https://example.com/b.yaml?token=x")),
        ("http://127.0.0.1:80/b.yaml", web("http://127.0.0.1:80/b.yaml")),
        ("file:///srv/b.yaml", web("file:///srv/b.yaml")),
        (
            "git::https://example.com/r.git//a/b.yaml?ref=v1",
            git("https://example.com/r.git", "a/b.yaml", Some("v1")),
        ),
        ("git::file:///srv/r//b.yaml", git("file:///srv/r", "b.yaml", None)),
        (
            "github.com/o/n//b.yaml?ref=main&depth=1",
            git("https://github.com/o/n.git", "b.yaml", Some("main")),
        ),
        ("git::github.com/o/n.git//b.yaml", git("https://github.com/o/n.git", "b.yaml", None)),
        ("https://example.com/r.git//b.yaml", git("https://example.com/r.git", "b.yaml", None)),
    ] {
        assert!(is_remote(text), "{text}");
        assert_eq!(RemoteFile::parse(text), found, "{text}");
    }
}

#[test]
fn every_other_form_is_refused_by_name() {
    for (text, why) in [
        ("s3::https://s3.amazonaws.com/b/k.yaml", "`s3::`"),
        ("gcs::https://www.googleapis.com/b/k.yaml", "`gcs::`"),
        ("oci://example.com/catalog", "`oci://`"),
        ("git@github.com:o/n.git//b.yaml", "ssh"),
        ("git::ssh://git@example.com/r.git//b.yaml", "credentials"),
        ("git::ssh://example.com/r.git//b.yaml", "ssh"),
        ("http://example.com/b.yaml", "TLS"),
        ("https://me:secret@example.com/b.yaml", "credentials"),
        ("https:///b.yaml", "no host"),
        ("https://example.com/a/../b.yaml", "`..`"),
        ("https://example.com/a/%2E%2e/b.yaml", "`..`"),
        ("https://example.com/a%2f..%2fb.yaml", "`..`"),
        ("git::https://example.com/r.git//../b.yaml", "`..`"),
        ("https://example.com\\@evil.example/b.yaml", "backslashes"),
        ("https://example.com/a b.yaml", "blanks"),
        ("https://example.com/b.yaml#x", "fragment"),
        ("https://example.com/b.tgz?archive=tgz", "`archive`"),
        ("https://example.com/r//b.yaml", "`//`"),
        ("git::https://example.com/r.git", "two slashes"),
        ("git::https://example.com/r.git//", "two slashes"),
        ("git::https://example.com/r.git//b.yaml?sshkey=x", "`sshkey`"),
        ("git::https://example.com/r.git//b.yaml?ref=--upload-pack", "`ref`"),
        ("file://host/b.yaml", "file url"),
    ] {
        assert!(is_remote(text), "{text}");
        let found = RemoteFile::parse(text);
        assert!(found.as_ref().is_err_and(|said| said.contains(why)), "{text}: {found:?}");
    }
    let longest = format!("https://example.com/{}", "x".repeat(BYTES_MAX - 20));
    assert!(RemoteFile::parse(&longest).is_ok());
    assert!(RemoteFile::parse(&format!("{longest}x")).is_err());
}

#[test]
fn a_path_of_the_repository_is_not_remote() {
    for path in ["catalog/vpc", "./a", "../a", "a@b/c", "github.com", "a:b", "v1.2/x.yaml"] {
        assert!(!is_remote(path), "{path}");
    }
}

#[test]
fn a_place_is_allowed_with_all_below_it_and_nothing_beside() {
    let place = RemoteFile::parse("git::https://example.com/p/r.git//b.yaml?ref=v1");
    let place = place.unwrap().place();
    for allowed in [
        "https://example.com",
        "https://example.com/",
        "https://example.com/p",
        "https://example.com/p/r.git",
        "https://example.com/p/r.git/b.yaml",
    ] {
        assert!(allows(allowed, &place), "{allowed}");
    }
    for other in ["https://example.co", "https://example.com/p/r", "https://", "https:", "", "/"] {
        assert!(!allows(other, &place), "{other}");
    }
    assert!(!allows("https://example.com", "https://example.com.evil.example/b.yaml"));
    assert!(!allows("https://example.com", "https://example.com:8443/b.yaml"));
}

#[test]
fn what_is_beside_stays_in_the_same_place() {
    let beside = |text: &str, path: &str| RemoteFile::parse(text).unwrap().beside(path);
    let git = "git::https://example.com/r.git//a/b.yaml?ref=v1";
    let same = |path: &str| Some(format!("git::https://example.com/r.git//{path}?ref=v1"));
    assert_eq!(beside(git, "./c.yaml"), same("a/c.yaml"));
    assert_eq!(beside(git, "../c.yaml"), same("c.yaml"));
    assert_eq!(beside(git, "../../c.yaml"), None);
    let web = "https://example.com/a/b.yaml";
    assert_eq!(beside(web, "../c.yaml").as_deref(), Some("https://example.com/c.yaml"));
    assert_eq!(beside(web, "../../c.yaml"), None);
}
