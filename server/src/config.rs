//! Settings from the environment, each checked at start with an error that names the variable.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use reqwest::Url;

use crate::{chat::Timing, gateway::http::Timeouts};

/// The largest file that may be brought in unless set otherwise, in megabytes.
const IMPORT_MEGABYTES: u32 = 256;

/// Everything that can be set.
#[derive(Clone)]
pub struct Config {
    /// Where the app listens.
    pub site_addr: SocketAddr,
    /// The database file.
    pub database: PathBuf,
    /// An outer Gateway; `None`: the embedded one.
    pub gateway_url: Option<Url>,
    /// What an outer Gateway asks of its clients, and `parley gateway` of its own.
    pub gateway_token: Option<String>,
    /// What that one speaks.
    pub gateway_protocol: GatewayProtocol,
    /// A separate registry.
    pub registry_url: Option<Url>,
    /// How long to wait for the Gateway.
    pub timeouts: Timeouts,
    /// How often and how long, in the turn engine.
    pub timing: Timing,
    /// Signs cookies; `None`: the one kept beside the database.
    pub secret: Option<String>,
    /// Whether cookies go over plain HTTP.
    pub plain_http: bool,
    /// Limits per user.
    pub limits: Limits,
    /// The embedded Gateway's settings.
    pub embedded: gateway::Settings,
    /// After how many days in the archive a conversation is moved out by `parley prune`; `None`: it must be told.
    pub prune_archived_days: Option<u32>,
    /// Whether the log is JSON.
    pub log_json: bool,
}

/// What a Gateway speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayProtocol {
    /// The contract.
    Turns,
    /// What older Gateways know: one route, whose response is the answer.
    PostStream,
}

/// Limits per user; 0 lifts one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages a minute.
    pub messages_per_minute: u32,
    /// Reads of sessions a minute.
    pub session_reads_per_minute: u32,
    /// Searches a minute.
    pub searches_per_minute: u32,
    /// Reads of models and agents a minute.
    pub model_reads_per_minute: u32,
    /// Streams open at once.
    pub streams: u32,
    /// The largest file that may be brought in, in megabytes; at least 1.
    pub import_megabytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages_per_minute: 10,
            session_reads_per_minute: 60,
            searches_per_minute: 240,
            model_reads_per_minute: 120,
            streams: 5,
            import_megabytes: IMPORT_MEGABYTES,
        }
    }
}

/// A variable has a value that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    variable: &'static str,
    problem: String,
}

impl Config {
    /// Reads the settings through `lookup`, which gives the value of a variable.
    ///
    /// # Errors
    /// When a value cannot be used; the error names the variable and says what it takes.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name: &str| {
            lookup(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        if get("PARLEY_TASK_LINKS").is_some() {
            tracing::warn!("PARLEY_TASK_LINKS is not supported yet and has no effect");
        }
        let standard = Limits::default();
        let waits = Timeouts::default();
        let timing = Timing::default();
        let seconds = |name, default: Duration| match parsed(&get, name, default.as_secs())? {
            0 => Err(problem(name, "it takes at least 1".into())),
            seconds => Ok(Duration::from_secs(seconds)),
        };
        let gateway_url = url(&get, "GATEWAY_URL")?;
        Ok(Self {
            site_addr: parsed(&get, "LEPTOS_SITE_ADDR", SocketAddr::from(([127, 0, 0, 1], 3000)))?,
            database: database_path(get("DATABASE_URL"), &get)?,
            gateway_protocol: gateway_protocol(&get, gateway_url.is_some())?,
            gateway_url,
            gateway_token: get("GATEWAY_TOKEN"),
            registry_url: url(&get, "REGISTRY_URL")?,
            timeouts: Timeouts {
                connect: seconds("PARLEY_GATEWAY_CONNECT_SECONDS", waits.connect)?,
                request: waits.request,
                first_event: seconds("PARLEY_GATEWAY_FIRST_EVENT_SECONDS", waits.first_event)?,
                idle: seconds("PARLEY_GATEWAY_IDLE_SECONDS", waits.idle)?,
            },
            timing: Timing {
                resume_within: seconds("PARLEY_GATEWAY_RESUME_SECONDS", timing.resume_within)?,
                ..timing
            },
            secret: secret(get("PARLEY_SECRET"))?,
            plain_http: flag(&get, "PARLEY_PLAIN_HTTP")?,
            limits: Limits {
                messages_per_minute: parsed(&get, "PARLEY_MESSAGES_PER_MINUTE", standard.messages_per_minute)?,
                session_reads_per_minute: parsed(
                    &get,
                    "PARLEY_SESSION_READS_PER_MINUTE",
                    standard.session_reads_per_minute,
                )?,
                searches_per_minute: parsed(&get, "PARLEY_SEARCHES_PER_MINUTE", standard.searches_per_minute)?,
                model_reads_per_minute: parsed(&get, "PARLEY_MODEL_READS_PER_MINUTE", standard.model_reads_per_minute)?,
                streams: parsed(&get, "PARLEY_STREAMS_PER_USER", standard.streams)?,
                import_megabytes: match parsed(&get, "PARLEY_IMPORT_MEGABYTES", standard.import_megabytes)? {
                    0 => return Err(problem("PARLEY_IMPORT_MEGABYTES", "it takes at least 1".into())),
                    megabytes => megabytes,
                },
            },
            embedded: embedded(&get)?,
            prune_archived_days: match parsed(&get, "PARLEY_PRUNE_ARCHIVED_DAYS", 0)? {
                0 => None,
                days => Some(days),
            },
            log_json: match get("PARLEY_LOG_FORMAT").as_deref() {
                None | Some("text") => false,
                Some("json") => true,
                Some(_) => return Err(problem("PARLEY_LOG_FORMAT", "it takes `text` or `json`".into())),
            },
        })
    }
}

