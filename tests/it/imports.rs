//! Files at other places: fetched from real servers on this machine, with and without TLS, from
//! where it is allowed and from nowhere else; and what an agent and `isobar lock` make of them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use isobar::ids::{Actor, CommitId, ContentId};
use isobar::settings::{self, AgentSettings};
use isobar::source::write::{self, Author};
use isobar::source::{ImportError, Imports};

use crate::cli::process::{Ran, isobar};
use crate::git_http::server::{Answer, Server};
use crate::git_https::{Authority, FAR};

const BODY: &str = "vars: {cidr: 10.0.0.0/16}\n";
const FILE: &str = "/vpc.yaml";

fn imports(folder: &Path, place: &str) -> Imports {
    let settings = AgentSettings { cache: folder.join("cache"), ..AgentSettings::default() };
    Imports::new([place.to_owned()].into(), &settings)
}

fn server(folder: &Path) -> Server {
    let server = Server::start(folder);
    server.answer(FILE, Some(Answer::Body("text/yaml", BODY)));
    server
}

/// Commits files to a bare repository.
fn commit(git: &Path, branch: &str, files: &[(&str, &str)]) -> CommitId {
    let parent = write::branch_tip(git, branch).unwrap();
    let ada = Actor::new("ada").unwrap();
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let author = Author { actor: &ada, at, message: "a change" };
    let file = |(path, text): &(&str, &str)| ((*path).to_owned(), Some(text.as_bytes().to_vec()));
    let files: BTreeMap<_, _> = files.iter().map(file).collect();
    write::commit(git, branch, parent.as_ref(), &files, &author).unwrap()
}

fn why(found: Result<impl std::fmt::Debug, ImportError>) -> String {
    found.unwrap_err().to_string()
}

#[test]
fn a_file_is_fetched_over_http_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let imports = imports(folder.path(), &server.url(""));
    let url = server.url("catalog/vpc.yaml");
    let sha256 = ContentId::of(BODY);
    for _ in 0..2 {
        assert_eq!(&*imports.locked(&url, &sha256, None, true).unwrap(), BODY);
    }
    assert_eq!(server.requests().len(), 1, "what is here is not fetched again");
}

#[test]
fn a_server_leads_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let (server, other) = (server(folder.path()), server(folder.path()));
    let imports = imports(folder.path(), &server.url("catalog"));
    let url = server.url("catalog/vpc.yaml");
    for (answer, said) in [
        (Answer::Redirect("http://127.0.0.1:1/x.yaml"), "it moved to http://127.0.0.1:1/x.yaml"),
        (Answer::Status(404), "404"),
        (Answer::Close, "error"),
        (Answer::Body("text/yaml", "\u{0}"), ""),
    ] {
        server.answer(FILE, Some(answer));
        if said.is_empty() {
            assert!(imports.latest(&url).is_ok(), "what a text says is not judged here");
        } else {
            let why = why(imports.latest(&url));
            assert!(why.contains(said), "{answer:?}: {why}");
        }
    }
    let asked = server.requests().len();
    for url in
        [other.url("catalog/vpc.yaml"), server.url("catalogue/vpc.yaml"), server.url("vpc.yaml")]
    {
        let refused = imports.latest(&url);
        assert!(matches!(refused, Err(ImportError::Refused(_))), "{url}: {refused:?}");
    }
    assert_eq!((server.requests().len(), other.requests().len()), (asked, 0), "nobody was asked");
}

#[test]
fn a_server_behind_tls_has_to_be_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let server = Server::start_tls(folder.path(), ours.vouch("127.0.0.1", FAR));
    server.answer(FILE, Some(Answer::Body("text/yaml", BODY)));
    let url = server.url("vpc.yaml");
    let refused = why(imports(folder.path(), &server.url("")).latest(&url));
    assert!(refused.contains("authority that is not known here"), "{refused}");
    assert_eq!(server.requests(), Vec::<String>::new());

    let place = server.url("");
    let host = place.trim_start_matches("https://").trim_end_matches('/');
    let text = format!(
        "cache: cache\nauthorities: {{ \"{host}\": {} }}\nrepositories:\n  config:\n    url: \
         config.git\n    allow: {{ imports: [\"{place}\"] }}\n",
        ours.file.display()
    );
    let path = folder.path().join("agent.yaml");
    fs::write(&path, text).unwrap();
    let settings = settings::read(&path).unwrap();
    let allowed = settings.repositories.values().next().unwrap().allow.imports.clone();
    let imported = Imports::new(allowed, &settings).latest(&url).unwrap();
    assert_eq!(&*imported.text, BODY);
}

