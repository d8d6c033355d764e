//! Every template of `corpus/*.txt`, and thousands of generated ones, against Go itself.
//!
//! The recorded answers are the oracle, so that nobody needs Go. Where it is installed, `tests/go`
//! is built and asked as well: the recorded answers must be what it says, and templates of a seed
//! nobody has seen must agree too. `GOTMPL_RECORD=1` records anew. Gomplate's oracle takes minutes
//! to build: with `GOTMPL_GOMPLATE=1` it is asked, and its answers recorded, as well.
//!
//! A corpus line is a template; `⏎` stands for a newline in it. Lines that start with `#` are
//! notes, `@data {json}`, `@missingkey mode`, `@functions none|sprig|gomplate|both` and
//! `@delims left right` hold for the lines after them. A leading `~` means that an error must
//! agree in its stage but not in its words, a leading `!` that ours is another answer on purpose.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "it asks Go, its switches are variables, and it says what it skips"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gotmpl::{Error, ErrorKind, Functions, Limits, MissingKey, Options, Template, Value};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

mod generate;

/// Seconds stay few: Go renders 5,000 in 0.3 s, a debug build of ours in about 4 s.
const GENERATED_COUNT: usize = 5_000;
/// How many of the generated are in the corpus, and by which seed.
const RECORDED_COUNT: usize = 1_000;
const RECORDED_SEED: u64 = 1;

struct Case {
    /// What Go is sent, and the key of its recorded answer.
    request: Json,
    place: String,
    /// The words of an error need not agree.
    loose: bool,
    /// The answers must differ.
    differs: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Output(String),
    Failure { stage: String, message: String },
}

#[test]
fn corpus_agrees_with_go() {
    let mut report = Report::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let recording = std::env::var_os("GOTMPL_RECORD").is_some();
    if recording {
        generate::write(&folder.join("generated.txt"), RECORDED_SEED, RECORDED_COUNT);
    }
    let oracle = oracle("tests/go");
    let gomplate = if asks_gomplate() { self::oracle("tests/go/gomplate") } else { None };
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the corpus folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect();
    files.sort();
    for file in &files {
        let cases = read_corpus(file);
        let recorded_in = file.with_extension("expected");
        let recorded = read_recording(&recorded_in);
        let is_gomplate =
            |case: &Case| matches!(case.request["functions"].as_str(), Some("gomplate" | "both"));
        let oracle = if cases.iter().any(is_gomplate) { &gomplate } else { &oracle };
        let answers: Vec<Answer> = match oracle {
            Some(oracle) => ask(oracle, &cases),
            None => cases
                .iter()
                .map(|case| {
                    let answer = recorded.get(&key(&case.request));
                    answer.unwrap_or_else(|| panic!("{}: not recorded", case.place)).clone()
                })
                .collect(),
        };
        for (case, answer) in cases.iter().zip(&answers) {
            report.compare(case, answer);
            if !recording || oracle.is_none() {
                let old = recorded.get(&key(&case.request));
                assert_eq!(old, Some(answer), "{}: record anew", case.place);
            }
        }
        if recording && oracle.is_some() {
            record(&recorded_in, &cases, &answers);
        }
        if file.ends_with("hostile.txt") {
            assert!(cases.len() >= 400, "only {} hostile cases", cases.len());
        }
    }
    report.finish(4_000);
}

#[test]
fn generated_templates_agree_with_go() {
    let Some(oracle) = oracle("tests/go") else {
        eprintln!("SKIPPED: {GENERATED_COUNT} generated templates, Go is not installed");
        return;
    };
    // The same ones every time: what else may differ is looked for with `GOTMPL_SEED=random`.
    let seed = match std::env::var("GOTMPL_SEED") {
        Ok(text) if text == "random" => fastrand::u64(..),
        Ok(text) => text.parse().expect("GOTMPL_SEED is a number or `random`"),
        Err(_) => 1,
    };
    eprintln!("GOTMPL_SEED={seed} gives the same {GENERATED_COUNT} templates again");
    let cases: Vec<Case> = generate::templates(seed, GENERATED_COUNT)
        .into_iter()
        .enumerate()
        .map(|(i, request)| {
            // What Sprig says of a mistake is often Go's own panic.
            let loose = request["functions"] == "sprig";
            Case { request, place: format!("seed {seed} #{i}"), loose, differs: false }
        })
        .collect();
    let answers = ask(&oracle, &cases);
    let mut report = Report::default();
    for (case, answer) in cases.iter().zip(&answers) {
        report.compare(case, answer);
    }
    report.finish(GENERATED_COUNT);
}

