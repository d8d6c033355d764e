use super::*;
use crate::backends::fixture::key;

#[test]
fn so_many_are_kept_and_no_more_and_each_once() {
    let (sights, wanted) = (Sights::default(), ContentId::of("manifest"));
    let sight = Arc::new(Sight::default());
    let name = |number: usize| key(&format!("ConfigMap/shop/{number}"));
    (0..=SIGHTS_MAX).for_each(|number| sights.keep(&name(number), wanted, &sight));
    assert!(sights.of(&name(SIGHTS_MAX - 1), wanted).is_some());
    assert!(sights.of(&name(SIGHTS_MAX), wanted).is_none());
    assert!(sights.of(&name(0), ContentId::of("another")).is_none());
    sights.keep(&name(0), ContentId::of("another"), &sight);
    assert!(sights.of(&name(0), ContentId::of("another")).is_some());
    assert!(sights.take(&name(0)).is_some());
    assert!(sights.take(&name(0)).is_none());
}
