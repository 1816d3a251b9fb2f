//! The port `Services`.

use diesel::prelude::*;
use orders_core::{
    ListPage, ListQuery, Resource, Service, ServiceDraft, ServiceId, Services, StoreError,
};

use crate::PgStore;
use crate::error::violates;
use crate::row;
use crate::schema::{order_services, services};

type ServiceRow = (String, String);

impl Services for PgStore {
    fn add_service(&self, draft: ServiceDraft) -> Result<Service, StoreError> {
        let id = draft.id.unwrap_or_else(|| row::generate_id(ServiceId::new));
        self.with(|conn| {
            let added = diesel::insert_into(services::table)
                .values((services::id.eq(id.as_str()), services::name.eq(draft.name.as_str())))
                .on_conflict_do_nothing()
                .execute(conn)?;
            match added {
                0 => Err(StoreError::IdTaken(Resource::Service(id.clone())))?,
                _ => Ok(Service { id: id.clone(), name: draft.name.clone() }),
            }
        })
    }

    fn service(&self, id: &ServiceId) -> Result<Service, StoreError> {
        self.with(|conn| {
            let row = services::table.find(id.as_str()).first(conn).optional()?;
            Ok(service(row.ok_or_else(|| not_found(id))?)?)
        })
    }

    fn services(
        &self,
        query: &ListQuery<ServiceId>,
    ) -> Result<ListPage<Service, ServiceId>, StoreError> {
        // No id is empty.
        let after = query.after.as_ref().map_or("", ServiceId::as_str);
        self.with(|conn| {
            let rows = services::table
                .filter(services::id.gt(after))
                .order(services::id)
                .limit(row::one_more_than(query.limit))
                .load(conn)?;
            let services = rows.into_iter().map(service).collect::<QueryResult<_>>()?;
            Ok(ListPage::new(services, query.limit, |service: &Service| service.id.clone()))
        })
    }

    fn replace_service(&self, id: &ServiceId, draft: ServiceDraft) -> Result<Service, StoreError> {
        self.with(|conn| {
            let replaced = diesel::update(services::table.find(id.as_str()))
                .set(services::name.eq(draft.name.as_str()))
                .execute(conn)?;
            match replaced {
                0 => Err(not_found(id))?,
                _ => Ok(Service { id: id.clone(), name: draft.name.clone() }),
            }
        })
    }

    fn remove_service(&self, id: &ServiceId) -> Result<(), StoreError> {
        self.with(|conn| {
            // A service that is in use is not locked, so writes of its orders do not wait.
            let used = diesel::dsl::exists(
                order_services::table.filter(order_services::service.eq(id.as_str())),
            );
            let removed = diesel::delete(services::table.find(id.as_str()))
                .filter(diesel::dsl::not(used))
                .execute(conn);
            match removed {
                Ok(1..) => Ok(()),
                Ok(0) => match services::table.find(id.as_str()).count().get_result(conn)? {
                    0_i64 => Err(not_found(id))?,
                    _ => Err(in_use(id))?,
                },
                Err(error) if violates(&error, "order_services_service_fkey") => Err(in_use(id))?,
                Err(error) => Err(error)?,
            }
        })
    }
}

fn service((id, name): ServiceRow) -> QueryResult<Service> {
    Ok(Service { id: row::service_id(&id)?, name: row::name(&name)? })
}

fn not_found(id: &ServiceId) -> StoreError {
    StoreError::NotFound(Resource::Service(id.clone()))
}

fn in_use(id: &ServiceId) -> StoreError {
    StoreError::InUse(Resource::Service(id.clone()))
}
