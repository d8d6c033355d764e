//! Charts of a chart repository and of an OCI registry, both real and on this machine: locked by
//! `isobar lock`, fetched once, and nothing but what was locked.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::scene::Scene;
use crate::git_http::server::{Answer, Server};
use crate::git_https::{Authority, FAR};
use crate::testbed::bed::programs;

const CONFIG_MAP: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }} }
data: { size: {{ .Values.size | quote }}, version: {{ .Chart.Version }} }
";

/// A folder with packed charts, as a chart repository is one.
struct Shelf {
    folder: tempfile::TempDir,
}

impl Shelf {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Packs a version of the chart `web`, and writes the index anew.
    fn publish(&self, version: &str) -> PathBuf {
        let chart = self.path().join("web");
        std::fs::create_dir_all(chart.join("templates")).expect("a folder");
        let about = format!("apiVersion: v2\nname: web\nversion: {version}\n");
        std::fs::write(chart.join("Chart.yaml"), about).expect("written");
        std::fs::write(chart.join("values.yaml"), "size: 1\n").expect("written");
        std::fs::write(chart.join("templates/all.yaml"), CONFIG_MAP).expect("written");
        let at = self.path().to_str().expect("a plain path");
        helm(&["package", chart.to_str().expect("a plain path"), "--destination", at]);
        helm(&["repo", "index", at]);
        self.path().join(format!("web-{version}.tgz"))
    }
}

