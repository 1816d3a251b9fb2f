-- Services 1 to 10, and calendars from 1 on, whose keys begin after 1000.
INSERT INTO services (id, name) SELECT n::text, 'Service ' || n FROM generate_series(1, 10) AS n;
INSERT INTO calendars (key, id, name) OVERRIDING SYSTEM VALUE
SELECT 1000 + n, n::text, 'Calendar ' || n FROM generate_series(1, :calendars) AS n;
