use expect_test::expect;

use super::*;
use crate::ids::TargetName;

/// The folder that a target is.
fn folder_of(settings: &AgentSettings, name: &TargetName) -> PathBuf {
    match settings.target(name).expect("known").place {
        PlaceSettings::Files(files) => files.path,
        PlaceSettings::Kubernetes(cluster) => panic!("{cluster:?}"),
    }
}

#[test]
fn paths_are_taken_from_the_settings_files_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.yaml");
    let text = "\
agent: west
store: sqlite:state.db
repositories:
  platform: { url: config.git, forge: reviews }
targets:
  fnx-production: { files: { path: out }, stacks: ['fnx-production-*'] }
forges:
  reviews: { local: { path: pulls } }
";
    std::fs::write(&path, text).expect("written");
    let settings = read(&path).expect("valid");
    let inside = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(settings.store, format!("sqlite:{}", inside("state.db")));
    let repository = settings.repositories.values().next().expect("one");
    assert_eq!(repository.url, inside("config.git"));
    assert_eq!(repository.branch, "main");
    let name = TargetName::new("fnx-production").expect("a name");
    assert_eq!(folder_of(&settings, &name), folder.path().join("out"));
    let other = TargetName::new("fnx-staging").expect("a name");
    assert_eq!(settings.target(&other), None, "a target nobody defined is refused");
}

