//! What we write on an object, and what others have.

use super::*;
use crate::backends::fixture::{component, scope};
use crate::ids::{AgentName, RepositoryName};

fn of(agent: &str, repository: &str) -> Scope {
    Scope {
        agent: AgentName::new(agent).unwrap(),
        repository: RepositoryName::new(repository).unwrap(),
    }
}

#[test]
fn a_label_is_the_name_where_it_can_be() {
    assert_eq!(label(&of("west", "platform")), "west.platform");
    let longest = of(&"a".repeat(LABEL_BYTES_MAX - 5), "conf");
    assert_eq!(label(&longest).len(), LABEL_BYTES_MAX);
    assert!(label(&longest).ends_with(".conf"));
    for odd in [of(&"a".repeat(LABEL_BYTES_MAX - 4), "conf"), of("-a", "conf"), of("a", "conf_")] {
        assert!(!label(&odd).contains('.'), "{}", label(&odd));
        assert!(label(&odd).len() <= LABEL_BYTES_MAX);
    }
    assert_ne!(label(&of("-a", "conf")), label(&of("-b", "conf")));
}

#[test]
fn a_writer_has_a_name_of_at_most_128_bytes() {
    let room = WRITER_BYTES_MAX - "isobar-".len();
    for (length, is_plain) in [(1, true), (room, true), (room + 1, false)] {
        let agent = "a".repeat(length);
        let writer = writer(&of(&agent, "conf"));
        assert!(writer.len() <= WRITER_BYTES_MAX);
        assert_eq!(writer == format!("isobar-{agent}"), is_plain, "{length}");
    }
}

#[test]
fn marks_come_and_are_never_part_of_what_is_compared() {
    let bare = json!({"kind": "Role", "metadata": {"name": "x"}});
    let marked = marked(bare.clone(), &scope("one"), &component("a"));
    assert_eq!(label_of(&marked), Some("one.config"));
    assert_eq!(component_of(&marked), Some("prod/kubernetes/a"));
    assert_eq!(plain(marked), bare);
    let empty = json!({"metadata": {"name": "x", "labels": {}}});
    assert_eq!(plain(empty.clone()), empty, "an empty map that somebody wants stays");
}

#[test]
fn what_other_tools_repeat_of_an_object_is_left_out() {
    let object = json!({
        "metadata": {
            "name": "x", "uid": "u", "annotations": {REPEATED: "canary", "note": "kept"},
        },
        "status": {"phase": "Active"},
    });
    let left = json!({"metadata": {"name": "x", "annotations": {"note": "kept"}}});
    assert_eq!(plain(object), left);
}

#[test]
fn an_account_is_permitted_by_its_name_or_its_namespace() {
    let account = "system:serviceaccount:shop:deployer";
    for permitted in ["shop/deployer", "shop/*"] {
        assert!(names(permitted, account), "{permitted}");
    }
    for other in ["shop/deploy", "shop", "*", "*/*", "sho/*", "/deployer", ""] {
        assert!(!names(other, account), "{other}");
    }
    assert!(!names("shop/deployer", "deployer"));
}

#[test]
fn an_object_was_written_when_the_newest_of_its_fields_were() {
    let at = |times: &[&str]| {
        let entries: Vec<_> =
            times.iter().map(|time| json!({"manager": "a", "time": time})).collect();
        written_at(&json!({"metadata": {"managedFields": entries}}))
    };
    let newest = "2026-01-01T00:00:09Z";
    let times = ["2026-01-01T00:00:08Z", newest, "2025-12-31T23:59:59Z"];
    assert_eq!(at(&times), Some(newest.parse().unwrap()));
    assert_eq!((at(&[]), at(&["yesterday"])), (None, None));
    assert_eq!(written_at(&json!({"metadata": {}})), None);
}