#[test]
fn a_repository_over_http_is_fetched_at_a_tag_of_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let git = folder.path().join("catalog.git");
    write::init(&git).unwrap();
    let first = commit(&git, "main", &[("vpc.yaml", BODY)]);
    fs::create_dir_all(git.join("refs/tags")).unwrap();
    fs::write(git.join("refs/tags/v1"), format!("{first}\n")).unwrap();
    let second = commit(&git, "main", &[("vpc.yaml", "vars: {cidr: new}\n")]);
    let server = Server::start(folder.path());
    let imports = imports(folder.path(), &server.url("catalog.git"));
    let at = |query: &str| format!("git::{}{query}", server.url("catalog.git//vpc.yaml"));
    let found = imports.latest(&at("?ref=v1")).unwrap();
    assert_eq!((&*found.text, found.commit), (BODY, Some(first.clone())));
    let found = imports.latest(&at("?ref=main")).unwrap();
    assert_eq!((&*found.text, found.commit), ("vars: {cidr: new}\n", Some(second.clone())));
    let found = imports.latest(&at("")).unwrap();
    assert_eq!(found.commit, Some(second), "what the repository itself begins with");
    // A tag that moves does not move what is locked.
    fs::remove_file(git.join("refs/tags/v1")).unwrap();
    let asked = server.requests().len();
    let sha256 = ContentId::of(BODY);
    let text = imports.locked(&at("?ref=v1"), &sha256, Some(&first), true).unwrap();
    assert_eq!((&*text, server.requests().len()), (BODY, asked), "the commit is here already");
    assert!(why(imports.latest(&at("?ref=v2"))).contains("has no `v2`"));
}

const ATMOS: &str = "stacks: { base_path: stacks, name_template: '{{ .vars.stage }}' }\n";
const ISOBAR: &str = "version: 1\nreview: none\nstacks: [{ match: '*', manage: correct }]\n";
const AGENT: &str = "agent: tester
store: sqlite:isobar.db
cache: cache
targets_folder: targets
repositories:
  config: { url: config.git, forge: local, interval: 1s }
forges:
  local: { local: { path: forge } }
";

fn manifest(url: &str) -> String {
    format!(
        "import: ['{url}']\nvars: {{ stage: dev }}\nsettings: {{ reconcile: {{ target: dev }} }}\n\
         components: {{ terraform: {{ net: {{}} }} }}\n"
    )
}

