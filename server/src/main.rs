//! `parley`: serves the app, or the embedded Gateway alone.

use std::{error::Error, net::SocketAddr, path::Path, process::ExitCode, sync::Arc, time::Duration};

use clap::{Parser, Subcommand};
use leptos::config::LeptosOptions;
use server::{
    chat::ChatService,
    config::{Config, GatewayProtocol, is_public},
    demo,
    embedded::Embedded,
    gateway::{Gateway, http::HttpGateway, post_stream::PostStreamGateway},
    identity::Keys,
    keeping::{backup, export_all, prune},
    listen,
    state::AppState,
    store::Store,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// How long running turns have to be saved at shut-down.
const PATIENCE: Duration = Duration::from_secs(5);

/// Settings, told by `--help`.
const SETTINGS: &str = "\
Settings come from the environment, and from a .env file:
  LEPTOS_SITE_ADDR                  where the app listens (127.0.0.1:3000)
  DATABASE_URL                      the SQLite file (parley.db in the data folder)
  GATEWAY_URL                       an outer Gateway (none: the embedded one)
  GATEWAY_TOKEN                     sent to an outer Gateway (but an older one), and asked for by `parley gateway` (none)
  GATEWAY_PROTOCOL                  what it speaks: `turns`, or `post-stream` for an older one
                                    that knows only POST /chat/stream (turns)
  REGISTRY_URL                      a separate registry of agents (the Gateway)
  PARLEY_GATEWAY_CONNECT_SECONDS    wait for a connection to the Gateway (5)
  PARLEY_GATEWAY_FIRST_EVENT_SECONDS  wait for an answer to begin (180)
  PARLEY_GATEWAY_IDLE_SECONDS       wait within an answer (60)
  PARLEY_GATEWAY_RESUME_SECONDS     try to take up an answer that broke off (5)
  PARLEY_AGENTS, PARLEY_MODELS      the embedded Gateway's agents.toml and models.toml (built in);
                                    under `post-stream` the models come from the latter, too
  OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL,
  GEMINI_API_KEY, GEMINI_BASE_URL   the embedded Gateway's providers (none)
  OLLAMA_HOST                       Ollama's address (http://127.0.0.1:11434)
  PARLEY_REHEARSAL_DELAY_MS         pause between the words of Rehearsal (25)
  PARLEY_TURN_DEPTH                 levels of delegation, the agent asked included (4)
  PARLEY_TURN_CHILDREN, PARLEY_TURN_TASKS  tasks that one agent delegates (10), tasks of a turn (50)
  PARLEY_TURN_AT_ONCE               models asked at once in a turn (8)
  PARLEY_TURN_TOKENS, PARLEY_TURN_USD, PARLEY_TURN_MINUTES
                                    what a turn may take (2000000, 5, 30)
  PARLEY_APPROVAL_MINUTES           wait for a person's decision on a plan (60)
  PARLEY_CONTEXT_OVERFLOW           a conversation longer than the model reads: `error`,
                                    or `leave-out-oldest` messages (error)
  PARLEY_SECRET                     signs cookies (made once, kept beside the database)
  PARLEY_PLAIN_HTTP                 1: cookies without Secure, for plain HTTP on a LAN (0)
  PARLEY_MESSAGES_PER_MINUTE, PARLEY_SESSION_READS_PER_MINUTE,
  PARLEY_SEARCHES_PER_MINUTE, PARLEY_MODEL_READS_PER_MINUTE,
  PARLEY_STREAMS_PER_USER
                                    limits per user (10, 60, 240, 120, 5); 0 lifts one
  PARLEY_IMPORT_MEGABYTES           the largest file that may be brought in (256)
  PARLEY_PRUNE_ARCHIVED_DAYS        what `parley prune` takes for old (none: it does nothing)
  RUST_LOG, PARLEY_LOG_FORMAT       logging (info, text); json for machines";

#[derive(Debug, Parser)]
#[command(name = "parley", version, about = "Talk to a hierarchy of LLM agents", after_help = SETTINGS)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the app (what `parley` alone does)
    Serve,
    /// Serve the embedded Gateway alone
    Gateway {
        /// Where it listens; without GATEWAY_TOKEN it asks nobody who he is, so keep it where only your programs reach it
        #[arg(long, default_value = "127.0.0.1:4100")]
        addr: SocketAddr,
    },
    /// Copy the database to FILE, also while the server runs
    Backup(backup::Backup),
    /// Move conversations out that were archived long ago
    Prune(prune::Prune),
    /// Write every conversation of every user to files in DIR
    ExportAll(export_all::ExportAll),
    /// Fill the database with conversations, to try Parley with
    SeedDemo(demo::SeedDemo),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parley: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        return Err(format!("the .env file cannot be read: {error}").into());
    }
    let config = Config::from_lookup(|name| std::env::var(name).ok())?;
    start_log(config.log_json);
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(config).await,
        Command::Gateway { addr } => serve_gateway(config, addr).await,
        Command::Backup(arguments) => backup::run(&config.database, arguments).await,
        Command::Prune(arguments) => prune::run(&config.database, config.prune_archived_days, arguments).await,
        Command::ExportAll(arguments) => export_all::run(&config.database, arguments).await,
        Command::SeedDemo(wanted) => Ok(demo::run(&config.database, config.site_addr, &wanted).await?),
    }
}