#[test]
fn every_mistake_in_the_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.yaml");
    std::fs::write(&path, "agent: 7\nrepositories:\n  p: {ulr: x}\nforges: [a]\n")
        .expect("written");
    let Err(SettingsError::Invalid { diagnostics, .. }) = read(&path) else {
        panic!("the file is wrong");
    };
    let found: String = diagnostics
        .iter()
        .map(|d| format!("{}:{} {}\n", d.span.start.line, d.span.start.column, d.message))
        .collect();
    expect![[r#"
        1:8 7 is not of type "string"
        3:6 `url` is missing
        3:7 `ulr` means nothing here
        4:9 a list is not of type "object"
    "#]]
    .assert_eq(&found);
}

#[test]
fn mistakes_of_every_sort_are_told_at_once_each_in_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.yaml");
    let text = "\
agent: a b
store: mysql://db
lease: 1s
retention: {days: 3, journal_rows: 7}
repositories:
  one:
    url: a.git
    forge: gihtub
    interval: -1m
    stacks: [all, 'x[']
    allow: {imports: ['https://ok.example.com', 'ftp://x']}
  two: {ulr: b.git, forge: local}
targets:
  none: {}
  odd: {fils: {path: out}}
forges: {local: {path: pulls}, github: {local: {path: pulls}}}
authorities: {git.example.com: none.pem}
";
    std::fs::write(&path, text).expect("written");
    let Err(SettingsError::Invalid { diagnostics, .. }) = read(&path) else {
        panic!("the file is wrong");
    };
    let found: String = diagnostics
        .iter()
        .map(|d| format!("{}:{} {}\n", d.span.start.line, d.span.start.column, d.message))
        .collect();
    let found = found.replace(&folder.path().display().to_string(), "");
    expect![[r#"
        1:8 ' ' may not stand in a agent name
        2:8 `store` begins with neither `sqlite:` nor `postgres://`
        3:8 `lease` is 1s, not from 3s to 10m
        4:19 `retention.days` is 3, less than 30
        4:36 `retention.journal_rows` is 7, less than 10000
        8:12 repository `one` names the forge `gihtub`, which is not in `forges`
        9:15 `interval` is no time at all
        10:19 error parsing glob 'x[': unclosed character class; missing ']'
        11:49 `ftp://x` is no place that imports may be fetched from
        12:8 `url` is missing
        12:9 `ulr` means nothing here
        14:9 a target is either `files` or `kubernetes`
        15:9 `fils` means nothing here
        16:17 `local` is missing
        16:18 `path` means nothing here
        17:32 `authorities.git.example.com`: /none.pem: it cannot be read: No such file or directory (os error 2)
    "#]].assert_eq(&found);
}

/// Neither what is said of a mistake nor the lines that are shown around it have a credential in it.
#[test]
fn no_mistake_shows_a_credential() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.yaml");
    let text = "\
repositories:
  one: {url: x, auth: {token: hunter1}, intervall: 2m}
  two:
    url: https://ada:hunter2@git.example.com/x
    atuh: hunter3
    auth:
      file: [hunter4]
      pasword: |
        hunter5
    allow: {imports: ['https://hunter6@git.example.com/x']}
  three: [{auth: hunter7}]
  four: {url: x, auth: hunter8}
agent:
  - https://ada:hunter9@git.example.com
";
    let told = |text: &str| {
        std::fs::write(&path, text).expect("written");
        let Err(SettingsError::Invalid { diagnostics, text, .. }) = read(&path) else {
            panic!("the file is wrong");
        };
        let line = |d: &Diagnostic| {
            let at = d.span.start;
            format!("{}:{}: {} ({})\n", at.line, at.column, d.message, d.advice())
        };
        diagnostics.iter().map(line).chain([text]).collect::<String>()
    };
    expect![[r#"
        2:24: `token` means nothing here (what may stand here: file, environment)
        2:41: `intervall` means nothing here (did you mean `interval`?)
        5:5: `atuh` means nothing here (did you mean `auth`?)
        7:13: a list is not of type "string" (the reference of the settings has every key and what it may be)
        8:7: `pasword` means nothing here (what may stand here: file)
        10:23: `https://...` is no place that imports may be fetched from (write `https://` and a host, and what is below it if not all of it is meant)
        11:10: a list is not of type "object" (the reference of the settings has every key and what it may be)
        12:24: the credential has none of the forms that may stand here (the reference of the settings has every key and what it may be)
        14:3: a list is not of type "string" (the reference of the settings has every key and what it may be)
        repositories:
          one: {url: x, auth: ...
          two:
            url: https://...
            atuh: ...
            auth:
        ...
        ...
        ...
            allow: {imports: ['https://...
          three: [{auth: ...
          four: {url: x, auth: ...
        agent:
          - https://...
    "#]].assert_eq(&told(text));
    let broken = told("repositories:\n  one: {url: x, auth: {token: hunter1}\n");
    assert!(broken.contains("auth: ...\n") && !broken.contains("hunter"), "{broken}");
}

#[test]
fn without_a_file_everything_is_below_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = for_folder(folder.path(), None).expect("valid");
    let name = TargetName::new("any").expect("a name");
    assert_eq!(folder_of(&settings, &name), folder.path().join(".isobar/targets/any"));
}

#[test]
fn a_lease_lasts_from_three_seconds_to_ten_minutes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.yaml");
    for (text, is_valid) in
        [("2999ms", false), ("3s", true), ("10m", true), ("10m 1s", false), ("-5s", false)]
    {
        std::fs::write(&path, format!("lease: {text}\n")).expect("written");
        assert_eq!(read(&path).is_ok(), is_valid, "{text}");
    }
    std::fs::write(&path, "lease: 11m\n").expect("written");
    let Err(SettingsError::Invalid { diagnostics, .. }) = read(&path) else {
        panic!("it is too long");
    };
    expect!["`lease` is 11m, not from 3s to 10m"].assert_eq(&diagnostics[0].message);
}

#[test]
fn a_target_is_a_folder_or_a_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.yaml");
    let text = "\
targets:
  here: { kubernetes: {} }
  there: { kubernetes: { kubeconfig: there.yaml, context: prod, namespace: marks, service_accounts: [shop/*] } }
  rendered: { files: { path: out } }
";
    std::fs::write(&path, text).expect("written");
    let settings = read(&path).expect("valid");
    let [here, there] = ["here", "there"].map(|name| TargetName::new(name).expect("a name"));
    assert_eq!(settings.clusters(), [here.clone(), there.clone()].into());
    let place = |name| settings.target(name).expect("known").place;
    assert_eq!(place(&here), PlaceSettings::Kubernetes(KubernetesSettings::default()));
    let cluster = KubernetesSettings {
        kubeconfig: Some(folder.path().join("there.yaml")),
        context: Some("prod".to_owned()),
        namespace: Some("marks".to_owned()),
        service_accounts: ["shop/*".to_owned()].into(),
        fencing: false,
        events: true,
    };
    assert_eq!(place(&there), PlaceSettings::Kubernetes(cluster));

    std::fs::write(&path, "targets:\n  none: {}\n  two: {files: {path: a}, kubernetes: {}}\n")
        .expect("written");
    let Err(SettingsError::Invalid { diagnostics, .. }) = read(&path) else {
        panic!("the file is wrong");
    };
    let found: Vec<_> = diagnostics.iter().map(|found| found.message.as_str()).collect();
    expect![[r#"
        [
            "a target is either `files` or `kubernetes`",
            "a target is either `files` or `kubernetes`",
        ]
    "#]]
    .assert_debug_eq(&found);
}
