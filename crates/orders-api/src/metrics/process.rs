//! What the system says of the process: [`Process`].

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::{Fraction, count};

/// The metrics that all programs have under these names. Those that only Linux tells are absent on other systems.
pub(super) struct Process {
    cpu: Counter<f64, AtomicU64>,
    max_files: Gauge,
    open_files: Gauge,
    memory: Gauge,
}

impl Process {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            cpu: Counter::default(),
            max_files: Gauge::default(),
            open_files: Gauge::default(),
            memory: Gauge::default(),
        };
        let start = Fraction::default();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        start.set(since_1970.as_secs_f64());
        registry.register(
            "process_start_time_seconds",
            "When the process began to serve, in seconds since 1970",
            start,
        );
        registry.register(
            "process_cpu_seconds",
            "The processor time that the process has used",
            all.cpu.clone(),
        );
        registry.register(
            "process_max_fds",
            "How many files the process may have open",
            all.max_files.clone(),
        );
        if cfg!(target_os = "linux") {
            registry.register(
                "process_open_fds",
                "How many files the process has open",
                all.open_files.clone(),
            );
            registry.register(
                "process_resident_memory_bytes",
                "The memory that the process uses",
                all.memory.clone(),
            );
        }
        all
    }

    pub(super) fn update(&self) {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
        self.cpu.inner().store(cpu.to_bits(), Ordering::Relaxed);
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        self.max_files.set(limit.try_into().unwrap_or(i64::MAX));
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            self.open_files.set(count(files.count()));
        }
        if let Ok(status) = fs::read_to_string("/proc/self/status") {
            self.memory.set(resident_bytes(&status).unwrap_or_default());
        }
    }
}

/// The resident memory in `/proc/self/status`.
fn resident_bytes(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_read_in_bytes() {
        assert_eq!(resident_bytes("VmPeak:\t  9 kB\nVmRSS:\t    1234 kB\n"), Some(1234 * 1024));
        assert_eq!(resident_bytes("VmPeak:\t  9 kB\n"), None);
    }
}
