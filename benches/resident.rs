//! One changed file in an agent that is running: how long until what it asks for is known again.
//!
//! `cargo bench --bench resident -- <folder> <file>` edits the file and puts it back.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use isobar::model::question::Answers;
use isobar::source::Folder;
use isobar::stacks::{Resolver, Selection};
use isobar::world::World;

/// Edits that are timed: the median of 20 is steady.
const EDITS: usize = 20;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(folder), Some(file)) = (arguments.next(), arguments.next()) else {
        return println!("usage: cargo bench --bench resident -- <folder> <file>");
    };
    let (folder, file) = (PathBuf::from(folder), PathBuf::from(file));
    let path = folder.join(file);
    let before = std::fs::read_to_string(&path).expect("the file can be read");
    let (selection, answers) = (Selection::default(), Answers::new());
    let clock = World::real().clock;
    let mut folder = Folder::new(folder);

    let start = Instant::now();
    let snapshot = folder.snapshot(clock.now()).expect("a complete folder");
    let listed = start.elapsed();
    let mut resolver = Resolver::new(&snapshot);
    let read = start.elapsed();
    let resolution = resolver.resolve(&selection, &answers);
    let first = start.elapsed();
    println!(
        "first: {} components; listed after {}, read after {}, resolved after {}",
        resolution.desired.components().count(),
        ms(listed),
        ms(read),
        ms(first)
    );
    let mut times = Vec::new();
    for edit in 0..EDITS {
        std::fs::write(&path, format!("{before}settings:\n  edit: {edit}\n")).expect("an edit");
        let start = Instant::now();
        let snapshot = folder.snapshot(clock.now()).expect("a complete folder");
        let listed = start.elapsed();
        resolver.advance(&snapshot);
        let resolution = resolver.resolve(&selection, &answers);
        times.push((start.elapsed(), listed));
        drop(resolution);
    }
    std::fs::write(&path, before).expect("the file is put back");
    times.sort();
    let (whole, listed) = times[EDITS / 2];
    println!("changed leaf, median of {EDITS}: {}; of it listing {}", ms(whole), ms(listed));
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
