DROP INDEX order_services_by_calendar_and_time;
CREATE INDEX order_services_by_calendar_and_time
    ON order_services (service, calendar, datetime, order_id);
