//! Each part of what is rendered leads back to where it is written.

use crate::{Limits, Map, MissingKey, Options, Rendered, Template, Trace, Value};

fn scope() -> Value {
    let list = Value::from(vec![Value::from("one"), Value::from("two")]);
    Map::from_iter([("name", Value::from("ada")), ("list", list)]).into()
}

fn rendered(text: &str) -> (Template, Rendered) {
    let template = Template::parse("t", text, &Options::default()).expect("a template");
    let (limits, missing) = (Limits::default(), MissingKey::Default);
    let rendered = template.render_traced(&scope(), &limits, missing).expect("a text");
    assert_eq!(template.render(&scope(), &limits, missing).as_ref(), Ok(&rendered.text));
    (template, rendered)
}

/// Each piece as it is printed, and of what.
fn pieces(text: &str) -> Vec<(String, &str)> {
    let (_, rendered) = rendered(text);
    let ends = rendered.trace.0.iter().skip(1).map(|piece| piece.at).chain([rendered.text.len()]);
    let pieces = rendered.trace.0.iter().zip(ends).map(|(piece, end)| {
        let (out, source) = (&rendered.text[piece.at..end], &text[piece.source.clone()]);
        assert!(!piece.verbatim || out == source, "{out:?} is {source:?}");
        (out.to_owned(), source)
    });
    pieces.collect()
}

#[test]
fn what_is_printed_leads_to_what_prints_it() {
    let text = "a: {{ .name }}\n{{- if true }}\nb: {{- 1 -}}  {{ else }}\nc: 1{{ end }}\n";
    let all = [("a: ", "a: "), ("ada", "{{ .name }}"), ("\nb:", "\nb:"), ("1", "{{- 1 -}}")];
    let all = all.into_iter().chain([("\n", "\n")]);
    assert_eq!(pieces(text), all.map(|(out, of)| (out.to_owned(), of)).collect::<Vec<_>>());

    let text = "{{ range .list }}{{ $x := . }}{{ $x }} {{ end }}";
    let all = [("one", "{{ $x }}"), (" ", " "), ("two", "{{ $x }}"), (" ", " ")];
    assert_eq!(pieces(text), all.map(|(out, of)| (out.to_owned(), of)));

    let text = "{{ define \"d\" }}<{{ . }}>{{ end }}{{ template \"d\" .name }}!";
    let all = [("<", "<"), ("ada", "{{ . }}"), (">", ">"), ("!", "!")];
    assert_eq!(pieces(text), all.map(|(out, of)| (out.to_owned(), of)));
    assert_eq!(pieces(""), []);
}

#[test]
fn a_range_of_the_text_leads_to_a_range_of_the_template() {
    let text = "first: {{ .name }} and {{ .name }}s\n";
    let (_, rendered) = rendered(text);
    let source = |out: &str| {
        let start = rendered.text.find(out).expect("a part");
        &text[rendered.trace.source(start..start + out.len())]
    };
    assert_eq!(source("rst"), "rst");
    assert_eq!(source("d"), "{{ .name }}");
    assert_eq!(source("ada and"), "{{ .name }} and");
    assert_eq!(source("and adas"), "and {{ .name }}s");
    assert_eq!(source(": ada"), ": {{ .name }}");
    let end = rendered.text.len();
    assert_eq!(rendered.trace.source(end..end), text.len()..text.len());
    assert_eq!(Trace::default().source(0..0), 0..0);
}

#[test]
fn what_ends_above_its_beginning_leads_to_its_beginning() {
    let text = "{{ define \"d\" }}x{{ end }}a: {{ template \"d\" }}";
    let (_, rendered) = rendered(text);
    assert_eq!(rendered.text, "a: x");
    assert_eq!(&text[rendered.trace.source(0..4)], "a: ");
}

#[test]
fn every_action_says_what_it_reads() {
    let text = "{{ .name }}{{ range .list }}{{ . }}{{ $.name }}{{ end }}{{ with .name }}{{ . | upper }}\
                {{ end }}{{ $x := index . \"a\" \"b\" }}{{ $x }}{{ 1 }}";
    let functions = crate::Functions::sprig();
    let options = Options { functions: &functions, ..Options::default() };
    let all = Template::parse("t", text, &options).expect("a template").references_by_action();
    let said = all.iter().map(|(at, fields)| {
        let end = at + text[*at..].find("}}").expect("an end") + 2;
        (&text[*at..end], fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    });
    let reads = [
        ("{{ .name }}", ".name"),
        ("{{ . }}", ".list"),
        ("{{ $.name }}", ".name"),
        ("{{ . | upper }}", ".name"),
        ("{{ $x := index . \"a\" \"b\" }}", ""),
        ("{{ $x }}", ".a.b"),
        ("{{ 1 }}", ""),
    ];
    assert_eq!(said.collect::<Vec<_>>(), reads.map(|(action, of)| (action, of.to_owned())));
}
