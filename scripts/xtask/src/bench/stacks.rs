//! Resolving a large repository, beside what Atmos takes for one of the same shape.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::measure::{self, Cost};
use super::repository::{COMPONENT, LEAF, STACK, Size, write};
use crate::child;
use crate::place::{Place, variable};

/// Which seed the repository is made from: changing it changes every figure.
const SEED: u64 = 1;

/// One measured question.
struct Row {
    what: &'static str,
    /// Arguments of `isobar`, and of `atmos` where it has the command.
    isobar: Vec<String>,
    atmos: Option<Vec<String>>,
    times: u32,
    /// At most, on two idle cores; nothing fails on a slower machine.
    goal: &'static str,
    recorded: &'static str,
}

/// Every command on the repository and on one ten times larger, and a change in a running agent.
pub(crate) fn stacks(place: &Place) -> Result<()> {
    child::run(place.cargo().args(["build", "--locked", "--release", "--bin", "isobar"]))?;
    let isobar = place.target.join("release/isobar");
    let atmos = variable("ATMOS").map(PathBuf::from);
    let mut once = Vec::new();
    for organisations in [1, 10] {
        let root = place.target.join(format!("bench/stacks-{organisations}"));
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        let size = repository(&root, organisations)?;
        println!(
            "\n{} files, {} lines, {} stacks (load of this machine: {})",
            size.files,
            size.lines,
            size.stacks,
            load()?
        );
        println!("{:<22}{:>10}{:>10}{:>12}{:>12}   at most", "", "wall", "CPU", "peak", "output");
        let output = root.with_extension("json");
        for (number, row) in rows().into_iter().enumerate() {
            let Some(cost) = cost(&isobar, &root, &row.isobar, row.times, &output)? else {
                println!("{:<22}not there: this isobar has no such command", row.what);
                continue;
            };
            let goal = if organisations == 1 { row.goal } else { "10 times the above" };
            show(row.what, &cost, goal);
            match once.get(number).copied().flatten() {
                None => once.push(Some(cost.wall)),
                Some(small) => println!("{:<22}{:>9.1}x", "", ratio(cost.wall, small)),
            }
            if organisations == 1 {
                beside(atmos.as_deref(), &root, &row, &cost, &output)?;
            }
        }
        let resident = ["bench", "--locked", "--quiet", "--bench", "resident", "--"];
        child::run(place.cargo().args(resident).arg(&root).arg(LEAF))?;
    }
    Ok(())
}

fn rows() -> Vec<Row> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let one = format!("describe component {COMPONENT} -s {STACK} --format json");
    vec![
        Row {
            what: "describe stacks",
            isobar: words("describe stacks --format json"),
            atmos: Some(words("describe stacks --format json")),
            times: 5,
            goal: "400 ms, 200 MiB",
            recorded: "45.8 s, 66.6 s of CPU, 4.2 GB",
        },
        Row {
            what: "describe component",
            isobar: words(&one),
            atmos: Some(words(&one)),
            times: 20,
            goal: "25 ms, 64 MiB",
            recorded: "9.5 s, 3.5 GB",
        },
        Row {
            what: "list stacks",
            isobar: words("list stacks"),
            atmos: Some(words("list stacks")),
            times: 10,
            goal: "100 ms",
            recorded: "31.9 s, 4.9 GB",
        },
        Row {
            what: "describe affected",
            isobar: words("describe affected --ref HEAD~1"),
            atmos: None,
            times: 5,
            goal: "",
            recorded: "",
        },
    ]
}

/// `None` if the program does not know the command.
fn cost(
    program: &Path,
    root: &Path,
    arguments: &[String],
    times: u32,
    output: &Path,
) -> Result<Option<Cost>> {
    let command = || {
        let mut command = Command::new(program);
        command.current_dir(root).args(arguments);
        command
    };
    let words = arguments.iter().take_while(|word| !word.starts_with('-')).take(2);
    let mut known = Command::new(program);
    if !child::succeeds(known.current_dir(root).args(words).arg("--help")) {
        return Ok(None);
    }
    measure::repeat(times, Some(output), command).map(Some)
}

fn beside(atmos: Option<&Path>, root: &Path, row: &Row, ours: &Cost, output: &Path) -> Result<()> {
    let Some(arguments) = &row.atmos else { return Ok(()) };
    let Some(atmos) = atmos else {
        println!("{:<22}recorded of Atmos 1.226.1: {}", "", row.recorded);
        return Ok(());
    };
    if let Some(cost) = cost(atmos, root, arguments, 1, output)? {
        show("  atmos", &cost, "");
        let (wall, cpu) = (ratio(cost.wall, ours.wall), ratio(cost.cpu, ours.cpu));
        let peak = cost.peak_bytes as f64 / ours.peak_bytes as f64;
        println!("{:<22}{wall:>9.0}x{cpu:>9.0}x{peak:>11.0}x", "  atmos / isobar");
    }
    Ok(())
}

/// Makes the repository in a new folder, with its last commit changing one leaf.
pub(crate) fn repository(root: &Path, organisations: usize) -> Result<Size> {
    fs::create_dir_all(root)?;
    let is_new = fs::read_dir(root)?.next().is_none();
    anyhow::ensure!(is_new, "{} is not empty", root.display());
    let size = write(root, organisations, SEED)?;
    let git = |arguments: &[&str]| {
        let name = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
        let mut git = Command::new("git");
        git.current_dir(root).args(name).args(arguments);
        let ended = git.output().context("cannot start git")?;
        anyhow::ensure!(ended.status.success(), "{git:?} ended with {}", ended.status);
        Ok(())
    };
    git(&["init", "--quiet"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "before"])?;
    let leaf = root.join(LEAF);
    let text = fs::read_to_string(&leaf)? + "vars:\n  changed: true\n";
    fs::write(&leaf, text)?;
    git(&["commit", "--quiet", "--all", "--message", "after"])?;
    Ok(size)
}

fn show(what: &str, cost: &Cost, goal: &str) {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    println!(
        "{what:<22}{:>10}{:>10}{:>12}{:>12}   {goal}",
        ms(cost.wall),
        ms(cost.cpu),
        mib(cost.peak_bytes),
        mib(cost.output_bytes)
    );
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn ratio(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64().max(1e-9)
}

/// How many tasks wanted a core in the last minute.
fn load() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}