#[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
fn helm(args: &[&str]) {
    let ran = Command::new(programs().join("helm")).args(args).output().expect("helm");
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// An OCI registry that ends with the test.
struct Registry {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Registry {
    /// On a free port; `auth` is what it wants of whoever asks.
    #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
    fn start(auth: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "version: 0.1\nlog: {{ level: info, formatter: json }}\n\
             storage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: '127.0.0.1:0' }}\n{auth}",
            folder.path().join("blobs").display()
        );
        let file = folder.path().join("registry.yaml");
        std::fs::write(&file, config).expect("written");
        let mut child = Command::new(programs().join("registry"))
            .arg("serve")
            .arg(&file)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the registry");
        let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let port = loop {
            let line = said.next().expect("it says where it listens").expect("a text");
            if let Some((_, after)) = line.split_once("listening on 127.0.0.1:") {
                break after
                    .split(|c: char| !c.is_ascii_digit())
                    .next()
                    .expect("a port")
                    .to_owned();
            }
        };
        // Whoever does not read what it says makes it wait.
        std::thread::spawn(move || said.for_each(drop));
        Self { child, port: port.parse().expect("a port"), _folder: folder }
    }

    fn place(&self) -> String {
        format!("oci://127.0.0.1:{}/charts", self.port)
    }

    fn push(&self, archive: &Path) {
        let archive = archive.to_str().expect("a plain path");
        helm(&["push", archive, &self.place(), "--plain-http"]);
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Allows charts from these places.
fn allow(scene: &Scene, places: &[&str]) {
    let line = format!("{{ url: ., allow: {{ imports: {places:?} }} }}");
    scene.change("agent.yaml", |text| {
        let (head, rest) = text.split_once("config: ").expect("a repository");
        let (_, tail) = rest.split_once("\n").expect("more lines");
        format!("{head}config: {line} }}\n{tail}")
    });
}

fn lock_of(scene: &Scene) -> String {
    std::fs::read_to_string(scene.folder().join("isobar.lock")).unwrap_or_default()
}

/// The version and the size of what is there.
fn there(scene: &Scene) -> String {
    scene.kubectl(["get", "configmap/shop", "--output=jsonpath={.data.version}:{.data.size}"])
}

/// From a chart that nobody has locked to one that is renewed.
#[test]
fn a_chart_of_a_repository_is_what_it_was_locked_as() {
    let Some(scene) = Scene::new("chart-repository") else { return };
    let shelf = Shelf::new();
    shelf.publish("1.0.0");
    shelf.publish("1.1.0");
    let ours = Authority::new(shelf.path(), "ours");
    let server = Server::start_tls(shelf.path(), ours.vouch("127.0.0.1", FAR));
    let url = server.url("");
    let url = url.trim_end_matches('/');
    scene.wants_chart(&format!(
        "chart: web\nrepository: {url}\nversion: ^1.0\nvalues: {{ size: 3 }}"
    ));

    let said = scene.wrong(["plan"]);
    assert!(said.contains("import-unlocked") && said.contains("isobar lock"), "{said}");
    let said = scene.wrong(["lock"]);
    assert!(said.contains("import-remote") && said.contains("nothing allows charts"), "{said}");
    assert_eq!((server.requests().len(), lock_of(&scene)), (0, String::new()), "nobody was asked");

    allow(&scene, &[url]);
    let host = url.trim_start_matches("https://").to_owned();
    scene.change("agent.yaml", |text| {
        format!("{text}authorities: {{ \"{host}\": {} }}\n", ours.file.display())
    });
    let asked = format!("{url}/web@^1.0");
    assert_eq!(scene.isobar(["lock"]), format!("added    {asked}\n0 remote imports, 1 chart\n"));
    let lock = lock_of(&scene);
    assert!(lock.contains("version: \"1.1.0\"") && lock.contains("web-1.1.0.tgz"), "{lock}");
    let requests = server.requests().len();
    assert_eq!(scene.isobar(["lock"]), "0 remote imports, 1 chart\n", "it stays as it is");
    assert_eq!(server.requests().len(), requests, "what is locked is asked of nobody");

    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), "1.1.0:3");
    assert_eq!(server.requests().len(), requests + 1, "the archive, once");

    // What is published later is for whoever takes it over.
    shelf.publish("1.2.0");
    assert_eq!(scene.programs_run(["plan"]), 0);
    let said = scene.isobar(["lock", "--update", &asked]);
    assert!(said.starts_with(&format!("changed  {asked}\n")), "{said}");
    let plan = scene.isobar(["plan"]);
    assert!(plan.contains("data.version") && plan.contains("1.2.0"), "{plan}");
    assert!(plan.contains("stacks/deploy/prod.yaml:"), "where the chart is named: {plan}");

    // An archive that is another by now, and one that is gone: nothing is made of either.
    scene.lose_cache();
    let archive = shelf.path().join("web-1.2.0.tgz");
    std::fs::copy(shelf.path().join("web-1.0.0.tgz"), &archive).expect("a copy");
    let said = scene.wrong(["plan"]);
    assert!(said.contains("import-changed"), "{said}");
    let said = scene.wrong(["apply", "--local", "--yes"]);
    assert!(said.contains("import-changed"), "{said}");
    std::fs::remove_file(&archive).expect("it goes");
    let said = scene.wrong(["plan"]);
    assert!(said.contains("import-failed"), "{said}");
    assert_eq!(there(&scene), "1.1.0:3", "all is as it was");
}

#[test]
fn a_server_leads_to_places_that_are_allowed_and_to_no_others() {
    let Some(scene) = Scene::new("chart-hops") else { return };
    let shelf = Shelf::new();
    shelf.publish("1.0.0");
    let (front, store) = (Server::start(shelf.path()), Server::start(shelf.path()));
    let to = store.url("web-1.0.0.tgz").leak();
    front.answer("/web-1.0.0.tgz", Some(Answer::Redirect(to)));
    let (url, other) = (front.url(""), store.url(""));
    scene.wants_chart(&format!(
        "chart: stable/web\nrepositories: [{{ name: stable, url: '{url}' }}]"
    ));
    allow(&scene, &[&url]);
    let said = scene.wrong(["lock"]);
    assert!(said.contains("it leads to") && said.contains("import-remote"), "{said}");
    assert_eq!(store.requests().len(), 0, "nobody was asked");
    allow(&scene, &[&url, &other]);
    scene.isobar(["lock"]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), "1.0.0:1");
    front.answer("/web-1.0.0.tgz", Some(Answer::Redirect("/web-1.0.0.tgz")));
    let said = scene.wrong(["lock", "--update"]);
    assert!(said.contains("more than 5 times"), "{said}");
}

