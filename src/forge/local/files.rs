//! The files of the local forge: what is in them, and how they are written.
//!
//! A file is written beside its place, brought to the disk and renamed, so that a reader sees the
//! old one or the new one. Who changes something of a pull request holds its lock.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::people::Comment;
use crate::forge::{ForgeError, PullApproval, Status};
use crate::ids::{Actor, CommitId, PullNumber};

/// Largest file that is read: four times the longest comment, at four bytes a character.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Most entries of one folder that are read: pull requests of ten years, ten a day; more comments
/// than anyone reads.
const ENTRIES_MAX: usize = 40_000;

/// The file `pull.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PullFile {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) author: Actor,
    /// The branch that is to be merged.
    pub(super) head: String,
    pub(super) base: String,
    pub(super) state: State,
    /// The commit of the base that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) merged: Option<CommitId>,
    /// The head, as of the last change of this file.
    pub(super) commit: CommitId,
    /// When it was merged or closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Open,
    Merged,
    Closed,
}

/// Every pull request, by number.
pub(super) fn pulls(forge: &Path) -> Result<Vec<PullFile>, ForgeError> {
    let mut found = Vec::new();
    for folder in entries(&forge.join("pulls"))? {
        found.extend(read_pull(&folder)?);
    }
    found.sort_by_key(|pull| pull.number);
    Ok(found)
}

/// The pull request in `folder`; `None` if there is none, or none yet.
pub(super) fn read_pull(folder: &Path) -> Result<Option<PullFile>, ForgeError> {
    read_yaml(&folder.join("pull.yaml"))
}

pub(super) fn write_pull(folder: &Path, pull: &PullFile) -> Result<(), ForgeError> {
    write_yaml(&folder.join("pull.yaml"), pull)
}

/// Takes the next free number. Making its folder is what makes it ours.
pub(super) fn new_pull_folder(forge: &Path) -> Result<(PullNumber, PathBuf), ForgeError> {
    let pulls = forge.join("pulls");
    loop {
        let taken = entries(&pulls)?.into_iter().filter_map(|folder| number(&folder)).max();
        let next = taken.unwrap_or(0) + 1;
        let folder = pulls.join(next.to_string());
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok((PullNumber(next), folder)),
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(unreachable(&folder, &cause)),
        }
    }
}

/// The right to change a pull request, as long as the file lives.
pub(super) fn lock(folder: &Path) -> Result<File, ForgeError> {
    let path = folder.join(".lock");
    let opened = File::options().create(true).write(true).truncate(false).open(&path);
    match opened.and_then(|file| file.lock().map(|()| file)) {
        Ok(file) => Ok(file),
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            let number = folder.file_name().unwrap_or_default().to_string_lossy();
            Err(ForgeError::Refused(format!("there is no pull request #{number}")))
        }
        Err(cause) => Err(unreachable(&path, &cause)),
    }
}

/// Every comment, the oldest first.
pub(super) fn comments(folder: &Path) -> Result<Vec<Comment>, ForgeError> {
    let mut found = Vec::new();
    for path in entries(&folder.join("comments"))? {
        if path.extension().is_some_and(|extension| extension == "md")
            && let Some(text) = read(&path)?
        {
            found.push(parse_comment(&path, &text)?);
        }
    }
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(found)
}

pub(super) fn write_comment(folder: &Path, comment: &Comment) -> Result<(), ForgeError> {
    let comments = folder.join("comments");
    make_folder(&comments)?;
    let Comment { id, author, at, body } = comment;
    let text = format!("author: {author}\nat: {at}\n\n{body}");
    write(&comments.join(format!("{id}.md")), &text)
}

/// Every approval, by the name of who gave it.
pub(super) fn approvals(folder: &Path) -> Result<Vec<PullApproval>, ForgeError> {
    let mut found: Vec<PullApproval> = Vec::new();
    for path in entries(&folder.join("approvals"))? {
        if path.extension().is_some_and(|extension| extension == "yaml") {
            found.extend(read_yaml(&path)?);
        }
    }
    found.sort_by(|a, b| a.by.cmp(&b.by));
    Ok(found)
}

