DROP TABLE order_services, orders, calendars, services;
DROP FUNCTION calendars_keep_default, order_services_refuse, order_services_truncate,
    order_services_follow, slot_of, is_name;
-- btree_gist stays: it may have been there before.
