//! Programs that build what components want: the built `isobar`, and the real ones.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::path::{Path, PathBuf};

use expect_test::expect;
use tempfile::TempDir;

use crate::cli::process::{Isobar, Ran, isobar};
use crate::testbed::program;

const ATMOS: &str = "\
base_path: .
stacks:
  base_path: stacks
  included_paths: ['deploy/*']
  name_template: '{{ .vars.stage }}'
";

const STACK: &str = "\
vars: { stage: prod }
settings: { reconcile: { target: files }, kubernetes: { namespace: shop } }
components:
  kubernetes:
    shop: { paths: [overlays/prod] }
";

const BASE: &str = "\
resources: [web.yaml]
configMapGenerator: [{ name: settings, envs: [settings.env] }]
";

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
      - { name: web, image: web, envFrom: [{ configMapRef: { name: settings } }] }
";

const OVERLAY: &str = "\
resources: [../../base]
images: [{ name: web, newTag: v7 }]
patches: [{ path: replicas.yaml }]
";

const REPLICAS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: 3 }
";

/// A repository whose one component is a kustomization.
struct Shop {
    folder: TempDir,
    kustomize: PathBuf,
}

impl Shop {
    /// `None`: `kustomize` is not built.
    fn new() -> Option<Self> {
        let shop = Self { folder: TempDir::new().unwrap(), kustomize: program("kustomize")? };
        shop.write("atmos.yaml", ATMOS);
        shop.write("stacks/deploy/prod.yaml", STACK);
        let component = "components/kubernetes/shop";
        shop.write(&format!("{component}/base/kustomization.yaml"), BASE);
        shop.write(&format!("{component}/base/settings.env"), "SIZE=3\n");
        shop.write(&format!("{component}/base/web.yaml"), WEB);
        shop.write(&format!("{component}/overlays/prod/kustomization.yaml"), OVERLAY);
        shop.write(&format!("{component}/overlays/prod/replicas.yaml"), REPLICAS);
        Some(shop)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn asked<const N: usize>(&self, args: [&str; N]) -> Isobar {
        let kustomize = self.kustomize.to_str().unwrap();
        isobar(args).with("ISOBAR_PROGRAMS__KUSTOMIZE", kustomize)
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Ran {
        self.asked(args).with("ISOBAR_LOG", "isobar=info").run(self.folder.path())
    }
}

/// How many programs were run for it.
fn runs(ran: &Ran) -> usize {
    ran.stderr.lines().filter(|line| line.contains("program=")).count()
}

fn without_digest(text: &str) -> String {
    let new = [("v1:[0-9a-f]+", "(digest)"), ("[0-9a-f]{12,}", "(digest)")];
    let new = new.iter().chain(&[("observed .*", "observed (time)")]);
    new.fold(text.to_owned(), |text, (pattern, word)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *word).into_owned()
    })
}

