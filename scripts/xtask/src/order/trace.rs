//! Which functions a program runs: each begins with a breakpoint, until it is first used.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::child;

/// The instruction of a breakpoint.
const BREAK: u8 = 0xcc;

/// The functions of `program`: in each line where one begins, from the program's first byte, and its
/// name; in ascending order.
pub(super) fn symbols(program: &Path) -> Result<String> {
    let told = child::output(Command::new("readelf").arg("-sW").arg(program))?;
    let mut all: Vec<_> = told.lines().filter_map(function).collect();
    all.sort_unstable();
    // Several names of one place are one function.
    all.dedup_by_key(|(start, _)| *start);
    Ok(all.into_iter().map(|(start, name)| format!("{start:x} {name}\n")).collect())
}

/// A line of readelf that is about a function of the program's own.
fn function(line: &str) -> Option<(u64, &str)> {
    let [_, start, _, "FUNC", _, _, section, name] =
        line.split_whitespace().collect::<Vec<_>>()[..]
    else {
        return None;
    };
    (section != "UND").then_some((u64::from_str_radix(start, 16).ok()?, name))
}

/// Runs `program` with `arguments` until it ends, and adds the functions of `symbols` that it uses
/// to the file `used`. Programs that it becomes or starts are watched if they are the same one.
pub(super) fn trace(symbols: &str, used: &str, program: &str, arguments: &[&str]) -> Result<()> {
    let text = std::fs::read_to_string(symbols)?;
    let functions = text.lines().map(|line| {
        let (start, name) = line.split_once(' ').context("a line of symbols has another form")?;
        Ok((u64::from_str_radix(start, 16)?, name))
    });
    let mut tracer = Tracer {
        functions: functions.collect::<Result<_>>()?,
        program: std::fs::canonicalize(program)?,
        used: OpenOptions::new().create(true).append(true).open(used)?,
        code: BTreeMap::new(),
        bases: BTreeMap::new(),
    };
    // It waits until it is watched, and then becomes the program.
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -STOP $$; exec \"$@\"", "sh", program]).args(arguments);
    let child = shell.spawn()?;
    let pid = stopped(&child)?;
    let options = Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options)?;
    kill(pid, Signal::SIGCONT)?;
    match tracer.follow(pid)? {
        0 => Ok(()),
        code => bail!("{program} ended with {code}"),
    }
}

fn stopped(child: &Child) -> Result<Pid> {
    let pid = Pid::from_raw(child.id().cast_signed());
    match waitpid(pid, Some(WaitPidFlag::WUNTRACED))? {
        WaitStatus::Stopped(..) => Ok(pid),
        ended => bail!("the shell did not wait: {ended:?}"),
    }
}

struct Tracer<'t> {
    functions: Vec<(u64, &'t str)>,
    program: PathBuf,
    used: File,
    /// What stood where a breakpoint is, by the start of the function.
    code: BTreeMap<u64, u8>,
    /// Where each thread has the program's first byte.
    bases: BTreeMap<Pid, u64>,
}

impl Tracer<'_> {
    /// Until the program `first` ends, with its exit code.
    fn follow(&mut self, first: Pid) -> Result<i32> {
        loop {
            match waitpid(None, Some(WaitPidFlag::__WALL))? {
                WaitStatus::Exited(pid, code) if pid == first => return Ok(code),
                WaitStatus::Signaled(pid, signal, _) if pid == first => {
                    return Ok(128 + signal as i32);
                }
                WaitStatus::PtraceEvent(pid, _, event)
                    if event == Event::PTRACE_EVENT_EXEC as i32 =>
                {
                    self.bases.remove(&pid);
                    if std::fs::read_link(format!("/proc/{pid}/exe"))? == self.program {
                        self.plant(pid)?;
                        resume(pid, None);
                    } else if pid == first {
                        resume(pid, None);
                    } else {
                        let _ = ptrace::detach(pid, None);
                    }
                }
                WaitStatus::PtraceEvent(pid, ..) => resume(pid, None),
                WaitStatus::Stopped(pid, Signal::SIGTRAP) => match self.meet(pid) {
                    Ok(met) => resume(pid, (!met).then_some(Signal::SIGTRAP)),
                    Err(error) if has_ended(&error) => {}
                    Err(error) => return Err(error),
                },
                WaitStatus::Stopped(pid, signal) => resume(pid, Some(signal)),
                _ => {}
            }
        }
    }

    /// Puts a breakpoint at every function.
    fn plant(&mut self, pid: Pid) -> Result<()> {
        let (base, code) = self.mapped(pid)?;
        let memory = memory(pid)?;
        let mut bytes = vec![0; usize::try_from(code.end - code.start)?];
        memory.read_exact_at(&mut bytes, code.start)?;
        for (start, _) in &self.functions {
            let place = base + start;
            if code.contains(&place) {
                let byte = &mut bytes[usize::try_from(place - code.start)?];
                let code = std::mem::replace(byte, BREAK);
                // It says so itself: there would be no end to it.
                if code != BREAK {
                    self.code.insert(*start, code);
                }
            }
        }
        memory.write_all_at(&bytes, code.start)?;
        Ok(())
    }

    /// Takes away the breakpoint that the thread `pid` has met; `false` if it is none of ours.
    fn meet(&mut self, pid: Pid) -> Result<bool> {
        let base = match self.bases.get(&pid) {
            Some(base) => *base,
            None => self.mapped(pid)?.0,
        };
        self.bases.insert(pid, base);
        let mut registers = ptrace::getregs(pid)?;
        let place = registers.rip - 1;
        let start = place.wrapping_sub(base);
        let Some(byte) = self.code.get(&start) else { return Ok(false) };
        let memory = memory(pid)?;
        let mut now = [0];
        memory.read_exact_at(&mut now, place)?;
        // Another thread may have been here first.
        if now == [BREAK] {
            memory.write_all_at(&[*byte], place)?;
            let at = self.functions.binary_search_by_key(&start, |(start, _)| *start);
            let (_, name) = self.functions[at.ok().context("a breakpoint is at a function")?];
            writeln!(self.used, "{name}")?;
        }
        registers.rip = place;
        ptrace::setregs(pid, registers)?;
        Ok(true)
    }

    /// Where the first byte of the program is in memory, and its code.
    fn mapped(&self, pid: Pid) -> Result<(u64, std::ops::Range<u64>)> {
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let own = maps.lines().filter(|line| line.ends_with(&*self.program.to_string_lossy()));
        let parts = own.filter_map(|line| {
            let mut words = line.split_whitespace();
            let (start, end) = words.next()?.split_once('-')?;
            let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).ok());
            Some((start?..end?, words.next()?.contains('x')))
        });
        let parts: Vec<_> = parts.collect();
        let code = parts.iter().find(|(_, runs)| *runs).context("no code is mapped")?;
        Ok((parts[0].0.start, code.0.clone()))
    }
}

/// Whether there was no thread any more to ask.
fn has_ended(error: &anyhow::Error) -> bool {
    let gone = [Errno::ENOENT, Errno::ESRCH];
    let by_kernel = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
    let code = by_kernel.map(Errno::from_raw).or(error.downcast_ref().copied());
    code.is_some_and(|code| gone.contains(&code))
}

/// A thread may end at any moment, also while it is stopped.
fn resume(pid: Pid, signal: Option<Signal>) {
    let _ = ptrace::cont(pid, signal);
}

fn memory(pid: Pid) -> Result<File> {
    Ok(OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"))?)
}