#[test]
fn a_chart_of_a_registry_is_what_it_was_locked_as() {
    let Some(scene) = Scene::new("chart-registry") else { return };
    let (shelf, registry) = (Shelf::new(), Registry::start(""));
    for version in ["1.0.0", "1.2.0+build.7", "2.0.0-rc.1"] {
        registry.push(&shelf.publish(version));
    }
    let place = registry.place();
    allow(&scene, &[&place]);
    scene.wants_chart(&format!("chart: {place}/web\nversion: '>=1.0'\nname: shop"));
    let said = scene.isobar(["lock"]);
    assert!(said.contains(&format!("added    {place}/web@>=1.0\n")), "{said}");
    let lock = lock_of(&scene);
    assert!(lock.contains("version: \"1.2.0+build.7\""), "{lock}");
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), "1.2.0+build.7:1");

    scene.wants_chart(&format!("chart: web\nrepository: {place}\nversion: 1.0.0"));
    scene.isobar(["lock"]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), "1.0.0:1");
    scene.wants_chart(&format!("chart: {place}/web\nversion: 3.0.0"));
    let said = scene.wrong(["lock"]);
    assert!(said.contains("import-failed") && said.contains("404"), "{said}");

    // What was fetched once is here when the registry is not.
    scene.wants_chart(&format!(
        "chart: web\nrepository: {place}\nversion: 1.0.0\nvalues: {{ size: 2 }}"
    ));
    scene.isobar(["lock"]);
    drop(registry);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), "1.0.0:2");
}

/// As public registries do: whoever asks has to bring a token, and anybody gets one.
#[test]
fn a_registry_may_ask_for_a_token_from_a_place_that_is_allowed() {
    let Some(scene) = Scene::new("chart-token") else { return };
    let shelf = Shelf::new();
    let tokens = Server::start(shelf.path());
    tokens.answer("/token", Some(Answer::Body("application/json", "{\"token\": \"anybody\"}")));
    let realm = tokens.url("token");
    let auth = format!("auth: {{ silly: {{ realm: '{realm}', service: charts }} }}\n");
    let registry = Registry::start(&auth);
    registry.push(&shelf.publish("1.0.0"));
    let place = registry.place();
    scene.wants_chart(&format!("chart: {place}/web"));
    allow(&scene, &[&place]);
    let asked = tokens.requests().len();
    let said = scene.wrong(["lock"]);
    assert!(said.contains("it leads to") && said.contains("/token"), "{said}");
    assert_eq!(tokens.requests().len(), asked, "nobody was asked");
    allow(&scene, &[&place, &tokens.url("")]);
    scene.isobar(["lock"]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), "1.0.0:1");
}

/// Nothing but `helm` opens an archive, in the jail: what leads out of it leads nowhere.
#[test]
fn an_archive_is_opened_by_nobody_but_helm_in_the_jail() {
    let Some(scene) = Scene::new("chart-archive") else { return };
    let shelf = Shelf::new();
    shelf.publish("1.0.0");
    let server = Server::start(shelf.path());
    allow(&scene, &[&server.url("")]);
    let chart = shelf.path().join("web");
    let canary = shelf.path().join("canary.yaml");
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: canary }\n";
    std::fs::write(&canary, text).expect("written");
    std::os::unix::fs::symlink(&canary, chart.join("templates/link.yaml")).expect("a link");
    let large = vec![b'#'; 120 << 20];
    let mut plans = Vec::new();
    for (name, args) in [
        ("plain", &["web"][..]),
        ("out", &["--transform=s,^web/templates,../../../web,", "--absolute-names", "web"]),
        ("large", &["web"]),
    ] {
        if name == "large" {
            std::fs::write(chart.join("large.txt"), &large).expect("written");
        }
        let file = format!("{name}.tgz");
        tar(shelf.path(), &file, args);
        scene.wants_chart(&format!("chart: {}", server.url(&file)));
        scene.isobar(["lock"]);
        plans.push(scene.run(["plan"]).said());
    }
    let [plain, out, large] = plans.try_into().expect("three");
    assert!(plain.contains("ConfigMap/chart-archive/shop") && !plain.contains("canary"), "{plain}");
    for wrong in [out, large] {
        assert!(wrong.contains("build-failed") && wrong.contains("chart archive"), "{wrong}");
        assert!(!wrong.contains("ConfigMap"), "{wrong}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a tool of the test")]
fn tar(folder: &Path, file: &str, args: &[&str]) {
    let mut tar = Command::new("tar");
    tar.current_dir(folder).args(["--create", "--gzip", "--file", file]).args(args);
    let ran = tar.output().expect("tar");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
