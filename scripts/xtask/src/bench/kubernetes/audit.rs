//! What the API server was asked, by whom and when: its audit log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How long something may take that is waited for: a cold pass takes half a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// What is in a line about a request of ours.
const OURS: &str = "\"username\":\"isobar\"";

/// How long nobody asks anything before it is quiet.
const QUIET: Duration = Duration::from_secs(3);

/// One request of ours that has ended. Times are since 1970.
pub(super) struct Request {
    verb: String,
    resource: String,
    object: String,
    namespace: String,
    user: String,
    dry: bool,
    /// Whether the server has done it: nothing becomes of what it refuses.
    done: bool,
    ended: Duration,
    /// Whether it says of a Deployment that it does well.
    does_well: bool,
}

/// When the first and the last of some requests have ended.
pub(super) struct Span {
    pub(super) first: Duration,
    pub(super) last: Duration,
}

/// The log from a moment on.
pub(super) struct Audit {
    log: BufReader<File>,
    namespace: String,
    requests: Vec<Request>,
    /// What was written and is not taken apart yet, and how many lines of it may be of ours.
    raw: String,
    ours: usize,
}

/// Now, since 1970.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl Request {
    fn is_ours(&self) -> bool {
        self.user == "isobar"
    }

    pub(super) fn is_rehearsal(&self) -> bool {
        self.is_ours() && self.verb == "patch" && self.dry && self.done
    }

    pub(super) fn is_write(&self) -> bool {
        self.is_ours() && self.verb == "patch" && !self.dry && self.done
    }
}

