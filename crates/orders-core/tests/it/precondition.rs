use orders_core::Precondition;

#[track_caller]
fn check(condition: Precondition, version: u64, allowed: bool) {
    assert_eq!(condition.allows(version), allowed, "{condition:?} {version}");
}

#[test]
fn a_write_happens_when_the_version_is_one_of_those_asked_for() {
    check(Precondition::default(), 1, true);
    check(Precondition::None, u64::MAX, true);
    check(Precondition::VersionIn(vec![2]), 2, true);
    check(Precondition::VersionIn(vec![2]), 1, false);
    check(Precondition::VersionIn(vec![2, 5]), 5, true);
    check(Precondition::VersionIn(vec![]), 1, false);
}
