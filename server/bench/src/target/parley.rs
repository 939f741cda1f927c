//! Parley as it ships, with its limits per user lifted: the bench is many users in one.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use super::{LOG, Programs};
use crate::Fault;

pub(super) fn command(
    programs: &Programs,
    gateway: SocketAddr,
    address: SocketAddr,
    folder: &Path,
) -> Result<Command, Fault> {
    let log = fs::File::create(folder.join(LOG))?;
    let mut command = Command::new(&programs.parley);
    // Neither the settings of who runs the bench nor his `.env` may change what is measured.
    command
        .current_dir(folder)
        .env_clear()
        .stdout(log.try_clone()?)
        .stderr(log);
    command
        .env("LEPTOS_SITE_ADDR", address.to_string())
        .env("DATABASE_URL", folder.join("parley.db"))
        .env("GATEWAY_URL", format!("http://{gateway}"))
        .env("RUST_LOG", "warn");
    for limit in [
        "PARLEY_MESSAGES_PER_MINUTE",
        "PARLEY_SESSION_READS_PER_MINUTE",
        "PARLEY_MODEL_READS_PER_MINUTE",
        "PARLEY_STREAMS_PER_USER",
    ] {
        command.env(limit, "0");
    }
    Ok(command)
}
