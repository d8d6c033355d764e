use super::*;

#[test]
fn what_is_fetched() {
    let local = |path: &str| Address::Local(path.into());
    for (url, expected) in [
        ("/srv/config.git", local("/srv/config.git")),
        ("config", local("config")),
        ("./a:b", local("./a:b")),
        ("file:///srv/config.git", local("/srv/config.git")),
        ("https://git.example.org/a/b", Address::Remote("https://git.example.org/a/b".into())),
        ("http://localhost:8080/a", Address::Remote("http://localhost:8080/a".into())),
        ("http://[::1]:8080/a", Address::Remote("http://[::1]:8080/a".into())),
    ] {
        assert_eq!(Address::parse(url).unwrap(), expected, "{url}");
    }
}

#[test]
fn what_is_refused_and_why() {
    for (url, why) in [
        ("", "empty"),
        ("-uevil", "leading"),
        ("/a\nb", "control"),
        ("ssh://git@host/a", "ssh"),
        ("git@host:a/b", "ssh"),
        ("git://host/a", "\"git\""),
        ("ext::sh -c id", "would run a program"),
        ("file://host/a", "no host"),
        ("https://", "no host"),
        ("https://-host/a", "no host"),
        ("https://user:token@host/a", "credentials"),
        ("https://host/a?token=x", "query"),
        ("http://git.example.org/a", "TLS"),
        ("http://localhost.example.org/a", "TLS"),
    ] {
        let refused = Address::parse(url).unwrap_err().to_string();
        assert!(refused.contains(why), "{url}: {refused}");
        assert!(!refused.contains("token@"), "{refused}");
    }
}

#[test]
fn branch_names() {
    for branch in ["main", "release/1.2", "a-b"] {
        assert!(check_branch("u", branch).is_ok(), "{branch}");
    }
    for branch in ["", "-x", "a b", "a..b", "refs/heads/a", "a.lock", "a\u{7f}", "*"] {
        assert!(check_branch("u", branch).is_err(), "{branch}");
    }
}

#[test]
fn a_url_is_shown_without_its_user() {
    assert_eq!(without_user("https://u:p@host/a@b"), "https://host/a@b");
    assert_eq!(without_user("https://u@p@host"), "https://host");
    assert_eq!(without_user("https://host/a"), "https://host/a");
    assert_eq!(without_user("/a@b"), "/a@b");
}
