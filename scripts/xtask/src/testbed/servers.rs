//! The servers of a bed: started in order, ended together.

use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::keys::{Authority, MASTERS, TOKENS};
use super::{READY_MAX, programs};
use crate::child;
use crate::place::Place;

/// Linux' file system in memory: etcd waits for its disk otherwise.
const MEMORY: &str = "/dev/shm";

/// The file that ends a bed: it is waited for, where a signal would leave its servers behind for
/// somebody else to reap.
const STOP: &str = "stop";

/// Controllers whose work can be seen in tests.
const CONTROLLERS: &str = "deployment-controller,replicaset-controller,statefulset-controller,\
    daemonset-controller,job-controller,cronjob-controller,namespace-controller,\
    garbage-collector-controller,serviceaccount-controller,serviceaccount-token-controller,\
    root-ca-certificate-publisher-controller,endpointslice-controller,disruption-controller,\
    ttl-after-finished-controller,horizontal-pod-autoscaler-controller,\
    persistentvolume-binder-controller,persistentvolumeclaim-protection-controller";

/// Every server with its name. They end with this process: the kernel sees to it.
pub(super) struct Servers {
    folder: PathBuf,
    programs: PathBuf,
    running: Vec<(&'static str, Child)>,
}

impl Servers {
    /// Starts all of them and waits until pods can be scheduled.
    pub(super) fn start(place: &Place, folder: &Path) -> Result<Self> {
        let files = place.root.join("tests/testbed");
        let programs = programs::folder(place);
        let mut servers = Self { folder: folder.to_owned(), programs, running: Vec::new() };
        let [client, peer, api, controllers, scheduler] = free_ports()?;
        let authority = Authority::new(folder, api)?;
        for user in ["admin", "controllers", "scheduler", "kwok"] {
            authority.user(user, MASTERS)?;
        }
        servers.etcd(client, peer)?;
        servers.api(&files, api, client)?;
        servers.until(|servers| servers.kubectl(&["get", "--raw", "/readyz"]))?;
        servers.controllers(controllers)?;
        servers.spawn(
            "kube-scheduler",
            &[
                &servers.kubeconfig("kubeconfig", "scheduler"),
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                &format!("--secure-port={scheduler}"),
                "--kube-api-qps=1000",
                "--kube-api-burst=2000",
            ],
        )?;
        let stages = format!("--config={}", files.join("stages.yaml").display());
        let kubeconfig = servers.kubeconfig("kubeconfig", "kwok");
        servers.spawn("kwok", &[&kubeconfig, "--manage-all-nodes=true", &stages])?;
        let node = files.join("node.yaml").display().to_string();
        servers.until(|servers| servers.kubectl(&["apply", "--server-side", "-f", &node]))?;
        servers.until(|servers| servers.kubectl(&["get", "serviceaccount", "default"]))?;
        Ok(servers)
    }

