//! Parley with its limits per user lifted: the bench is many users in one.

use std::{net::SocketAddr, path::Path, process::Command};

use super::{Programs, undisturbed};
use crate::Fault;

pub(super) fn command(
    programs: &Programs,
    gateway: SocketAddr,
    address: SocketAddr,
    folder: &Path,
) -> Result<Command, Fault> {
    let mut command = undisturbed(&programs.parley, folder)?;
    command
        .env("LEPTOS_SITE_ADDR", address.to_string())
        .env("DATABASE_URL", folder.join("parley.db"))
        .env("GATEWAY_URL", format!("http://{gateway}"));
    for limit in [
        "PARLEY_MESSAGES_PER_MINUTE",
        "PARLEY_SESSION_READS_PER_MINUTE",
        "PARLEY_SEARCHES_PER_MINUTE",
        "PARLEY_MODEL_READS_PER_MINUTE",
        "PARLEY_STREAMS_PER_USER",
    ] {
        command.env(limit, "0");
    }
    Ok(command)
}
