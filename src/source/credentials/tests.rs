use super::*;

fn bound(text: &str) -> (tempfile::NamedTempFile, BoundCredential) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let from = Credential::File(file.path().to_owned());
    let credential = BoundCredential::new(from, "https://git.example.org/team/config").unwrap();
    (file, credential)
}

#[test]
fn it_goes_to_its_own_place_and_nowhere_else() {
    let (_file, credential) = bound("token");
    for (url, goes) in [
        ("https://git.example.org/team/config", true),
        ("https://git.example.org:443/team/config/", true),
        ("https://GIT.example.org/team/config.git", true),
        ("https://git.example.org/team/config.git/info/refs", true),
        ("https://git.example.org/team/config/info/refs", true),
        ("http://git.example.org/team/config", false),
        ("https://git.example.org:8443/team/config", false),
        ("https://git.example.org.evil.org/team/config", false),
        ("https://evil.org/team/config", false),
        ("https://evil.org/?https://git.example.org/team/config", false),
        ("https://evil.org#@git.example.org/team/config", false),
        ("https://git.example.org/team/config2", false),
        ("https://git.example.org/team/config.git2", false),
        ("https://git.example.org/team", false),
        ("https://git.example.org/team/config/../other", false),
        ("/team/config", false),
        ("", false),
    ] {
        assert_eq!(credential.for_url(url).is_ok(), goes, "{url}");
    }
}

#[test]
fn its_text_is_a_token_or_a_user_with_a_password() {
    let read = |text: &str| {
        let (_file, credential) = bound(text);
        let (user, password) = credential.for_url("https://git.example.org/team/config").ok()?;
        Some((user, password.expose_text().unwrap().to_owned()))
    };
    let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(read("secret\n"), pair("x-access-token", "secret"));
    assert_eq!(read("ada:se:cret"), pair("ada", "se:cret"));
    assert_eq!(read(""), None);
    assert_eq!(read("two\nlines"), None);
    assert_eq!(read(&"x".repeat(CREDENTIAL_BYTES_MAX)).unwrap().1.len(), CREDENTIAL_BYTES_MAX);
    assert_eq!(read(&"x".repeat(CREDENTIAL_BYTES_MAX + 1)), None);
}

#[test]
fn a_rotated_file_is_used_at_once_and_no_error_says_the_text() {
    let (file, credential) = bound("old");
    std::fs::write(file.path(), "new").unwrap();
    let url = "https://git.example.org/team/config";
    assert_eq!(credential.for_url(url).ok().unwrap().1.expose(), b"new");
    let elsewhere = credential.for_url("https://u:canary@evil.org/").err().unwrap();
    let text = format!("{elsewhere} {elsewhere:?} {credential:?}");
    assert!(!text.contains("new") && !text.contains("canary"), "{text}");
}
