use super::*;

fn parse(text: &str) -> Template {
    let functions = Functions::sprig();
    let options = Options { functions: &functions, ..Options::default() };
    Template::parse("t", text, &options).expect("a template")
}

fn sample() -> Value {
    let json = serde_json::json!({
        "vars": { "stage": "dev", "count": 3, "list": [1, 2], "nested": { "a": { "b": 1 } } },
        "settings": { "on": true },
    });
    Value::from(&json)
}

fn render(text: &str) -> Result<String, Error> {
    parse(text).render(&sample(), &Limits::default(), MissingKey::Default)
}

fn kind(text: &str, limits: &Limits) -> ErrorKind {
    let result = parse(text).render(&sample(), limits, MissingKey::Default);
    result.expect_err(text).kind
}

#[test]
fn references_follow_dot_and_variables() {
    let cases = [
        ("{{ .vars.stage }}", ".vars.stage", ""),
        (
            "{{ with .vars }}{{ .stage }}{{ $.settings.on }}{{ end }}",
            ".settings.on .vars .vars.stage",
            "",
        ),
        ("{{ range .vars.list }}{{ .x }}{{ end }}", ".vars.list", ""),
        ("{{ $v := .vars.nested }}{{ $v.a.b | add 1 }}", ".vars.nested.a.b", "add"),
        ("{{ index .vars \"stage\" }}", ".vars.stage", "index"),
        ("{{ index .vars .settings.key }}", ".settings.key .vars", "index"),
        ("{{ (index .vars \"nested\").a }}", ".vars.nested.a", "index"),
        ("{{ define \"x\" }}{{ .stage }}{{ end }}{{ template \"x\" .vars }}", ".vars.stage", ""),
        ("{{ if false }}{{ upper .vars.stage }}{{ end }}", ".vars.stage", "upper"),
        ("{{ . }}", ".", ""),
        ("{{ $x := .vars }}{{ $x = .settings }}{{ $x.on }}", ".settings .vars", ""),
        ("{{ (atoi .vars.count).x }}", ".vars.count", "atoi"),
    ];
    for (text, fields, functions) in cases {
        let found = parse(text).references();
        let shown: Vec<String> = found.fields.iter().map(FieldPath::to_string).collect();
        assert_eq!(shown.join(" "), fields, "{text}");
        let called: Vec<&str> = found.functions.iter().map(String::as_str).collect();
        assert_eq!(called.join(" "), functions, "{text}");
    }
}

#[test]
fn a_sole_action_keeps_its_type() {
    let evaluate = |text: &str| {
        let value = parse(text).evaluate(&sample(), &Limits::default(), MissingKey::Default);
        value.expect(text).map(|value| value.type_name())
    };
    assert_eq!(evaluate("{{ .vars.count }}").as_deref(), Some("int"));
    assert_eq!(evaluate("{{ add .vars.count 1 }}").as_deref(), Some("int64"));
    assert_eq!(evaluate("{{ .vars.count }} "), None);
    assert_eq!(evaluate("{{ $x := 1 }}"), None);
    assert_eq!(
        parse("{{ $.vars.count }}").sole_field().map(|p| p.to_string()).as_deref(),
        Some(".vars.count")
    );
    assert_eq!(parse("{{ .vars.count | print }}").sole_field(), None);
}

#[test]
fn data_survives_what_a_template_sets() {
    let root = sample();
    let template = parse("{{ $_ := set .vars \"stage\" \"prod\" }}{{ .vars.stage }}");
    for _ in 0..2 {
        let text = template.render(&root, &Limits::default(), MissingKey::Default);
        assert_eq!(text.as_deref(), Ok("prod"));
    }
    let Value::Map(map) = &root else { panic!("a map") };
    assert!(!format!("{:?}", map.get("vars")).contains("prod"));
    assert_eq!(
        kind("{{ $d := dict }}{{ $_ := set $d \"x\" (list $d) }}", &Limits::default()),
        ErrorKind::Exec
    );
}

