//! What the figures were measured on.

use std::{fs, path::Path, process::Command, time::SystemTime};

use protocol::timestamp::Timestamp;

use crate::process;

/// One line for each thing that matters, nginx among them where it was measured, too.
pub(crate) fn describe(parley: &Path, nginx: Option<&Path>) -> String {
    // Cargo keeps what it builds in a folder named after the profile.
    let folder = parley.parent().and_then(Path::file_name).unwrap_or_default();
    format!(
        "- date: {}\n- machine: {} cores ({}), {:.0} GB of memory, Linux {}\n{}- parley: from `{}`; bench: {} build; {}\n",
        today(),
        process::cores(),
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
        memory_gigabytes(),
        read("/proc/sys/kernel/osrelease").trim(),
        nginx.map_or_else(String::new, |nginx| format!("- {}\n", said(nginx, "-v"))),
        folder.display(),
        if cfg!(debug_assertions) { "debug" } else { "release" },
        said(Path::new("rustc"), "--version"),
    )
}

fn today() -> String {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let now = Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(0)).to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}

fn memory_gigabytes() -> f64 {
    let total = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kibibytes = total.split(' ').next().and_then(|number| number.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) * 1024.0 / 1e9
}

/// What a program says of its version; nginx says it on stderr.
fn said(program: &Path, argument: &str) -> String {
    match Command::new(program).arg(argument).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&text)
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        }
        Err(_) => "unknown".into(),
    }
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = read(file);
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}
