ALTER TABLE orders DROP CONSTRAINT orders_keep_the_minimum_gap;
ALTER TABLE orders ADD CONSTRAINT orders_keep_the_minimum_gap EXCLUDE USING gist (calendar WITH =, slot WITH &&);

DROP INDEX orders_by_time;
CREATE INDEX orders_by_time ON orders (datetime, id);