#[test]
fn errors_say_what_where_and_why() {
    let error = render("a\n  {{ .vars.stage.x }}").expect_err("a field of a text");
    assert_eq!((error.kind, error.line, error.column, error.offset), (ErrorKind::Exec, 2, 11, 12));
    assert_eq!(
        error.to_string(),
        "template t, line 2, column 11: can't evaluate field x in type interface {} (at <.vars.stage.x>)"
    );
    let error = render("{{ env \"HOME\" }}").expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(error.message, "env is refused: it reads the environment");
    let options = Options::default();
    let kind = |text| Template::parse("t", text, &options).map(|_| ()).expect_err(text).kind;
    assert_eq!(kind("{{ upper 1 }}"), ErrorKind::Parse);
    assert_eq!(kind("{{ \"x }}"), ErrorKind::Lex);
    let strict = parse("{{ .zip }}").render(&sample(), &Limits::default(), MissingKey::Error);
    assert_eq!(strict.expect_err("missing").kind, ErrorKind::MissingKey);
}

#[test]
fn limits_hold_at_n_and_not_at_n_plus_1() {
    let limits = Limits { output_bytes: 10, ..Limits::default() };
    let text = |n: usize| parse(&"x".repeat(n)).render(&Value::Nil, &limits, MissingKey::Default);
    assert!(text(10).is_ok());
    assert_eq!(text(11).expect_err("too long").kind, ErrorKind::Limit);
    let recursion = "{{ define \"x\" }}{{ if . }}{{ template \"x\" (slice . 1) }}{{ end }}{{ end }}{{ template \"x\" (until %) }}";
    let deep = |n: i64| {
        let text = recursion.replace('%', &n.to_string());
        parse(&text).render(&Value::Nil, &Limits::default(), MissingKey::Default)
    };
    // Each round is a template and an if, and its argument a parenthesis.
    assert!(deep(199).is_ok());
    assert_eq!(deep(200).expect_err("too deep").kind, ErrorKind::Limit);
    // A text, and a unit for each of 64 bytes that a function makes.
    let fueled = |fuel: u64| {
        let limits = Limits { fuel, ..Limits::default() };
        let made =
            parse("{{ repeat 6400 \"x\" }}").render(&Value::Nil, &limits, MissingKey::Default);
        made.map(|text| text.len()).map_err(|error| error.kind)
    };
    let enough = (100..2_000).find(|fuel| fueled(*fuel).is_ok()).expect("a hundred, and the call");
    assert_eq!(fueled(enough - 1), Err(ErrorKind::Limit));
    let printed =
        |text: &str| parse(text).render(&Value::Nil, &Limits::default(), MissingKey::Default);
    let width =
        |size: usize| printed(&format!("{{{{ printf \"%*d\" {size} 1 }}}}")).map(|s| s.len());
    assert_eq!(width(1_000_000), Ok(1_000_000));
    assert_eq!(printed("{{ printf \"%*d\" 1000001 1 }}").as_deref(), Ok("%!(BADWIDTH)1"), "as Go");
    assert!(printed("{{ mustRegexMatch \"a{1000}\" \"a\" }}").is_ok());
    assert!(printed("{{ mustRegexMatch \"a{1001}\" \"a\" }}").is_err(), "as Go");
    let nested = |n: usize| {
        let text = format!("{{{{ {}1{} }}}}", "(".repeat(n), ")".repeat(n));
        Template::parse("t", &text, &Options::default()).map(|_| ()).map_err(|e| e.kind)
    };
    assert_eq!(nested(100), Ok(()));
    assert_eq!(nested(101), Err(ErrorKind::Limit));
}

