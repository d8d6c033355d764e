//! Files at other places: what the lock says of them decides, and answers are held against it.

use expect_test::{Expect, expect};

use super::{ATMOS, shown, snapshot};
use crate::ids::{CommitId, ContentId};
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::Value;
use crate::stacks::{Resolver, Selection};

const VPC: &str = "git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1";
const BASE: &str = "git::https://git.example.com/catalog.git//net/base.yaml?ref=v1";

const BODY: &str = "import: [./base.yaml, mixins/local]
vars: {cidr: 10.0.0.0/16, name: '{{ .vars.stage }}'}
components: {terraform: {vpc: {}}}
";

/// A repository that imports `url`, with a lock of these contents.
fn files(url: &str, locked: &[(&str, &str)]) -> String {
    let lock = locked.iter().map(|(url, text)| {
        format!("\"{url}\": {{sha256: \"{}\", commit: abcdef1}}, ", ContentId::of(text))
    });
    let lock: String = lock.collect();
    format!(
        "{ATMOS}--- isobar.lock\nimports: {{{lock}}}\n--- stacks/mixins/local.yaml\nvars: {{local: 1}}\n\
         --- stacks/deploy/dev.yaml\nimport: ['{url}']\nvars: {{stage: dev}}\n"
    )
}

fn answered(url: &str, text: &str, answer: Answer) -> (Question, Answer) {
    let arguments = [url, &ContentId::of(text).to_string(), "abcdef1"].map(Into::into).to_vec();
    (Question { function: "import".into(), arguments }, answer)
}

fn given(url: &str, text: &str) -> (Question, Answer) {
    answered(url, text, Answer::Value(Value::text(text)))
}

fn check(files: &str, answers: &Answers, expect: &Expect) {
    let mut resolver = Resolver::new(&snapshot(files));
    let first = shown(&resolver.resolve(&Selection::default(), answers));
    expect.assert_eq(&first);
    let second = shown(&resolver.resolve(&Selection::default(), &Answers::new()));
    assert_eq!(second, first, "what is known stays known");
}

