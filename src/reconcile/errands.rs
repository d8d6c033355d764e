//! What programs of others have to do before components can be built: done once, in the jail, and
//! kept.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::answer::{self, Reach};
use crate::diagnostic::Code;
use crate::ids::ContentId;
use crate::jail::{Jail, Limits, Tool, ToolError, Workplace};
use crate::model::errand::{Done, Errand, Program, Supply, Undone};
use crate::settings::AgentSettings;
use crate::source::{ImportError, Snapshot};
use crate::world::World;

/// How long one may take. The largest chart known takes five minutes where it is rendered without
/// care, and seconds where it is not; a kustomization less than one.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Largest file that is handed to a program: all of a kustomization may be as large.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// How many results are kept: some 20 KiB each, so 80 MiB. Those that were made first go first.
const KEPT_MAX: usize = 4_096;

/// What asks what time it is, in the templates of charts. A word too many costs a second.
const CLOCKS: &[&str] =
    &["now", "ago", "date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone"];

/// Has errands done.
pub struct Errands {
    jail: Jail,
    programs: BTreeMap<Program, PathBuf>,
    /// What was brought, each in a file of its own.
    kept: PathBuf,
    /// Where programs work.
    work: PathBuf,
    stop: CancellationToken,
    world: World,
}

impl Errands {
    /// With the programs and the cache of `settings`. Whatever runs ends when `stop` is cancelled.
    pub fn new(settings: &AgentSettings, world: World, stop: CancellationToken) -> Self {
        let programs = Program::ALL
            .iter()
            .filter_map(|program| Some((*program, settings.programs.find(program.name())?)));
        Self {
            jail: Jail::default(),
            programs: programs.collect(),
            kept: settings.cache.join("errands"),
            work: settings.cache.join("work"),
            stop,
            world,
        }
    }

    /// The same, ended by `stop`.
    pub(super) fn stopped_by(self, stop: &CancellationToken) -> Self {
        Self { stop: stop.clone(), ..self }
    }

    /// Does `errands` over the files of `snapshot`, as many at a time as there are cores. What was
    /// brought once is not fetched again.
    pub(super) async fn run(
        &self,
        errands: Vec<Errand>,
        snapshot: &Snapshot,
        reach: &Reach,
    ) -> Done {
        let all: BTreeMap<ContentId, Errand> = errands.into_iter().map(|e| (e.id(), e)).collect();
        if all.is_empty() {
            return Done::new();
        }
        let _known = self.world.work.begin();
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        // What the first turns fetch is there for the others.
        let mut turns = BTreeMap::<_, Vec<_>>::new();
        all.into_iter().for_each(|one| turns.entry(one.1.turn).or_default().push(one));
        let mut done = Done::new();
        for turn in turns.into_values() {
            // What another turn wrote by the clock differs from what is written in the next second.
            let next = next_second(self.world.clock.now());
            let each = turn.into_iter().map(|(id, errand)| async move {
                (id, self.fetch(&id, &errand, (snapshot, reach), next).await)
            });
            done.extend(stream::iter(each).buffer_unordered(cores).collect::<Vec<_>>().await);
        }
        self.tidy();
        done
    }

    async fn fetch(
        &self,
        id: &ContentId,
        errand: &Errand,
        (snapshot, reach): (&Snapshot, &Reach),
        next: Timestamp,
    ) -> Result<Arc<str>, Undone> {
        let name = errand.program.name();
        for supply in errand.files.values() {
            if let Supply::Archive { url, .. } = supply {
                answer::permits_chart(reach, url).map_err(|error| unfetched(url, &error))?;
            }
        }
        let program = self.programs.get(&errand.program).ok_or_else(|| {
            passing(format!(
                "`{name}` is not there: install it, or say where it is in `programs` of the agent's \
                 settings"
            ))
        })?;
        let kept = file_name(id, program).map_err(|error| passing(failed(name, &error)))?;
        let kept = self.kept.join(kept);
        if let Ok(text) = fs::read_to_string(&kept) {
            return Ok(text.into());
        }
        let place = Workplace::make(&self.work, &self.world.ids.unique());
        let place = place.map_err(|error| passing(failed(name, &error)))?;
        let folder = place.path().to_owned();
        let (at, what) = (folder.clone(), errand.clone());
        let from = (snapshot.clone(), reach.clone());
        let laid = self.world.work.blocking(move || lay_out(&at, &what, &from)).await;
        let tells_time = laid.map_err(|error| passing(error.to_string()))??;
        if tells_time && errand.turn > 0 {
            let left = next.duration_since(self.world.clock.now());
            self.world.clock.sleep(left.try_into().unwrap_or_default()).await;
        }
        tracing::info!(program = name, errand = %id, "runs");
        let tool = Tool {
            program: program.clone(),
            arguments: errand.arguments.iter().map(|argument| (&**argument).into()).collect(),
            input: Vec::new(),
            folder,
            reads: Vec::new(),
            environment: Vec::new(),
            network: false,
            limits: Limits::default(),
            timeout: TIMEOUT,
        };
        let written = self.jail.run(&tool, self.world.clock.as_ref(), &self.stop).await;
        let written = written.map_err(|error| Undone {
            code: Code::BuildFailed,
            why: place.nameless(&super::chain(&error)).into(),
            passing: !is_its_own(&error),
        })?;
        let text = String::from_utf8(written).map_err(|_| Undone {
            code: Code::BuildFailed,
            why: format!("`{name}` wrote no text").into(),
            passing: false,
        })?;
        if let Err(error) = self.keep(&kept, &text) {
            tracing::warn!(%error, "what `{name}` brought is not kept");
        }
        Ok(text.into())
    }

