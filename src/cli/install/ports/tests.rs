use super::*;

#[test]
fn a_url_leads_to_the_port_it_says_or_to_its_usual_one() {
    let each = [
        ("https://git.example.com/a.git", Some(443)),
        ("https://git.example.com:8443/a.git", Some(8443)),
        ("https://[2001:db8::1]/a.git", Some(443)),
        ("https://[2001:db8::1]:3000/a.git", Some(3000)),
        ("http://127.0.0.1:3000/a.git", Some(3000)),
        ("http://localhost/a.git", Some(80)),
        ("oci://registry.example.com:5000/charts", Some(5000)),
        ("oci://registry.example.com/charts", Some(443)),
        ("postgres://isobar:p%40ss:word@db.example.com/isobar", Some(5432)),
        ("postgresql://db.example.com:6432/isobar?sslmode=verify-full", Some(6432)),
        ("sqlite:isobar.db", None),
        ("file:///srv/git/a.git", None),
        ("../a", None),
    ];
    for (url, expected) in each {
        assert_eq!(port(url), expected, "{url}");
    }
}

#[test]
fn more_ports_are_added_and_none_is_lost() {
    let ports = reached(&AgentSettings::default(), &[8443]);
    assert_eq!(ports, BTreeSet::from([HTTPS, API_SERVER, 8443]));
}
