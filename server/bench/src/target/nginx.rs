//! nginx as a plain proxy that passes on each piece as it comes.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use super::{LOG, Programs};
use crate::{Fault, process};

pub(super) fn command(
    programs: &Programs,
    gateway: SocketAddr,
    address: SocketAddr,
    folder: &Path,
) -> Result<Command, Fault> {
    let file = folder.join("nginx.conf");
    fs::write(&file, config(gateway, address, folder))?;
    let log = fs::File::create(folder.join(LOG))?;
    let mut command = Command::new(&programs.nginx);
    command.arg("-p").arg(folder).arg("-c").arg(file);
    // Else it tries the log file of the system before it has read the configuration.
    command.args(["-e", "stderr"]).stderr(log);
    Ok(command)
}

fn config(gateway: SocketAddr, address: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    let files = process::file_limit();
    // Each stream takes two connections, and one worker may get most of them.
    let connections = files.min(32_768);
    format!(
        "daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 2;
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 600s;
    keepalive_requests 1000000;
    upstream gateway {{
        server {gateway};
        keepalive 1024;
        keepalive_requests 1000000;
        keepalive_timeout 600s;
    }}
    server {{
        listen {address} backlog=4096;
        location / {{
            proxy_pass http://gateway;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
            proxy_read_timeout 600s;
        }}
    }}
}}
"
    )
}
