//! What a process and the machine use, from `/proc`: [`Process`], [`MachineTime`].

use std::fs;

use anyhow::{Context, Result};

/// Linux counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// The processor time used so far, in seconds.
    pub(crate) fn cpu_seconds(self) -> Result<f64> {
        cpu_seconds(&self.read("stat")?).context("/proc/PID/stat cannot be read")
    }

    /// The memory in use now, in MiB.
    pub(crate) fn memory(self) -> Result<f64> {
        mebibytes(&self.read("status")?, "VmRSS:")
    }

    /// The memory in use now that it shares with no other process, in MiB.
    pub(crate) fn own_memory(self) -> Result<f64> {
        mebibytes(&self.read("status")?, "RssAnon:")
    }

    /// The most memory in use since [`Self::reset_peak`], in MiB.
    pub(crate) fn peak_memory(self) -> Result<f64> {
        mebibytes(&self.read("status")?, "VmHWM:")
    }

    /// Measures the peak from now on; where the system does not permit it, from the start of the process.
    pub(crate) fn reset_peak(self) {
        let _ = fs::write(format!("/proc/{}/clear_refs", self.0), "5");
    }

    /// Runs `work`, and tells by how much the memory grew at most meanwhile, in MiB.
    pub(crate) fn growth_during<T>(self, work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
        self.reset_peak();
        let before = self.memory()?;
        let result = work()?;
        Ok((result, self.peak_memory()? - before))
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

/// What the processors of this machine did since it started, in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct MachineTime {
    total: u64,
    /// When they were wanted here, and worked for others on the same host.
    stolen: u64,
}

impl MachineTime {
    /// What they have done until now.
    pub(crate) fn now() -> Result<Self> {
        Self::parse(&fs::read_to_string("/proc/stat")?).context("/proc/stat cannot be read")
    }

    /// The share that was stolen since then, in percent.
    pub(crate) fn stolen_since(self, before: Self) -> f64 {
        let total = self.total.saturating_sub(before.total).max(1);
        self.stolen.saturating_sub(before.stolen) as f64 / total as f64 * 100.0
    }

    fn parse(stat: &str) -> Option<Self> {
        // User, nice, system, idle, waiting, two kinds of interrupts, stolen; what follows is counted already.
        let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().take(8);
        let fields: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { total: fields.iter().sum(), stolen: *fields.get(7)? })
    }
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    // The name may hold anything, but it ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn mebibytes(status: &str, name: &str) -> Result<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix("kB"));
    let kibibytes: f64 =
        line.with_context(|| format!("/proc/PID/status has no {name}"))?.trim().parse()?;
    Ok(kibibytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_past_any_name() {
        let stat = "12 (a b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";
        assert_eq!(cpu_seconds(stat), Some(2.0));
    }

    #[test]
    fn stolen_time_is_a_share_of_all_time() {
        let at = |stat| MachineTime::parse(stat).unwrap();
        let before = at("cpu  1 2 3 4 5 6 7 8 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
        assert_eq!(before, MachineTime { total: 36, stolen: 8 });
        assert_eq!(at("cpu  41 2 3 54 5 6 7 18 90 90\n").stolen_since(before), 10.0);
        assert!(MachineTime::parse("cpu  1 2 3\n").is_none());
    }

    #[test]
    fn memory_is_read_in_mebibytes() {
        let status = "Name:\tx\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\n";
        assert_eq!(mebibytes(status, "VmHWM:").unwrap(), 4.0);
        assert_eq!(mebibytes(status, "VmRSS:").unwrap(), 2.0);
        assert!(mebibytes(status, "VmSwap:").is_err());
    }

    #[test]
    fn this_process_uses_something() {
        let this = Process(std::process::id());
        assert!(this.memory().unwrap() > 0.0);
        let (held, growth) = this.growth_during(|| Ok(vec![1_u8; 64 << 20])).unwrap();
        assert!(growth > 32.0, "{growth} for {}", held.len());
    }
}
