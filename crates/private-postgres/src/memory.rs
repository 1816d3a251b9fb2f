use std::fs;

const MEBIBYTE: u64 = 1 << 20;

/// What PostgreSQL itself starts with, in MiB.
pub(crate) const LEAST: u64 = 128;

/// Whoever has more data than this serves should run a PostgreSQL for itself.
const MOST: u64 = 4096;

/// The cache of a server that keeps data, in MiB.
///
/// PostgreSQL's documentation advises a quarter of the memory of a machine that does nothing else; this one does.
/// The system hands out what is used, not what is asked for here.
pub(crate) fn shared_buffers() -> u64 {
    shared_buffers_of(machine().into_iter().chain(container()).min())
}

fn shared_buffers_of(memory: Option<u64>) -> u64 {
    memory.map_or(LEAST, |bytes| (bytes / 8 / MEBIBYTE).clamp(LEAST, MOST))
}

/// The memory of this machine in bytes, where the system tells.
fn machine() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The limit in bytes that a container sets, if there is one.
fn container() -> Option<u64> {
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?;
    // Without a limit it says `max`.
    limit.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_an_eighth_of_the_memory_within_bounds() {
        let cache = |memory| shared_buffers_of(Some(memory));
        assert_eq!(cache(16 << 30), 2048);
        assert_eq!(cache(512 * MEBIBYTE), LEAST);
        assert_eq!(cache(1 << 40), MOST);
        assert_eq!(shared_buffers_of(None), LEAST);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_tells_its_memory() {
        assert!(machine().unwrap() > 64 * MEBIBYTE);
    }
}