/// Every function that Go's own sets name is here, or refused by name with the reason. What Go
/// lists is recorded in `functions.list`.
#[test]
fn every_function_is_here_or_refused_by_name() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/functions.list");
    if std::env::var_os("GOTMPL_RECORD").is_some() && asks_gomplate() {
        let listed = ["tests/go", "tests/go/gomplate"].map(|source| {
            let oracle = oracle(source).expect("recording needs Go");
            let output = Command::new(oracle).arg("functions").output().expect("the oracle runs");
            String::from_utf8(output.stdout).expect("names")
        });
        fs::write(&file, listed.concat()).expect("the list is written");
    }
    let list = fs::read_to_string(file).expect("the list");
    let mut missing = Vec::new();
    let mut refused = BTreeMap::new();
    let mut count = 0;
    for (set, name) in list.lines().filter_map(|line| line.split_once(' ')) {
        let functions = functions(set);
        if let Some((namespace, _)) = name.split_once('.')
            && set == "both"
            && Functions::sprig().has(namespace)
        {
            continue;
        }
        count += 1;
        let options = Options { functions: &functions, ..Options::default() };
        let result =
            Template::parse("t", &format!("{{{{ {name} }}}}"), &options).and_then(|template| {
                template.render(&Value::Absent, &Limits::default(), MissingKey::Default)
            });
        match result {
            Err(error) if error.kind == ErrorKind::Refused => {
                refused.insert((set.to_owned(), name.to_owned()), error.message);
            }
            Err(error)
                if error.kind == ErrorKind::Parse
                    || error.message.starts_with("can't evaluate field") =>
            {
                missing.push(format!("{set} {name}"));
            }
            _ => {}
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(count > 900, "only {count} functions are listed");
    let reasons = ["clock", "environment", "network", "random", "secret", "files", "sources"];
    let sprig = refused.iter().filter(|((set, _), _)| set == "sprig");
    for ((_, name), message) in sprig {
        assert!(reasons.iter().any(|reason| message.contains(reason)), "{name}: {message}");
    }
}

fn asks_gomplate() -> bool {
    std::env::var_os("GOTMPL_GOMPLATE").is_some()
}

/// The set of this name.
fn functions(set: &str) -> Functions {
    match set {
        "sprig" => Functions::sprig(),
        "gomplate" => Functions::gomplate(),
        "both" => Functions::gomplate().hidden_by(&Functions::sprig()),
        _ => Functions::default(),
    }
}

fn read_corpus(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("a corpus file");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let mut settings =
        json!({ "data": null, "missingkey": "", "left": "", "right": "", "functions": "sprig" });
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
        } else if let Some(set) = line.strip_prefix("@functions ") {
            settings["functions"] = if set == "none" { "" } else { set }.into();
        } else if let Some(delims) = line.strip_prefix("@delims") {
            let mut delims = delims.split_whitespace();
            settings["left"] = delims.next().unwrap_or_default().into();
            settings["right"] = delims.next().unwrap_or_default().into();
        } else {
            let (differs, line) = line.strip_prefix('!').map_or((false, line), |line| (true, line));
            let (loose, template) = match line.strip_prefix('~') {
                Some(template) => (true, template),
                None => (false, line),
            };
            let mut request = settings.clone();
            request["template"] = template.replace('⏎', "\n").into();
            cases.push(Case { request, place, loose, differs });
        }
    }
    cases
}

/// A Go program, or `None` where it cannot be built.
fn oracle(source: &str) -> Option<PathBuf> {
    if std::env::var_os("GOTMPL_WITHOUT_GO").is_some() {
        return None;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source.replace('/', "-"));
    let built =
        Command::new("go").args(["build", "-o"]).arg(&target).arg(".").current_dir(folder).status();
    if built.is_ok_and(|status| status.success()) {
        return Some(target);
    }
    eprintln!("SKIPPED: asking Go, {source} cannot be built; the recorded answers are compared");
    None
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

/// What a request is recorded under.
fn key(request: &Json) -> String {
    let digest = Sha256::digest(sorted(request).as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// One line for each answer: its key, `output` or the stage that failed, and the text as JSON.
fn record(file: &Path, cases: &[Case], answers: &[Answer]) {
    let lines: String = cases
        .iter()
        .zip(answers)
        .map(|(case, answer)| {
            let (kind, text) = match answer {
                Answer::Output(output) => ("output", output),
                Answer::Failure { stage, message } => (stage.as_str(), message),
            };
            format!("{} {kind} {}\n", key(&case.request), json!(text))
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
            let mut parts = line.splitn(3, ' ');
            let mut part = || parts.next().expect("three parts");
            let (key, kind, text) = (part().to_owned(), part().to_owned(), part());
            let text = serde_json::from_str(text).expect("a text");
            let answer = match kind.as_str() {
                "output" => Answer::Output(text),
                _ => Answer::Failure { stage: kind, message: text },
            };
            (key, answer)
        })
        .collect()
}

/// What ours does, told in Go's words.
fn render(request: &Json) -> Answer {
    let text = |key: &str| request[key].as_str().unwrap_or_default();
    let functions = functions(text("functions"));
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
        if agree == case.differs {
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
