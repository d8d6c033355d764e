//! Which system calls a child may make: seccomp.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Calls that lead to the network. A program that only renders makes none of them.
const NETWORK: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
];

/// Calls that lead out of the process: to other processes, to the kernel's own matters. `io_uring` makes
/// calls that no filter sees.
const REFUSED: &[i64] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_by_handle_at,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_personality,
];

/// What the same calls are called with 32-bit pointers on x86-64, which share its filters.
const X32: i64 = 0x4000_0000;

/// The flag of a clone that is a thread.
const THREAD: u64 = libc::CLONE_THREAD.unsigned_abs() as u64;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// From now on the calls of [`REFUSED`] fail, without `network` those of [`NETWORK`], and every one that
/// makes a process, in this thread and in what it becomes.
pub(super) fn restrict(network: bool) -> Result<(), seccompiler::Error> {
    let closed = NETWORK.iter().filter(|_| !network);
    let mut refused: Rules = REFUSED.iter().chain(closed).map(|call| (*call, Vec::new())).collect();
    let no_thread =
        SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(THREAD), 0)?;
    refused.insert(libc::SYS_clone, vec![SeccompRule::new(vec![no_thread])?]);
    #[cfg(target_arch = "x86_64")]
    refused.extend([libc::SYS_fork, libc::SYS_vfork].map(|call| (call, Vec::new())));
    apply(refused, libc::EACCES)?;
    // Its flags are out of a filter's reach. Where it is not there, clone is called.
    apply(Rules::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)
}

fn apply(mut rules: Rules, error: i32) -> Result<(), seccompiler::Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    if arch == TargetArch::x86_64 {
        let others: Vec<_> = rules.keys().map(|call| (call | X32, Vec::new())).collect();
        rules.extend(others);
    }
    let error = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, error, arch)?;
    seccompiler::apply_filter(&BpfProgram::try_from(filter)?)
}
