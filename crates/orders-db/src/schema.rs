// @generated automatically by Diesel CLI.

diesel::table! {
    access_version (singleton) {
        singleton -> Bool,
        version -> Int8,
    }
}

diesel::table! {
    api_keys (hash) {
        hash -> Bytea,
        client -> Text,
        ends -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    calendars (key) {
        key -> Int8,
        id -> Text,
        name -> Text,
        minimum_gap -> Interval,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        scope -> Text,
        calendars -> Nullable<Array<Nullable<Text>>>,
        rate -> Nullable<Int4>,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    idempotency_keys (client, key) {
        key -> Text,
        order_id -> Text,
        own_id -> Bool,
        calendar -> Text,
        datetime -> Timestamptz,
        totalfee -> Numeric,
        services -> Array<Nullable<Text>>,
        created_at -> Timestamptz,
        client -> Text,
        reference -> Nullable<Text>,
        metadata -> Nullable<Jsonb>,
        version -> Int8,
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
        updated_by -> Nullable<Text>,
        reference -> Nullable<Text>,
        metadata -> Nullable<Jsonb>,
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
    access_version,
    api_keys,
    calendars,
    clients,
    idempotency_keys,
    order_services,
    orders,
    services,
);
