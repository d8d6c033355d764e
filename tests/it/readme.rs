//! The walkthrough of README.md, run as a reader would run it.
//!
//! A block marked `sh` is run in a folder that holds the example repository as `platform-config`,
//! with the built `isobar` on the path; commands only have to succeed, or to end with code 3,
//! something is held. A block marked `yaml` is written to the file its first line names. Blocks
//! marked `console` are compared with what they print; `scripts/check` does that.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cli::process::isobar;

/// The word that a running agent begins a line with once it has read the branch.
const AWAKE: &str = "follow ";

#[test]
fn the_walkthrough_works() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let repository = scratch.path().join("platform-config");
    copy(&root.join("examples-repo"), &repository);
    // As the page says: `isobar init` writes the file, and never over one that is there.
    fs::remove_file(repository.join("isobar.yaml")).unwrap();
    shell(
        scratch.path(),
        "cd platform-config\ngit init --quiet --initial-branch main\n\
                           git add --all\ngit commit --quiet --message Begin\n",
    );
    let mut run = 0;
    for (language, block) in blocks(&text) {
        match language {
            "sh" if block.contains(" serve") => serve(scratch.path(), block),
            "sh" => shell(scratch.path(), block),
            "yaml" => {
                let path = block.lines().next().and_then(|line| line.strip_prefix("# "));
                let path = path.expect("a yaml block begins with the name of its file");
                fs::write(scratch.path().join(path), block).unwrap();
            }
            _ => continue,
        }
        run += 1;
    }
    assert!(run > 3, "README.md has lost its walkthrough");
    let rendered = scratch.path().join("rendered/fnx-production");
    assert!(rendered.is_dir(), "the walkthrough applies what it approves");
}

#[test]
fn the_demo_makes_a_folder_of_its_own() {
    let scratch = tempfile::tempdir().unwrap();
    shell(scratch.path(), "isobar demo --json\nls -d isobar-demo-*/targets/fnx-production\n");
}

/// What it ends with is what the agent that applies does not know: where a value comes from. What it
/// does not apply it says why, and how it is called where it cannot be called by its name.
#[test]
fn the_demo_tells_where_a_value_comes_from() {
    let scratch = tempfile::tempdir().unwrap();
    shell(
        scratch.path(),
        "own=$(command -v isobar)
PATH= $own demo > told
grep -q '^> \"fnx-retail\"$' told
test $(grep -c ', only shown: it is ' told) = 2
grep -q \"^  alias isobar=$own$\" told
",
    );
}

/// The fenced blocks with their languages.
fn blocks(markdown: &str) -> Vec<(&str, &str)> {
    let fenced = markdown.split("\n```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a block has lines")).collect()
}

/// Runs `lines` one after the other.
fn shell(folder: &Path, lines: &str) {
    let line = |line| format!("{{ {line}\n}} || test $? -eq 3 || exit 1\n");
    let script: String = lines.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    let ran = command(folder, &script).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "this failed:\n{lines}\n{out}{err}");
}

/// Starts an agent and stops it once it has read the branch.
fn serve(folder: &Path, line: &str) {
    let words: Vec<_> = line.split_whitespace().collect();
    let ["isobar", "serve", "--settings", settings] = words[..] else {
        panic!("an agent is started by `isobar serve --settings <file>`, not by `{line}`")
    };
    let mut agent = isobar(["serve", "--settings", settings]).start(folder);
    agent.expect(AWAKE);
    agent.kill();
}

/// A shell with the built `isobar`, and nothing of the person who runs the test.
#[expect(clippy::disallowed_methods, reason = "the shell is the reader of the README")]
fn command(folder: &Path, script: &str) -> Command {
    let built = Path::new(env!("CARGO_BIN_EXE_isobar")).parent().unwrap();
    let path = env::var_os("PATH").unwrap_or_default();
    let paths = [built.to_owned()].into_iter().chain(env::split_paths(&path));
    let mut command = Command::new("sh");
    command.args(["-euc", script]).current_dir(folder).env_clear();
    command.env("PATH", env::join_paths(paths).unwrap()).env("HOME", folder);
    command.env("TMPDIR", folder).env("USER", "ada");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "ada");
        command.env(format!("GIT_{who}_EMAIL"), "ada@example.com");
    }
    command
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
