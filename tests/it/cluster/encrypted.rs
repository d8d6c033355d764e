//! Values that the real `sops` has encrypted, in a real cluster. Nobody gets to see them but the
//! cluster.

use std::fs;
use std::path::Path;

use expect_test::expect;

use super::scene::Scene;

/// What must not be seen, in the clear or in base64, wherever it begins.
const CANARIES: &[&str] = &["canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn"];

const SECRET: &str = "
apiVersion: v1
kind: Secret
metadata: { name: shop }
stringData: { password: canary-one, port: 5432, plain_unencrypted: shown }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: shop }
data: { token: canary-two, size: '3' }
";

const SECRETS: &str = "--encrypted-regex=^(password|port|token)$";

/// A component that is all of its folder.
fn wants_folder(scene: &Scene, namespace: &str) {
    let stack = format!(
        "vars: {{ stage: prod }}\n\
         settings: {{ reconcile: {{ target: bed }}, kubernetes: {{ namespace: {namespace} }} }}\n\
         components: {{ kubernetes: {{ shop: {{}} }} }}\n"
    );
    scene.write("stacks/deploy/prod.yaml", &stack);
}

/// Whether a file below `folder` has a canary in it. What people were told is looked through by
/// [`unseen`].
fn searched(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => searched(&path),
            false => unseen(&path.display().to_string(), &fs::read(&path).expect("a file")),
        }
    }
}

#[track_caller]
fn unseen(whose: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let seen = CANARIES.iter().find(|canary| text.contains(**canary));
    assert_eq!(seen, None, "in {whose}:\n{text}");
}

/// A command of which nothing may show a canary, nor anything it leaves behind.
#[track_caller]
fn blind<const N: usize>(scene: &Scene, args: [&str; N]) -> i32 {
    let ran = scene.run(args);
    unseen("what it says", ran.stdout.as_bytes());
    unseen("its log", ran.stderr.as_bytes());
    searched(scene.folder());
    ran.status.code().expect("it ends by itself")
}