pub(super) fn write_approval(folder: &Path, approval: &PullApproval) -> Result<(), ForgeError> {
    let approvals = folder.join("approvals");
    make_folder(&approvals)?;
    write_yaml(&approvals.join(format!("{}.yaml", file_name(approval.by.as_str()))), approval)
}

/// Every status of a commit, by context.
pub(super) fn statuses(folder: &Path) -> Result<Vec<Status>, ForgeError> {
    let mut found: Vec<Status> = Vec::new();
    for path in entries(folder)? {
        if path.extension().is_some_and(|extension| extension == "json")
            && let Some(text) = read(&path)?
        {
            found.push(serde_json::from_str(&text).map_err(|cause| unreachable(&path, &cause))?);
        }
    }
    found.sort_by(|a, b| a.context.cmp(&b.context));
    Ok(found)
}

pub(super) fn write_status(folder: &Path, status: &Status) -> Result<(), ForgeError> {
    let path = folder.join(format!("{}.json", file_name(&status.context)));
    match serde_json::to_string_pretty(status) {
        Ok(text) => write(&path, &text),
        Err(cause) => Err(unreachable(&path, &cause)),
    }
}

pub(super) fn make_folder(path: &Path) -> Result<(), ForgeError> {
    std::fs::create_dir_all(path).map_err(|cause| unreachable(path, &cause))
}

fn parse_comment(path: &Path, text: &str) -> Result<Comment, ForgeError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Head {
        author: Actor,
        at: Timestamp,
    }
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let head: Head = serde_yaml::from_str(head).map_err(|cause| unreachable(path, &cause))?;
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Comment { id, author: head.author, at: head.at, body: body.to_owned() })
}

fn read_yaml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ForgeError> {
    match read(path)? {
        Some(text) => {
            serde_yaml::from_str(&text).map(Some).map_err(|cause| unreachable(path, &cause))
        }
        None => Ok(None),
    }
}

fn write_yaml(path: &Path, value: &impl Serialize) -> Result<(), ForgeError> {
    match serde_yaml::to_string(value) {
        Ok(text) => write(path, &text),
        Err(cause) => Err(unreachable(path, &cause)),
    }
}

fn read(path: &Path) -> Result<Option<String>, ForgeError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) if cause.kind() == ErrorKind::NotADirectory => return Ok(None),
        Err(cause) => return Err(unreachable(path, &cause)),
    };
    let mut text = String::new();
    match file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text) {
        Ok(_) if text.len() as u64 <= FILE_BYTES_MAX => Ok(Some(text)),
        Ok(_) => {
            let path = path.display();
            Err(ForgeError::Refused(format!("{path} has more than {FILE_BYTES_MAX} bytes")))
        }
        Err(cause) => Err(unreachable(path, &cause)),
    }
}

/// Makes the file say `text`, durably; does nothing if it does already.
fn write(path: &Path, text: &str) -> Result<(), ForgeError> {
    if read(path)?.as_deref() == Some(text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = folder.join(name);
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path))
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(|cause| unreachable(path, &cause))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, ForgeError> {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(unreachable(folder, &cause)),
    };
    let mut found = Vec::new();
    for entry in listing {
        found.push(entry.map_err(|cause| unreachable(folder, &cause))?.path());
        if found.len() > ENTRIES_MAX {
            let folder = folder.display();
            return Err(ForgeError::Refused(format!(
                "{folder} has more than {ENTRIES_MAX} entries"
            )));
        }
    }
    Ok(found)
}

fn number(folder: &Path) -> Option<u64> {
    folder.file_name()?.to_str()?.parse().ok()
}

/// A name that is one path component, whatever the text: other characters become `%` and hex.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(byte.into()),
            b'.' if !name.is_empty() => name.push('.'),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

fn unreachable(path: &Path, cause: &dyn std::error::Error) -> ForgeError {
    ForgeError::Unreachable(format!("{}: {cause}", path.display()))
}
