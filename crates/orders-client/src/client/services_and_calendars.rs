//! What can be ordered, and where: the calls for services and calendars.

use orders_core::{Calendar, CalendarDraft, CalendarId, Service, ServiceDraft, ServiceId};

use super::{Call, Client, List, PAGE};
use crate::wire::{
    CreateCalendar, CreateService, DeleteCalendar, DeleteService, GetCalendar, GetPage, GetService,
    ReplaceCalendar, ReplaceService,
};

impl Client {
    /// The services that can be ordered, by id.
    #[doc = example!("services")]
    pub fn services(&self) -> List<Service> {
        List::new(self, GetPage::services(PAGE))
    }

    /// The service with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    #[doc = example!("service")]
    pub fn service(&self, id: &ServiceId) -> Call<GetService> {
        Call::new(self, GetService { id: id.clone() })
    }

    /// Creates a service. There is no idempotency key, so a lost response is
    /// [`Error::Unknown`](crate::Error::Unknown); the repetition of a draft with an id cannot create two.
    ///
    /// # Errors
    /// [`Error::IdTaken`](crate::Error::IdTaken).
    #[doc = example!("create_service")]
    pub fn create_service(&self, draft: &ServiceDraft) -> Call<CreateService> {
        Call::new(self, CreateService { draft: draft.clone() })
    }

    /// Replaces a service by the draft.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    #[doc = example!("replace_service")]
    pub fn replace_service(&self, id: &ServiceId, draft: &ServiceDraft) -> Call<ReplaceService> {
        Call::new(self, ReplaceService { id: id.clone(), draft: draft.clone() })
    }

    /// Deletes a service that no order contains. As with [`Client::delete`], it is deleted if a repetition does not find it.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InUse`](crate::Error::InUse).
    #[doc = example!("delete_service")]
    pub fn delete_service(&self, id: &ServiceId) -> Call<DeleteService> {
        Call::new(self, DeleteService { id: id.clone() })
    }

    /// The calendars, by id. There is always `default`.
    #[doc = example!("calendars")]
    pub fn calendars(&self) -> List<Calendar> {
        List::new(self, GetPage::calendars(PAGE))
    }

    /// The calendar with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    #[doc = example!("calendar")]
    pub fn calendar(&self, id: &CalendarId) -> Call<GetCalendar> {
        Call::new(self, GetCalendar { id: id.clone() })
    }

    /// Creates a calendar. There is no idempotency key, so a lost response is
    /// [`Error::Unknown`](crate::Error::Unknown); the repetition of a draft with an id cannot create two.
    ///
    /// # Errors
    /// [`Error::IdTaken`](crate::Error::IdTaken).
    #[doc = example!("create_calendar")]
    pub fn create_calendar(&self, draft: &CalendarDraft) -> Call<CreateCalendar> {
        Call::new(self, CreateCalendar { draft: draft.clone() })
    }

    /// Replaces a calendar by the draft. A new gap applies to all of its orders at once, or is rejected; it takes time in
    /// proportion to their number, so a large calendar needs a longer [`timeout`](crate::ClientBuilder::timeout).
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::GapTooWide`](crate::Error::GapTooWide).
    #[doc = example!("replace_calendar")]
    pub fn replace_calendar(
        &self,
        id: &CalendarId,
        draft: &CalendarDraft,
    ) -> Call<ReplaceCalendar> {
        Call::new(self, ReplaceCalendar { id: id.clone(), draft: draft.clone() })
    }

    /// Deletes a calendar without orders. As with [`Client::delete`], it is deleted if a repetition does not find it.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InUse`](crate::Error::InUse).
    #[doc = example!("delete_calendar")]
    pub fn delete_calendar(&self, id: &CalendarId) -> Call<DeleteCalendar> {
        Call::new(self, DeleteCalendar { id: id.clone() })
    }
}
