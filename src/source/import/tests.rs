use std::fs;

use super::super::fixture::Repo;
use super::*;

/// What may be fetched from `place`, kept in a folder of its own.
fn imports(folder: &Path, place: &str) -> Imports {
    let settings = AgentSettings { cache: folder.join("cache"), ..AgentSettings::default() };
    Imports::new([place.to_owned()].into(), &settings)
}

fn url(repo: &Repo, rest: &str) -> String {
    format!("git::file://{}//{rest}", repo.path().display())
}

fn place(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn a_file_of_a_repository_is_found_by_branch_commit_and_default() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("net/vpc.yaml", "a: 1\n"), ("folder/x.yaml", "")]);
    repo.commit("main", &[("net/vpc.yaml", "a: 2\n"), ("folder/x.yaml", "x: 1\n")]);
    repo.commit("next", &[("net/vpc.yaml", "a: 3\n")]);
    let imports = imports(repo.folder.path(), &place(repo.folder.path()));
    let text = |rest: &str| imports.latest(&url(&repo, rest)).map(|file| file.text.to_string());
    assert_eq!(text("net/vpc.yaml?ref=next").unwrap(), "a: 3\n");
    assert_eq!(text("net/vpc?ref=main").unwrap(), "a: 2\n", "as Atmos finds it");
    assert_eq!(text(&format!("net/vpc.yaml?ref={first}")).unwrap(), "a: 1\n");
    assert_eq!(text("net/vpc.yaml").unwrap(), "a: 2\n", "what HEAD is");
    for (rest, why) in [
        ("net/vpc.yaml?ref=none", "has no `none`"),
        ("net/none.yaml?ref=main", "has no `net/none.yaml"),
        ("folder?ref=main", "is no file"),
    ] {
        let failed = text(rest).unwrap_err();
        assert!(failed.to_string().contains(why), "{rest}: {failed}");
    }
}

#[test]
fn what_is_locked_is_read_at_its_commit_wherever_the_branch_went() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a.yaml", "a: 1\n")]);
    repo.commit("main", &[("a.yaml", "a: 2\n")]);
    let imports = imports(repo.folder.path(), &place(repo.folder.path()));
    let url = url(&repo, "a.yaml?ref=main");
    let sha256 = ContentId::of("a: 1\n");
    let text = imports.locked(&url, &sha256, Some(&first), true).unwrap();
    assert_eq!(&*text, "a: 1\n");
    // It is kept: without the repository, and for who may not ask.
    fs::remove_dir_all(repo.path()).unwrap();
    for asks in [true, false] {
        assert_eq!(&*imports.locked(&url, &sha256, Some(&first), asks).unwrap(), "a: 1\n");
    }
    let kept = imports.kept(&url, &sha256).unwrap();
    fs::write(kept, "a: evil\n").unwrap();
    let refused = imports.locked(&url, &sha256, Some(&first), false).unwrap_err();
    assert!(matches!(refused, ImportError::Refused(_)), "{refused}");
    let elsewhere = url.replace("ref=main", "ref=other");
    let refused = imports.locked(&elsewhere, &sha256, Some(&first), false).unwrap_err();
    assert!(matches!(refused, ImportError::Refused(_)), "another url learns nothing: {refused}");
}

#[test]
fn another_content_is_given_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    fs::write(&file, "a: 2\n").unwrap();
    let imports = imports(folder.path(), &place(folder.path()));
    let sha256 = ContentId::of("a: 1\n");
    let text = imports.locked(&place(&file), &sha256, None, true).unwrap();
    assert_eq!(&*text, "a: 2\n");
    assert!(!imports.kept(&place(&file), &sha256).unwrap().exists());
}

#[test]
fn nothing_is_read_from_where_nothing_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, outer) = (folder.path().join("in"), folder.path().join("outer.yaml"));
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("a.yaml"), "a: 1\n").unwrap();
    fs::write(&outer, "a: 1\n").unwrap();
    let imports = imports(folder.path(), &place(&inner));
    assert!(imports.latest(&place(&inner.join("a.yaml"))).is_ok());
    for url in [place(&outer), format!("{}/../outer.yaml", place(&inner)), place(folder.path())] {
        let refused = imports.latest(&url).unwrap_err();
        assert!(matches!(refused, ImportError::Refused(_)), "{url}: {refused}");
    }
    assert!(matches!(Imports::default().latest(&place(&outer)), Err(ImportError::Refused(_))));
}

#[test]
fn the_largest_file_is_read_and_none_that_is_larger() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    let imports = imports(folder.path(), &place(folder.path()));
    let most = usize::try_from(TEXT_BYTES_MAX).unwrap();
    fs::write(&file, vec![b'#'; most]).unwrap();
    assert_eq!(imports.latest(&place(&file)).unwrap().text.len(), most);
    fs::write(&file, vec![b'#'; most + 1]).unwrap();
    let failed = imports.latest(&place(&file)).unwrap_err();
    assert!(failed.to_string().contains("more than"), "{failed}");

    let repo = Repo::new();
    let of_git = Imports::new([place(repo.folder.path())].into(), &AgentSettings::default());
    for (bytes, is_read) in [(most, true), (most + 1, false)] {
        repo.commit("main", &[("a.yaml", &"#".repeat(bytes))]);
        assert_eq!(of_git.latest(&url(&repo, "a.yaml?ref=main")).is_ok(), is_read, "{bytes}");
    }
}