#[test]
fn what_is_not_in_the_lock_is_never_asked_for() {
    check(
        &files(VPC, &[(BASE, "vars: {}")]),
        &Answers::from([given(VPC, BODY)]),
        &expect![[r#"
        nameless stacks/deploy/dev.yaml
        Error import-unlocked stacks/deploy/dev.yaml:1:10: `git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1` is not in `isobar.lock`
    "#]],
    );
}

#[test]
fn what_is_in_the_lock_is_asked_for_by_its_hash() {
    check(
        &files(VPC, &[(VPC, BODY)]),
        &Answers::new(),
        &expect![[r#"
        nameless stacks/deploy/dev.yaml
        asks import git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1 569e7febae27008f615cb5d53951b1aeb870a9460882fcd1a4aee3f9fb5f68d3 abcdef1
        Error import-remote stacks/deploy/dev.yaml:1:10: `git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1` is not in this repository
    "#]],
    );
}

#[test]
fn what_was_fetched_is_imported_with_what_it_imports() {
    let base = "vars: {base: 1, cidr: none}\n";
    check(
        &files(VPC, &[(VPC, BODY), (BASE, base)]),
        &Answers::from([given(VPC, BODY), given(BASE, base)]),
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {base: 1, cidr: "10.0.0.0/16", local: 1, name: "dev", stage: "dev"}
        "#]],
    );
}

#[test]
fn another_content_is_a_finding_and_nothing_is_made_of_it() {
    let other = answered(VPC, BODY, Answer::Value(Value::text("vars: {cidr: evil}\n")));
    check(
        &files(VPC, &[(VPC, BODY)]),
        &Answers::from([other]),
        &expect![[r#"
        nameless stacks/deploy/dev.yaml
        asks import git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1 569e7febae27008f615cb5d53951b1aeb870a9460882fcd1a4aee3f9fb5f68d3 abcdef1
        Error import-changed stacks/deploy/dev.yaml:1:10: what `git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1` gives is not what `isobar.lock` says
    "#]],
    );
}

#[test]
fn what_may_not_or_cannot_be_fetched_says_why() {
    let refused = answered(VPC, BODY, Answer::Refused("nothing allows it".to_owned()));
    check(
        &files(VPC, &[(VPC, BODY)]),
        &Answers::from([refused]),
        &expect![[r#"
        nameless stacks/deploy/dev.yaml
        asks import git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1 569e7febae27008f615cb5d53951b1aeb870a9460882fcd1a4aee3f9fb5f68d3 abcdef1
        Error import-remote stacks/deploy/dev.yaml:1:10: `git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1` is not fetched: nothing allows it
    "#]],
    );
    let failed = answered(VPC, BODY, Answer::Failed("no route".to_owned()));
    check(
        &files(VPC, &[(VPC, BODY)]),
        &Answers::from([failed]),
        &expect![[r#"
        nameless stacks/deploy/dev.yaml
        asks import git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1 569e7febae27008f615cb5d53951b1aeb870a9460882fcd1a4aee3f9fb5f68d3 abcdef1
        Error import-failed stacks/deploy/dev.yaml:1:10: `git::https://git.example.com/catalog.git//net/vpc.yaml?ref=v1` cannot be fetched: no route
    "#]],
    );
    check(
        &files("s3::https://s3.amazonaws.com/b/k.yaml", &[]),
        &Answers::new(),
        &expect![[r#"
        nameless stacks/deploy/dev.yaml
        Error import-remote stacks/deploy/dev.yaml:1:10: `s3::https://s3.amazonaws.com/b/k.yaml` is not fetched: `s3::` is not supported; use `https://` or `git::`
          hint: write it in a form that is fetched, or copy the file into the repository
    "#]],
    );
}

/// Values of another file than the one that is meant would be worse than none.
#[test]
fn what_a_remote_file_imports_is_not_looked_for_at_its_place() {
    let files = files(VPC, &[(VPC, BODY)]);
    let nested = format!("import: [{{path: '{VPC}', nested_imports: remote}}]");
    let files = files.replace(&format!("import: ['{VPC}']"), &nested);
    check(
        &files,
        &Answers::from([given(VPC, BODY)]),
        &expect![[r#"
        nameless stacks/deploy/dev.yaml
        Error import-form stacks/deploy/dev.yaml:1:98: what a file of another place imports is of this repository
          hint: import each of them by its own url, or name it there with `./`
    "#]],
    );
}

#[test]
fn a_remote_template_is_rendered_first() {
    let url = "https://git.example.com/vpc.yaml.tmpl?v=1";
    let body = "vars: {n: {{ add 1 2 }}}\ncomponents: {terraform: {vpc: {}}}\n";
    check(
        &files(url, &[(url, body)]),
        &Answers::from([given(url, body)]),
        &expect![[r#"
        dev -> default
          terraform/vpc
            vars: {n: 3, stage: "dev"}
    "#]],
    );
}

/// The lock is part of the commit: another one asks anew, and what it agrees with stays known.
#[test]
fn another_lock_asks_for_another_content() {
    let body = "vars: {a: 1}\ncomponents: {terraform: {vpc: {}}}\n";
    let renewed = "vars: {a: 2}\ncomponents: {terraform: {vpc: {}}}\n";
    let mut resolver = Resolver::new(&snapshot(&files(VPC, &[(VPC, body)])));
    let all = Selection::default();
    let first = shown(&resolver.resolve(&all, &Answers::from([given(VPC, body)])));
    assert!(first.contains("a: 1"), "{first}");
    resolver.advance(&snapshot(&files(VPC, &[(VPC, renewed)])));
    let before = resolver.resolve(&all, &Answers::new());
    assert_eq!(before.questions.len(), 1, "{}", shown(&before));
    assert!(before.desired.stacks.is_empty(), "{}", shown(&before));
    let second = shown(&resolver.resolve(&all, &Answers::from([given(VPC, renewed)])));
    assert!(second.contains("a: 2"), "{second}");
    let same = files(VPC, &[(VPC, renewed)]).replace("local: 1", "local: 2");
    resolver.advance(&snapshot(&same));
    assert_eq!(shown(&resolver.resolve(&all, &Answers::new())), second);
}

#[test]
fn a_thousand_files_of_other_places_are_imported() {
    let asked = |count: usize| {
        let urls: Vec<_> =
            (0..count).map(|at| format!("https://git.example.com/{at}.yaml")).collect();
        let deploy = format!(
            "--- stacks/deploy/dev.yaml\nimport: [{}]\nvars: {{stage: dev}}\n",
            urls.join(", ")
        );
        let mut resolver = Resolver::unlocked(&snapshot(&format!("{ATMOS}{deploy}")));
        let resolution = resolver.resolve(&Selection::default(), &Answers::new());
        let at_most = |found: &&crate::diagnostic::Diagnostic| found.message.contains("at most");
        let beyond = resolution.desired.diagnostics.iter().filter(at_most).count();
        (resolution.questions.len(), beyond)
    };
    assert_eq!(asked(1_000), (1_000, 0));
    assert_eq!(asked(1_001), (1_000, 1));
}

/// Without the lock everything is asked for as it is now, and the file that is written says it.
#[test]
fn a_lock_is_read_as_it_is_written() {
    use crate::model::chart::LockedChart;
    use crate::stacks::{Lock, Locked};
    let files = files(VPC, &[(VPC, BODY)]);
    let mut resolver = Resolver::unlocked(&snapshot(&files));
    let asked = resolver.resolve(&Selection::default(), &Answers::new()).questions;
    let texts: Vec<_> = asked.iter().map(ToString::to_string).collect();
    assert_eq!(texts, [format!("import {VPC}")]);

    let locked = Locked { sha256: ContentId::of(BODY), commit: None };
    let mut lock = Lock { imports: [(VPC.to_owned(), locked.clone())].into(), ..Lock::default() };
    let odd = "https://git.example.com/a\"b: c.yaml";
    let commit = Some(CommitId::new("abcdef1").unwrap());
    lock.imports.insert(odd.to_owned(), Locked { commit, ..locked });
    let (url, sha256) = ("oci://registry.example.com/web".to_owned(), ContentId::of("chart"));
    let one = LockedChart { version: None, url: url.clone(), sha256 };
    let other = LockedChart { version: Some("1.2.3+4".to_owned()), ..one.clone() };
    let charts = [(url.clone(), one), (format!("{url}@\"^1\""), other)].into();
    let all = Lock { charts, ..lock.clone() };
    let charts = Lock { charts: all.charts.clone(), ..Lock::default() };
    for lock in [lock, all, charts, Lock::default()] {
        let read = Lock::of(&snapshot(&format!("--- isobar.lock\n{}", lock.text())));
        assert_eq!(read, (lock, Vec::new()));
    }
}
