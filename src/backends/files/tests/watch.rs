use super::*;

#[tokio::test]
async fn who_waits_before_anything_is_owned_hears_of_the_first() {
    let bed = Bed::new().await;
    let mut waiting = Box::pin(woken(&bed.target));
    let early = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err(), "nothing is owned, and somebody is woken");
    bed.write("a/x.yaml", "a: 1\n");
    bed.own("a/x.yaml", &component("a")).await;
    assert_eq!(waiting.await, [component("a")].into());
}

/// Waits for the target to wake.
async fn woken(target: &FilesTarget) -> BTreeSet<ComponentId> {
    tokio::time::timeout(Duration::from_secs(60), target.wake()).await.expect("it wakes")
}

#[tokio::test]
async fn a_touched_file_wakes_its_component() {
    let bed = Bed::new().await;
    bed.own("a/x.yaml", &component("a")).await;
    bed.own("b/x.yaml", &component("b")).await;
    // Nobody has watched so far.
    assert_eq!(woken(&bed.target).await, [component("a"), component("b")].into());
    bed.write("a/x.yaml", "a: 1\n");
    bed.write("nobody.yaml", "a: 1\n");
    assert_eq!(woken(&bed.target).await, [component("a")].into());
    fs::remove_dir_all(bed.path("a")).unwrap();
    assert_eq!(woken(&bed.target).await, [component("a")].into());
    bed.write("b/x.yaml", "a: 1\n");
    assert_eq!(woken(&bed.target).await, [component("b")].into());
}

#[tokio::test]
async fn a_lost_mark_and_a_lost_folder_wake_everybody() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    bed.own("y.yaml", &component("b")).await;
    let everybody = BTreeSet::from([component("a"), component("b")]);
    assert_eq!(woken(&bed.target).await, everybody);
    fs::remove_file(bed.path(".isobar/one@config.json")).unwrap();
    assert_eq!(woken(&bed.target).await, everybody);
    fs::remove_dir_all(bed.folder.path()).unwrap();
    assert_eq!(woken(&bed.target).await, everybody);
}
