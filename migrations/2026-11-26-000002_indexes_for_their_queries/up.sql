-- Two indexes get a predicate that holds for every order, because orders_created_at_is_in_range does. PostgreSQL uses
-- them only for a query that repeats the predicate. So orders_by_calendar_and_time is the only index for the times of a
-- calendar, and no statistics can lead to another one: a plan with the index of the constraint would read all orders of
-- the calendar, and a plan with orders_by_time those of all calendars. The constraint itself is as strict as before.
-- Building both again locks the table; the index of the constraint takes about as long as inserting all orders again.
ALTER TABLE orders DROP CONSTRAINT orders_keep_the_minimum_gap;
ALTER TABLE orders ADD CONSTRAINT orders_keep_the_minimum_gap
    EXCLUDE USING gist (calendar WITH =, slot WITH &&) WHERE (created_at > '-infinity');

DROP INDEX orders_by_time;
CREATE INDEX orders_by_time ON orders (datetime, id) WHERE created_at > '-infinity';
