//! Manifests as kubectl reads them. That it is so is proven beside kubectl itself, in
//! `tests/it/cluster/manifests.rs`.

use super::*;

const HEAD: &str = "#- sections.yaml\nvars: {}\n#- components/kubernetes/web/all.yaml\n";

fn read(manifests: &str, expect: &Expect) {
    check("prod/kubernetes/web", &format!("{HEAD}{manifests}"), expect);
}

#[test]
fn lists_of_any_kind_are_taken_apart() {
    let manifests = "\
apiVersion: v1
kind: ConfigMapList
items:
- metadata: {name: a}
- {apiVersion: v1, kind: Secret, metadata: {name: b}}
---
kind: List
items:
---
{apiVersion: v1, kind: Bundle, metadata: {name: c}, items: [{apiVersion: v1, kind: Pod, metadata: {name: d}}]}
";
    read(
        manifests,
        &expect![[r#"
            == prod/kubernetes/web/ConfigMap.a.yaml
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: a
            == prod/kubernetes/web/Pod.d.yaml
            apiVersion: v1
            kind: Pod
            metadata:
              name: d
            == prod/kubernetes/web/Secret.b.yaml
               sensitive: data
               sensitive: stringData
            apiVersion: v1
            kind: Secret
            metadata:
              name: b
        "#]],
    );
}

#[test]
fn what_a_list_is_not() {
    let manifests = "\
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, items: {b: c}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, items: }
---
apiVersion: v1
kind: List
items:
- {kind: List, apiVersion: v1, items: [{apiVersion: v1, kind: Pod, metadata: {name: c}}]}
- {kind: Pod, metadata: {name: d}}
-
";
    read(
        manifests,
        &expect![[r#"
            components/kubernetes/web/all.yaml:1:63: build-failed: `items` is not a list of objects here
              hint: `items` makes a list of any object, and a list holds none: give each a document
            components/kubernetes/web/all.yaml:3:61: build-failed: `items` is not a list of objects here
              hint: `items` makes a list of any object, and a list holds none: give each a document
            components/kubernetes/web/all.yaml:8:39: build-failed: `items` is not a list of objects here
              hint: `items` makes a list of any object, and a list holds none: give each a document
            components/kubernetes/web/all.yaml:9:3: build-failed: the object has no apiVersion
              hint: add `apiVersion:`
            components/kubernetes/web/all.yaml:10:2: build-failed: this is not an object
              hint: write a map with kind and metadata
        "#]],
    );
}

#[test]
fn the_last_of_own_and_merged_keys_counts() {
    let manifests = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
x: &x {size: 1, on: 1}
data:
  before: {<<: *x, size: 2}
  after: {size: 2, <<: *x}
  first: {<<: [*x, {size: 3, more: 3}]}
  !!binary aGVsbG8=: b
";
    read(
        manifests,
        &expect![[r#"
            == prod/kubernetes/web/ConfigMap.a.yaml
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: a
            x:
              size: 1
              'true': 1
            data:
              before:
                size: 2
                'true': 1
              after:
                size: 1
                'true': 1
              first:
                size: 1
                more: 3
                'true': 1
              hello: b
        "#]],
    );
}

#[test]
fn every_value_that_has_no_form_is_told_at_its_place() {
    let manifests = "\
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: [1, -.inf]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: 7}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c, labels: {a: x, b: yes}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: d, annotations: text}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: e, labels: {a: ~}, annotations: }}
";
    read(
        manifests,
        &expect![[r#"
            components/kubernetes/web/all.yaml:1:70: build-failed: a number that is not finite has no form in JSON
              hint: quote it if the text was meant
            components/kubernetes/web/all.yaml:3:66: build-failed: a namespace has to be a text
              hint: quote it, or write a map of texts
            components/kubernetes/web/all.yaml:5:73: build-failed: a label has to be a text
              hint: quote it, or write a map of texts
            components/kubernetes/web/all.yaml:7:68: build-failed: an annotation has to be a text
              hint: quote it, or write a map of texts
        "#]],
    );
    let inline = "#- sections.yaml
manifests:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: .nan}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, annotations: {c: 1}}}
";
    check(
        "prod/kubernetes/web",
        inline,
        &expect![[r#"
            sections.yaml:2:68: build-failed: a number that is not finite has no form in JSON
              hint: quote it if the text was meant
            sections.yaml:3:74: build-failed: an annotation has to be a text
              hint: quote it, or write a map of texts
        "#]],
    );
}

#[test]
fn an_annotation_of_ours_that_says_nothing_is_told_at_its_place() {
    let manifests = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  annotations:
    isobar.dev/purne: 'false'
    isobar.dev/prune: 'no'
    isobar.dev/timeout: soon
    isobar.dev/interval: 10m
    argocd.argoproj.io/sync-options: Purne=false
";
    read(
        manifests,
        &expect![[r#"
            components/kubernetes/web/all.yaml:6:23: build-failed: `isobar.dev/purne` means nothing
              hint: did you mean `isobar.dev/prune`?
            components/kubernetes/web/all.yaml:7:23: build-failed: `isobar.dev/prune` does not say what it may
              hint: write `false` or `true`
            components/kubernetes/web/all.yaml:8:25: build-failed: `isobar.dev/timeout` does not say what it may
              hint: write a time, such as `90s` or `10m`
            components/kubernetes/web/all.yaml:9:26: build-failed: `isobar.dev/interval` means nothing
              hint: after `isobar.dev/` may come reconcile, prune, wait, replace, ignore, timeout, service-account, secret, component
        "#]],
    );
}

#[test]
fn what_kubectl_cannot_read_is_told_at_its_place() {
    let manifests = "\
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: !!int c, 1: d, 0x1: e}}
--- # fine
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, args: [--x:, ?y]}
...
{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
";
    read(
        manifests,
        &expect![[r#"
            components/kubernetes/web/all.yaml:1:72: yaml-syntax: `c` is no !!int
              hint: take the tag out, or write what it says
            components/kubernetes/web/all.yaml:1:81: yaml-duplicate-key: the key `0x1` is `1`, which is already in this mapping
              components/kubernetes/web/all.yaml:1:75: first here
              hint: remove this one, or the one in column 75
            components/kubernetes/web/all.yaml:3:66: yaml-syntax: this colon is part of the text before it
              hint: put a blank behind it, or quote the text
            components/kubernetes/web/all.yaml:3:69: yaml-syntax: between brackets a text with `?`, or with `:` in front, needs quotes
              hint: quote the text
            components/kubernetes/web/all.yaml:5:1: yaml-syntax: a document of a manifest begins after a line `---`
              hint: put `---` on a line of its own before it
        "#]],
    );
}

#[test]
fn json_is_read_as_json() {
    let json = |data: &str| {
        format!(
            "#- sections.yaml\nvars: {{}}\n#- components/kubernetes/web/all.json\n{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {{\"name\": \"a\"}}, \"data\": {data}}}\n"
        )
    };
    check(
        "prod/kubernetes/web",
        &json("{\"a\": \"\\ud83d\\ude00 \\/\", \"b\": 1e3}"),
        &expect![[r#"
            == prod/kubernetes/web/ConfigMap.a.yaml
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: a
            data:
              a: '😀 /'
              b: 1000
        "#]],
    );
    check(
        "prod/kubernetes/web",
        &json("{\"a\": [1, 1e400]}"),
        &expect![[r#"
            components/kubernetes/web/all.json:1:88: yaml-syntax: `1e400` is too large for a number
              hint: quote it if the text was meant
        "#]],
    );
}
