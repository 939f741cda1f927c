//! The embedded Gateway: served on a loopback port of its own and reached over HTTP, the way an outer one is, so that
//! there is one client and one code path.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use rand::distr::{Alphanumeric, SampleString};
use reqwest::Url;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::listen;

/// Why it could not be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] gateway::ConfigError),
    #[error("the embedded Gateway could not listen: {0}")]
    Listen(#[from] std::io::Error),
    #[error("the embedded Gateway's address is unusable")]
    Address,
}

/// A running Gateway.
pub struct Embedded {
    /// Where it listens.
    pub url: Url,
    /// What it asks of its client: no other program on this machine is to spend the owner's keys.
    pub token: String,
    gateway: gateway::Gateway,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

impl Embedded {
    /// Starts one on a free loopback port.
    ///
    /// # Errors
    /// When its files are faulty or no port is to be had.
    pub async fn start(mut settings: gateway::Settings) -> Result<Self, StartError> {
        let token = Alphanumeric.sample_string(&mut rand::rng(), 43);
        settings.access_token = Some(token.clone());
        let gateway = gateway::Gateway::new(settings).await?;
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?)).map_err(|_| StartError::Address)?;
        let stop = CancellationToken::new();
        let router = gateway.router();
        // Streams to readers that do not hang up are not waited for.
        let serving = tokio::spawn(listen::serve(listener, router, stop.clone(), Duration::ZERO));
        Ok(Self {
            url,
            token,
            gateway,
            stop,
            serving,
        })
    }

    /// Stops it and everything that it has running at the models.
    pub async fn shut_down(self) {
        self.stop.cancel();
        self.gateway.shutdown().await;
        self.serving.abort();
    }
}