#[test]
fn hostile_templates_end_soon() {
    let cases = [
        "{{ repeat 1000000000 \"x\" }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ until 1000000000 }}",
        "{{ indent 1000000000 \"x\" }}",
        "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ $l }}",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}",
        "{{ $l := list 1 }}{{ $m := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l $m }}",
        "{{ $s := \"x\" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}",
        "{{ $l := list }}{{ range until 100000 }}{{ $l = list $l }}{{ end }}{{ $l }}",
        "{{ printf \"%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d\" 1 1 1 1 1 1 1 1 1 }}",
        "{{ $s := repeat 100000 \"a\" }}{{ replace \"a\" $s $s }}",
        "{{ $s := repeat 100000 \"a\" }}{{ regexReplaceAll \"a\" $s $s }}",
        "{{ $s := repeat 100000 \"a\" }}{{ join $s (until 100000) }}",
        "{{ seq 1 1000000000 }}",
    ];
    for text in cases {
        assert_eq!(kind(text, &Limits::default()), ErrorKind::Limit, "{text}");
    }
    // As deep as frames can be stacked: template calls, and at the end nested arguments.
    let arguments = format!("{}(until 1000000000){}", "(print ".repeat(90), ")".repeat(90));
    let text = format!(
        "{{{{ define \"x\" }}}}{{{{ if . }}}}{{{{ template \"x\" (slice . 1) }}}}\
         {{{{ else }}}}{{{{ {arguments} }}}}{{{{ end }}}}{{{{ end }}}}{{{{ template \"x\" (until 150) }}}}"
    );
    assert_eq!(kind(&text, &Limits::default()), ErrorKind::Limit);
}

#[test]
fn nests_deeper_than_any_stack_are_freed() {
    let limits = Limits { fuel: 100_000_000, ..Limits::default() };
    let text = "{{ $l := list }}{{ range until 200000 }}{{ $l = list $l }}{{ end }}ok";
    let done = parse(text).render(&Value::Nil, &limits, MissingKey::Default);
    assert_eq!(done.as_deref(), Ok("ok"));
}

#[test]
fn objects_have_methods() {
    struct Greeter;
    impl Object for Greeter {
        fn type_name(&self) -> &str {
            "*greeter"
        }
        fn method(&self, name: &str) -> Option<Function> {
            let greet = Function::new(&[Type::Str], |c| Ok(format!("hi {}", c.str(0)?).into()));
            (name == "Greet").then_some(greet)
        }
        fn text(&self) -> String {
            "a greeter".to_owned()
        }
    }
    let mut functions = Functions::sprig();
    functions.add("greeter", Function::new(&[], |_| Ok(Value::object(Greeter))));
    let options = Options { functions: &functions, ..Options::default() };
    let run = |text| {
        let template = Template::parse("t", text, &options)?;
        template.render(&Value::Nil, &Limits::default(), MissingKey::Default)
    };
    assert_eq!(run("{{ greeter.Greet \"ada\" }} {{ greeter }}").as_deref(), Ok("hi ada a greeter"));
    assert_eq!(run("{{ \"bob\" | greeter.Greet | upper }}").as_deref(), Ok("HI BOB"));
    assert_eq!(run("{{ greeter.Greet 1 }}").expect_err("a number").kind, ErrorKind::Exec);
    assert_eq!(run("{{ greeter.Nope }}").expect_err("no method").kind, ErrorKind::Exec);
}

fn with(functions: &Functions, text: &str) -> Result<String, Error> {
    let options = Options { functions, ..Options::default() };
    Template::parse("t", text, &options)?.render(&sample(), &Limits::default(), MissingKey::Default)
}

