-- Both indexes of order_services began with the service, so a plan for a list by service could choose the one
-- that does not return it in order. Now no list has a choice.
DROP INDEX order_services_by_calendar_and_time;
CREATE INDEX order_services_by_calendar_and_time
    ON order_services (calendar, service, datetime, order_id);
