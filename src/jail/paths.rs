//! Which paths a child may touch: Landlock.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, RestrictionStatus, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
};

/// The newest rules that are known here. An older kernel keeps those it knows.
const NEWEST: ABI = ABI::V7;

/// What starts a program that is not linked whole.
const LOADERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// What it needs then, and what programs look at to find out about the machine.
const LIBRARIES: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/random",
    "/dev/urandom",
];

/// What tells a program that may use the network who is where, and whom to trust.
const NAMES: &[&str] = &[
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
];

/// From now on this thread, and what it becomes, runs only `program`, reads only `reads` and what a
/// program needs to start, writes only `writes`, and without `network` neither opens a port nor reaches
/// one.
pub(super) fn restrict(
    program: &Path,
    reads: &[PathBuf],
    writes: &[PathBuf],
    network: bool,
) -> Result<RestrictionStatus, RulesetError> {
    let read = AccessFs::from_read(NEWEST) & !AccessFs::Execute;
    let write = AccessFs::from_all(NEWEST) & !AccessFs::Execute;
    let rules = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?;
    let (rules, names) = match network {
        true => (rules, NAMES),
        false => (rules.handle_access(AccessNet::from_all(NEWEST))?, &[][..]),
    };
    rules
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules([program], AccessFs::from_read(NEWEST)))?
        .add_rules(path_beneath_rules(LOADERS, AccessFs::from_read(NEWEST)))?
        .add_rules(path_beneath_rules(LIBRARIES, read))?
        .add_rules(path_beneath_rules(names, read))?
        .add_rules(path_beneath_rules(reads, read))?
        .add_rules(path_beneath_rules(writes, write))?
        .add_rules(path_beneath_rules(["/dev/null"], write))?
        .restrict_self()
}
