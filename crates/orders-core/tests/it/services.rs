use orders_core::{InvalidServices, MAX_SERVICES, OrderedServices, ServiceId};

fn ids(names: impl IntoIterator<Item = impl ToString>) -> Vec<ServiceId> {
    names.into_iter().map(|name| ServiceId::new(name.to_string()).unwrap()).collect()
}

#[test]
fn services_keep_the_order_of_the_client() {
    let services = OrderedServices::new(ids(["789", "123", "abc", "ABC"])).unwrap();
    assert_eq!(
        services.iter().map(ServiceId::as_str).collect::<Vec<_>>(),
        ["789", "123", "abc", "ABC"]
    );
    assert_eq!((&services).into_iter().count(), services.len());
}

#[test]
fn an_order_has_1_to_32_services() {
    assert_eq!(OrderedServices::new([]), Err(InvalidServices::Empty));
    assert_eq!(OrderedServices::new(ids(0..1)).unwrap().len(), 1);
    assert_eq!(OrderedServices::new(ids(0..MAX_SERVICES)).unwrap().len(), 32);
    assert_eq!(OrderedServices::new(ids(0..33)), Err(InvalidServices::TooMany(33)));
}

#[test]
fn a_service_named_twice_is_refused_where_it_stands_again() {
    let repeated = |names: &[&str]| OrderedServices::new(ids(names)).unwrap_err();
    let again = |index, id| InvalidServices::Repeated { index, id: ServiceId::new(id).unwrap() };
    assert_eq!(repeated(&["a", "a"]), again(1, "a"));
    assert_eq!(repeated(&["a", "b", "c", "b", "a"]), again(3, "b"));
    assert_eq!(repeated(&["a", "a"]).to_string(), "service a is named more than once");
}
