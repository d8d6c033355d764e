//! Every template of `corpus/*.txt`, and thousands of generated ones, against Go itself.
//!
//! Where Go is installed, `tests/go` is built and asked, and the recorded answers must be what
//! it says; elsewhere the recorded answers are the oracle. `GOTMPL_RECORD=1` records anew.
//!
//! A corpus line is a template; `⏎` stands for a newline in it. Lines that start with `#` are
//! notes, `@data {json}`, `@missingkey mode`, `@sprig on|off` and `@delims left right` hold for the lines after
//! them. A leading `~` means that an error must agree in its stage but not in its words.

#![allow(clippy::disallowed_methods, reason = "it asks Go, and its switches are variables")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gotmpl::{Error, ErrorKind, Functions, Limits, MissingKey, Options, Template, Value};
use serde_json::{Value as Json, json};

mod generate;

/// Seconds stay few: Go renders 5,000 in 0.3 s, a debug build of ours in about 4 s.
const GENERATED_COUNT: usize = 5_000;

struct Case {
    /// What Go is sent, and the key of its recorded answer.
    request: Json,
    place: String,
    /// The words of an error need not agree.
    loose: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Output(String),
    Failure { stage: String, message: String },
}

#[test]
fn corpus_agrees_with_go() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the corpus folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect();
    files.sort();
    let oracle = build_oracle();
    let mut report = Report::default();
    for file in &files {
        let cases = read_corpus(file);
        let recording = file.with_extension("expected");
        let recorded = read_recording(&recording);
        let answers: Vec<Answer> = match &oracle {
            Some(oracle) => {
                let answers = ask(oracle, &cases);
                if std::env::var_os("GOTMPL_RECORD").is_some() {
                    record(&recording, &cases, &answers);
                } else {
                    for (case, answer) in cases.iter().zip(&answers) {
                        let old = recorded.get(&sorted(&case.request));
                        assert_eq!(old, Some(answer), "{}: record anew", case.place);
                    }
                }
                answers
            }
            None => cases
                .iter()
                .map(|case| {
                    let key = sorted(&case.request);
                    let answer = recorded.get(&key);
                    answer.unwrap_or_else(|| panic!("{}: not recorded", case.place)).clone()
                })
                .collect(),
        };
        for (case, answer) in cases.iter().zip(&answers) {
            report.compare(case, answer);
        }
    }
    report.finish(500);
}

#[test]
fn generated_templates_agree_with_go() {
    let Some(oracle) = build_oracle() else {
        eprintln!("SKIPPED: {GENERATED_COUNT} generated templates, Go is not installed");
        return;
    };
    let seed = std::env::var("GOTMPL_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    eprintln!("seed {seed}");
    let cases: Vec<Case> = generate::templates(seed, GENERATED_COUNT)
        .into_iter()
        .enumerate()
        .map(|(i, request)| {
            // What Sprig says of a mistake is often Go's own panic.
            let loose = request["sprig"] == true;
            Case { request, place: format!("seed {seed} #{i}"), loose }
        })
        .collect();
    let answers = ask(&oracle, &cases);
    let mut report = Report::default();
    for (case, answer) in cases.iter().zip(&answers) {
        report.compare(case, answer);
    }
    report.finish(GENERATED_COUNT);
}

fn read_corpus(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("a corpus file");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let mut settings =
        json!({ "data": null, "missingkey": "", "left": "", "right": "", "sprig": true });
    let mut cases = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", i + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(data) = line.strip_prefix("@data ") {
            settings["data"] = serde_json::from_str(data).expect(&place);
        } else if let Some(mode) = line.strip_prefix("@missingkey ") {
            settings["missingkey"] = mode.into();
        } else if let Some(switch) = line.strip_prefix("@sprig ") {
            settings["sprig"] = (switch == "on").into();
        } else if let Some(delims) = line.strip_prefix("@delims") {
            let mut delims = delims.split_whitespace();
            settings["left"] = delims.next().unwrap_or_default().into();
            settings["right"] = delims.next().unwrap_or_default().into();
        } else {
            let (loose, template) = match line.strip_prefix('~') {
                Some(template) => (true, template),
                None => (false, line),
            };
            let mut request = settings.clone();
            request["template"] = template.replace('⏎', "\n").into();
            cases.push(Case { request, place, loose });
        }
    }
    cases
}