    fn etcd(&mut self, client: u16, peer: u16) -> Result<()> {
        let memory = memory(&self.folder);
        let place = if Path::new(MEMORY).is_dir() { memory } else { self.folder.join("etcd") };
        let (client, peer) =
            (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
        self.spawn(
            "etcd",
            &[
                &format!("--data-dir={}", place.display()),
                &format!("--listen-client-urls={client}"),
                &format!("--advertise-client-urls={client}"),
                &format!("--listen-peer-urls={peer}"),
                &format!("--initial-advertise-peer-urls={peer}"),
                &format!("--initial-cluster=default={peer}"),
                "--unsafe-no-fsync",
            ],
        )
    }

    fn api(&mut self, files: &Path, port: u16, etcd: u16) -> Result<()> {
        let file =
            |flag: &str, name: &str| format!("--{flag}={}", self.folder.join(name).display());
        let arguments = [
            format!("--etcd-servers=http://127.0.0.1:{etcd}"),
            file("cert-dir", "certificates"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={port}"),
            "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
            "--allow-privileged=true".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
            // Without a kubelet nobody takes the taint of a new node off.
            "--disable-admission-plugins=TaintNodesByCondition".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            file("client-ca-file", "ca.crt"),
            file("token-auth-file", TOKENS),
            file("tls-cert-file", "server.crt"),
            file("tls-private-key-file", "server.key"),
            format!("--service-account-issuer=https://127.0.0.1:{port}/"),
            file("service-account-key-file", "accounts.pub"),
            file("service-account-signing-key-file", "accounts.key"),
            file("audit-log-path", "audit.log"),
            // Whoever reads it reads one file: at its own bound of 100 MB it would begin another.
            "--audit-log-maxsize=8192".to_owned(),
            format!("--audit-policy-file={}", files.join("audit.yaml").display()),
        ];
        self.spawn("kube-apiserver", &arguments.each_ref().map(String::as_str))
    }

    fn controllers(&mut self, port: u16) -> Result<()> {
        let file =
            |flag: &str, name: &str| format!("--{flag}={}", self.folder.join(name).display());
        let arguments = [
            self.kubeconfig("kubeconfig", "controllers"),
            "--leader-elect=false".to_owned(),
            file("root-ca-file", "ca.crt"),
            file("service-account-private-key-file", "accounts.key"),
            "--use-service-account-credentials=false".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={port}"),
            "--kube-api-qps=1000".to_owned(),
            "--kube-api-burst=2000".to_owned(),
            format!("--controllers={}", CONTROLLERS.replace(char::is_whitespace, "")),
        ];
        self.spawn("kube-controller-manager", &arguments.each_ref().map(String::as_str))
    }

    fn kubeconfig(&self, flag: &str, user: &str) -> String {
        format!("--{flag}={}", self.folder.join(format!("{user}.kubeconfig")).display())
    }

    fn spawn(&mut self, program: &'static str, arguments: &[&str]) -> Result<()> {
        let log = File::create(self.folder.join(format!("{program}.log")))?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(self.programs.join(program))
            .args(arguments)
            .env_clear()
            .env("PATH", crate::place::variable("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        self.running.push((program, child));
        Ok(())
    }

    fn kubectl(&self, arguments: &[&str]) -> bool {
        let mut kubectl = Command::new(self.programs.join("kubectl"));
        let home = self.folder.display().to_string();
        kubectl.arg(self.kubeconfig("kubeconfig", "admin")).args(arguments);
        child::succeeds(kubectl.env("HOME", home))
    }

    /// Waits until `done`, or says which server has ended.
    fn until(&mut self, done: impl Fn(&Self) -> bool) -> Result<()> {
        let start = Instant::now();
        while !done(self) {
            self.all_run()?;
            if start.elapsed() > READY_MAX {
                bail!("not ready after {} s; logs: {}", READY_MAX.as_secs(), self.folder.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn all_run(&mut self) -> Result<()> {
        for (program, child) in &mut self.running {
            if let Some(status) = child.try_wait()? {
                let log = self.folder.join(format!("{program}.log"));
                let log = fs::read_to_string(log).unwrap_or_default();
                let last: Vec<_> = log.lines().rev().take(20).collect();
                let last: Vec<_> = last.into_iter().rev().collect();
                bail!("{program} has ended with {status}:\n{}", last.join("\n"));
            }
        }
        Ok(())
    }

    /// Stays until the input is closed; `until_stopped`, until somebody asks it to [`stop`] or a
    /// server ends.
    pub(super) fn watch(&mut self, until_stopped: bool) -> Result<()> {
        if !until_stopped {
            std::io::stdin().read_to_end(&mut Vec::new())?;
            return Ok(());
        }
        while !self.folder.join(STOP).exists() {
            self.all_run()?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for (_, child) in self.running.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks the keeper of the bed in `folder` to end it.
pub(super) fn stop(folder: &Path) -> Result<()> {
    Ok(fs::write(folder.join(STOP), "")?)
}

/// Removes what a bed leaves behind.
pub(super) fn forget(folder: &Path) -> Result<()> {
    for folder in [memory(folder).as_path(), folder] {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Where the bed in `folder` keeps its objects, in memory.
fn memory(folder: &Path) -> PathBuf {
    let name = folder.to_string_lossy().replace('/', "-");
    Path::new(MEMORY).join(format!("isobar-bed{name}"))
}

/// Ports of loopback that are free now: all held together, so that they differ.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let held: Vec<_> =
        (0..N).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
    let mut ports = [0; N];
    for (port, held) in ports.iter_mut().zip(&held) {
        *port = held.local_addr()?.port();
    }
    Ok(ports)
}
