use std::fs;

const MEBIBYTE: u64 = 1 << 20;

/// In MiB; PostgreSQL's own default.
pub(crate) const MIN_SHARED_BUFFERS: u64 = 128;

/// In MiB. A database that needs more should have a dedicated server.
const MAX_SHARED_BUFFERS: u64 = 4096;

/// The cache of a durable server in MiB: an eighth of the memory, within limits.
///
/// PostgreSQL's documentation recommends a quarter on a dedicated machine, but this one runs the service, too. The
/// system allocates memory only when it is used.
pub(crate) fn shared_buffers() -> u64 {
    shared_buffers_of(machine().into_iter().chain(container()).min())
}

fn shared_buffers_of(memory: Option<u64>) -> u64 {
    memory.map_or(MIN_SHARED_BUFFERS, |bytes| {
        (bytes / 8 / MEBIBYTE).clamp(MIN_SHARED_BUFFERS, MAX_SHARED_BUFFERS)
    })
}

/// The memory of this machine in bytes, if the system reports it.
fn machine() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The container's memory limit in bytes, if there is one.
fn container() -> Option<u64> {
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?;
    // Without a limit the file contains `max`.
    limit.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_an_eighth_of_the_memory_within_bounds() {
        let cache = |memory| shared_buffers_of(Some(memory));
        assert_eq!(cache(16 << 30), 2048);
        assert_eq!(cache(512 * MEBIBYTE), MIN_SHARED_BUFFERS);
        assert_eq!(cache(1 << 40), MAX_SHARED_BUFFERS);
        assert_eq!(shared_buffers_of(None), MIN_SHARED_BUFFERS);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_reports_its_memory() {
        assert!(machine().unwrap() > 64 * MEBIBYTE);
    }
}
