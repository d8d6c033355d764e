//! What a template wrote is where its author wrote it, and names the values it was made of.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::model::desired::Desired;
use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Node, Value};
use crate::stacks::tests::{ATMOS, flow, resolved};

fn check(files: &str, expected: &Expect) {
    let desired = resolved(&format!("{ATMOS}{files}")).desired;
    let mut out = String::new();
    for component in desired.components() {
        let vars = component.section("vars").expect("every component has some");
        show(&desired, &FieldPath::root().key(component.id.name.as_str()), vars, &mut out);
    }
    for found in &desired.diagnostics {
        let _ = writeln!(out, "{} {}: {}", found.span, found.code, found.message);
    }
    expected.assert_eq(&out);
}

/// Each scalar: what it is, where it is written, what it is made of, and what to change.
fn show(desired: &Desired, path: &FieldPath, value: &Value, out: &mut String) {
    match &value.node {
        Node::Map(map) => {
            map.iter().for_each(|(key, child)| show(desired, &path.key(key.clone()), child, out));
        }
        Node::List(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, child)| {
                let mut path = path.clone();
                path.0.push(Segment::Index(at));
                show(desired, &path, child, out);
            });
        }
        _ => {
            let span = |origin| desired.files.span(origin).map_or("-".into(), |at| at.to_string());
            let made_of: Vec<_> =
                desired.files.made_of(value.origin).into_iter().map(span).collect();
            let root = desired.files.root(value.origin).map_or("-".into(), |at| at.to_string());
            let _ = write!(out, "{path} = {} at {}", flow(value), span(value.origin));
            let _ = match made_of.is_empty() {
                true => writeln!(out),
                false => writeln!(out, "\n    made of {}; root {root}", made_of.join(", ")),
            };
        }
    }
}

const SHOP: &str = "--- stacks/shop.yaml
import:
  - path: service
    context:
      name: shop
      version: '1.0'
      zones: [a, b]
      tags: {team: blue, cost: 7}
";

