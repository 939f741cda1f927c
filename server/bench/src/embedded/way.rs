//! The two ways to an answer, and what is started for them.

use std::{fmt, net::SocketAddr, path::Path, process::Command};

use tempfile::TempDir;

use crate::{
    Fault,
    process::{self, Process},
    target,
};

/// The way that an answer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Straight from the provider.
    Direct,
    /// Through the embedded Gateway.
    Gateway,
}

impl Way {
    /// Both, in the order of the tables.
    pub(super) const ALL: [Self; 2] = [Self::Direct, Self::Gateway];
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "provider",
            Self::Gateway => "through the Gateway",
        })
    }
}

/// A provider, and a Gateway that asks it.
pub(super) struct Running {
    provider: SocketAddr,
    gateway: SocketAddr,
    _processes: [Process; 2],
    /// After the processes, one of which writes in it: fields are dropped in order.
    folder: TempDir,
}

impl Running {
    /// Starts both.
    pub(super) async fn start(parley: &Path) -> Result<Self, Fault> {
        let folder = tempfile::Builder::new().prefix("bench-gateway-").tempdir()?;
        let provider = process::free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["provider", "--port", &provider.port().to_string()]);
        let first = Process::start("the scripted provider", &mut command, provider).await?;

        let gateway = process::free_address()?;
        let mut command = target::undisturbed(parley, folder.path())?;
        command
            .args(["gateway", "--addr", &gateway.to_string()])
            .env("OPENAI_API_KEY", "not-a-key")
            .env("OPENAI_BASE_URL", format!("http://{provider}/v1"))
            // The discard port: no Ollama of whoever runs the bench is to take part.
            .env("OLLAMA_HOST", "http://127.0.0.1:9");
        let second = Process::start("parley gateway", &mut command, gateway).await;
        let second = second.map_err(|error| format!("{error}\n{}", target::log(folder.path())))?;
        Ok(Self {
            provider,
            gateway,
            _processes: [first, second],
            folder,
        })
    }

    /// Where an answer is asked for.
    pub(super) fn address(&self, way: Way) -> SocketAddr {
        match way {
            Way::Direct => self.provider,
            Way::Gateway => self.gateway,
        }
    }

    /// Says on stderr what the Gateway has worried about.
    pub(super) fn show_log(&self) {
        target::show_log(Way::Gateway, &target::log(self.folder.path()));
    }
}
