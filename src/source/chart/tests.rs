use std::path::Path;

use super::parameters;
use crate::ids::ContentId;
use crate::settings::AgentSettings;
use crate::source::{ImportError, Imports};

fn imports(folder: &Path, place: &str) -> Imports {
    let settings = AgentSettings { cache: folder.to_owned(), ..AgentSettings::default() };
    Imports::new([place.to_owned()].into(), &settings)
}

#[test]
fn places_are_allowed_as_they_are_written_and_in_no_other_way() {
    let folder = tempfile::tempdir().expect("a folder");
    for (place, url, allowed) in [
        ("https://example.com/a", "https://example.com/a/web-1.0.0.tgz", true),
        ("https://example.com/a", "https://example.com/ab/web-1.0.0.tgz", false),
        ("https://example.com/a", "https://example.com/a/../web-1.0.0.tgz", false),
        ("https://example.com/a", "https://example.com/a/%2e%2e/web-1.0.0.tgz", false),
        ("https://example.com/a", "https://example.com/a%2fweb-1.0.0.tgz", false),
        ("http://example.com", "http://example.com/web-1.0.0.tgz", false),
        ("file:///charts", "file:///charts/web-1.0.0.tgz", true),
        ("oci://example.com/a", "oci://example.com/a/web", true),
        ("oci://example.com/a", "oci://example.com/a/../web", false),
        ("oci://example.com/a", "https://example.com/a/web", false),
        ("https://example.com", "oci://example.com/a/web", false),
        ("https://example.com", "chart", false),
    ] {
        let permitted = imports(folder.path(), place).permits_chart(url);
        assert_eq!(permitted.is_ok(), allowed, "{place} {url}: {permitted:?}");
    }
}

/// Who may not ask gets what is here, by url and hash, and nothing else.
#[test]
fn what_is_here_is_not_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (url, other) = ("https://example.com/web-1.0.0.tgz", "https://example.com/other-1.0.0.tgz");
    let imports = imports(folder.path(), "https://example.com");
    let sha256 = ContentId::of("an archive");
    let refused = |url| match imports.chart(url, &sha256, false) {
        Err(ImportError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused(url).contains("pull request"));
    let kept = imports.kept(url, &sha256).expect("a folder").with_extension("tgz");
    std::fs::create_dir_all(kept.parent().expect("a folder")).expect("a folder");
    std::fs::write(&kept, "an archive").expect("written");
    assert_eq!(imports.chart(url, &sha256, false).expect("it is here"), kept);
    assert!(refused(other).contains("pull request"), "another url learns nothing");
    std::fs::write(&kept, "something else").expect("written");
    assert!(refused(url).contains("pull request"), "what was changed since is none");
}

#[test]
fn a_challenge_is_read() {
    let said = parameters(
        "realm=\"https://auth.example.com/token\",service=\"registry\", scope=\"repository:a/b:pull,push\"",
    );
    let said: Vec<_> = said.iter().map(|(key, value)| format!("{key} {value}")).collect();
    assert_eq!(
        said,
        [
            "realm https://auth.example.com/token",
            "scope repository:a/b:pull,push",
            "service registry"
        ]
    );
    assert_eq!(parameters("realm=x, service=\"open").len(), 0);
}
