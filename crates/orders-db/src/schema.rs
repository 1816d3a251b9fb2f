// @generated automatically by Diesel CLI.

diesel::table! {
    calendars (key) {
        key -> Int8,
        id -> Text,
        name -> Text,
        minimum_gap -> Interval,
    }
}

diesel::table! {
    idempotency_keys (key) {
        key -> Text,
        order_id -> Text,
        own_id -> Bool,
        calendar -> Text,
        datetime -> Timestamptz,
        totalfee -> Numeric,
        services -> Array<Nullable<Text>>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    order_services (service, datetime, order_id) {
        service -> Text,
        datetime -> Timestamptz,
        order_id -> Text,
        calendar -> Int8,
    }
}

diesel::table! {
    orders (id) {
        id -> Text,
        calendar -> Int8,
        minimum_gap -> Interval,
        datetime -> Timestamptz,
        slot -> Tstzrange,
        totalfee -> Numeric,
        services -> Array<Nullable<Text>>,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    services (id) {
        id -> Text,
        name -> Text,
    }
}

diesel::joinable!(order_services -> services (service));

diesel::allow_tables_to_appear_in_same_query!(
    calendars,
    idempotency_keys,
    order_services,
    orders,
    services,
);
