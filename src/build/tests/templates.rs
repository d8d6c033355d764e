//! Files whose names end in `.tmpl`.

use super::*;

const TEMPLATED: &str = "#- sections.yaml
vars: { size: 3, host: shop.example.com, zones: [a, b] }
settings: { kubernetes: { namespace: shop } }
#- components/kubernetes/shop/rule.yaml
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: rule }
spec: { groups: [{ name: a, rules: [{ alert: A, annotations: { text: 'of {{ $labels.pod }}' } }] }] }
#- components/kubernetes/shop/notes.tmpl
{{ nobody reads this }}
#- components/kubernetes/shop/zones.yaml.tmpl
{{- range $zone := .vars.zones }}
---
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ printf \"%s-%s\" $.atmos_component $zone }} }
data:
  size: {{ $.vars.size | quote }}
  host: {{ $.vars.host }}
  of: {{ $.atmos_stack }}/{{ $.component_type }}/{{ $.component }}/{{ $.workspace }}
  namespace: {{ $.settings.kubernetes.namespace }}
{{- end }}
---
# Types are those of manifests, not of values.
apiVersion: v1
kind: Service
metadata: { name: web, annotations: { octal: '{{ 8 }}' } }
spec: { ports: [{ port: {{ .vars.size }}, targetPort: 0644 }] }
";