#[test]
fn a_file_that_is_no_yaml_before_it_is_rendered_has_the_lines_of_its_author() {
    check(
        &format!(
            "{SHOP}--- stacks/service.yaml.tmpl
{{{{- /* what comes first is longer than what it gives */ -}}}}
{{{{ $name := .name }}}}
{{{{- if true }}}}
components:
  terraform:
    {{{{ $name }}}}:
      vars:
        # Two of each.
        {{{{- range $at, $zone := .zones }}}}
        zone_{{{{ $at }}}}: {{{{ $zone }}}}
        all_{{{{ $at }}}}: \"in {{{{ . }}}}\"
        {{{{- end }}}}
        tag: {{{{ .version | quote }}}}
        both: {{{{ .name }}}}-{{{{ .version }}}}
        plain: 1
        text: |
          v{{{{ .version }}}}
{{{{- end }}}}
--- stacks/deploy/a.yaml
import: [shop]
vars: {{stage: a}}
"
        ),
        &expect![[r#"
            shop.stage = "a" at stacks/deploy/a.yaml:2:15
            shop.zone_0 = "a" at stacks/service.yaml.tmpl:10:25
                made of stacks/shop.yaml:6:14; root stacks/shop.yaml:6:14
            shop.all_0 = "in a" at stacks/service.yaml.tmpl:11:24
                made of stacks/shop.yaml:6:14; root stacks/shop.yaml:6:14
            shop.zone_1 = "b" at stacks/service.yaml.tmpl:10:25
                made of stacks/shop.yaml:6:14; root stacks/shop.yaml:6:14
            shop.all_1 = "in b" at stacks/service.yaml.tmpl:11:24
                made of stacks/shop.yaml:6:14; root stacks/shop.yaml:6:14
            shop.tag = "1.0" at stacks/service.yaml.tmpl:13:14
                made of stacks/shop.yaml:5:16; root stacks/shop.yaml:5:16
            shop.both = "shop-1.0" at stacks/service.yaml.tmpl:14:15
                made of stacks/shop.yaml:4:13, stacks/shop.yaml:5:16; root stacks/service.yaml.tmpl:14:15
            shop.plain = 1 at stacks/service.yaml.tmpl:15:16
            shop.text = "v1.0\n" at stacks/service.yaml.tmpl:16:15
                made of stacks/shop.yaml:5:16; root stacks/shop.yaml:5:16
        "#]],
    );
}

#[test]
fn a_file_that_is_yaml_already_names_what_it_was_made_of_too() {
    check(
        &format!(
            "{SHOP}--- stacks/service.yaml
components:
  terraform:
    service:
      vars:
        tag: '{{{{ .version }}}}'
        both: '{{{{ .name }}}}-{{{{ .version }}}}'
        zones: '{{{{ .zones }}}}'
        tags: '{{{{ .tags }}}}'
        plain: 1
--- stacks/deploy/a.yaml
import: [shop]
vars: {{stage: a}}
--- stacks/deploy/b.yaml
import:
  - path: service
    context: {{name: shop, version: '1.0', zones: [a, b], tags: {{team: blue, cost: 7}}}}
vars: {{stage: b}}
"
        ),
        &expect![[r#"
            service.stage = "a" at stacks/deploy/a.yaml:2:15
            service.tag = "1.0" at stacks/service.yaml:5:14
                made of stacks/shop.yaml:5:16; root stacks/shop.yaml:5:16
            service.both = "shop-1.0" at stacks/service.yaml:6:15
                made of stacks/shop.yaml:4:13, stacks/shop.yaml:5:16; root stacks/service.yaml:6:15
            service.zones[0] = "a" at stacks/shop.yaml:6:15
            service.zones[1] = "b" at stacks/shop.yaml:6:18
            service.tags.cost = 7 at stacks/shop.yaml:7:32
            service.tags.team = "blue" at stacks/shop.yaml:7:20
            service.plain = 1 at stacks/service.yaml:9:16
            service.stage = "b" at stacks/deploy/b.yaml:4:15
            service.tag = "1.0" at stacks/service.yaml:5:14
                made of stacks/deploy/b.yaml:3:36; root stacks/deploy/b.yaml:3:36
            service.both = "shop-1.0" at stacks/service.yaml:6:15
                made of stacks/deploy/b.yaml:3:21, stacks/deploy/b.yaml:3:36; root stacks/service.yaml:6:15
            service.zones[0] = "a" at stacks/deploy/b.yaml:3:51
            service.zones[1] = "b" at stacks/deploy/b.yaml:3:54
            service.tags.cost = 7 at stacks/deploy/b.yaml:3:83
            service.tags.team = "blue" at stacks/deploy/b.yaml:3:71
            service.plain = 1 at stacks/service.yaml:9:16
        "#]],
    );
}

#[test]
fn what_is_given_on_is_followed_to_where_it_is_written() {
    check(
        "--- stacks/inner.yaml.tmpl
{{ if true }}
components: {terraform: {x: {vars: {tag: {{ .tag }}}}}}
{{ end }}
--- stacks/outer.yaml
import:
  - path: inner
    context: {tag: 'v{{ .version }}'}
--- stacks/deploy/a.yaml
import:
  - path: outer
    context: {version: 3}
vars: {stage: a}
",
        &expect![[r#"
            x.stage = "a" at stacks/deploy/a.yaml:4:15
            x.tag = "v3" at stacks/inner.yaml.tmpl:2:42
                made of stacks/outer.yaml:3:20, stacks/deploy/a.yaml:3:24; root stacks/deploy/a.yaml:3:24
        "#]],
    );
}

#[test]
fn a_local_is_named_and_what_it_is_made_of() {
    check(
        "--- stacks/deploy/a.yaml
locals:
  version: '1.0'
  image: 'shop:{{ .locals.version }}'
settings: {size: 3}
vars: {stage: a}
components:
  terraform:
    x:
      vars:
        image: '{{ .locals.image }}'
        size: 'of {{ .settings.size }}'
",
        &expect![[r#"
            x.stage = "a" at stacks/deploy/a.yaml:5:15
            x.image = "shop:1.0" at stacks/deploy/a.yaml:10:16
                made of stacks/deploy/a.yaml:3:10, stacks/deploy/a.yaml:2:12; root stacks/deploy/a.yaml:2:12
            x.size = "of 3" at stacks/deploy/a.yaml:11:15
                made of stacks/deploy/a.yaml:4:18; root stacks/deploy/a.yaml:4:18
        "#]],
    );
}

#[test]
fn what_is_wrong_in_a_template_is_where_its_author_wrote_it_and_said_once() {
    let service = "--- stacks/service.yaml.tmpl
{{- if .name }}
{{- /* a comment */}}
components:
  terraform:
    {{ .name }}:
      vars: {a: 1}
      setings: {b: 2}
{{- end }}
";
    check(
        &format!(
            "{SHOP}  - path: service
    context: {{name: other}}
{service}--- stacks/deploy/a.yaml
import: [shop]
vars: {{stage: a}}
"
        ),
        &expect![[r#"
            other.stage = "a" at stacks/deploy/a.yaml:2:15
            other.a = 1 at stacks/service.yaml.tmpl:6:17
            shop.stage = "a" at stacks/deploy/a.yaml:2:15
            shop.a = 1 at stacks/service.yaml.tmpl:6:17
            stacks/service.yaml.tmpl:7:7 unknown-key: `setings` means nothing in a component
        "#]],
    );
    let broken = service.replace("setings: {b: 2}", "settings: [}");
    check(
        &format!("{SHOP}{broken}--- stacks/deploy/a.yaml\nimport: [shop]\nvars: {{stage: a}}\n"),
        &expect![[r#"
            stacks/service.yaml.tmpl:7:17 yaml-syntax: mismatched bracket '[' closed by '}'
        "#]],
    );
    let twice = service.replace("setings: {b: 2}", "vars: {b: '{{ .name }}'}");
    check(
        &format!("{SHOP}{twice}--- stacks/deploy/a.yaml\nimport: [shop]\nvars: {{stage: a}}\n"),
        &expect![[r#"
            stacks/service.yaml.tmpl:7:7 yaml-duplicate-key: the key `vars` is already in this mapping
        "#]],
    );
    let failing = service.replace("setings: {b: 2}", "ä: \"{{ fail .name }}\"");
    check(
        &format!("{SHOP}{failing}--- stacks/deploy/a.yaml\nimport: [shop]\nvars: {{stage: a}}\n"),
        &expect![[r#"
            stacks/service.yaml.tmpl:7:14 template-failed: `fail .name`: error calling fail: shop
        "#]],
    );
    let late = service.replace("setings: {b: 2}", "env: {b: 'ä {{ \"{{ fail 1 }}\" }}'}");
    check(
        &format!("{SHOP}{late}--- stacks/deploy/a.yaml\nimport: [shop]\nvars: {{stage: a}}\n"),
        &expect![[r#"
            stacks/service.yaml.tmpl:7:19 template-failed: `1`: expected string; found 1
        "#]],
    );
}