fn gateway_protocol(get: &impl Fn(&str) -> Option<String>, is_outer: bool) -> Result<GatewayProtocol, ConfigError> {
    let wrong = |what: &str| Err(problem("GATEWAY_PROTOCOL", what.into()));
    match get("GATEWAY_PROTOCOL").as_deref() {
        None | Some("turns") => Ok(GatewayProtocol::Turns),
        Some("post-stream") if is_outer => Ok(GatewayProtocol::PostStream),
        Some("post-stream") => {
            wrong("`post-stream` is for an outer Gateway; set GATEWAY_URL to its address, or leave both out")
        }
        Some(_) => wrong("it takes `turns` or `post-stream`"),
    }
}

fn embedded(get: &impl Fn(&str) -> Option<String>) -> Result<gateway::Settings, ConfigError> {
    let checked = |name: &'static str| url(get, name).map(|url| url.map(|url| url.to_string()));
    Ok(gateway::Settings {
        agents_file: get("PARLEY_AGENTS").map(PathBuf::from),
        models_file: get("PARLEY_MODELS").map(PathBuf::from),
        openai_api_key: get("OPENAI_API_KEY"),
        openai_base_url: checked("OPENAI_BASE_URL")?,
        anthropic_api_key: get("ANTHROPIC_API_KEY"),
        anthropic_base_url: checked("ANTHROPIC_BASE_URL")?,
        gemini_api_key: get("GEMINI_API_KEY"),
        gemini_base_url: checked("GEMINI_BASE_URL")?,
        ollama_host: get("OLLAMA_HOST"),
        rehearsal_delay: Duration::from_millis(parsed(get, "PARLEY_REHEARSAL_DELAY_MS", 25)?),
        limits: turn_limits(get)?,
        approval_timeout: minutes(get, "PARLEY_APPROVAL_MINUTES", 60)?,
        context_overflow: match get("PARLEY_CONTEXT_OVERFLOW").as_deref() {
            None | Some("error") => gateway::ContextOverflow::Error,
            Some("leave-out-oldest") => gateway::ContextOverflow::LeaveOutOldest,
            Some(_) => {
                return Err(problem(
                    "PARLEY_CONTEXT_OVERFLOW",
                    "it takes `error` or `leave-out-oldest`".into(),
                ));
            }
        },
        access_token: None,
        ..gateway::Settings::default()
    })
}

