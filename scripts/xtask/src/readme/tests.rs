use super::*;

#[test]
fn only_console_blocks_hold_commands() {
    let markdown = "\
# Isobar
```yaml
$ not a command
```
```console
$ isobar demo
planned

$ scripts/check
```
$ not in a block
";
    let expected = [
        Example { line: 6, command: "isobar demo", output: vec!["planned", ""] },
        Example { line: 9, command: "scripts/check", output: vec![] },
    ];
    assert_eq!(examples(markdown), expected);
}

#[test]
fn times_paths_and_ids_may_differ() {
    for (one, other) in [
        ("planned in 12 ms.", "planned in 1.5 s."),
        ("planned in 12ms", "planned in 1.5s"),
        ("took (3 min), then", "took (4 h), then"),
        ("a  9 ms  b", "a 12 ms b"),
        ("wrote /tmp/a/b.", "wrote /var/c."),
        ("at 2026-11-21T12:30:05Z", "at 2027-01-02T00:00:00.5Z"),
        ("plan `e1d1016d11b2`, then", "plan `07bdc062d515`, then"),
    ] {
        assert_eq!(plain(one), plain(other));
    }
}

#[test]
fn everything_else_may_not() {
    for (one, other) in [
        ("12 changes", "13 changes"),
        ("planned in 12 ms", "applied in 12 ms"),
        ("stacks/a.yaml:3", "stacks/a.yaml:4"),
        ("v1:0123", "v1:0124"),
        ("42 deadbee", "42 feedbee"),
    ] {
        assert!(!matches(&[one], other), "{one} and {other} are different");
    }
}

#[test]
fn dots_stand_for_any_number_of_lines() {
    let wanted = ["first", "...", "last", ""];
    assert!(matches(&wanted, "first\nlast\n"));
    assert!(matches(&wanted, "first\na\nb\nlast\n"));
    assert!(!matches(&wanted, "first\na\n"));
    assert!(!matches(&wanted, "first\nlast\nmore\n"));
}
