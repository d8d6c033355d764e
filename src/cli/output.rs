//! Where a command writes: results to standard output, everything else to standard error.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;

use crate::report;
use crate::world::World;

/// How long people wait without being told what for.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the sign that something goes on moves.
const TICK: Duration = Duration::from_millis(100);

/// A command's two streams and what they can show.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Results as JSON instead of text.
    pub json: bool,
    /// Whether results may carry colour.
    pub color: bool,
    /// Whether someone is watching standard error: only then is progress shown.
    pub watched: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Something goes on, and people see it from a second on.
pub struct Busy {
    over: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some((over, shown)) = self.over.take() {
            drop(over);
            // What is shown is gone before anything else is written.
            let _ = shown.join();
        }
    }
}

impl Output {
    /// The process's own streams.
    pub fn new(json: bool, color: Color) -> Self {
        match color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        let colored = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let watched = io::stderr().is_terminal();
        Self { json, color: colored && !json, watched }
    }

    /// Writes a result. The text may carry colour: it is taken out where it cannot be shown.
    pub fn print(&self, text: &str) -> io::Result<()> {
        match self.color {
            true => write(anstream::stdout().lock(), text),
            false => write(io::stdout().lock(), &report::terminal::unpainted(text)),
        }
    }

    /// The same of a text in parts, which are made ready on all cores.
    pub fn print_parts(&self, parts: Vec<String>) -> io::Result<()> {
        if self.color {
            return self.print(&parts.concat());
        }
        let plain: Vec<_> =
            parts.into_par_iter().map(|part| report::terminal::unpainted(&part)).collect();
        let mut stream = io::stdout().lock();
        plain.iter().try_for_each(|part| stream.write_all(part.as_bytes()))?;
        stream.flush()
    }

    /// Writes a result as JSON.
    pub fn print_json(&self, value: &impl Serialize) -> io::Result<()> {
        // Standard output alone would hand over every line by itself.
        let mut stream = io::BufWriter::new(io::stdout().lock());
        serde_json::to_writer_pretty(&mut stream, value)?;
        stream.write_all(b"\n")?;
        stream.flush()
    }

    /// Waits for `work`; from a second on people see that something goes on, and what.
    pub async fn progress<T>(&self, world: &World, what: &str, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = world.clock.sleep(PATIENCE), if self.watched => {}
        }
        let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
        spinner.enable_steady_tick(TICK);
        let done = work.await;
        spinner.finish_and_clear();
        done
    }

    /// The same for work that does not wait, until what this gives is dropped.
    pub fn busy(&self, what: &'static str) -> Busy {
        if !self.watched {
            return Busy { over: None };
        }
        let (over, is_over) = mpsc::channel::<()>();
        let shown = thread::spawn(move || {
            if is_over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let spinner = ProgressBar::new_spinner().with_message(what);
                spinner.enable_steady_tick(TICK);
                // Nothing is ever sent: this is when it is dropped.
                let _ = is_over.recv();
                spinner.finish_and_clear();
            }
        });
        Busy { over: Some((over, shown)) }
    }

    /// Writes to people: findings, progress, errors. That nobody reads it is no error.
    pub fn note(&self, text: &str) {
        let mut stream = anstream::stderr().lock();
        let _ = stream.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = stream.write_all(b"\n");
        }
    }
}

fn write(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        stream.write_all(b"\n")?;
    }
    stream.flush()
}
