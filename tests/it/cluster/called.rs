//! What has the API server call a service is made once that answers.

use serde_json::Value as Json;

use super::APP;
use super::scene::{Scene, UNREVIEWED};

/// Plans within which one is of the moment that a test waits for, each of some 200 ms.
const PLANS_MAX: u32 = 100;

/// One for a kind that nobody has: the bed is for others, too.
fn hook(namespace: &str) -> String {
    format!(
        "
- apiVersion: admissionregistration.k8s.io/v1
  kind: ValidatingWebhookConfiguration
  metadata: {{ name: {namespace} }}
  webhooks:
  - name: hook.{namespace}.example.com
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
    clientConfig: {{ service: {{ namespace: {namespace}, name: hook }} }}
    rules:
    - apiGroups: [{namespace}.example.com]
      apiVersions: ['*']
      operations: [CREATE]
      resources: [nothings]
"
    )
}

/// What answers, and beside it something that has nothing to do with that and never gets ready.
fn server(stay: &str, deadline: u32) -> String {
    let workload = |name: &str, stay: &str, deadline: u32| {
        format!(
            "
- apiVersion: apps/v1
  kind: Deployment
  metadata: {{ name: {name} }}
  spec:
    progressDeadlineSeconds: {deadline}
    selector: {{ matchLabels: {{ app: {name} }} }}
    template:
      metadata:
        labels: {{ app: {name}, tier: back }}
        annotations: {{ testbed.isobar.test/stay: {stay} }}
      spec: {{ containers: [{{ name: it, image: 'it:1' }}] }}
"
        )
    };
    format!(
        "
- apiVersion: v1
  kind: Service
  metadata: {{ name: hook }}
  spec: {{ selector: {{ app: hook }}, ports: [{{ port: 443 }}] }}
{}{}",
        workload("hook", stay, deadline).trim_start(),
        workload("beside", "pending", 3600).trim_start()
    )
}

fn is_there(scene: &Scene) -> bool {
    let name = format!("validatingwebhookconfiguration/{}", scene.namespace());
    !scene.kubectl(["get", &name, "--ignore-not-found", "--output=name"]).is_empty()
}

/// When the server was through with the first request that fits, by its own record.
fn first(scene: &Scene, about: &str, fits: impl Fn(&Json) -> bool) -> String {
    let found = scene.requests(about).into_iter().find(fits);
    let found = found.unwrap_or_else(|| panic!("no such request about {about}"));
    found["stageTimestamp"].as_str().expect("a time").to_owned()
}

/// All in one component, installed for the first time: the configuration is made by itself once
/// what answers is there, and not before.
#[test]
fn what_is_called_is_made_once_it_answers() {
    let Some(scene) = Scene::new("called") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants(&format!("{}{}", hook("called").trim(), server("pending", 3600)));
    scene.commit();
    let mut serving = scene.serve();
    serving.expect("1 step waits");
    let told = "ValidatingWebhookConfiguration.admissionregistration.k8s.io/called: \
                it waits for Deployment.apps/called/hook to do well, which is progressing";
    let is_told = (0..PLANS_MAX).any(|_| scene.run(["plan"]).stdout.contains(told));
    assert!(is_told, "{}", scene.run(["plan"]).said());
    // Whatever happens meanwhile that is not that.
    scene.kubectl(["annotate", "service/hook", "hand=one"]);
    assert!(!is_there(&scene));
    // A newer commit does not wait with it.
    let all = format!("{}{}", hook("called").trim(), server("pending", 3600));
    scene.wants_all(&[("shop", "", &all), ("app", "", APP)]);
    scene.commit();
    serving.expect("prod: applied as predicted");
    assert!(scene.can(["get", "configmap/app"]));
    assert!(!is_there(&scene));
    let ready = "testbed.isobar.test/stay=ready";
    scene.kubectl(["annotate", "pods", "--selector=app=hook", "--overwrite", ready]);
    serving.expect("prod: applied as predicted");
    assert!(is_there(&scene));
    let made = first(&scene, "validatingwebhookconfigurations/called", |request| {
        request["verb"] == "patch"
            && request["responseStatus"]["code"] == 201
            && !request["requestURI"].as_str().unwrap_or_default().contains("dryRun")
    });
    let available = first(&scene, "/namespaces/called/deployments/hook/status", |request| {
        request["requestObject"]["status"]["availableReplicas"] == 1
    });
    assert!(available < made, "available {available}, registered {made}");
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
}

