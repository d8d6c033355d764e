use super::*;

const KUSTOMIZED: &str = "#- sections.yaml
metadata: { component: shop }
paths: [overlays/prod]
settings: { kubernetes: { namespace: shop } }
#- components/kubernetes/shop/base/kustomization.yaml
resources: [web.yaml]
#- components/kubernetes/shop/base/web.yaml
a: b
#- components/kubernetes/shop/overlays/prod/kustomization.yaml
resources: [../../base]
namePrefix: prod-
#- components/kubernetes/shop/overlays/prod/size.env
SIZE=3
#- components/kubernetes/shop/overlays/test/kustomization.yaml
resources: [../../base]
";

/// What the one errand of a fixture is, and its number.
fn only_errand(fixture: &Fixture) -> Errand {
    let component = fixture.desired.component(&fixture.id).unwrap();
    let mut all = errands(component, &fixture.desired, &fixture.snapshot, Naming::Paths);
    let one = all.pop().unwrap();
    assert_eq!(all, []);
    one
}

#[test]
fn a_kustomization_is_an_errand_with_all_that_it_takes() {
    let mut fixture = fixture("prod/kubernetes/shop", KUSTOMIZED);
    let errand = only_errand(&fixture);
    let told = format!("{} {:?}\n", errand.program, errand.arguments);
    let files: String = errand.files.keys().map(|path| format!("{path}\n")).collect();
    expect![[r#"
        kustomize ["build", "./components/kubernetes/shop/overlays/prod"]
        components/kubernetes/shop/base/kustomization.yaml
        components/kubernetes/shop/base/web.yaml
        components/kubernetes/shop/overlays/prod/kustomization.yaml
        components/kubernetes/shop/overlays/prod/size.env
    "#]]
    .assert_eq(&(told + &files));
    expect![[r#"
        components/kubernetes/shop/overlays/prod/kustomization.yaml:1:1: build-failed: `kustomize` was not run
    "#]]
    .assert_eq(&report(&fixture.render()));
    let failed = Undone {
        code: Code::BuildFailed,
        why: "`kustomize` ended with a failure".into(),
        passing: false,
    };
    fixture.done.insert(errand.id(), Err(failed));
    expect![[r#"
        components/kubernetes/shop/overlays/prod/kustomization.yaml:1:1: build-failed: `kustomize` ended with a failure
    "#]]
    .assert_eq(&report(&fixture.render()));
    let written =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: prod-web }\ndata: { on: yes }\n";
    fixture.done.insert(errand.id(), Ok(written.into()));
    expect![[r#"
        == prod/kubernetes/shop/ConfigMap.shop.prod-web.yaml
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: prod-web
          namespace: shop
        data:
          'true': true
    "#]]
    .assert_eq(&report(&fixture.render()));
}

#[test]
fn what_does_not_go_into_a_kustomization_does_not_change_its_errand() {
    let errand = |files: &str| only_errand(&fixture("prod/kubernetes/shop", files)).id();
    let first = errand(KUSTOMIZED);
    assert_eq!(
        errand(&KUSTOMIZED.replace("overlays/test/kustomization", "overlays/test/other")),
        first
    );
    assert_ne!(errand(&KUSTOMIZED.replace("a: b", "a: c")), first);
    assert_ne!(errand(&KUSTOMIZED.replace("SIZE=3", "SIZE=4")), first);
}

#[test]
fn a_kustomization_takes_only_what_is_in_the_repository() {
    let elsewhere = KUSTOMIZED.replace(
        "resources: [../../base]\nnamePrefix: prod-",
        "resources:\n- ../../bas\n- https://example.com/base?ref=v1\n- ../../../../../..\nhelmCharts:\n- name: web",
    );
    check(
        "prod/kubernetes/shop",
        &elsewhere,
        &expect![[r#"
        components/kubernetes/shop/overlays/prod/kustomization.yaml:2:3: build-failed: there is no `../../bas` in the repository
          hint: paths are from the kustomization's folder; what is elsewhere is not fetched
        components/kubernetes/shop/overlays/prod/kustomization.yaml:3:3: build-failed: there is no `https://example.com/base?ref=v1` in the repository
          hint: paths are from the kustomization's folder; what is elsewhere is not fetched
        components/kubernetes/shop/overlays/prod/kustomization.yaml:4:3: build-failed: there is no `../../../../../..` in the repository
          hint: paths are from the kustomization's folder; what is elsewhere is not fetched
        components/kubernetes/shop/overlays/prod/kustomization.yaml:6:1: build-failed: `helmCharts` is not built
          hint: a chart is a component of kind `helm`
    "#]],
    );
}

#[test]
fn below_a_folder_with_a_kustomization_there_is_nothing_else() {
    let files = KUSTOMIZED.replace("paths: [overlays/prod]\n", "paths: [overlays/prod, base]\n");
    let fixture = fixture("prod/kubernetes/shop", &files);
    let component = fixture.desired.component(&fixture.id).unwrap();
    let all = errands(component, &fixture.desired, &fixture.snapshot, Naming::Paths);
    let folders: Vec<_> = all.iter().map(|errand| errand.arguments[1].to_string()).collect();
    expect![[r#"
        ./components/kubernetes/shop/base
        ./components/kubernetes/shop/overlays/prod"#]]
    .assert_eq(&folders.join("\n"));
}

#[test]
fn a_kustomization_is_bounded() {
    let beside = |files: Vec<(String, Vec<u8>)>| {
        let plain = KUSTOMIZED.split("#- ").skip(1).map(|file| file.split_once('\n').unwrap());
        let plain = plain.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        let snapshot = Snapshot::in_memory(plain.chain(files));
        Fixture { snapshot, ..fixture("prod/kubernetes/shop", KUSTOMIZED) }
    };
    let at = |name: usize| format!("components/kubernetes/shop/base/{name}.txt");
    let many = |count| (0..count).map(|name| (at(name), Vec::new())).collect();
    let own = only_errand(&beside(Vec::new())).files.len();
    let most = 10_000 - own;
    assert_eq!(only_errand(&beside(many(most))).files.len(), 10_000);
    expect![[r#"
        sections.yaml:1:1: build-failed: `components/kubernetes/shop/overlays/prod` takes 10001 files with 76 bytes; the most are 10000 with 16777216
    "#]].assert_eq(&report(&beside(many(most + 1)).render()));
    let own: u64 = beside(Vec::new())
        .snapshot
        .below("components/kubernetes/shop")
        .filter(|(path, _)| !path.contains("test"))
        .map(|(_, entry)| entry.bytes)
        .sum();
    let large = |beyond| vec![(at(0), vec![b' '; (16 << 20) - own as usize + beyond])];
    only_errand(&beside(large(0)));
    expect![[r#"
        sections.yaml:1:1: build-failed: `components/kubernetes/shop/overlays/prod` takes 5 files with 16777217 bytes; the most are 10000 with 16777216
    "#]].assert_eq(&report(&beside(large(1)).render()));
}

#[test]
fn a_chart_for_a_cluster_is_rendered_twice() {
    let sections = "#- sections.yaml
metadata: { component: web }
namespace: shop
values: { size: 3 }
settings: { helm: { kube_version: '1.34.0', api_versions: [example.com/v1] } }
";
    let mut fixture = fixture("prod/helm/web/own", &format!("{sections}{CHART}"));
    let component = fixture.desired.component(&fixture.id).unwrap();
    let all = errands(component, &fixture.desired, &fixture.snapshot, Naming::Objects);
    assert_eq!(errands(component, &fixture.desired, &fixture.snapshot, Naming::Paths), []);
    let told = all.iter().map(|errand| format!("{} {}\n", errand.turn, errand.arguments.join(" ")));
    expect![[r#"
        0 template web-own ./components/helm/web --values values.yaml --include-crds --skip-tests --namespace shop --kube-version 1.34.0 --api-versions=example.com/v1
        1 template web-own ./components/helm/web --values values.yaml --include-crds --skip-tests --namespace shop --kube-version 1.34.0 --api-versions=example.com/v1
    "#]].assert_eq(&told.collect::<String>());
    let bring = |fixture: &mut Fixture, passwords: [&str; 2]| {
        for (errand, password) in all.iter().zip(passwords) {
            let text = format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{ name: key }}\n\
                 stringData: {{ password: {password}, user: shop }}\n"
            );
            fixture.done.insert(errand.id(), Ok(text.into()));
        }
    };
    bring(&mut fixture, ["one", "two"]);
    let rendered = fixture.render_as(Naming::Objects).unwrap();
    let (key, piece) = rendered.resources().iter().next().unwrap();
    let made_up: Vec<_> = piece.made_up.iter().map(ToString::to_string).collect();
    assert_eq!(
        (key.as_str(), made_up.join(" ")),
        ("Secret/shop/key", "stringData.password data.password".into())
    );
    // Made anew, with another password: it is made of the same.
    bring(&mut fixture, ["three", "four"]);
    assert_eq!(fixture.render_as(Naming::Objects).unwrap().inputs(), rendered.inputs());
    let live = yaml::parse("data: { password: b2xk, user: other }", Rules::Kubernetes).unwrap();
    let pinned = piece.pinned(&live).unwrap().body.encode().unwrap();
    expect![[r#"
        apiVersion: v1
        kind: Secret
        metadata:
          name: key
          namespace: shop
        stringData:
          user: shop
        data:
          password: b2xk
    "#]]
    .assert_eq(std::str::from_utf8(&pinned).unwrap());
}

#[test]
fn what_is_encrypted_stays_so_in_a_folder_and_is_secret_in_a_cluster() {
    let files = "#- sections.yaml
settings: {kubernetes: {namespace: shop}}
#- components/kubernetes/shop/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: key
stringData:
  password: ENC[AES256_GCM,data:YQ==,iv:aXY=,tag:dGFn,type:str]
  user: shop
sops:
  mac: ENC[AES256_GCM,data:YQ==,iv:aXY=,tag:dGFn,type:str]
";
    let fixture = fixture("prod/kubernetes/shop", files);
    let folder = report(&fixture.render());
    assert!(folder.contains("password: ENC[") || folder.contains("'ENC["), "{folder}");
    assert!(folder.contains("sops:"), "{folder}");
    let cluster = fixture.render_as(Naming::Objects).unwrap();
    assert_eq!(cluster.ciphers().len(), 1);
    let piece = cluster.resources().values().next().unwrap();
    let at = |path: &str| FieldPath::parse(path).unwrap().find(piece.body.value()).cloned();
    assert!(matches!(at("data.password").unwrap().node, Node::Secret(_)));
    assert_eq!(at("stringData.user").unwrap().as_str(), Some("shop"));
    assert_eq!((at("stringData.password"), at("sops")), (None, None));
}