/// Locking, from the first import to one that is gone, as somebody does it.
#[test]
fn a_person_locks_what_a_repository_imports() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, server) = (folder.path(), server(folder.path()));
    let url = server.url("vpc.yaml");
    fs::create_dir_all(repository.join("stacks")).unwrap();
    fs::write(repository.join("atmos.yaml"), ATMOS).unwrap();
    fs::write(repository.join("stacks/dev.yaml"), manifest(&url)).unwrap();
    let run = |line: &[&str]| -> Ran {
        isobar([]).args(line.iter().map(ToString::to_string)).run(repository)
    };
    let allowed = ["--allow-imports", &server.url("")];
    let lock = || fs::read_to_string(repository.join("isobar.lock")).unwrap_or_default();

    let ran = run(&["list", "instances", allowed[0], allowed[1]]);
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.stderr.contains("import-unlocked"), "{}", ran.said());
    let ran = run(&["lock"]);
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.stderr.contains("import-remote") && ran.stderr.contains("--allow-imports"));
    assert_eq!((server.requests().len(), lock()), (0, String::new()), "nobody was asked");

    let ran = run(&["lock", "--check", allowed[0], allowed[1]]);
    assert_eq!((ran.code(), lock()), (1, String::new()), "{}", ran.said());
    let ran = run(&["lock", allowed[0], allowed[1]]);
    assert_eq!(ran.code(), 0, "{}", ran.said());
    assert_eq!(ran.stdout, format!("added    {url}\n1 remote import\n"));
    assert!(lock().contains(&ContentId::of(BODY).to_string()), "{}", lock());

    let described = |more: &[&str]| {
        let line = ["describe", "component", "net", "-s", "dev", "--query", ".vars.cidr"];
        run(&[&line, more].concat())
    };
    let ran = described(&[]);
    assert!(ran.stderr.contains("import-remote"), "{}", ran.said());
    let ran = described(&allowed);
    assert_eq!((ran.code(), ran.stdout.as_str()), (0, "10.0.0.0/16\n"), "{}", ran.said());
    let ran = described(&[]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (0, "10.0.0.0/16\n"), "kept: {}", ran.said());

    server.answer(FILE, Some(Answer::Body("text/yaml", "vars: {cidr: new}\n")));
    fs::remove_dir_all(repository.join(".isobar")).unwrap();
    let ran = described(&allowed);
    assert!(ran.code() == 1 && ran.stderr.contains("import-changed"), "{}", ran.said());
    let before = lock();
    let ran = run(&["lock", allowed[0], allowed[1]]);
    assert_eq!((ran.code(), lock()), (1, before), "only who asks for it: {}", ran.said());
    let ran = run(&["lock", "--update", allowed[0], allowed[1]]);
    assert_eq!(ran.stdout, format!("changed  {url}\n1 remote import\n"), "{}", ran.said());
    let ran = described(&allowed);
    assert_eq!((ran.code(), ran.stdout.as_str()), (0, "new\n"), "{}", ran.said());

    server.answer(FILE, Some(Answer::Body("text/yaml", "vars: [cidr]\n")));
    let ran = run(&["lock", "--update", &url, allowed[0], allowed[1]]);
    assert!(ran.code() == 1 && ran.stderr.contains("1 | vars: [cidr]"), "{}", ran.said());

    fs::write(repository.join("stacks/dev.yaml"), manifest("gone")).unwrap();
    let ran = run(&["lock"]);
    assert!(
        ran.code() == 1 && lock().contains(&url),
        "a mistake takes nothing out: {}",
        ran.said()
    );
    fs::write(repository.join("stacks/dev.yaml"), "vars: { stage: dev }\n").unwrap();
    let ran = run(&["lock"]);
    assert_eq!(ran.stdout, format!("removed  {url}\n0 remote imports\n"), "{}", ran.said());
}

/// An agent fetches for its branch what its settings allow. What cannot be had deletes nothing.
#[test]
fn an_agent_applies_what_is_locked_and_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (root, server) = (folder.path(), server(folder.path()));
    let (git, url) = (root.join("config.git"), server.url("vpc.yaml"));
    fs::write(root.join("agent.yaml"), AGENT).unwrap();
    write::init(&git).unwrap();
    let lock =
        |text: &str| format!("imports:\n  \"{url}\": {{ sha256: \"{}\" }}\n", ContentId::of(text));
    commit(
        &git,
        "main",
        &[
            ("atmos.yaml", ATMOS),
            ("isobar.yaml", ISOBAR),
            ("isobar.lock", &lock(BODY)),
            ("components/terraform/net/main.tf", "variable \"cidr\" {}\n"),
            ("stacks/dev.yaml", &manifest(&url)),
        ],
    );
    let place = format!("[{}]", server.url(""));
    let apply = |is_allowed: bool| {
        let command = isobar(["apply"]).with("ISOBAR_SETTINGS", "agent.yaml");
        match is_allowed {
            true => command.with("ISOBAR_REPOSITORIES__CONFIG__ALLOW__IMPORTS", &place).run(root),
            false => command.run(root),
        }
    };
    let applied = root.join("targets/dev/dev/terraform/net/dev-net.terraform.tfvars.json");
    let ran = apply(false);
    assert!(!applied.exists() && server.requests().is_empty(), "{}", ran.said());
    let ran = apply(true);
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let text = fs::read_to_string(&applied).unwrap();
    assert!(text.contains("10.0.0.0/16"), "{text}");

    // A lock that nothing satisfies: all stays as it is.
    commit(&git, "main", &[("isobar.lock", &lock("something else\n"))]);
    let ran = apply(true);
    assert_ne!(ran.code(), 0, "{}", ran.said());
    assert_eq!(fs::read_to_string(&applied).unwrap(), text, "{}", ran.said());
}
