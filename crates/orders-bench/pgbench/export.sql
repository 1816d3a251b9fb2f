-- The columns of an order; psql copies it all.
SELECT orders.id, calendars.id, orders.datetime, orders.totalfee, orders.services, orders.version,
       orders.created_at, orders.updated_at
  FROM orders JOIN calendars ON calendars.key = orders.calendar