impl Audit {
    /// From here on; writes count in `namespace` alone.
    pub(super) fn at(bed: &Path, namespace: &str) -> Result<Self> {
        let mut file = File::open(bed.join("audit.log"))?;
        let whole = file.metadata()?.len();
        file.seek(SeekFrom::Start(whole.saturating_sub(1)))?;
        let (mut log, namespace, mut begun) =
            (BufReader::new(file), namespace.to_owned(), Vec::new());
        // The line that is being written now is of before.
        while whole > 0 && !begun.ends_with(b"\n") {
            if log.read_until(b'\n', &mut begun)? == 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(Self { log, namespace, requests: Vec::new(), raw: String::new(), ours: 0 })
    }

    /// Counts from here on.
    pub(super) fn forget(&mut self) {
        self.requests.clear();
    }

    /// Waits until `count` requests in the namespace fit. Those that are measured need both cores:
    /// nothing is taken apart before there are enough lines of ours.
    pub(super) fn until(&mut self, count: usize, fits: impl Fn(&Request) -> bool) -> Result<Span> {
        let (start, mut missing) = (Instant::now(), 0);
        loop {
            self.gather()?;
            if self.ours < missing && start.elapsed() <= PATIENCE {
                thread::sleep(Duration::from_millis(50));
                continue;
            }
            self.read()?;
            let fitting = self.requests.iter().filter(|one| one.namespace == self.namespace);
            let times: Vec<_> = fitting.filter(|one| fits(one)).map(|one| one.ended).collect();
            if times.len() >= count {
                let first = times.iter().min().copied().context("there are some")?;
                let last = times.iter().max().copied().context("there are some")?;
                return Ok(Span { first, last });
            }
            missing = count - times.len();
            if start.elapsed() > PATIENCE {
                bail!("only {} of {count} requests came:\n{}", times.len(), self.told());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until we ask nothing any more; when the last request ended.
    pub(super) fn until_quiet(&mut self) -> Result<Option<Duration>> {
        let start = Instant::now();
        thread::sleep(QUIET);
        loop {
            self.read()?;
            let ours = self.requests.iter().filter(|one| one.is_ours() && one.verb != "watch");
            let last = ours.map(|one| one.ended).max();
            if last.is_none_or(|last| now().saturating_sub(last) > QUIET) {
                return Ok(last);
            }
            if start.elapsed() > PATIENCE {
                bail!("it never becomes quiet:\n{}", self.told());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until `count` Deployments of the namespace were said to do well. Controllers need both
    /// cores: nothing is taken apart as long as more is written.
    pub(super) fn until_well(&mut self, count: usize) -> Result<()> {
        let start = Instant::now();
        loop {
            let known = self.raw.len();
            self.gather()?;
            let is_late = start.elapsed() > PATIENCE;
            if self.raw.len() == known || is_late {
                self.read()?;
                let well = self.did_well().len();
                if well >= count {
                    return Ok(());
                }
                if is_late {
                    bail!("only {well} of {count} Deployments are said to do well");
                }
            }
            thread::sleep(QUIET / 10);
        }
    }

    /// How long after each of `count` edits of somebody else ours came that puts it back.
    pub(super) fn corrections(&mut self, count: usize) -> Result<Vec<Duration>> {
        self.until(count, Request::is_write)?;
        let edits = self.requests.iter().filter(|one| one.user == "loop");
        let delay = |edit: &Request| {
            let same = self.requests.iter().filter(|one| one.object == edit.object);
            let put_back = same.filter(|one| one.is_write() && one.ended > edit.ended);
            Some(put_back.map(|one| one.ended).min()? - edit.ended)
        };
        let delays: Vec<_> = edits.filter_map(delay).collect();
        if delays.len() < count {
            bail!("only {} of {count} edits were put back", delays.len());
        }
        Ok(delays)
    }

    /// How much `user` asked about what is in `namespace` but for its own kinds, and in all.
    pub(super) fn counted(&mut self, user: &str, namespace: &str) -> Result<(usize, usize)> {
        self.read()?;
        let all = self.requests.iter().filter(|one| one.user == user && one.verb != "watch");
        let own = ["kustomizations", "gitrepositories", "events", "leases"];
        let of_objects =
            |one: &&Request| one.namespace == namespace && !own.contains(&one.resource.as_str());
        Ok((all.clone().filter(of_objects).count(), all.count()))
    }

    /// When the last request of `user` about any of `resource` ended.
    pub(super) fn last_of(&mut self, user: &str, resource: &str) -> Result<Option<Duration>> {
        self.read()?;
        let of = |one: &&Request| one.user == user && one.resource == resource;
        Ok(self.requests.iter().filter(of).map(|one| one.ended).max())
    }

    /// When each Deployment of the namespace was first said to do well, by name.
    pub(super) fn did_well(&self) -> BTreeMap<String, Duration> {
        let prefix = format!("{}/deployments/", self.namespace);
        let mut first = BTreeMap::<String, Duration>::new();
        for one in self.requests.iter().filter(|one| one.does_well) {
            if let Some(name) = one.object.strip_prefix(&prefix) {
                let known = first.entry(name.to_owned()).or_insert(one.ended);
                *known = one.ended.min(*known);
            }
        }
        first
    }

    /// Our requests, by verb and kind.
    pub(super) fn told(&self) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for one in self.requests.iter().filter(|one| one.is_ours()) {
            let dry = if one.dry { " (dry run)" } else { "" };
            *counts.entry(format!("{}{dry} {}", one.verb, one.resource)).or_default() += 1;
        }
        let each: Vec<_> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        if each.is_empty() { "no request".to_owned() } else { each.join(", ") }
    }

    fn read(&mut self) -> Result<()> {
        self.gather()?;
        let whole = self.raw.rfind('\n').map_or(0, |end| end + 1);
        for line in self.raw[..whole].lines() {
            self.requests.extend(request(&serde_json::from_str(line)?));
        }
        self.raw.drain(..whole);
        self.ours = 0;
        Ok(())
    }

    /// Takes over what was written since.
    fn gather(&mut self) -> Result<()> {
        let mut from = self.raw.rfind('\n').map_or(0, |end| end + 1);
        while self.log.read_line(&mut self.raw)? > 0 && self.raw.ends_with('\n') {
            self.ours += usize::from(self.raw[from..].contains(OURS));
            from = self.raw.len();
        }
        Ok(())
    }
}

fn request(line: &Value) -> Option<Request> {
    let user = line["user"]["username"].as_str()?;
    let user =
        ["isobar", "loop", "controllers", "flux"].into_iter().find(|known| *known == user)?;
    let is_status = line["objectRef"]["subresource"] == "status";
    if user == "controllers" && !is_status {
        return None;
    }
    let of = |field: &str| line["objectRef"][field].as_str().unwrap_or_default().to_owned();
    let (resource, namespace) = (of("resource"), of("namespace"));
    let done = line["responseStatus"]["code"].as_u64().is_some_and(|code| code < 300);
    Some(Request {
        verb: line["verb"].as_str()?.to_owned(),
        object: format!("{namespace}/{resource}/{}", of("name")),
        dry: line["requestURI"].as_str()?.contains("dryRun=All"),
        ended: time(line["stageTimestamp"].as_str()?)?,
        user: user.to_owned(),
        does_well: done && is_status && does_well(&line["requestObject"]),
        done,
        resource,
        namespace,
    })
}

/// Whether a Deployment with this status does well, by the rules that Isobar goes by.
fn does_well(object: &Value) -> bool {
    let health = kube_health::judge("apps", "Deployment", object, jiff::Timestamp::now());
    object.is_object() && health == kube_health::Health::Healthy
}

/// `2026-11-20T09:30:00.123456Z`, since 1970.
pub(super) fn time(text: &str) -> Option<Duration> {
    let (day, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut numbers = day.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    // Years begin in March, so that the odd day comes last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400;
    let days = days + (153 * months + 2) / 5 + day - 1 - 719_468;
    let mut parts = clock.split(':');
    let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let seconds = parts.next()?.parse::<f64>().ok()?;
    let whole = Duration::from_secs(days * 86_400 + hours * 3_600 + minutes * 60);
    Some(whole + Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests;
