-- A search for free time now reads the orders themselves, with one statement in each direction.
DROP TRIGGER orders_truncate_ends_solid_runs ON orders;
DROP TRIGGER orders_update_ends_solid_runs ON orders;
DROP TRIGGER orders_delete_ends_solid_runs ON orders;
DROP FUNCTION orders_truncate_ends_solid_runs, orders_end_solid_runs;
DROP TABLE solid_runs;