/// The Go program, or `None` where it cannot be built.
fn build_oracle() -> Option<PathBuf> {
    if std::env::var_os("GOTMPL_WITHOUT_GO").is_some() {
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gotmpl-oracle");
    let built =
        Command::new("go").args(["build", "-o"]).arg(&target).arg(".").current_dir(source).status();
    built.is_ok_and(|status| status.success()).then_some(target)
}

fn ask(oracle: &Path, cases: &[Case]) -> Vec<Answer> {
    let mut child = Command::new(oracle)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let mut input = child.stdin.take().expect("its input");
    let requests: String = cases.iter().map(|case| format!("{}\n", case.request)).collect();
    let writer = std::thread::spawn(move || input.write_all(requests.as_bytes()));
    let output = child.wait_with_output().expect("the oracle ends");
    writer.join().expect("the writer ends").expect("it reads all");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("JSON");
    let answers: Vec<Answer> = text
        .lines()
        .map(|line| answer_from(&serde_json::from_str(line).expect("a result")))
        .collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn answer_from(result: &Json) -> Answer {
    match result["output"].as_str() {
        Some(output) => Answer::Output(output.to_owned()),
        None => Answer::Failure {
            stage: result["stage"].as_str().expect("a stage").to_owned(),
            message: result["error"].as_str().expect("an error").to_owned(),
        },
    }
}

fn record(file: &Path, cases: &[Case], answers: &[Answer]) {
    let lines: String = cases
        .iter()
        .zip(answers)
        .map(|(case, answer)| {
            let result = match answer {
                Answer::Output(output) => json!({ "output": output }),
                Answer::Failure { stage, message } => json!({ "stage": stage, "error": message }),
            };
            format!("{{\"case\":{},\"result\":{result}}}\n", sorted(&case.request))
        })
        .collect();
    fs::write(file, lines).expect("the recording is written");
}

/// The text of `json` with sorted keys, whatever the features of serde_json that others turn on.
fn sorted(json: &Json) -> String {
    match json {
        Json::Array(items) => {
            format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(","))
        }
        Json::Object(map) => {
            let entries: BTreeMap<_, _> = map.iter().collect();
            let entry =
                |(key, value): (&String, &Json)| format!("{}:{}", json!(key), sorted(value));
            format!("{{{}}}", entries.into_iter().map(entry).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

fn read_recording(file: &Path) -> BTreeMap<String, Answer> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .map(|line| {
            let line: Json = serde_json::from_str(line).expect("a recorded case");
            (sorted(&line["case"]), answer_from(&line["result"]))
        })
        .collect()
}

/// What ours does, told in Go's words.
fn render(request: &Json) -> Answer {
    let text = |key: &str| request[key].as_str().unwrap_or_default();
    let with_sprig = request["sprig"] == true;
    let functions = if with_sprig { Functions::sprig() } else { Functions::default() };
    let options = Options { delimiters: (text("left"), text("right")), functions: &functions };
    let missing_key = match text("missingkey") {
        "zero" => MissingKey::Zero,
        "error" => MissingKey::Error,
        _ => MissingKey::Default,
    };
    let data = match Value::from(&request["data"]) {
        Value::Nil => Value::Absent,
        data => data,
    };
    let result = Template::parse("t", text("template"), &options)
        .and_then(|template| template.render(&data, &Limits::default(), missing_key));
    match result {
        Ok(output) => Answer::Output(output),
        Err(error) => {
            let stage = match error.kind {
                ErrorKind::Lex | ErrorKind::Parse => "parse",
                _ => "exec",
            };
            Answer::Failure { stage: stage.to_owned(), message: in_go_words(&error) }
        }
    }
}

fn in_go_words(error: &Error) -> String {
    let Error { line, column, message, context, .. } = error;
    match context {
        Some(context) => {
            format!("template: t:{line}:{}: at <{context}>: {message}", column - 1)
        }
        None => format!("template: t:{line}: {message}"),
    }
}

/// Without what ours does not tell: which defined template was running, and where the lexer's
/// action began.
fn comparable(message: &str) -> String {
    let message = match (message.find(": executing \""), message.find("\" at <")) {
        (Some(from), Some(to)) if from < to => {
            format!("{}: {}", &message[..from], &message[to + 2..])
        }
        _ => message.to_owned(),
    };
    match message.find(" in action started at ").or(message.find(" started at t:")) {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}

#[derive(Default)]
struct Report {
    count: usize,
    /// Where ours refuses to make text that is not UTF-8, on purpose.
    apart: usize,
    differences: Vec<String>,
}

impl Report {
    fn compare(&mut self, case: &Case, expected: &Answer) {
        self.count += 1;
        let found = render(&case.request);
        let agree = match (&found, expected) {
            (Answer::Failure { stage, message }, Answer::Failure { stage: s, message: m }) => {
                stage == s && (case.loose || comparable(message) == comparable(m))
            }
            (Answer::Failure { message, .. }, Answer::Output(_)) if is_apart(message) => {
                self.apart += 1;
                true
            }
            (found, expected) => found == expected,
        };
        if !agree {
            self.differences.push(format!(
                "{}: {}\n  Go:   {expected:?}\n  ours: {found:?}\n  data: {}",
                case.place, case.request["template"], case.request["data"]
            ));
        }
    }

    fn finish(self, at_least: usize) {
        assert!(self.count >= at_least, "only {} cases", self.count);
        assert!(self.apart * 100 <= self.count, "{} cases are not UTF-8", self.apart);
        assert!(
            self.differences.is_empty(),
            "{} of {} differ:\n{}",
            self.differences.len(),
            self.count,
            self.differences.join("\n")
        );
    }
}

fn is_apart(message: &str) -> bool {
    message.ends_with("would split a character") || message.ends_with("are not UTF-8")
}