#[test]
fn what_reaches_out_is_refused_until_the_embedder_answers_for_it() {
    let mut functions = Functions::gomplate();
    for (text, what) in [
        ("{{ env.Getenv \"HOME\" }}", "Getenv is refused: it reads the environment"),
        ("{{ getenv \"HOME\" }}", "getenv is refused: it reads the environment"),
        ("{{ time.Now }}", "Now is refused: it reads the clock"),
        ("{{ file.Read \"/etc/passwd\" }}", "Read is refused: it reads files"),
        ("{{ random.Alpha 3 }}", "Alpha is refused: it is random"),
        ("{{ aws.Account }}", "Account is refused: it asks the network"),
        ("{{ net.LookupIP \"localhost\" }}", "LookupIP is refused: it asks the network"),
    ] {
        let error = with(&functions, text).expect_err(text);
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Refused, what));
    }
    let error = with(&functions, "{{ datasource \"x\" }}").expect_err("a source");
    assert_eq!(error.kind, ErrorKind::Refused);

    let lookup = Function::new(&[Type::Str], |c| Ok(format!("${}", c.str(0)?).into()));
    functions.add_method("env", "Getenv", lookup.clone()).expect("a namespace");
    functions
        .add_method("time", "Now", Function::new(&[], |_| Ok(Value::time(60, 0))))
        .expect("one");
    functions.add("getenv", lookup.clone());
    let text = "{{ env.Getenv \"A\" }} {{ getenv \"B\" }} {{ time.Now.Format time.Kitchen }}";
    assert_eq!(with(&functions, text).as_deref(), Ok("$A $B 12:01AM"));
    let error = with(&functions, "{{ env.ExpandEnv \"x\" }}").expect_err("the other one");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(functions.add_method("upper", "X", lookup).map(|_| ()), Err("upper".to_owned()));
}

#[test]
fn sprig_hides_what_gomplate_has_of_the_same_name() {
    let both = Functions::gomplate().hidden_by(&Functions::sprig());
    assert_eq!(with(&both, "{{ strings.ToUpper (upper \"a\") }}").as_deref(), Ok("A"));
    assert_eq!(with(&both, "{{ trim \" x \" }}").as_deref(), Ok("x"));
    let error = with(&both, "{{ env.Getenv \"X\" }}").expect_err("no namespace");
    assert_eq!(error.message, "env is refused: it reads the environment");
}

#[test]
fn hostile_calls_of_gomplate_end_soon() {
    let functions = Functions::gomplate();
    for text in [
        "{{ strings.Repeat 1000000000 \"x\" }}",
        "{{ strings.Indent 1000000000 \"x\" }}",
        "{{ math.Seq 1 1000000000 }}",
        "{{ math.Seq -9223372036854775807 9223372036854775807 }}",
        "{{ $l := coll.Slice 1 }}{{ range math.Seq 60 }}{{ $l = coll.Slice $l $l }}{{ end }}{{ coll.Flatten $l }}",
        "{{ $l := coll.Slice 1 }}{{ range math.Seq 60 }}{{ $l = coll.Slice $l $l }}{{ end }}{{ data.ToJSON $l }}",
        "{{ $l := coll.Slice 1 }}{{ range math.Seq 60 }}{{ $l = coll.Slice $l $l }}{{ end }}{{ data.ToYAML $l }}",
        "{{ $l := coll.Slice 1 }}{{ range math.Seq 60 }}{{ $l = coll.Slice $l $l }}{{ end }}{{ data.ToTOML (dict \"k\" $l) }}",
        "{{ $i := strings.Repeat 1000000 \" \" }}{{ data.ToJSONPretty $i (math.Seq 100) }}",
        "{{ $s := strings.Repeat 100000 \"a\" }}{{ strings.ReplaceAll \"a\" $s $s }}",
        "{{ $s := strings.Repeat 100000 \"a\" }}{{ strings.WordWrap 1 $s (strings.Repeat 50000 \"a \") }}",
    ] {
        let error = with(&functions, text).expect_err(text);
        assert_eq!(error.kind, ErrorKind::Limit, "{text}: {error}");
    }
    let laughs = "{{ data.YAML \"a: &a [x, x]\\nb: &b [*a, *a]\\nc: &c [*b, *b]\\nd: [*c, *c]\" }}";
    assert!(with(&functions, laughs).is_ok());
}