    /// For nobody else's eyes: it may hold a password that a chart made up.
    fn keep(&self, path: &Path, text: &str) -> std::io::Result<()> {
        fs::create_dir_all(&self.kept)?;
        let new = self.kept.join(format!("{}.new", self.world.ids.unique()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&new)?.write_all(text.as_bytes())?;
        fs::rename(new, path)
    }

    /// Takes away what there is too much of.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.kept) else { return };
        let made =
            |entry: fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
        let mut all: Vec<_> = entries.flatten().filter_map(made).collect();
        let over = all.len().saturating_sub(KEPT_MAX);
        if over > 0 {
            all.sort();
            for (_, path) in &all[..over] {
                // Whoever misses it makes it again.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// What is kept of an errand is called by all that went into it, and by the file of the program: a
/// newer one may bring something else.
fn file_name(id: &ContentId, program: &Path) -> std::io::Result<String> {
    let file = fs::metadata(program)?;
    let about = format!("{id} {} {} {:?}", program.display(), file.len(), file.modified()?);
    Ok(format!("{}.yaml", ContentId::of(about)))
}

/// The beginning of the second after `now`.
fn next_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second() + 1).unwrap_or(now)
}

/// Writes all that an errand takes. Gives whether the program may look at the clock.
fn lay_out(
    folder: &Path,
    errand: &Errand,
    (snapshot, reach): &(Snapshot, Reach),
) -> Result<bool, Undone> {
    let mut tells_time = false;
    let broken = |error: std::io::Error| passing(failed(errand.program.name(), &error));
    for (path, supply) in &errand.files {
        let to = folder.join(&**path);
        to.parent().map_or(Ok(()), fs::create_dir_all).map_err(broken)?;
        let written = match supply {
            Supply::Text(text) => fs::write(&to, &**text),
            Supply::File { path: from, .. } => {
                let bytes = snapshot.bytes(from, FILE_BYTES_MAX);
                let bytes = bytes.map_err(|error| passing(error.to_string()))?;
                let bytes = bytes.as_deref().unwrap_or_default();
                tells_time |= asks_the_time(bytes);
                fs::write(&to, bytes)
            }
            Supply::Archive { url, sha256 } => {
                // Nobody has looked into it.
                tells_time = true;
                let file = answer::chart(reach, url, sha256);
                fs::copy(file.map_err(|error| unfetched(url, &error))?, &to).map(drop)
            }
        };
        written.map_err(broken)?;
    }
    Ok(tells_time)
}

/// Whether a file of a chart has a template that looks at the clock, or may have one: what is packed
/// is not looked into.
fn asks_the_time(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return true };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let actions = text.split("{{").skip(1).filter_map(|action| action.split("}}").next());
    let mut words = actions.flat_map(|action| action.split(|c| !is_part(c)));
    words.any(|word| CLOCKS.contains(&word))
}

/// An archive that is not here.
fn unfetched(url: &str, error: &ImportError) -> Undone {
    let (code, why, passing) = match error {
        ImportError::Refused(why) => {
            (Code::ImportRemote, format!("the chart `{url}` is not fetched: {why}"), false)
        }
        ImportError::Failed(why) => {
            (Code::ImportFailed, format!("the chart `{url}` cannot be fetched: {why}"), true)
        }
        ImportError::Changed(why) => (Code::ImportChanged, why.clone(), true),
    };
    Undone { code, why: why.into(), passing }
}

/// Whether a program failed by itself, over what it was given: it would do so again.
fn is_its_own(error: &ToolError) -> bool {
    match error {
        ToolError::Failed { status, .. } => status.code().is_some(),
        ToolError::TooMuch { .. } => true,
        ToolError::Start { .. } | ToolError::TimedOut { .. } | ToolError::Stopped { .. } => false,
    }
}

fn passing(why: String) -> Undone {
    Undone { code: Code::BuildFailed, why: why.into(), passing: true }
}

fn failed(name: &str, error: &std::io::Error) -> String {
    format!("`{name}` cannot be started: {error}")
}

#[cfg(test)]
mod tests;
