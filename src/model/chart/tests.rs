use std::fmt::Write as _;

use expect_test::expect;

use super::{RemoteChart, registry_parts};

#[test]
fn what_components_write() {
    let mut out = String::new();
    for (chart, repository, version) in [
        ("web", None, None),
        ("../web", None, Some("1.0.0")),
        ("web", Some("https://Charts.example.com/stable/"), None),
        ("web", Some("https://charts.example.com"), Some("^1.2")),
        ("web", Some("http://127.0.0.1:8080"), Some(" ")),
        ("web", Some("http://charts.example.com"), None),
        ("web", Some("https://ada:key@charts.example.com"), None),
        ("web", Some("https://charts.example.com/../up"), None),
        ("web", Some("https://charts.example.com?key=1"), None),
        ("../web", Some("https://charts.example.com"), None),
        ("stable/web", Some("https://charts.example.com"), None),
        ("oci://Registry.example.com/charts/web", None, Some("1.2.3")),
        ("oci://registry.example.com:5000/charts/web:1.2.3", None, None),
        ("oci://registry.example.com/charts/web:1.2.3", None, Some("1.2.3")),
        ("oci://registry.example.com/charts/web@sha256:12", None, None),
        ("oci://registry.example.com:5000", None, None),
        ("oci://registry.example.com/Charts/web", None, None),
        ("oci://registry.example.com/../web", None, None),
        ("web", Some("oci://registry.example.com/charts"), Some("1.2.3")),
        ("https://example.com/web-1.2.3.tgz", None, None),
        ("ftp://example.com/web-1.2.3.tgz", None, None),
    ] {
        let read = RemoteChart::parse(chart, repository, version);
        let said = match read {
            None => "a folder".to_owned(),
            Some(Ok(chart)) => format!("{chart} ({})", chart.name()),
            Some(Err(why)) => format!("error: {why}"),
        };
        writeln!(out, "{chart} {repository:?}: {said}").expect("a text takes it");
    }
    expect![[r#"
        web None: a folder
        ../web None: a folder
        web Some("https://Charts.example.com/stable/"): https://charts.example.com/stable/web (web)
        web Some("https://charts.example.com"): https://charts.example.com/web@^1.2 (web)
        web Some("http://127.0.0.1:8080"): http://127.0.0.1:8080/web (web)
        web Some("http://charts.example.com"): error: without TLS anyone on the way can change it; use https
        web Some("https://ada:key@charts.example.com"): error: credentials do not belong into a url
        web Some("https://charts.example.com/../up"): error: a url has no `.` and `..` among its steps
        web Some("https://charts.example.com?key=1"): error: its url has no blanks, no backslashes and no query
        ../web Some("https://charts.example.com"): error: with a `repository`, `chart` is the chart's name there
        stable/web Some("https://charts.example.com"): error: with a `repository`, `chart` is the chart's name there
        oci://Registry.example.com/charts/web None: oci://registry.example.com/charts/web@1.2.3 (web)
        oci://registry.example.com:5000/charts/web:1.2.3 None: oci://registry.example.com:5000/charts/web@1.2.3 (web)
        oci://registry.example.com/charts/web:1.2.3 None: error: it has a `version`, and the tag `1.2.3` besides
        oci://registry.example.com/charts/web@sha256:12 None: error: name a version in place of `@sha256:12`; `isobar.lock` has the digest
        oci://registry.example.com:5000 None: error: a chart of a registry is `oci://host/path/name`, in lower case
        oci://registry.example.com/Charts/web None: error: a chart of a registry is `oci://host/path/name`, in lower case
        oci://registry.example.com/../web None: error: a url has no `.` and `..` among its steps
        web Some("oci://registry.example.com/charts"): oci://registry.example.com/charts/web@1.2.3 (web)
        https://example.com/web-1.2.3.tgz None: https://example.com/web-1.2.3.tgz (web-1.2.3.tgz)
        ftp://example.com/web-1.2.3.tgz None: error: `ftp://` is not supported; use `https://` or `git::`
    "#]]
    .assert_eq(&out);
}

#[test]
fn registries_of_this_machine_have_no_tls() {
    for (url, parts) in [
        ("oci://registry.example.com/a/b", Some(("https://registry.example.com", "a/b"))),
        ("oci://127.0.0.1:5000/a", Some(("http://127.0.0.1:5000", "a"))),
        ("https://example.com/a", None),
    ] {
        let found = registry_parts(url);
        let found = found.as_ref().map(|(host, path)| (host.as_str(), *path));
        assert_eq!(found, parts, "{url}");
    }
}
