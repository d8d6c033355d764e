use super::*;

fn question(function: &str, arguments: &[&str]) -> Question {
    let arguments = arguments.iter().map(|&argument| argument.into()).collect();
    Question { function: function.into(), arguments }
}

fn person() -> (tempfile::TempDir, Reach) {
    let folder = tempfile::tempdir().unwrap();
    let environment = BTreeMap::from([
        ("TAG".to_owned(), "v7".to_owned()),
        ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
    ]);
    let person = Person { environment, folder: folder.path().to_owned() };
    (folder, Reach::Person(person))
}

#[test]
fn an_agent_never_hands_out_its_environment() {
    let refused = answer(&Reach::Agent, &question("env", &["HOME"]));
    assert!(matches!(refused, Some(Answer::Refused(why)) if why.contains("HOME")));
    let default = answer(&Reach::Agent, &question("env", &["HOME", "none"]));
    assert_eq!(default, Some(Answer::Value(Value::text("none"))));
}

#[test]
fn a_person_has_an_environment() {
    let (_folder, reach) = person();
    let ask = |arguments: &[&str]| answer(&reach, &question("env", arguments));
    assert_eq!(ask(&["TAG", "v1"]), Some(Answer::Value(Value::text("v7"))));
    assert_eq!(ask(&["NONE", "v1"]), Some(Answer::Value(Value::text("v1"))));
    assert_eq!(ask(&["NONE"]), Some(Answer::Value(Value::text(""))), "as measured on Atmos");
}

#[test]
fn only_a_person_runs_commands() {
    let (folder, reach) = person();
    std::fs::write(folder.path().join("here"), "").unwrap();
    let ask = |command: &str| answer(&reach, &question("exec", &[command]));
    assert_eq!(ask("echo $TAG"), Some(Answer::Value(Value::text("v7\n"))));
    let listed = yaml::parse("{a: [1, x]}", Rules::Stack).unwrap();
    assert_eq!(ask("echo '{\"a\": [1, \"x\"]}'"), Some(Answer::Value(listed)));
    assert_eq!(ask("ls"), Some(Answer::Value(Value::text("here\n"))));
    assert!(matches!(ask("echo no >&2; exit 3"), Some(Answer::Failed(why)) if why.ends_with("no")));
    let asked = question("exec", &["rm -rf /"]);
    assert_eq!(answer(&Reach::Agent, &asked), None);
    assert!(matches!(refused(&asked), Answer::Refused(why) if why.contains("commands")));
}

#[test]
fn what_nothing_answers_is_refused_by_name() {
    let (_folder, reach) = person();
    for function in ["store", "secret", "aws.region", "version", "emulator"] {
        let asked = question(function, &["x"]);
        assert_eq!(answer(&reach, &asked), None);
        assert!(matches!(refused(&asked), Answer::Refused(why) if why.contains(function)));
    }
}

#[test]
fn outside_a_repository_there_is_nothing_to_say_about_it() {
    let (_folder, reach) = person();
    let found = answer(&reach, &question("repo-root", &[]));
    assert!(matches!(found, Some(Answer::Failed(why)) if why.contains("no Git repository")));
}

#[test]
fn a_remote_is_taken_apart() {
    let parts = Some(("example.com", "acme/infra", "live"));
    assert_eq!(remote_parts("https://user:x@example.com:8443/acme/infra/live.git"), parts);
    assert_eq!(remote_parts("git@example.com:acme/infra/live.git"), parts);
    assert_eq!(remote_parts("ssh://git@example.com/acme/infra/live"), parts);
    assert_eq!(remote_parts("/srv/live.git"), None);
}