#[test]
fn a_kustomization_is_built_once() {
    let Some(shop) = Shop::new() else { return };
    let first = shop.run(["plan"]);
    assert_eq!(runs(&first), 1, "{}", first.stderr);
    expect![[r#"
        Only observed: 2 create in 1 stack

        prod at files
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            + create prod/kubernetes/shop/ConfigMap.shop.settings-fm7757658k.yaml
                apiVersion: "v1"                                components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                data.SIZE: "3"                                  components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                kind: "ConfigMap"                               components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                metadata.name: "settings-fm7757658k"            components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                metadata.namespace: "shop"                      components/kubernetes/shop/overlays/prod/kustomization.yaml:1
            + create prod/kubernetes/shop/Deployment.shop.web.yaml
                apiVersion: "apps/v1"                           components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                kind: "Deployment"                              components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                metadata.name: "web"                            components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                metadata.namespace: "shop"                      components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                spec.replicas: 3                                components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                spec.selector.matchLabels.app: "web"            components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                spec.template.metadata.labels.app: "web"        components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                spec.template.spec.containers[0].envFrom[0].configMapRef.name: "settings-fm7757658k"  components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                spec.template.spec.containers[0].image: "web:v7"  components/kubernetes/shop/overlays/prod/kustomization.yaml:1
                spec.template.spec.containers[0].name: "web"    components/kubernetes/shop/overlays/prod/kustomization.yaml:1

          Held
            all of it: it is only observed: no rule of `isobar.yaml` fits the stack
              > set `manage: propose` there

          Only observed: 2 create
    "#]].assert_eq(&without_digest(&first.stdout));
    let again = shop.run(["plan"]);
    assert_eq!(runs(&again), 0, "{}", again.stderr);
    assert_eq!(without_digest(&again.stdout), without_digest(&first.stdout));
    // What it does not take changes nothing.
    shop.write("components/kubernetes/shop/overlays/test/kustomization.yaml", "resources: []\n");
    assert_eq!(runs(&shop.run(["plan"])), 0);
    shop.write("components/kubernetes/shop/base/settings.env", "SIZE=4\n");
    let other = shop.run(["plan"]);
    assert_eq!(runs(&other), 1, "{}", other.stderr);
    assert!(other.stdout.contains("data.SIZE: \"4\""), "{}", other.stdout);
    assert_eq!(left(&shop.folder.path().join(".isobar/cache/work")), Vec::<PathBuf>::new());
}

#[test]
fn what_kustomize_refuses_is_told_in_its_words() {
    let Some(shop) = Shop::new() else { return };
    shop.write("components/kubernetes/shop/overlays/prod/replicas.yaml", "spec: { replicas: 3 }\n");
    let ran = shop.run(["check"]);
    assert_eq!(ran.status.code(), Some(1));
    expect![[r#"
        error[build-failed]: `kustomize` ended with exit status: 1: Error: trouble configuring builtin PatchTransformer with config: ` path: replicas.yaml `: unable to parse SM or JSON patch from [path: "replicas.yaml"]
         --> components/kubernetes/shop/overlays/prod/kustomization.yaml:1:1
          |
        1 | resources: [../../base]
          | ^
          |
          = help: the message is of the part that builds this kind; its page says more

        1 error
    "#]].assert_eq(&said(&ran));
    let missing = isobar(["check"]).with("PATH", "/nowhere").run(shop.folder.path());
    assert_eq!(missing.status.code(), Some(1));
    expect![[r#"
        error[build-failed]: `kustomize` is not there: install it, or say where it is in `programs` of the agent's settings
         --> components/kubernetes/shop/overlays/prod/kustomization.yaml:1:1
          |
        1 | resources: [../../base]
          | ^
          |
          = help: the message is of the part that builds this kind; its page says more

        1 error
    "#]].assert_eq(&said(&missing));
}

/// A kustomization is somebody else's text. What it names outside of its folders is not there, and
/// what it fetches is not fetched.
#[test]
fn a_kustomization_reads_nothing_of_the_machine() {
    let Some(shop) = Shop::new() else { return };
    let overlay = "components/kubernetes/shop/overlays/prod/kustomization.yaml";
    for taken in [
        "configMapGenerator: [{ name: stolen, files: [/etc/passwd] }]",
        "configMapGenerator: [{ name: stolen, files: [../../../../../../../../etc/passwd] }]",
        "patches: [{ path: 'https://example.com/patch.yaml' }]",
        "crds: [/etc/passwd]",
    ] {
        shop.write(overlay, &format!("resources: [../../base]\n{taken}\n"));
        let ran = shop.run(["check"]);
        assert_eq!(ran.status.code(), Some(1), "{taken}: {}", ran.stdout);
        assert!(ran.stderr.contains("`kustomize` ended with"), "{taken}: {}", ran.stderr);
        assert!(!ran.stderr.contains("root:"), "{taken}: {}", ran.stderr);
    }
}

#[test]
fn a_doctor_says_what_is_there() {
    let Some(shop) = Shop::new() else { return };
    let ran = shop.run(["doctor"]);
    assert_eq!(ran.status.code(), Some(0), "{}", ran.said());
    let bin = shop.kustomize.to_str().unwrap();
    let told = ran.stdout.lines().filter(|line| !line.contains(" kernel: "));
    let told: String = told.map(|line| format!("{}\n", line.replace(bin, "(kustomize)"))).collect();
    expect![[r#"
        good     kustomize: (kustomize)
        lacking  helm: not in PATH; needed for components of kind `helm` in a cluster
        lacking  sops: not in PATH; needed for encrypted manifests and values
        good     database: there is none yet; the first `apply` or `serve` makes it
    "#]]
    .assert_eq(&told);
    assert!(ran.stdout.contains(" kernel: "), "{}", ran.stdout);
    let ran = isobar(["doctor"]).with("ISOBAR_PROGRAMS__KUSTOMIZE", "/nowhere");
    let ran = ran.run(shop.folder.path());
    assert_eq!(ran.status.code(), Some(75), "{}", ran.said());
    assert!(ran.stdout.contains("broken   kustomize: /nowhere is no file"), "{}", ran.stdout);
}

fn said(ran: &Ran) -> String {
    anstream::adapter::strip_str(&ran.stderr)
        .to_string()
        .lines()
        .filter(|line| !line.contains("program="))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn left(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