fn turn_limits(get: &impl Fn(&str) -> Option<String>) -> Result<gateway::Limits, ConfigError> {
    let standard = gateway::Limits::default();
    let at_least_one = |name, default: usize| match parsed(get, name, default)? {
        0 => Err(problem(name, "it takes at least 1".into())),
        count => Ok(count),
    };
    let cost_usd = match get("PARLEY_TURN_USD").map(|value| value.parse::<f64>()) {
        None => standard.cost_usd,
        Some(Ok(cost)) if cost.is_finite() && cost > 0.0 => cost,
        Some(_) => {
            return Err(problem(
                "PARLEY_TURN_USD",
                "it takes an amount in US dollars, such as 2.50".into(),
            ));
        }
    };
    Ok(gateway::Limits {
        depth: at_least_one("PARLEY_TURN_DEPTH", standard.depth)?,
        children: at_least_one("PARLEY_TURN_CHILDREN", standard.children)?,
        nodes: at_least_one("PARLEY_TURN_TASKS", standard.nodes)?,
        at_once: at_least_one("PARLEY_TURN_AT_ONCE", standard.at_once)?,
        tokens: match parsed(get, "PARLEY_TURN_TOKENS", standard.tokens)? {
            0 => return Err(problem("PARLEY_TURN_TOKENS", "it takes at least 1".into())),
            tokens => tokens,
        },
        cost_usd,
        duration: minutes(get, "PARLEY_TURN_MINUTES", standard.duration.as_secs() / 60)?,
    })
}

fn minutes(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: u64,
) -> Result<Duration, ConfigError> {
    // A week: more than anybody waits, and far from what a clock cannot add.
    match parsed(get, variable, default)? {
        minutes @ 1..=10_080 => Ok(Duration::from_secs(minutes * 60)),
        _ => Err(problem(variable, "it takes 1 to 10080 minutes".into())),
    }
}

fn parsed<T: FromStr>(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: T,
) -> Result<T, ConfigError> {
    let Some(value) = get(variable) else { return Ok(default) };
    let takes = if std::any::type_name::<T>().contains("SocketAddr") {
        "an address and a port, such as 127.0.0.1:3000"
    } else {
        "a whole number"
    };
    value
        .parse()
        .map_err(|_| problem(variable, format!("it takes {takes}")))
}

fn url(get: &impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<Option<Url>, ConfigError> {
    let Some(value) = get(variable) else { return Ok(None) };
    match Url::parse(&value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(url)),
        _ => Err(problem(variable, "it takes an http:// or https:// address".into())),
    }
}

