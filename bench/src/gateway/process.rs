//! Programs that are measured, each in a process of its own.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take to stop.
const STOP: Duration = Duration::from_secs(2);

/// A running program. It is stopped when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program that writes what it has to say into a file.
    pub(crate) fn start(mut command: Command, log: &Path) -> io::Result<Self> {
        let log = File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command.spawn();
        child.map(Self).map_err(|error| {
            let program = command.get_program().display();
            io::Error::other(format!("`{program}` cannot be started: {error}"))
        })
    }

    /// Starts this program as a server, which prints its address.
    pub(crate) fn start_server(arguments: &[&str]) -> io::Result<(Self, SocketAddr)> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().expect("it is piped");
        let process = Self(child);
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        let address = address.trim().parse().map_err(io::Error::other)?;
        Ok((process, address))
    }

    /// Returns whether the program has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// Returns the seconds of the processor that the program and those that it has started have used.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        /// The unit of the times, which is the same on all platforms of Linux.
        const TICKS_PER_SECOND: f64 = 100.0;
        let ticks = self.tree().into_iter().flat_map(|id| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            // The name of the program can contain spaces. The times are the 12th to the 15th field after
            // it: those of the process, and those of its children that have ended.
            let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
            let fields = fields.split_whitespace().skip(11).take(4);
            let fields: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
            fields
        });
        ticks.sum::<f64>() / TICKS_PER_SECOND
    }

    /// Returns the megabytes of memory that the program and those that it has started use. What they
    /// share counts for each.
    pub(crate) fn megabytes(&self) -> f64 {
        let kibibytes = self.tree().into_iter().filter_map(|id| {
            let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().strip_suffix(" kB")?.parse::<f64>().ok()
        });
        kibibytes.sum::<f64>() * 1024.0 / 1e6
    }

    /// Returns the IDs of the process and of those that it has started, also indirectly.
    fn tree(&self) -> Vec<u32> {
        let mut tree = vec![self.0.id()];
        let mut next = 0;
        while let Some(&id) = tree.get(next) {
            next += 1;
            for thread in children(&format!("/proc/{id}/task")) {
                let ids = fs::read_to_string(format!("{thread}/children")).unwrap_or_default();
                tree.extend(
                    ids.split_whitespace()
                        .filter_map(|id| id.parse::<u32>().ok()),
                );
            }
        }
        tree
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_running() {
            return;
        }
        // Programs with several processes stop them all when they are asked to.
        let id = self.0.id().to_string();
        _ = Command::new("kill").arg(&id).status();
        let end = Instant::now() + STOP;
        while self.is_running() && Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
        }
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Returns the entries of a folder.
fn children(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path().display().to_string())
        .collect()
}
