use super::*;

const SMALL: Bounds = Bounds { files_max: 20, bytes_max: 100, path_bytes_max: 40, depth_max: 3 };

fn entry(bytes: u64) -> Entry {
    Entry { bytes, id: "x".into() }
}

/// `path` for a file, `path -> target` for a link; gives the paths of the snapshot, those that
/// cannot be read with why.
fn listed(nodes: &[&str]) -> Result<String, String> {
    let mut listing = Listing::new("here".to_owned(), SMALL);
    for node in nodes {
        match node.split_once(" -> ") {
            Some((path, target)) => listing.link(path, target.as_bytes()).unwrap(),
            None => listing.file(node, entry(1)).unwrap(),
        }
    }
    match listing.finish() {
        Ok(listed) => Ok(shown(&listed)),
        Err(why) => Err(why.to_string()),
    }
}

fn shown(listed: &Listed) -> String {
    let shown = |path: &Arc<str>| match listed.gaps.get(path) {
        Some(why) => format!("{path} ({why})"),
        None => path.to_string(),
    };
    assert!(listed.gaps.keys().all(|path| listed.entries.contains_key(path)));
    listed.entries.keys().map(shown).collect::<Vec<_>>().join(" ")
}

#[test]
fn links_become_what_they_lead_to() {
    for (nodes, expected) in [
        (&["a", "b -> a"][..], "a b"),
        (&["d/a", "d/b -> a", "d/c -> ./a", "d/e -> ../d//a"], "d/a d/b d/c d/e"),
        (&["d/a", "e -> d"], "d/a e/a"),
        (&["d/a", "d/b -> a", "e -> d"], "d/a d/b e/a e/b"),
        (&["d/a", "e -> d", "f -> e/a"], "d/a e/a f"),
        (&["d/f/a", "b", "e -> d/f", "g -> e/../../b"], "b d/f/a e/a g"),
        (&["a", "b -> c", "c -> a"], "a b c"),
    ] {
        assert_eq!(listed(nodes).unwrap(), expected, "{nodes:?}");
    }
}

#[test]
fn links_that_lead_nowhere_out_or_round_cannot_be_read_and_are_there() {
    for (nodes, why) in [
        (&["a -> b"][..], "not there"),
        (&["a -> ../b"], "out of the tree"),
        (&["d/a -> ../../b"], "out of the tree"),
        (&["a -> /etc/passwd"], "out of the tree"),
        (&["a -> a"], "links lead to one another"),
        (&["a -> b", "b -> a"], "links lead to one another"),
        (&["x", "a -> ."], "links lead to one another"),
        (&["d/x", "d/e/f -> .."], "links lead to one another"),
        (&["d/a", "a -> .git/config"], "not there"),
    ] {
        let listed = listed(nodes).unwrap();
        assert!(listed.contains(why), "{nodes:?}: {listed}");
        assert_eq!(
            listed.matches('(').count(),
            nodes.iter().filter(|node| node.contains("->")).count()
        );
    }
    // What else a folder holds is there.
    let listed = listed(&["d/a", "d/b -> ../../x", "e -> d"]).unwrap();
    assert_eq!(
        listed,
        "d/a d/b (the link leads out of the tree) e/a e/b (the link leads out of the tree)"
    );
}

#[test]
fn eight_links_in_a_row_are_followed_and_nine_are_not() {
    let chain = |links: u32| {
        let nodes: Vec<String> = (0..links).map(|n| format!("l{n} -> l{}", n + 1)).collect();
        let end = format!("l{links}");
        listed(&nodes.iter().chain([&end]).map(String::as_str).collect::<Vec<_>>())
    };
    assert!(!chain(LINK_HOPS_MAX).unwrap().contains("links lead to one another"));
    assert!(chain(LINK_HOPS_MAX + 1).unwrap().contains("links lead to one another"));
}

#[test]
fn links_cannot_multiply_files_without_end() {
    let nodes = ["a/x", "b/1 -> ../a", "b/2 -> ../a", "c/1 -> ../b", "c/2 -> ../b", "d -> c"];
    assert!(listed(&nodes).unwrap_err().contains("more than the limit of 20"));
}

#[test]
fn names_that_a_tree_may_not_have() {
    let mut listing = Listing::new("here".to_owned(), Bounds::default());
    for name in [
        &b".git"[..],
        b".GIT",
        b".Git",
        b"git~1",
        b".git ",
        b".git.",
        b".git::$INDEX_ALLOCATION",
        ".g\u{200c}it".as_bytes(),
        b"..",
        b".",
        b"",
        b"a/b",
        b"a\nb",
        b"a\x1b[31mb",
        b"\xff",
    ] {
        let refused = listing.path("folder", name);
        assert!(matches!(refused, Err(FetchError::Refused { .. })), "{name:?}: {refused:?}");
    }
    for name in [".gitignore", ".github", "git", "con", "a b", "grün.yaml", "a:b", "..a"] {
        assert_eq!(listing.path("", name.as_bytes()).unwrap(), name);
    }
}

#[test]
fn a_path_twice_is_refused() {
    let mut listing = Listing::new("here".to_owned(), SMALL);
    listing.file("a", entry(1)).unwrap();
    assert!(listing.link("a", b"b").is_err());
    assert!(listed(&["a", "a/b"]).unwrap_err().contains("twice"));
    assert!(listed(&["a -> c", "a/b", "c"]).unwrap_err().contains("twice"));
}

#[test]
fn submodules_and_links_into_them_cannot_be_read_and_are_there() {
    let mut listing = Listing::new("here".to_owned(), SMALL);
    listing.submodule("d/module").unwrap();
    listing.file("d/a", entry(1)).unwrap();
    listing.link("b", b"d").unwrap();
    listing.link("c", b"d/module/x").unwrap();
    let listed = shown(&listing.finish().unwrap());
    let why = format!("({SUBMODULE})");
    assert_eq!(listed, format!("b/a b/module {why} c {why} d/a d/module {why}"));
}

#[test]
fn every_bound_holds_at_n_and_not_at_n_plus_one() {
    let mut listing = Listing::new("here".to_owned(), SMALL);
    assert!(listing.path("", "x".repeat(40).as_bytes()).is_ok());
    assert!(listing.path("", "x".repeat(41).as_bytes()).is_err());
    assert!(listing.path("a/b", b"c").is_ok());
    assert!(listing.path("a/b/c", b"d").is_err());

    let mut listing = Listing::new("here".to_owned(), SMALL);
    assert!(listing.file("a", entry(100)).is_ok());
    assert!(listing.file("b", entry(1)).is_err());

    let mut listing = Listing::new("here".to_owned(), SMALL);
    for n in 0..20 {
        listing.path("", format!("{n}").as_bytes()).unwrap();
    }
    assert!(listing.path("", b"one more").is_err());
}