/// In components of their own. What never gets there is told at once, and a commit that mends it
/// lets the configuration come under the yes that it had.
#[test]
fn what_does_not_answer_is_never_called() {
    let Some(scene) = Scene::new("uncalled") else { return };
    let (hook, broken) = (hook("uncalled"), server("unready", 1));
    // Whoever applies by hand waits for as long as the component says, and no longer.
    let slow = ("server", "settings: { reconcile: { timeout: 10s } }", server("pending", 3600));
    scene.wants_all(&[("a-hook", "", &hook), (slow.0, slow.1, &slow.2)]);
    let told = scene.holds(["apply", "--local", "--yes"]);
    let why = "it waits for Deployment.apps/uncalled/hook to do well, which is progressing";
    assert!(told.contains("1 step waits") && told.contains(why), "{told}");
    assert!(!is_there(&scene));
    scene.wants_all(&[("a-hook", "", &hook), ("server", "", &broken)]);
    let told = scene.holds(["apply", "--local", "--yes"]);
    let why = "it waits for Deployment.apps/uncalled/hook to do well, which is degraded: \
               Progressing is False: ProgressDeadlineExceeded";
    assert!(told.contains("1 step waits") && told.contains(why), "{told}");
    assert!(!is_there(&scene));
    let asked = scene.requests("validatingwebhookconfigurations/uncalled");
    let written = |request: &&Json| {
        let uri = request["requestURI"].as_str().unwrap_or_default();
        request["verb"] != "get" && !uri.contains("dryRun=All")
    };
    assert_eq!(asked.iter().find(written), None);
    // A newer commit waits for nothing.
    scene.wants_all(&[("a-hook", "", &hook), ("server", "", &server("ready", 600))]);
    let told = scene.run(["apply", "--local", "--yes"]).said();
    assert!(is_there(&scene), "{told}");
    // What is there is changed, however that does which answers: it may be what lets it get well.
    let ignore = hook.replace("failurePolicy: Fail", "failurePolicy: Ignore");
    scene.wants_all(&[("a-hook", "", &hook), ("server", "", &server("unready", 1))]);
    scene.run(["apply", "--local", "--yes"]);
    let late = ["wait", "--for=condition=Progressing=False", "deployment/hook", "--timeout=60s"];
    scene.kubectl(late);
    scene.wants_all(&[("a-hook", "", &ignore), ("server", "", &server("unready", 1))]);
    let told = scene.run(["apply", "--local", "--yes"]).said();
    let policy = "--output=jsonpath={.webhooks[0].failurePolicy}";
    let name = "validatingwebhookconfiguration/uncalled";
    assert_eq!(scene.kubectl(["get", name, policy]), "Ignore", "{told}");
}

/// A service that the stack does not have is somebody else's, and so is how it is doing.
#[test]
fn what_is_answered_by_others_waits_for_nobody() {
    let Some(scene) = Scene::new("foreigncall") else { return };
    let theirs = server("unready", 1).replace("\n-", "\n---\n-");
    let theirs: String = theirs.lines().map(|line| format!("{}\n", undented(line))).collect();
    scene.apply("theirs", &theirs);
    scene.wants(&hook("foreigncall"));
    scene.isobar(["apply", "--local", "--yes"]);
    assert!(is_there(&scene));
    // Nor for what says that it keeps nobody waiting.
    scene.kubectl(["delete", "service/hook", "deployment/hook", "deployment/beside"]);
    let annotated = server("unready", 1).replace(
        "metadata: { name: hook }\n  spec:\n    progress",
        "metadata: { name: hook, annotations: { isobar.dev/wait: 'false' } }\n  spec:\n    progress",
    );
    assert_ne!(annotated, server("unready", 1));
    let other = hook("foreigncall").replace("{ name: foreigncall }", "{ name: foreigncall-two }");
    scene.wants(&format!("{}{}{}", hook("foreigncall").trim(), other.trim_end(), annotated));
    scene.isobar(["apply", "--local", "--yes"]);
    let two = "validatingwebhookconfiguration/foreigncall-two";
    assert!(scene.can(["get", two]));
}

/// An item of a list as a document of its own.
fn undented(line: &str) -> &str {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("  ")).unwrap_or(line)
}
