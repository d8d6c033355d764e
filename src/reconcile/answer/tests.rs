use super::*;
use crate::ids::{CommitId, PullNumber};

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
    let imports = Imports::default();
    let person = Person { environment, folder: folder.path().to_owned(), imports, runs: true };
    (folder, Reach::Person(person))
}

#[test]
fn an_agent_never_hands_out_its_environment() {
    let refused = answer(&Reach::Agent, &question("env", &["HOME"]));
    assert!(matches!(refused, Some(Answer::Refused(why)) if why.contains("HOME")));
    let default = answer(&Reach::Agent, &question("env", &["HOME", "none"]));
    assert_eq!(default, Some(Answer::Value(Value::text("none"))));
}

/// An agent whose settings allow two variables and some commands.
fn allowed() -> Arc<Allowed> {
    let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect();
    let allow = AllowSettings {
        imports: texts(&["https://git.example.com"]),
        env: texts(&["REGION", "UNSET"]),
        exec: texts(&["echo $REGION$TOKEN", "pwd", "yes", "sleep 60 & wait"]),
    };
    let environment = [("REGION", "eu"), ("TOKEN", "secret"), ("PATH", "/usr/bin:/bin")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Arc::new(Allowed::new(&allow, &AgentSettings::default(), environment.into()))
}

#[test]
fn a_command_of_another_revision_stays_open() {
    let (folder, reach) = person();
    let Reach::Person(person) = reach else { unreachable!("it is a person's") };
    let reach = Reach::Person(Person { runs: false, ..person });
    let command = question("exec", &["touch ran"]);
    assert_eq!(answer(&reach, &command), Some(Answer::Later));
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn an_agent_gives_what_its_settings_allow_and_nothing_beside() {
    let reach = Reach::Allowed(allowed());
    let env = |arguments: &[&str]| answer(&reach, &question("env", arguments));
    assert_eq!(env(&["REGION"]), Some(Answer::Value(Value::text("eu"))));
    assert_eq!(env(&["UNSET", "x"]), Some(Answer::Value(Value::text("x"))));
    for name in ["TOKEN", "PATH", "UNSET"] {
        assert!(matches!(env(&[name]), Some(Answer::Refused(why)) if why.contains(name)));
    }
    let exec = |command: &str| answer(&reach, &question("exec", &[command]));
    assert_eq!(exec("echo $REGION$TOKEN"), Some(Answer::Value(Value::text("eu\n"))));
    assert_eq!(exec("pwd"), Some(Answer::Value(Value::text("/\n"))));
    for command in ["env", "echo $REGION$TOKEN; env", " pwd", ""] {
        assert_eq!(exec(command), None, "{command:?} is not allowed");
    }
    assert_eq!(answer(&reach, &question("git.sha", &[])), None);
}

#[test]
fn what_prints_without_end_is_stopped() {
    let said = answer(&Reach::Allowed(allowed()), &question("exec", &["yes"]));
    assert!(matches!(said, Some(Answer::Failed(why)) if why.contains("prints more than")));
}

#[test]
fn what_takes_too_long_is_stopped_with_all_it_started() {
    let none = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
    let patience = Some(Duration::from_millis(50));
    let ended = ended("sleep 60 & wait", &none, Path::new("/"), patience);
    assert!(ended.is_ok_and(|ended| ended.is_none()));
}

#[test]
fn only_the_tracked_branch_is_allowed_anything() {
    let commit = || CommitId::new("1234567").unwrap();
    let pull = PullNumber(1);
    let merge = Revision::Merge { pull, head: commit(), base: commit() };
    let (allowed, tracked) = (allowed(), Revision::Commit(commit()));
    assert!(matches!(Reach::Agent.of(&allowed, &tracked), Reach::Allowed(_)));
    assert!(matches!(Reach::Agent.of(&allowed, &merge), Reach::Proposed(_)));
    assert!(matches!(Reach::Agent.of(&Arc::default(), &tracked), Reach::Agent));
    let environment = BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]);
    let settings = AgentSettings::default();
    let nothing = Allowed::new(&AllowSettings::default(), &settings, environment);
    assert!(matches!(Reach::Agent.of(&nothing.into(), &tracked), Reach::Agent));
    let (_folder, person) = person();
    assert!(matches!(person.of(&allowed, &tracked), Reach::Person(_)));
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

/// What one repository imports, another one does not get by naming it: each has its own places.
#[test]
fn an_agent_gives_what_it_has_only_to_whom_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, "a: 1\n").unwrap();
    let url = format!("file://{}", file.display());
    let sha256 = ContentId::of("a: 1\n").to_string();
    let cache = folder.path().join("cache");
    let settings = AgentSettings { cache, ..AgentSettings::default() };
    let of = |place: &str| {
        let allow =
            AllowSettings { imports: [place.to_owned()].into(), ..AllowSettings::default() };
        Arc::new(Allowed::new(&allow, &settings, BTreeMap::new()))
    };
    let (ours, theirs) =
        (of(&format!("file://{}", folder.path().display())), of("https://x.example"));
    let ask = |reach: Reach| answer(&reach, &question("import", &[&url, &sha256]));
    let given = Some(Answer::Value(Value::text("a: 1\n")));
    let is_refused = |said: Option<Answer>| matches!(said, Some(Answer::Refused(_)));
    assert!(is_refused(ask(Reach::Proposed(ours.clone()))), "nobody fetched it yet");
    assert_eq!(ask(Reach::Allowed(ours.clone())), given);
    assert_eq!(ask(Reach::Proposed(ours)), given, "it is here");
    for reach in [Reach::Allowed(theirs.clone()), Reach::Proposed(theirs), Reach::Agent] {
        assert!(is_refused(ask(reach)));
    }
    let unlocked = answer(&Reach::Allowed(of(&url)), &question("import", &[&url]));
    assert!(is_refused(unlocked), "what nothing is known of is not fetched");
}
