//! A Parley on a database of its own, with one person who uses it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use uuid::Uuid;

use super::reader::{Identity, Reader};
use crate::{
    Fault,
    process::{self, Process},
    progress, target,
};

/// Signs the cookies of the bench's own servers, on the loopback interface and for as long as they run.
const SECRET: &str = "the bench's own secret, which keeps nothing from anybody";
/// Where it is kept who the person of a database is.
const PERSON: &str = "person";

/// The scripted Gateway, a process of its own.
pub(super) struct Scripted {
    /// Where it listens.
    pub(super) address: SocketAddr,
    _process: Process,
}

impl Scripted {
    /// Starts it.
    pub(super) async fn start() -> Result<Self, Fault> {
        let address = process::free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["gateway", "--port", &address.port().to_string()]);
        let process = Process::start("the scripted Gateway", &mut command, address).await?;
        Ok(Self {
            address,
            _process: process,
        })
    }
}

/// What is in a database.
#[derive(Debug)]
pub(super) struct Filled {
    /// How long it took to fill; `None`: it was filled before.
    pub(super) took: Option<Duration>,
    /// The size of its files, in bytes.
    pub(super) bytes: u64,
}

/// A running Parley.
pub(super) struct Place {
    parley: PathBuf,
    gateway: SocketAddr,
    address: SocketAddr,
    process: Option<Process>,
    identity: Identity,
    user_id: Uuid,
    folder: PathBuf,
    /// After the process, which writes in it: fields are dropped in order.
    _temporary: Option<TempDir>,
}

impl Place {
    /// Starts it in a folder that is kept, or else in one that goes with it.
    pub(super) async fn new(parley: &Path, gateway: SocketAddr, kept: Option<&Path>) -> Result<Self, Fault> {
        let temporary = match kept {
            Some(folder) => {
                fs::create_dir_all(folder)?;
                None
            }
            None => Some(tempfile::Builder::new().prefix("bench-history-").tempdir()?),
        };
        let folder = match (&temporary, kept) {
            (Some(temporary), _) => temporary.path().to_owned(),
            (None, folder) => folder.unwrap_or(Path::new(".")).canonicalize()?,
        };
        let address = process::free_address()?;
        let process = start(parley, gateway, address, &folder).await?;
        let known = fs::read_to_string(folder.join(PERSON)).ok();
        let (identity, user_id) = match Reader::identify(address, known.as_deref()).await {
            Ok(identified) => identified,
            Err(error) => return Err(error.into()),
        };
        fs::write(folder.join(PERSON), identity.cookie())?;
        Ok(Self {
            parley: parley.to_owned(),
            gateway,
            address,
            process: Some(process),
            identity,
            user_id,
            folder,
            _temporary: temporary,
        })
    }

    /// Who asks it, over a connection of their own.
    pub(super) async fn reader(&self) -> Result<Reader, Fault> {
        Ok(Reader::connect(self.address, self.identity.clone()).await?)
    }

    /// Fills it, unless it is full already. Nothing serves it meanwhile.
    pub(super) async fn fill(&mut self, sessions: u64, messages: u64) -> Result<Filled, Fault> {
        let total = self.reader().await?.total().await?;
        let mut took = None;
        if total == 0 {
            self.process = None;
            progress(format_args!("filling: {sessions} conversations, {messages} messages"));
            let began = Instant::now();
            let mut command = Command::new(&self.parley);
            let status = command
                .args([
                    "seed-demo",
                    "--sessions",
                    &sessions.to_string(),
                    "--messages",
                    &messages.to_string(),
                ])
                .args(["--user", &self.user_id.to_string()])
                .current_dir(&self.folder)
                .env_clear()
                .env("DATABASE_URL", self.folder.join("parley.db"))
                .status()?;
            if !status.success() {
                return Err("the database could not be filled".into());
            }
            took = Some(began.elapsed());
            self.process = Some(start(&self.parley, self.gateway, self.address, &self.folder).await?);
        }
        let mut bytes = 0;
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            if file.file_name().to_string_lossy().starts_with("parley.db") {
                bytes += file.metadata()?.len();
            }
        }
        Ok(Filled { took, bytes })
    }

    /// Says on stderr what it has worried about.
    pub(super) fn show_log(&self, name: &str) {
        target::show_log(name, &target::log(&self.folder));
    }
}

async fn start(parley: &Path, gateway: SocketAddr, address: SocketAddr, folder: &Path) -> Result<Process, Fault> {
    let mut command = target::undisturbed(parley, folder)?;
    command
        .env("LEPTOS_SITE_ADDR", address.to_string())
        .env("DATABASE_URL", folder.join("parley.db"))
        .env("GATEWAY_URL", format!("http://{gateway}"))
        .env("PARLEY_SECRET", SECRET)
        .env("PARLEY_MESSAGES_PER_MINUTE", "0")
        .env("PARLEY_SESSION_READS_PER_MINUTE", "0")
        .env("PARLEY_SEARCHES_PER_MINUTE", "0");
    let process = Process::start("parley", &mut command, address).await;
    Ok(process.map_err(|error| format!("{error}\n{}", target::log(folder)))?)
}
