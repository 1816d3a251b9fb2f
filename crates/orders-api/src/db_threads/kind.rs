//! The kinds of jobs: [`Kind`].

/// What a job is, which decides with which others it is executed, and how many of its kind run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything that is executed alone.
    Single,
    /// A part of an import. One thread never does such work, so that it does not delay everything else.
    Import,
    /// A read of a feed of calendars, or the check whether it has changed, which reads all of its orders. Half of the threads never
    /// do such work, so that whoever reads feeds does not delay everything else.
    CalendarFeed,
    /// A read of an order by its id.
    Get,
    /// The creation of an order.
    Create,
    /// The replacement of an order.
    Replace,
    /// The deletion of an order.
    Delete,
    /// A search for free times.
    Availability,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 8] = [
        Self::Single,
        Self::Import,
        Self::CalendarFeed,
        Self::Get,
        Self::Create,
        Self::Replace,
        Self::Delete,
        Self::Availability,
    ];

    /// Its name in the metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Import => "import",
            Self::CalendarFeed => "calendar_feed",
            Self::Get => "get",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Availability => "availability",
        }
    }

    /// How many jobs of this kind are executed together at most.
    pub(super) fn most_together(self) -> usize {
        match self {
            Self::Single | Self::Import | Self::CalendarFeed => 1,
            Self::Availability => 16,
            Self::Create | Self::Replace | Self::Delete => 64,
            Self::Get => 128,
        }
    }

    /// How many threads do work of this kind at once, as long as each of them has just begun. Fewer threads do larger
    /// batches, and each batch costs less for each of its jobs.
    pub(super) fn most_running(self, threads: usize) -> usize {
        match self {
            Self::Single => threads,
            Self::Import => threads.saturating_sub(1).max(1),
            Self::CalendarFeed => (threads / 2).max(1),
            Self::Get | Self::Availability => 1,
            Self::Create | Self::Replace | Self::Delete => 2,
        }
    }

    /// Whether no more threads do it, however long it takes.
    pub(super) fn is_always_limited(self) -> bool {
        matches!(self, Self::Import | Self::CalendarFeed)
    }

    /// Whether only jobs of one client are executed together.
    pub(super) fn is_of_one_client(self) -> bool {
        matches!(self, Self::Replace | Self::Delete)
    }
}