#[test]
fn a_template_is_rendered_with_the_component_and_any_other_file_stays_as_it_is() {
    check(
        "prod/kubernetes/shop",
        TEMPLATED,
        &expect![[r#"
        == prod/kubernetes/shop/ConfigMap.shop.shop-a.yaml
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: shop-a
          namespace: shop
        data:
          size: '3'
          host: shop.example.com
          of: prod/kubernetes/shop/prod-01
          namespace: shop
        == prod/kubernetes/shop/ConfigMap.shop.shop-b.yaml
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: shop-b
          namespace: shop
        data:
          size: '3'
          host: shop.example.com
          of: prod/kubernetes/shop/prod-01
          namespace: shop
        == prod/kubernetes/shop/PrometheusRule.shop.rule.yaml
        apiVersion: monitoring.coreos.com/v1
        kind: PrometheusRule
        metadata:
          name: rule
          namespace: shop
        spec:
          groups:
          - name: a
            rules:
            - alert: A
              annotations:
                text: of {{ $labels.pod }}
        == prod/kubernetes/shop/Service.shop.web.yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: web
          annotations:
            octal: '8'
          namespace: shop
        spec:
          ports:
          - port: 3
            targetPort: 420
    "#]],
    );
}

#[test]
fn a_value_knows_its_place_in_the_template() {
    let fixture = fixture("prod/kubernetes/shop", TEMPLATED);
    let rendered = fixture.render_as(Naming::Objects).unwrap();
    let place = |object: &str, path: &str| {
        let piece = &rendered.resources()[&ResourceKey::new(object).unwrap()];
        let path = FieldPath::parse(path).unwrap();
        let origin = path.find(piece.body.value()).unwrap().origin;
        format!("{path} {}\n", rendered.span(origin).unwrap())
    };
    let told = [
        place("ConfigMap/shop/shop-a", "data.size"),
        place("ConfigMap/shop/shop-b", "data.host"),
        place("Service/shop/web", "spec.ports[0].targetPort"),
    ];
    expect![[r#"
        data.size components/kubernetes/shop/zones.yaml.tmpl:7:9
        data.host components/kubernetes/shop/zones.yaml.tmpl:8:9
        spec.ports[0].targetPort components/kubernetes/shop/zones.yaml.tmpl:17:55
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn paths_name_templates_as_they_are_called() {
    let named = |paths: &str| {
        let files = TEMPLATED.replace("settings:", &format!("paths: [{paths}]\nsettings:"));
        let rendered = fixture("prod/kubernetes/shop", &files).render_as(Naming::Objects);
        rendered.map(|rendered| rendered.resources().len())
    };
    assert_eq!(named("zones.yaml.tmpl").unwrap(), 3);
    assert_eq!(named("'*.tmpl'").unwrap_err().len(), 1, "notes.tmpl is one, and is broken");
    assert_eq!(named("'*.yaml'").unwrap(), 1);
    assert_eq!(named("'*.yaml*'").unwrap(), 4);
    let found = named("zones.yaml").unwrap_err();
    assert_eq!(found[0].hint.as_deref(), Some("did you mean `zones.yaml.tmpl`?"));
}

#[test]
fn all_mistakes_of_templates_are_told_at_their_places() {
    let files = "#- sections.yaml
vars: { size: 3, zones: [a, b] }
#- components/kubernetes/shop/a.yaml.tmpl
kind: ConfigMap
metadata:
  name: {{ .vars.nmae }}
#- components/kubernetes/shop/b.yaml.tmpl
kind: ConfigMap
metadata: { name: {{ if .vars.size } }
#- components/kubernetes/shop/c.yaml.tmpl
kind: ConfigMap
data: { a: {{ uper .vars.size }} }
#- components/kubernetes/shop/d.yaml.tmpl
kind: ConfigMap
data: { a: {{ .vars.size.of }} }
#- components/kubernetes/shop/e.yaml.tmpl
kind: ConfigMap
{{ range .vars.zones }}
name: {{ . }}
{{ end }}
#- components/kubernetes/shop/f.yaml.tmpl
kind: ConfigMap
data:
  a: {{ \"[\" }}
#- components/kubernetes/shop/g.yaml.tmpl
kind: ConfigMap
data: { a: {{ .environment.size }} }
#- components/kubernetes/shop/h.yaml.tmpl
apiVersion: v1
kind: ConfigMap
data: { a: {{ .env.SIZE }} }
#- components/kubernetes/shop/i.yaml.tmpl
kind: {{ env \"HOME\" }}
#- components/kubernetes/shop/j.yaml.tmpl
kind: {{ now }}
";
    check(
        "prod/kubernetes/shop",
        files,
        &expect![[r#"
            components/kubernetes/shop/a.yaml.tmpl:3:17: template-missing-key: `.vars.nmae`: map has no entry for key "nmae"
            components/kubernetes/shop/b.yaml.tmpl:2:36: template-syntax: unexpected "}" in operand
            components/kubernetes/shop/c.yaml.tmpl:2:15: template-syntax: function "uper" not defined
              hint: did you mean `upper`?
            components/kubernetes/shop/d.yaml.tmpl:2:20: template-failed: `.vars.size.of`: can't evaluate field of in type interface {}
            components/kubernetes/shop/e.yaml.tmpl:3:1: yaml-duplicate-key: the key `name` is already in this mapping
              components/kubernetes/shop/e.yaml.tmpl:3:1: first here
              hint: remove this one, or the one in column 1
            components/kubernetes/shop/f.yaml.tmpl:3:6: yaml-syntax: unclosed bracket '['
              hint: close the list with `]`, or quote the value if `[` is meant as text
            components/kubernetes/shop/g.yaml.tmpl:2:27: template-missing-key: `.environment.size`: map has no entry for key "environment"
            components/kubernetes/shop/h.yaml.tmpl:3:19: template-missing-key: `.env.SIZE`: map has no entry for key "SIZE"
            components/kubernetes/shop/i.yaml.tmpl:1:10: function-refused: `env "HOME"`: env is refused: it reads the environment
            components/kubernetes/shop/j.yaml.tmpl:1:10: function-refused: `now`: now is refused: it reads the clock
        "#]],
    );
}

const READING: &str = "#- sections.yaml
vars: { known: a, later: b, secret: c, also: d }
#- components/kubernetes/shop/web.yaml.tmpl
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data:
  known: {{ .vars.known }}
";

#[test]
fn what_is_not_known_or_secret_is_in_no_text() {
    let with = |text: &str| {
        let mut fixture = fixture("prod/kubernetes/shop", &format!("{READING}{text}"));
        let component = fixture.component();
        let arguments = ["vpc", "prod", "id"].map(Arc::from).to_vec();
        let question = Question { function: "terraform.output".into(), arguments };
        let vars = FieldPath::root().key("vars");
        let later = Value::computed(Node::Unknown(Arc::new(question)));
        let secret =
            Value::computed(Node::Secret(Arc::new(Secret::new("a/key", ContentId::of("hunter2")))));
        let sections = vars.key("later").put(&component.sections, Some(&later));
        component.sections = vars.key("secret").put(&sections, Some(&secret));
        report(&fixture.render_as(Naming::Objects))
    };
    assert!(with("").starts_with("== ConfigMap/web"), "{}", with(""));
    let all = with("  later: {{ .vars.later }}\n  secret: {{ .vars.secret | b64enc }}\n");
    let whole = with("  all: {{ .vars | toJson | quote }}\n");
    let below =
        with("  below: {{ .vars.secret.key }}\n  of: {{ with .vars.later }}{{ .a }}{{ end }}\n");
    let called =
        with("  called: {{ template \"t\" . }}{{ define \"t\" }}{{ .vars.secret }}{{ end }}\n");
    let told = [all, whole, below, called].join("\n");
    assert!(!told.contains("hunter2"), "{told}");
    expect![[r#"
        components/kubernetes/shop/web.yaml.tmpl:6:10: build-failed: `.vars.later` is not known yet: terraform.output vpc prod id
          hint: it is built once what it waits for has been applied
        components/kubernetes/shop/web.yaml.tmpl:7:11: function-refused: `.vars.secret` is a secret, which a text would show
          hint: name it in the section `manifests`, where it stays one

        components/kubernetes/shop/web.yaml.tmpl:6:8: build-failed: `.vars` is not known yet: terraform.output vpc prod id
          hint: it is built once what it waits for has been applied

        components/kubernetes/shop/web.yaml.tmpl:6:10: function-refused: `.vars.secret.key` is a secret, which a text would show
          hint: name it in the section `manifests`, where it stays one
        components/kubernetes/shop/web.yaml.tmpl:7:29: build-failed: `.vars.later.a` is not known yet: terraform.output vpc prod id
          hint: it is built once what it waits for has been applied

        components/kubernetes/shop/web.yaml.tmpl:6:47: function-refused: `.vars.secret` is a secret, which a text would show
          hint: name it in the section `manifests`, where it stays one
    "#]].assert_eq(&told);
}

#[test]
fn what_is_encrypted_is_secret_in_what_a_template_makes_of_it() {
    let files = "#- sections.yaml
vars:
  auth:
    user: shop
    password: ENC[AES256_GCM,data:YQ==,iv:aXY=,tag:dGFn,type:str]
    sops:
      mac: ENC[AES256_GCM,data:YQ==,iv:aXY=,tag:dGFn,type:str]
#- components/kubernetes/shop/key.yaml.tmpl
apiVersion: v1
kind: Secret
metadata: { name: key }
stringData:
  user: {{ .vars.auth.user }}
  url: https://{{ .vars.auth.user }}:{{ .vars.auth.password }}@db
data:
  password: {{ .vars.auth.password | b64enc }}
";
    let fixture = fixture("prod/kubernetes/shop", files);
    let cluster = fixture.render_as(Naming::Objects).unwrap();
    assert_eq!(cluster.ciphers().len(), 1);
    let piece = cluster.resources().values().next().unwrap();
    let at = |path: &str| FieldPath::parse(path).unwrap().find(piece.body.value()).cloned();
    for path in ["data.password", "data.url"] {
        assert!(matches!(at(path).unwrap().node, Node::Secret(_)), "{path}");
    }
    assert_eq!(at("stringData.user").unwrap().as_str(), Some("shop"));
    assert!(report(&fixture.render()).contains("https://shop:ENC["), "in a folder it stays");
}