#[test]
fn encrypted_manifests_are_applied_and_seen_by_nobody() {
    let Some(scene) = Scene::new("sealed") else { return };
    scene.holds_key();
    scene.encrypt("components/kubernetes/shop/all.yaml", SECRET, &[SECRETS]);
    wants_folder(&scene, "sealed");
    expect![[r#"
        Needs approval: 2 create in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            + create ConfigMap/sealed/shop
                apiVersion: "v1"                                components/kubernetes/shop/all.yaml:25
                data.size: "3"                                  components/kubernetes/shop/all.yaml:31
                data.token: (secret added)                      components/kubernetes/shop/all.yaml:30
                kind: "ConfigMap"                               components/kubernetes/shop/all.yaml:26
                metadata.annotations."isobar.dev/secret": "[\"data.token\"]"  components/kubernetes/shop/all.yaml:28
                metadata.name: "shop"                           components/kubernetes/shop/all.yaml:28
                metadata.namespace: "sealed"                    components/kubernetes/shop/all.yaml:28
            + create Secret/sealed/shop
                apiVersion: "v1"                                components/kubernetes/shop/all.yaml:1
                data.password: (secret added)                   components/kubernetes/shop/all.yaml:6
                data.plain_unencrypted: (secret added)          components/kubernetes/shop/all.yaml:6
                data.port: (secret added)                       components/kubernetes/shop/all.yaml:7
                kind: "Secret"                                  components/kubernetes/shop/all.yaml:2
                metadata.name: "shop"                           components/kubernetes/shop/all.yaml:4
                metadata.namespace: "sealed"                    components/kubernetes/shop/all.yaml:4

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 2 create
    "#]].assert_eq(&scene.isobar(["plan"]));
    assert_eq!(blind(&scene, ["plan", "--json"]), 0);
    assert_eq!(blind(&scene, ["apply", "--local", "--yes"]), 0);
    let field = |what: &str, path: &str| {
        scene.kubectl(["get", what, &format!("--output=jsonpath={{{path}}}")])
    };
    assert_eq!(field("secret/shop", ".data.password"), "Y2FuYXJ5LW9uZQ==");
    assert_eq!(field("secret/shop", ".data.port"), "NTQzMg==");
    assert_eq!(field("configmap/shop", ".data.token"), "canary-two");

    // Nothing is decrypted to see that nothing has changed.
    assert_eq!(scene.programs_run(["plan"]), 0);
    assert_eq!(blind(&scene, ["plan"]), 0);
}

/// Neither what others write, nor what was there before, nor what goes.
#[test]
fn what_is_there_in_place_of_encrypted_values_is_seen_by_nobody() {
    let Some(scene) = Scene::new("sealed-drift") else { return };
    scene.holds_key();
    scene.encrypt("components/kubernetes/shop/all.yaml", SECRET, &[SECRETS]);
    wants_folder(&scene, "sealed-drift");
    assert_eq!(blind(&scene, ["apply", "--local", "--yes"]), 0);
    let field = |what: &str, path: &str| {
        scene.kubectl(["get", what, &format!("--output=jsonpath={{{path}}}")])
    };
    let patch = r#"{"data":{"password":"Y2FuYXJ5LXRocmVl"}}"#;
    scene.kubectl(["patch", "secret/shop", "--type=merge", "--patch", patch]);
    scene.kubectl([
        "patch",
        "configmap/shop",
        "--type=merge",
        "--patch",
        r#"{"data":{"token":"canary-four"}}"#,
    ]);
    expect![[r#"
        Ready: 2 update in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            ~ update ConfigMap/sealed-drift/shop                drift
                data.token: (secret changed)                    components/kubernetes/shop/all.yaml:30, written by kubectl-patch
            ~ update Secret/sealed-drift/shop                   drift
                data.password: (secret changed)                 components/kubernetes/shop/all.yaml:6, written by kubectl-patch

          Ready: 2 update
    "#]].assert_eq(&scene.isobar(["plan"]));
    assert_eq!(blind(&scene, ["plan", "--json"]), 0);
    assert_eq!(blind(&scene, ["apply", "--local", "--yes"]), 0);
    assert_eq!(field("secret/shop", ".data.password"), "Y2FuYXJ5LW9uZQ==");
    assert_eq!(field("configmap/shop", ".data.token"), "canary-two");

    // A new value under the same key.
    let new = SECRET.replace("canary-one", "canary-five");
    scene.encrypt("components/kubernetes/shop/all.yaml", &new, &[SECRETS]);
    assert_eq!(blind(&scene, ["apply", "--local", "--yes"]), 0);
    assert_eq!(field("secret/shop", ".data.password"), "Y2FuYXJ5LWZpdmU=");
    assert_eq!(blind(&scene, ["plan"]), 0);

    // The same values, encrypted once more, are no change.
    scene.encrypt("components/kubernetes/shop/all.yaml", &new, &[SECRETS]);
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));

    // Nobody wants them any more.
    let plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n";
    scene.write("components/kubernetes/shop/all.yaml", plain);
    assert_eq!(blind(&scene, ["plan"]), 0);
}

#[test]
fn encrypted_values_go_through_a_chart() {
    let Some(scene) = Scene::new("sealed-chart") else { return };
    scene.holds_key();
    let template = r#"
apiVersion: v1
kind: Secret
metadata: { name: {{ .Release.Name }}, annotations: { sum: {{ .Values.auth.password | sha256sum }} } }
stringData: { password: {{ .Values.auth.password | quote }} }
data:
  coded: {{ .Values.auth.password | b64enc }}
  url: {{ printf "postgres://shop:%s@db" .Values.auth.password | b64enc }}
---
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }} }
data:
  file: |
    user = {{ .Values.user }}
    password = {{ .Values.auth.password }}
"#;
    let chart = "{ apiVersion: v2, name: shop, version: 1.2.3 }\n";
    scene.write("components/helm/shop/Chart.yaml", chart);
    scene.write("components/helm/shop/templates/all.yaml", template);
    scene.encrypt("auth.yaml", "password: canary-one\n", &[]);
    scene.wants_chart("values:\n  user: shop\n  auth: !include auth.yaml");
    assert_eq!(blind(&scene, ["plan"]), 0);
    assert_eq!(blind(&scene, ["apply", "--local", "--yes"]), 0);
    let field = |what: &str, path: &str| {
        scene.kubectl(["get", what, &format!("--output=jsonpath={{{path}}}")])
    };
    assert_eq!(field("secret/shop", ".data.password"), "Y2FuYXJ5LW9uZQ==");
    assert_eq!(field("secret/shop", ".data.coded"), "Y2FuYXJ5LW9uZQ==");
    // postgres://shop:canary-one@db
    assert_eq!(field("secret/shop", ".data.url"), "cG9zdGdyZXM6Ly9zaG9wOmNhbmFyeS1vbmVAZGI=");
    let file = field("configmap/shop", ".data.file");
    assert_eq!(file, "user = shop\npassword = canary-one\n");
    assert_eq!(scene.programs_run(["plan"]), 0);
    assert_eq!(blind(&scene, ["plan"]), 0);
}

#[test]
fn encrypted_objects_go_through_a_kustomization() {
    let Some(scene) = Scene::new("sealed-base") else { return };
    scene.holds_key();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: shop }\nstringData: { password: canary-one }\n";
    let regex = "--encrypted-regex=^stringData$";
    scene.encrypt("components/kubernetes/shop/secret.yaml", secret, &[regex]);
    let kustomization =
        "resources: [secret.yaml]\nnamePrefix: my-\nlabels: [{ pairs: { a: b } }]\n";
    scene.write("components/kubernetes/shop/kustomization.yaml", kustomization);
    wants_folder(&scene, "sealed-base");
    assert_eq!(blind(&scene, ["apply", "--local", "--yes"]), 0);
    let path = "--output=jsonpath={.data.password}";
    assert_eq!(scene.kubectl(["get", "secret/my-shop", path]), "Y2FuYXJ5LW9uZQ==");
}