async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = config.database.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
    }
    let store = Store::open(&config.database)
        .await
        .map_err(|error| format!("DATABASE_URL: {}: {}", config.database.display(), with_sources(&error)))?;
    let keys = keys(&config)?;
    let (embedded, gateway) = connect(&config).await?;
    let chat = ChatService::start(store, gateway, config.timing).await?;
    let leptos = leptos_options(config.site_addr)?;
    let state = AppState::new(chat.clone(), keys, config.limits, config.plain_http, leptos);

    let listener = TcpListener::bind(config.site_addr)
        .await
        .map_err(|error| format!("LEPTOS_SITE_ADDR: cannot listen on {}: {error}", config.site_addr))?;
    if config.plain_http {
        tracing::warn!(
            "PARLEY_PLAIN_HTTP is on: cookies are sent over plain HTTP, where others on the network can read them"
        );
    } else if is_public(config.site_addr.ip()) {
        tracing::warn!(
            "listening beyond this machine: browsers keep Parley's cookie over HTTPS only (see PARLEY_PLAIN_HTTP)"
        );
    }
    tracing::info!("Parley is at http://{}", listener.local_addr()?);

    let ending = async {
        signal().await;
        tracing::info!("shutting down");
        chat.shut_down(PATIENCE).await;
    };
    let serving = listen::serve(listener, server::router(state), chat.shutdown().clone(), PATIENCE * 2);
    tokio::join!(serving, ending);
    if let Some(embedded) = embedded {
        embedded.shut_down().await;
    }
    Ok(())
}

/// The way to the Gateway, and the embedded one where there is no other.
async fn connect(config: &Config) -> Result<(Option<Embedded>, Arc<dyn Gateway>), Box<dyn Error>> {
    let registry = config.registry_url.clone();
    let Some(url) = config.gateway_url.clone() else {
        let embedded = Embedded::start(config.embedded.clone()).await?;
        let (url, token) = (embedded.url.clone(), embedded.token.clone());
        let gateway = HttpGateway::new(url, registry, Some(token), config.timeouts)?;
        return Ok((Some(embedded), Arc::new(gateway)));
    };
    let gateway: Arc<dyn Gateway> = match config.gateway_protocol {
        GatewayProtocol::Turns => Arc::new(HttpGateway::new(
            url,
            registry,
            config.gateway_token.clone(),
            config.timeouts,
        )?),
        GatewayProtocol::PostStream => {
            let models = config.embedded.models_file.clone();
            Arc::new(PostStreamGateway::new(url, registry, models, config.timeouts)?)
        }
    };
    Ok((None, gateway))
}

async fn serve_gateway(config: Config, addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    let settings = gateway::Settings {
        access_token: config.gateway_token,
        ..config.embedded
    };
    if settings.access_token.is_none() && is_public(addr.ip()) {
        tracing::warn!(
            "listening beyond this machine without GATEWAY_TOKEN: whoever reaches {addr} can spend your keys"
        );
    }
    let gateway = gateway::Gateway::new(settings).await?;
    let listener = TcpListener::bind(addr)
        .await
        .map_err(|error| format!("cannot listen on {addr}: {error}"))?;
    tracing::info!("the Gateway is at http://{}", listener.local_addr()?);
    let stop = CancellationToken::new();
    let ending = async {
        signal().await;
        gateway.shutdown().await;
        stop.cancel();
    };
    let serving = listen::serve(listener, gateway.router(), stop.clone(), PATIENCE);
    tokio::join!(serving, ending);
    Ok(())
}

fn keys(config: &Config) -> Result<Keys, Box<dyn Error>> {
    if let Some(secret) = &config.secret {
        return Ok(Keys::from_secret(secret.as_bytes()));
    }
    let path = config.database.parent().unwrap_or(Path::new(".")).join("parley.secret");
    Ok(Keys::from_file(&path).map_err(|error| format!("the secret {}: {error}", path.display()))?)
}

/// Leptos's own options: from the environment under cargo-leptos, else from `Leptos.toml`, which is compiled in.
fn leptos_options(site_addr: SocketAddr) -> Result<LeptosOptions, Box<dyn Error>> {
    let mut options = server::leptos_options()?;
    options.site_addr = site_addr;
    Ok(options)
}

fn start_log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // The providers' client logs the bodies of refusals, and those may quote keys and message text. This directive never
    // fails to parse, and the filter without it would be the lesser evil.
    let filter = match "genai=off".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if json { log.json().init() } else { log.init() }
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
