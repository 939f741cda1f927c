//! What is measured: the scripted Gateway itself, nginx in front of it, and Parley in front of it.
//!
//! - [`nginx`] and [`parley`]: how each is started

mod nginx;
mod parley;

use std::{
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use tempfile::TempDir;

use crate::{
    Fault,
    process::{self, Process, ProcessUsage},
};

/// The way that a stream takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Straight from the scripted Gateway.
    Direct,
    /// Through nginx, which holds nothing back.
    Nginx,
    /// Through Parley.
    Parley,
}

impl Kind {
    /// All of them, in the order of the tables.
    pub(crate) const ALL: [Self; 3] = [Self::Direct, Self::Nginx, Self::Parley];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Nginx => "nginx",
            Self::Parley => "parley",
        })
    }
}

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    /// Parley.
    pub(crate) parley: PathBuf,
    /// nginx.
    pub(crate) nginx: PathBuf,
    bench: PathBuf,
}

impl Programs {
    /// Finds them, before anything is measured.
    pub(crate) fn find(parley: &Path, nginx: &Path) -> Result<Self, Fault> {
        let parley = process::program(parley)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        // Debian keeps it where only root looks.
        let nginx = std::env::split_paths(&path)
            .chain(["/usr/sbin".into()])
            .map(|folder| folder.join(nginx))
            .find(|file| file.is_file())
            .ok_or("nginx is not installed; `.ci/bootstrap bench` gets it, or name one with --nginx")?;
        Ok(Self {
            parley,
            nginx,
            bench: std::env::current_exe()?,
        })
    }
}

/// A running scripted Gateway.
#[derive(Clone)]
pub(crate) struct Gateway {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The process.
    pub(crate) process: Arc<Process>,
}

impl Gateway {
    /// Starts one.
    pub(crate) async fn start(programs: &Programs, threads: usize) -> Result<Self, Fault> {
        let address = process::free_address()?;
        let mut command = Command::new(&programs.bench);
        command.args(["gateway", "--port", &address.port().to_string()]);
        command.args(["--threads", &threads.to_string()]);
        let process = Process::start("the scripted Gateway", &mut command, address).await?;
        Ok(Self {
            address,
            process: Arc::new(process),
        })
    }
}

/// Something to be measured, running.
pub(crate) struct Target {
    /// Which way it is.
    pub(crate) kind: Kind,
    /// Where clients connect.
    pub(crate) address: SocketAddr,
    process: Arc<Process>,
    /// After the process, which writes in it: fields are dropped in order.
    folder: Option<TempDir>,
}

impl Target {
    /// Starts it in front of `gateway`.
    pub(crate) async fn start(kind: Kind, programs: &Programs, gateway: &Gateway) -> Result<Self, Fault> {
        if kind == Kind::Direct {
            return Ok(Self {
                kind,
                address: gateway.address,
                process: Arc::clone(&gateway.process),
                folder: None,
            });
        }
        let folder = tempfile::Builder::new().prefix("bench-streams-").tempdir()?;
        let address = process::free_address()?;
        let (name, mut command) = match kind {
            Kind::Parley => (
                "parley",
                parley::command(programs, gateway.address, address, folder.path())?,
            ),
            _ => (
                "nginx",
                nginx::command(programs, gateway.address, address, folder.path())?,
            ),
        };
        let process = match Process::start(name, &mut command, address).await {
            Ok(process) => Arc::new(process),
            Err(error) => return Err(format!("{error}\n{}", log(folder.path())).into()),
        };
        Ok(Self {
            kind,
            address,
            process,
            folder: Some(folder),
        })
    }

    /// What its process uses now; for the direct way, the Gateway's.
    pub(crate) fn usage(&self) -> Result<ProcessUsage, Fault> {
        self.process.usage()
    }

    /// Lets its peak of memory begin anew.
    pub(crate) fn forget_peak(&self) -> Result<(), Fault> {
        self.process.forget_peak()
    }

    /// What it has logged, which is only what worried it.
    pub(crate) fn log(&self) -> String {
        self.folder
            .as_ref()
            .map_or_else(String::new, |folder| log(folder.path()))
    }
}

/// Parley as it ships, about to be started in `folder`: neither the settings of who runs the bench nor his `.env` may change
/// what is measured. It logs, there, only what worries it.
pub(crate) fn undisturbed(parley: &Path, folder: &Path) -> Result<Command, Fault> {
    let log = fs::File::create(folder.join(LOG))?;
    let mut command = Command::new(parley);
    command
        .current_dir(folder)
        .env_clear()
        .env("RUST_LOG", "warn")
        .stdout(log.try_clone()?)
        .stderr(log);
    Ok(command)
}

/// Says on stderr what a target has worried about.
pub(crate) fn show_log(name: impl fmt::Display, log: &str) {
    let lines: Vec<_> = log.lines().collect();
    if let Some(last) = lines.last() {
        eprintln!("    {name} logged {} lines, the last: {last}", lines.len());
    }
}

/// What was logged in `folder`.
pub(crate) fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join(LOG)).unwrap_or_default()
}

/// The name of the file that a target logs into.
const LOG: &str = "log";