/// What cannot be read is held, and says why; nothing is deleted meanwhile.
#[test]
fn what_cannot_be_decrypted_is_held_by_name() {
    let Some(scene) = Scene::new("sealed-odd") else { return };
    scene.encrypt("components/kubernetes/shop/all.yaml", SECRET, &[SECRETS]);
    wants_folder(&scene, "sealed-odd");
    // Without a key.
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Not well
            kubernetes/shop: unknown: ConfigMap/sealed-odd/shop: it has encrypted values, and the agent has no key to this repository: `sops` of the repository in the agent's settings names one (and 1 more)

          Held
            ConfigMap/sealed-odd/shop: it cannot be looked at: it has encrypted values, and the agent has no key to this repository: `sops` of the repository in the agent's settings names one
              > make the target answer; it is looked at again
            Secret/sealed-odd/shop: it cannot be looked at: it has encrypted values, and the agent has no key to this repository: `sops` of the repository in the agent's settings names one
              > make the target answer; it is looked at again

          Held: no changes
    "#]].assert_eq(&scene.holds(["plan"]));
    scene.holds_key();
    // Put beside another name: its author has not encrypted that.
    let path = "components/kubernetes/shop/all.yaml";
    scene.change(path, |text| text.replacen("name: shop", "name: evil", 1));
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Not well
            kubernetes/shop: unknown: ConfigMap/sealed-odd/shop: its encrypted values cannot be read: they were changed after they had been encrypted (and 1 more)

          Held
            ConfigMap/sealed-odd/shop: it cannot be looked at: its encrypted values cannot be read: they were changed after they had been encrypted
              > make the target answer; it is looked at again
            Secret/sealed-odd/evil: it cannot be looked at: its encrypted values cannot be read: they were changed after they had been encrypted
              > make the target answer; it is looked at again

          Held: no changes
    "#]].assert_eq(&scene.holds(["plan"]));
    scene.encrypt(path, SECRET, &[]);
    let wrong = scene.wrong(["check"]);
    assert!(wrong.contains("`apiVersion` is encrypted, and cannot be read here"), "{wrong}");
    // Taken out of its file.
    scene.encrypt(path, SECRET, &[SECRETS]);
    scene.change(path, |text| text.split("sops:").next().unwrap_or_default().to_owned());
    let wrong = scene.wrong(["check"]);
    assert!(wrong.contains("`stringData.password` is encrypted, and cannot"), "{wrong}");
    // What a server says of it may repeat it.
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: shop }\nspec: { clusterIP: canary-one, ports: [{ port: 80 }] }\n";
    scene.encrypt(path, service, &["--encrypted-regex=^clusterIP$"]);
    assert_eq!(blind(&scene, ["plan"]), 3);
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Held
            Service/sealed-odd/shop: the target refuses it: refused (Invalid): spec.clusterIPs[0]
              > ask for what the target takes; until then all stays

          Held: no changes
    "#]]
    .assert_eq(&scene.holds(["plan"]));
}

/// With a key service: only `sops` reaches it, with the variables that the settings name.
#[test]
fn a_key_service_is_asked_by_sops_alone() {
    let Some(scene) = Scene::new("sealed-service") else { return };
    let service = super::transit::Transit::start();
    let uri = format!("{}/v1/transit/keys/shop", service.url());
    let regex = "--encrypted-regex=^(password|port|token)$";
    scene.encrypt_for(
        "components/kubernetes/shop/all.yaml",
        SECRET,
        &["--hc-vault-transit", &uri, regex],
        &[("VAULT_TOKEN", super::transit::TOKEN)],
    );
    wants_folder(&scene, "sealed-service");
    scene.change("agent.yaml", |text| {
        text.replace("{ url: . }", "{ url: ., sops: { env: [VAULT_TOKEN], network: true } }")
    });
    let with_token = ("VAULT_TOKEN", super::transit::TOKEN);
    let ran = scene.run_with(["apply", "--local", "--yes"], &[with_token]);
    assert!(ran.status.success(), "{}", ran.said());
    let path = "--output=jsonpath={.data.password}";
    assert_eq!(scene.kubectl(["get", "secret/shop", path]), "Y2FuYXJ5LW9uZQ==");
    scene.lose_cache();
    // Not allowed to use the network.
    scene.change("agent.yaml", |text| text.replace(", network: true", ""));
    let ran = scene.run_with(["plan"], &[with_token]);
    assert!(ran.stdout.contains("no key of the agent opens them"), "{}", ran.said());
}