#[test]
fn what_a_namespace_sets_stays_within_the_rendering() {
    let functions = Functions::gomplate();
    let options = Options { functions: &functions, ..Options::default() };
    let text = "{{ $_ := coll.Set \"stage\" \"prod\" .vars }}{{ .vars.stage }}";
    let template = Template::parse("t", text, &options).expect("a template");
    let root = sample();
    let rendered = template.render(&root, &Limits::default(), MissingKey::Default);
    assert_eq!(rendered.as_deref(), Ok("prod"));
    assert!(!format!("{root:?}").contains("prod"));
}

/// A template that calls itself with a part of what it got reads all of that at most.
#[test]
fn references_of_templates_that_call_themselves_end() {
    let fields = |text: &str| {
        let found = parse(text).references().fields;
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let itself =
        r#"{{ define "r" }}{{ .age }}{{ template "r" .nest }}{{ end }}{{ template "r" .a }}"#;
    assert_eq!(fields(itself), ".a.age .a.nest");
    let pair = r#"{{ define "r" }}{{ template "s" .x }}{{ end }}{{ define "s" }}{{ template "r" .y }}{{ end }}{{ template "r" .a }}"#;
    assert_eq!(fields(pair), ".a.x.y");
}

/// Each of thirty templates calls the next one twice, each time with another part.
#[test]
fn references_are_found_in_as_many_places_as_are_looked_at() {
    let mut text = r#"{{ define "t30" }}{{ .end | upper }}{{ end }}"#.to_owned();
    for at in 0..30 {
        let next = at + 1;
        text += &format!(
            r#"{{{{ define "t{at}" }}}}{{{{ template "t{next}" .l }}}}{{{{ template "t{next}" .r }}}}{{{{ end }}}}"#
        );
    }
    text += r#"{{ template "t0" .vars }}"#;
    let found = parse(&text).references();
    assert!(found.fields.len() <= 1_001, "{}", found.fields.len());
    assert!(found.fields.iter().all(|path| path.0[0] == "vars"));
    assert!(found.functions.contains("upper"));
}

/// A chain of templates is followed to the hundredth, and what the others call is found all the same.
#[test]
fn references_of_a_chain_end_with_the_hundredth() {
    let chain = |length: usize| {
        let mut text = String::new();
        for at in 1..length {
            let next = at + 1;
            text +=
                &format!(r#"{{{{ define "t{at}" }}}}{{{{ template "t{next}" .x }}}}{{{{ end }}}}"#);
        }
        text += &format!(r#"{{{{ define "t{length}" }}}}{{{{ .end | upper }}}}{{{{ end }}}}"#);
        let found = parse(&(text + r#"{{ template "t1" . }}"#)).references();
        assert!(found.functions.contains("upper"));
        found.fields.into_iter().map(|path| path.0.len()).collect::<Vec<_>>()
    };
    // The template itself is the first.
    assert_eq!(chain(99), [99], "98 steps and the end");
    assert_eq!(chain(100), [99], "99 steps, and all of what is there");
    assert_eq!(chain(20_000), [99]);
}

/// A long template that is called from many places is gone through only until that is much.
#[test]
fn references_of_a_long_template_are_not_gone_through_for_every_call() {
    let fields = |actions: usize| {
        let mut text = r#"{{ define "long" }}"#.to_owned();
        (0..actions).for_each(|at| text += &format!("{{{{ .f{at} }}}}"));
        text += "{{ end }}";
        (0..100).for_each(|at| text += &format!(r#"{{{{ template "long" .place{at} }}}}"#));
        parse(&text).references().fields.len()
    };
    // The definition's own hundred calls are steps too.
    assert_eq!(fields(900), 100 * 900);
    assert_eq!(fields(10_000), 10 * 10_000 + 90);
}
