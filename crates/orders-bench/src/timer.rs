//! A timer for [`mio::Poll`], whose own timeouts are whole milliseconds on Linux: [`Timer`].

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

/// Wakes a poll once after a given time.
#[cfg(target_os = "linux")]
pub(crate) struct Timer(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Timer {
    /// A timer whose events have this token.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        use std::os::fd::AsRawFd as _;

        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};

        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let mut source = mio::unix::SourceFd(&timer.as_raw_fd());
        registry.register(&mut source, token, mio::Interest::READABLE)?;
        Ok(Self(timer))
    }

    /// Replaces the time that was set before; answers how long the poll itself may wait at most.
    pub(crate) fn wake_after(&self, time: Duration) -> io::Result<Option<Duration>> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};

        let none = Timespec::default();
        // Zero would switch the timer off.
        let time = time.max(Duration::from_nanos(1));
        let once = Itimerspec { it_interval: none, it_value: time.try_into().unwrap_or(none) };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        Ok(None)
    }
}

/// Elsewhere the poll's own timeout has to do.
#[cfg(not(target_os = "linux"))]
pub(crate) struct Timer;

#[cfg(not(target_os = "linux"))]
impl Timer {
    pub(crate) fn new(_: &Registry, _: Token) -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn wake_after(&self, time: Duration) -> io::Result<Option<Duration>> {
        Ok(Some(time))
    }
}
