//! The appointment itself: [`Order`], and the [`OrderDraft`] that creates it.

use crate::{
    CalendarId, Fee, Metadata, MetadataPatch, MinimumGap, OrderId, Reference, ServiceId, Slot,
    Timestamp, TooManyEntries,
};

/// The most services that one order has.
pub const MAX_SERVICES: usize = 32;

/// A booked appointment, as the store returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The calendar that it is in.
    pub calendar: CalendarId,
    /// When it starts.
    pub datetime: Timestamp,
    /// What it costs.
    pub totalfee: Fee,
    /// What was ordered, in the client's order.
    pub services: OrderedServices,
    /// Its name in the caller's own system.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub reference: Option<Reference>,
    /// What the caller stores with it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Metadata::is_empty"))]
    pub metadata: Metadata,
    /// The number of the order's current state, from 1.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The fields that a client gives to create or replace an order: valid in themselves, not yet checked against other orders.
///
/// ```
/// use orders_core::{Metadata, OrderDraft, OrderedServices, ServiceId};
/// let services = OrderedServices::new([ServiceId::new("123")?])?;
/// let draft = OrderDraft::new("2022-11-01T11:11:11.111Z".parse()?, "100".parse()?, services);
/// assert_eq!((&draft.id, &draft.metadata), (&None, &Metadata::default()));
/// assert!(OrderedServices::new([]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderDraft {
    /// The id of a new order; generated if `None`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub id: Option<OrderId>,
    /// `None` is `default` for a new order, and the current calendar for an existing one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub calendar: Option<CalendarId>,
    /// When it starts.
    pub datetime: Timestamp,
    /// What it costs.
    pub totalfee: Fee,
    /// What is ordered.
    pub services: OrderedServices,
    /// Its name in the caller's own system.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub reference: Option<Reference>,
    /// What the caller stores with it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Metadata::is_empty"))]
    pub metadata: Metadata,
}

/// The services of one order: 1 to 32, all different, in the client's order.
///
/// ```
/// use orders_core::{OrderedServices, ServiceId};
/// let id = |text| ServiceId::new(text).unwrap();
/// assert_eq!(OrderedServices::new([id("789"), id("123")])?.len(), 2);
/// assert!(OrderedServices::new([id("123"), id("123")]).is_err());
/// # Ok::<(), orders_core::InvalidServices>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderedServices(Box<[ServiceId]>);

/// Why a list of services cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServices {
    /// An order has at least one service.
    #[error("an order needs at least one service")]
    Empty,
    /// An order has at most [`MAX_SERVICES`] services.
    #[error("an order has at most {MAX_SERVICES} services, this one has {0}")]
    TooMany(usize),
    /// The services of an order are different from each other.
    #[error("service {id} is named more than once")]
    Repeated {
        /// The index of the repetition, from 0.
        index: usize,
        /// The service.
        id: ServiceId,
    },
}

impl OrderedServices {
    /// The services of one order.
    ///
    /// # Errors
    /// If there are none or more than 32, or if one is repeated.
    pub fn new(services: impl IntoIterator<Item = ServiceId>) -> Result<Self, InvalidServices> {
        let services: Box<[_]> = services.into_iter().collect();
        if services.is_empty() {
            return Err(InvalidServices::Empty);
        }
        if services.len() > MAX_SERVICES {
            return Err(InvalidServices::TooMany(services.len()));
        }
        for (index, id) in services.iter().enumerate() {
            if services[..index].contains(id) {
                return Err(InvalidServices::Repeated { index, id: id.clone() });
            }
        }
        Ok(Self(services))
    }

    /// The services, in the client's order.
    pub fn iter(&self) -> std::slice::Iter<'_, ServiceId> {
        self.0.iter()
    }

    /// How many there are, 1 to 32.
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> IntoIterator for &'a OrderedServices {
    type Item = &'a ServiceId;
    type IntoIter = std::slice::Iter<'a, ServiceId>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl OrderDraft {
    /// A draft with only the fields that an order needs.
    #[must_use]
    pub fn new(datetime: Timestamp, totalfee: Fee, services: OrderedServices) -> Self {
        Self {
            id: None,
            calendar: None,
            datetime,
            totalfee,
            services,
            reference: None,
            metadata: Metadata::default(),
        }
    }

    /// Those of `orders` that this draft conflicts with, if the gap of its calendar is `gap`.
    ///
    /// Orders of other calendars and the order with the draft's own id never conflict.
    pub fn conflicts<'a>(
        &self,
        gap: MinimumGap,
        orders: impl IntoIterator<Item = &'a Order>,
    ) -> impl Iterator<Item = &'a Order> {
        let requested = Slot::new(self.datetime, gap);
        let calendar = self.calendar.clone().unwrap_or_default();
        let own = self.id.clone();
        orders.into_iter().filter(move |order| {
            order.calendar == calendar
                && Some(&order.id) != own.as_ref()
                && Slot::new(order.datetime, gap).conflicts_with(requested)
        })
    }
}

/// A change of some fields of an order. A field that is `None` stays as it is. Its JSON form is a merge patch (RFC 7396).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OrderPatch {
    /// The new calendar.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub calendar: Option<CalendarId>,
    /// The new time.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub datetime: Option<Timestamp>,
    /// The new fee.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub totalfee: Option<Fee>,
    /// All of the new services.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub services: Option<OrderedServices>,
    /// The new reference; `Some(None)` removes it.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub reference: Option<Option<Reference>>,
    /// The change of the metadata.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "MetadataPatch::is_empty"))]
    pub metadata: MetadataPatch,
}

impl OrderPatch {
    /// The fields of the order after this patch.
    ///
    /// # Errors
    /// If its metadata would have too many entries.
    pub fn applied_to(&self, order: &Order) -> Result<OrderDraft, TooManyEntries> {
        Ok(OrderDraft {
            id: Some(order.id.clone()),
            calendar: Some(self.calendar.as_ref().unwrap_or(&order.calendar).clone()),
            datetime: self.datetime.unwrap_or(order.datetime),
            totalfee: self.totalfee.unwrap_or(order.totalfee),
            services: self.services.as_ref().unwrap_or(&order.services).clone(),
            reference: self.reference.as_ref().unwrap_or(&order.reference).clone(),
            metadata: self.metadata.applied_to(&order.metadata)?,
        })
    }
}

/// An order can be sent back as it was read.
impl From<Order> for OrderDraft {
    fn from(order: Order) -> Self {
        Self {
            id: Some(order.id),
            calendar: Some(order.calendar),
            datetime: order.datetime,
            totalfee: order.totalfee,
            services: order.services,
            reference: order.reference,
            metadata: order.metadata,
        }
    }
}
