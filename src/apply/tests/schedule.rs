//! Which steps begin when.

use super::*;

#[tokio::test]
async fn a_step_holds_none_that_do_not_come_after_it() {
    let bed = Bed::new().await;
    let third = Arc::new(Notify::new());
    let bell = third.clone();
    let world = world_at(Point::EffectBefore, move |reached| {
        if reached == 3 {
            bell.notify_one();
        }
        reached == 1
    });
    let made = plan(["a.yaml", "b.yaml", "c.yaml"].map(create).to_vec(), &[(2, 1)]);
    tokio::select! {
        biased;
        ended = bed.apply_in(&world, &made) => panic!("its first step never ends: {ended:?}"),
        () = third.notified() => {}
    }
    let there = ["a.yaml", "b.yaml"].map(|path| bed.text(path).is_some());
    assert_eq!(there, [false, true]);
    assert!(bed.recover().await.unwrap().is_done());
    bed.settled().await;
}
