//! Processes: started in groups, watched through `/proc`, and ended with all their children.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use axum::{Router, serve::ListenerExt};
use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, kill_process_group, setrlimit};

use crate::Fault;

/// How long a process has until it takes connections.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How long a process has to end by itself.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// A process and its children, which end when this is dropped.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
}

impl Process {
    /// Starts it and waits until it listens on `address`.
    pub(crate) async fn start(name: &'static str, command: &mut Command, address: SocketAddr) -> Result<Self, Fault> {
        // In a group of its own, so that all of it can be ended at once, whatever it has started.
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{name} cannot be started: {error}"))?;
        let mut process = Self { name, child };
        let due = Instant::now() + READY_WITHIN;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = process.child.try_wait()? {
                return Err(format!("{name} ended before it listened on {address}: {status}").into());
            }
            if Instant::now() > due {
                return Err(format!("{name} does not listen on {address}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(process)
    }

    /// The process and its children.
    fn ids(&self) -> Vec<u32> {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        std::iter::once(id).chain(children).collect()
    }

    /// What it uses now.
    pub(crate) fn usage(&self) -> Result<ProcessUsage, Fault> {
        let mut sum = ProcessUsage::default();
        for id in self.ids() {
            let status = self.read(id, "status")?;
            sum.resident += kibibytes(&status, "VmRSS:");
            sum.peak += kibibytes(&status, "VmHWM:");
            sum.cpu_seconds += cpu_seconds(&self.read(id, "stat")?);
        }
        Ok(sum)
    }

    /// Lets its peak of memory begin anew at what it holds now.
    pub(crate) fn forget_peak(&self) -> Result<(), Fault> {
        for id in self.ids() {
            fs::write(format!("/proc/{id}/clear_refs"), "5")
                .map_err(|error| format!("the peak of {} cannot be reset: {error}", self.name))?;
        }
        Ok(())
    }

    fn read(&self, id: u32, file: &str) -> Result<String, Fault> {
        Ok(fs::read_to_string(format!("/proc/{id}/{file}"))
            .map_err(|error| format!("{} is gone: {error}", self.name))?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(id) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else {
            return;
        };
        // Asked first, so that one with children ends them itself and leaves no dead ones to the system. Signals fail
        // where nobody is left, which is what is wanted.
        let _ = kill_process(id, Signal::TERM);
        let due = Instant::now() + ENDS_WITHIN;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < due {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = kill_process_group(id, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What a process and its children use.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ProcessUsage {
    /// Memory held, in KiB.
    pub(crate) resident: u64,
    /// The most memory held since the last [`Process::forget_peak`], in KiB.
    pub(crate) peak: u64,
    /// Processor time since the start.
    pub(crate) cpu_seconds: f64,
}

fn kibibytes(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn cpu_seconds(stat: &str) -> f64 {
    // The second field is the name in parentheses, which may hold anything; user and system time are the 14th and 15th.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Processor time of the bench itself.
pub(crate) fn own_cpu_seconds() -> f64 {
    fs::read_to_string("/proc/self/stat").map_or(0.0, |stat| cpu_seconds(&stat))
}

/// How many cores there are to be had.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Lets this process, and all that it starts, hold as many files open as the system allows.
pub(crate) fn raise_file_limit() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// How many files this process may hold open.
pub(crate) fn file_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Where the Parley to be measured is, wherever it is started later.
pub(crate) fn program(parley: &Path) -> Result<PathBuf, Fault> {
    let found = parley.canonicalize();
    Ok(found.map_err(|error| format!("{}: {error}; build it, or name one with --parley", parley.display()))?)
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Serves `router` on a loopback port until the process is ended.
pub(crate) async fn serve(router: Router, port: u16) -> Result<(), Fault> {
    raise_file_limit()?;
    let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?.tap_io(|stream| {
        // Each token is to leave when it is written. Where this fails, the connection is gone already.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

/// Listens with room for thousands who come at once.
fn listen(address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4_096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_proc_are_read() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!((kibibytes(status, "VmRSS:"), kibibytes(status, "VmHWM:")), (1024, 2048));
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 9 9 20 0 1 0";
        assert_eq!(
            cpu_seconds(stat),
            200.0 / rustix::param::clock_ticks_per_second() as f64
        );
    }

    #[tokio::test]
    async fn a_process_ends_with_its_children_when_it_is_dropped() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & wait"]);
        let process = Process::start("sh", &mut command, address).await.unwrap();
        let due = Instant::now() + Duration::from_secs(5);
        while process.ids().len() < 2 && Instant::now() < due {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ids = process.ids();
        assert!(ids.len() == 2 && process.usage().unwrap().resident > 0);
        drop(process);
        // The grandchild is reaped by whoever inherits it; until then it is there, but dead.
        let alive = |id: &u32| {
            fs::read_to_string(format!("/proc/{id}/stat"))
                .is_ok_and(|stat| !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z")))
        };
        let due = Instant::now() + Duration::from_secs(5);
        while ids.iter().any(alive) && Instant::now() < due {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!ids.iter().any(alive));
    }
}
