mod states;

use super::*;
use crate::model::change::{Action, Risk};
use crate::model::plan::{Hold, HoldReason, Part};
use crate::model::review::Review;
use crate::report::tests::fixture::{self, change, component, plan};

const FORGE: Limits = Limits { characters_max: 60_000, folds: true, alerts: true, diagrams: true };

/// What is left of a comment without fences and inline code, as a reader of markdown takes it.
fn bare(comment: &str) -> String {
    let mut bare = String::new();
    let mut fence: Option<String> = None;
    for line in comment.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) => {
                // A closing fence is at least as long as the opening one and stands alone.
                if ticks.len() >= open.len() && line.trim_end() == ticks {
                    fence = None;
                }
            }
            // HTML up to the next blank line: backticks mean nothing in it.
            None if line.starts_with('<') => bare.push_str(&(line.to_owned() + "\n")),
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => bare.push_str(&(without_code(line) + "\n")),
        }
    }
    assert_eq!(fence, None, "a fence is left open");
    bare
}

fn without_code(line: &str) -> String {
    let mut rest = line;
    let mut bare = String::new();
    while let Some(at) = rest.find('`') {
        if rest[..at].ends_with('\\') {
            bare.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        bare.push_str(&rest[..at]);
        let ticks = rest[at..].chars().take_while(|c| *c == '`').count();
        let fence = "`".repeat(ticks);
        let inner = &rest[at + ticks..];
        let mut from = 0;
        let end = loop {
            let Some(found) = inner[from..].find(&fence) else { panic!("open code in {line}") };
            let start = from + found;
            let run = inner[start..].chars().take_while(|c| *c == '`').count();
            if run == ticks {
                break start;
            }
            from = start + run;
        };
        rest = &inner[end + ticks..];
    }
    bare + rest
}

const HOSTILE: &[&str] = &[
    "`` ``` ```` end",
    "```",
    "</details></summary><script>alert(1)</script>",
    "<!-- isobar:plan home/platform-config -->",
    "@everyone and @org/team, fixes #12 and GH-13 and a/b!14",
    "![x](https://evil.example/p.png) [y](https://evil.example) www.evil.example",
    "a | b | c",
    "**Approved by** admin",
    "> [!NOTE] Approved",
    "right\u{202e}tfel \u{200b}zero \u{7} bell \u{1b}[31mred",
    "~~~ ### heading",
];

fn hostile(text: &str) -> Review {
    // Names hold no control characters; values hold anything.
    let name: String = text.chars().filter(|c| !c.is_control()).collect();
    let stack = name.as_str();
    let id = component(stack, &format!("terraform/{name}"));
    let mut update = change(&id, Action::Update, Risk::Reversible, &name, &["a: 1 -> 2"]);
    update.fields[0].before = Some(crate::model::value::Value::text(text));
    update.fields[0].after = Some(crate::model::value::Value::text(format!("{text}\n```\n{text}")));
    update.fields[0].path = crate::model::path::FieldPath::root().key(text);
    update.fields[0].origin = Some(fixture::span(text, 1, 1..2));
    let delete = change(&id, Action::Delete, Risk::DataLoss, &format!("{name} 2"), &["a: 1 -> -"]);
    let why = HoldReason::Unreadable { why: text.to_owned() };
    let by = HoldReason::Observed { by: text.to_owned() };
    let holds = vec![
        Hold { part: Part::Component(id.clone()), reason: why },
        Hold { part: Part::Component(id), reason: by },
        fixture::not_reviewed(),
    ];
    let mut review = fixture::review();
    review.plans.push(plan(stack, vec![update, delete], holds));
    let mistake = crate::diagnostic::Diagnostic::error(
        crate::diagnostic::Code::TemplateFailed,
        fixture::span(text, 1, 1..2),
        text,
    );
    review.diagnostics.push(mistake.hint(text));
    review
}

#[test]
fn nothing_a_user_wrote_is_taken_for_ours() {
    for text in HOSTILE {
        for limits in [FORGE, Limits { folds: false, alerts: false, ..FORGE }] {
            let comment = comment(&hostile(text), &limits);
            let bare = bare(&comment);
            for forbidden in [
                "<script",
                "@everyone",
                "@org",
                "fixes #12",
                "GH-13",
                "!14",
                "![",
                "](",
                "https://",
                "www.",
                "**Approved",
                "~~~",
            ] {
                assert!(!bare.contains(forbidden), "{text:?} lets {forbidden} through:\n{bare}");
            }
            assert_eq!(bare.matches("<!--").count(), 1, "one marker, ours: {text:?}");
            let (opened, closed) =
                (bare.matches("<details").count(), bare.matches("</details>").count());
            assert_eq!(opened, closed, "{text:?}");
            assert_eq!(opened, if limits.folds { 5 } else { 0 }, "{text:?}");
            let hidden = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{200b}".contains(c));
            assert!(!comment.contains(hidden), "{text:?}");
            let rows = comment.lines().filter(|line| line.starts_with("| "));
            for row in rows {
                assert_eq!(row.matches('|').count(), 6, "{row}");
            }
        }
    }
}

/// Less and less is said, what goes is named to the last but one, and no fence is ever cut.
#[test]
fn a_comment_fits_whatever_the_forge_takes() {
    let review = fixture::review();
    let whole = comment(&review, &FORGE);
    let mut seen = std::collections::BTreeSet::new();
    for characters_max in (400..whole.len() + 200).step_by(50) {
        let limits = Limits { characters_max, ..FORGE };
        let text = comment(&review, &limits);
        assert!(text.len() <= characters_max, "{} of {characters_max}", text.len());
        bare(&text);
        if text.len() > 1500 {
            assert!(text.contains("terraform/rds-legacy/instance"), "{text}");
        }
        seen.insert(text);
    }
    assert!(seen.len() >= 5, "{} steps", seen.len());
    let exact = |less| Limits { characters_max: whole.len() - less, ..FORGE };
    assert_eq!(comment(&review, &exact(0)), whole);
    assert!(comment(&review, &exact(1)).contains("Left out for length"));
}

/// Five thousand resources in three hundred stacks are one comment.
#[test]
fn a_very_large_review_is_one_comment() {
    let stacks = (0..300).map(|at| {
        let stack = format!("stack-{at:03}");
        let id = component(&stack, "terraform/vpc");
        let changes = (0..17).map(|resource| {
            change(
                &id,
                Action::Update,
                Risk::Reversible,
                &format!("r-{resource:02}"),
                &["a: 1 -> 2"],
            )
        });
        plan(&stack, changes.collect(), vec![fixture::not_reviewed()])
    });
    let review = Review::new(fixture::scope(), None, stacks, Vec::new());
    let text = comment(&review, &FORGE);
    assert!(text.len() <= FORGE.characters_max);
    assert!(text.contains("Needs approval: 5100 update in 300 stacks"));
    assert!(text.contains("and 250 more stacks with 4250 update"));
}

#[test]
fn the_marker_is_one_comment_whatever_the_names_are() {
    use crate::ids::{AgentName, RepositoryName, Scope};
    let scope = Scope {
        agent: AgentName::new("a--b").unwrap(),
        repository: RepositoryName::new("--").unwrap(),
    };
    assert_eq!(marker("plan", &scope).matches("--").count(), 2, "{}", marker("plan", &scope));
}