fn flag(get: &impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<bool, ConfigError> {
    match get(variable).as_deref() {
        None | Some("0" | "false" | "off" | "no") => Ok(false),
        Some("1" | "true" | "on" | "yes") => Ok(true),
        Some(_) => Err(problem(variable, "it takes 1 or 0".into())),
    }
}

fn secret(value: Option<String>) -> Result<Option<String>, ConfigError> {
    match value {
        Some(secret) if secret.len() < 32 => Err(problem(
            "PARLEY_SECRET",
            "it takes at least 32 characters, best made at random".into(),
        )),
        other => Ok(other),
    }
}

fn database_path(value: Option<String>, get: &impl Fn(&str) -> Option<String>) -> Result<PathBuf, ConfigError> {
    let Some(value) = value else {
        return Ok(data_folder(get).join("parley.db"));
    };
    if value.starts_with("postgres://") || value.starts_with("postgresql://") {
        return Err(problem(
            "DATABASE_URL",
            "Postgres is not supported yet; name an SQLite file".into(),
        ));
    }
    let path = value
        .strip_prefix("sqlite://")
        .or_else(|| value.strip_prefix("sqlite:"))
        .unwrap_or(&value);
    if path.is_empty() || path.contains("://") || path == ":memory:" {
        return Err(problem("DATABASE_URL", "it takes the path of an SQLite file".into()));
    }
    Ok(path.into())
}

/// `$XDG_DATA_HOME/parley`, else `~/.local/share/parley`, else `data` in the working directory.
fn data_folder(get: &impl Fn(&str) -> Option<String>) -> PathBuf {
    if let Some(data) = get("XDG_DATA_HOME") {
        return PathBuf::from(data).join("parley");
    }
    get("HOME").map_or_else(
        || PathBuf::from("data"),
        |home| PathBuf::from(home).join(".local/share/parley"),
    )
}

fn problem(variable: &'static str, problem: String) -> ConfigError {
    ConfigError { variable, problem }
}

/// Whether an address can be reached from other machines.
pub fn is_public(address: IpAddr) -> bool {
    !address.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Config::from_lookup(lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_set_is_the_documented_default() {
        let config = read(&[("HOME", "/home/ada")]).unwrap();
        assert_eq!(config.site_addr.to_string(), "127.0.0.1:3000");
        assert_eq!(
            config.database,
            PathBuf::from("/home/ada/.local/share/parley/parley.db")
        );
        assert_eq!(config.limits, Limits::default());
        assert!(config.gateway_url.is_none() && !config.plain_http && config.secret.is_none());
    }

    #[test]
    fn a_bad_value_is_refused_with_the_name_of_its_variable() {
        for (variable, value) in [
            ("LEPTOS_SITE_ADDR", "localhost"),
            ("DATABASE_URL", "postgres://localhost/x"),
            ("DATABASE_URL", "mysql://x"),
            ("GATEWAY_URL", "localhost:4000"),
            ("GATEWAY_PROTOCOL", "telepathy"),
            ("REGISTRY_URL", "ftp://x"),
            ("OPENAI_BASE_URL", "nonsense"),
            ("PARLEY_SECRET", "short"),
            ("PARLEY_PLAIN_HTTP", "maybe"),
            ("PARLEY_MESSAGES_PER_MINUTE", "-1"),
            ("PARLEY_GATEWAY_IDLE_SECONDS", "0"),
            ("PARLEY_LOG_FORMAT", "xml"),
            ("PARLEY_IMPORT_MEGABYTES", "0"),
            ("PARLEY_PRUNE_ARCHIVED_DAYS", "-1"),
            ("PARLEY_TURN_DEPTH", "0"),
            ("PARLEY_TURN_TOKENS", "many"),
            ("PARLEY_TURN_USD", "-1"),
            ("PARLEY_TURN_USD", "NaN"),
            ("PARLEY_TURN_MINUTES", "0"),
            ("PARLEY_APPROVAL_MINUTES", "99999"),
            ("PARLEY_CONTEXT_OVERFLOW", "ignore"),
        ] {
            let error = read(&[(variable, value)])
                .err()
                .unwrap_or_else(|| panic!("{variable}={value} was taken"));
            assert!(error.starts_with(&format!("{variable}: ")), "{error}");
        }
    }

    #[test]
    fn the_older_protocol_is_for_an_outer_gateway_only() {
        let protocol = |variables: &[_]| read(variables).map(|config| config.gateway_protocol);
        let (post_stream, url) = (
            ("GATEWAY_PROTOCOL", "post-stream"),
            ("GATEWAY_URL", "http://127.0.0.1:5000"),
        );
        assert_eq!(protocol(&[]), Ok(GatewayProtocol::Turns));
        assert_eq!(protocol(&[url]), Ok(GatewayProtocol::Turns));
        assert_eq!(protocol(&[post_stream, url]), Ok(GatewayProtocol::PostStream));
        let error = protocol(&[post_stream]).unwrap_err();
        assert!(
            error.starts_with("GATEWAY_PROTOCOL: ") && error.contains("GATEWAY_URL"),
            "{error}"
        );
    }

    #[test]
    fn what_a_turn_may_take_can_be_set() {
        let nothing_set = read(&[]).unwrap().embedded;
        assert_eq!(nothing_set.limits, gateway::Limits::default());
        let set = read(&[
            ("PARLEY_TURN_DEPTH", "2"),
            ("PARLEY_TURN_CHILDREN", "3"),
            ("PARLEY_TURN_TASKS", "4"),
            ("PARLEY_TURN_AT_ONCE", "5"),
            ("PARLEY_TURN_TOKENS", "6"),
            ("PARLEY_TURN_USD", "0.07"),
            ("PARLEY_TURN_MINUTES", "8"),
            ("PARLEY_APPROVAL_MINUTES", "9"),
            ("PARLEY_CONTEXT_OVERFLOW", "leave-out-oldest"),
        ]);
        let set = set.unwrap().embedded;
        let limits = gateway::Limits {
            depth: 2,
            children: 3,
            nodes: 4,
            at_once: 5,
            tokens: 6,
            cost_usd: 0.07,
            duration: Duration::from_secs(8 * 60),
        };
        assert_eq!(set.limits, limits);
        assert_eq!(set.approval_timeout, Duration::from_secs(9 * 60));
        assert_eq!(set.context_overflow, gateway::ContextOverflow::LeaveOutOldest);
    }

    #[test]
    fn a_database_is_named_by_path_or_by_address() {
        for value in ["/tmp/a.db", "sqlite:///tmp/a.db", "sqlite:/tmp/a.db"] {
            assert_eq!(
                read(&[("DATABASE_URL", value)]).unwrap().database,
                PathBuf::from("/tmp/a.db"),
                "{value}"
            );
        }
    }
}
