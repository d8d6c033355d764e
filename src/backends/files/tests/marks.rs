use super::*;

#[tokio::test]
async fn a_mark_that_is_lost_is_written_again_from_the_inventory() {
    let bed = Bed::new().await;
    let value = json!({ "a": 1 });
    bed.own("x.yaml", &component("a")).await;
    bed.apply(change(Action::Create, "x.yaml", None, Some(&value))).await.unwrap();
    let inventory = bed.target.mark().await.unwrap().resources.clone();
    fs::remove_dir_all(bed.path(".isobar")).unwrap();
    assert!(bed.target.mark().await.unwrap().resources.is_empty());
    assert_eq!(compared(bed.see("x.yaml", Some(&value)).await).owner, Owner::Nobody);

    let again = inventory
        .clone()
        .into_iter()
        .map(|(key, owned)| (key, Some(Owned::clone(&owned))))
        .collect();
    bed.target.write_mark(&bed.lease, &again).await.unwrap();
    assert_eq!(bed.target.mark().await.unwrap().resources, inventory);
    assert!(matches!(bed.see("x.yaml", Some(&value)).await, Seen::Same { .. }));
}

#[tokio::test]
async fn a_mark_that_cannot_be_read_is_not_an_empty_one() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    let mark = ".isobar/one@config.json";
    let written = bed.text(mark);
    for broken in [
        "{",
        "",
        &written.replace("\"version\": 2", "\"version\": 3"),
        &written.replace("one", "three"),
    ] {
        bed.write(mark, broken);
        let error = bed.target.mark().await.unwrap_err();
        assert_eq!(error.disposition, Disposition::Refused, "{error}");
        assert!(matches!(observe(&bed.target, "x.yaml", None).await, Observed::Unreachable { .. }));
        assert!(bed.target.write_mark(&bed.lease, &MarkEntries::new()).await.is_err());
    }
    assert_eq!(bed.text(mark), written.replace("one", "three"));
    fs::remove_file(bed.path(mark)).unwrap();
    fs::create_dir(bed.path(mark)).unwrap();
    assert!(bed.target.mark().await.is_err());
}

#[tokio::test]
async fn a_mark_of_the_first_format_is_read_and_written_in_the_newest() {
    let bed = Bed::new().await;
    let owned = json!({ "component": component("a"), "applied": null, "uid": null, "epoch": 1 });
    let mark = json!({
        "version": 1, "scope": scope("one"), "target": "cluster",
        "epochs": { "prod": 1 }, "resources": { "x.yaml": owned }
    });
    bed.write(".isobar/one@config.json", &mark.to_string());
    let read = bed.target.mark().await.unwrap();
    assert!(!read.resources[&key("x.yaml")].kept && read.since.is_empty());
    bed.own("y.yaml", &component("a")).await;
    let written = bed.text(".isobar/one@config.json");
    assert!(written.contains("\"version\": 2"), "{written}");
    let read = bed.target.mark().await.unwrap();
    assert_eq!(read.resources.len(), 2);
    assert!(read.since.is_empty(), "since when it was kept is not known");
}

#[tokio::test]
async fn a_mark_that_came_with_a_copied_folder_is_none() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    let other = TargetName::new("staging").unwrap();
    let copy = FilesTarget::open(other, scope("one"), bed.folder.path(), &bed.world).unwrap();
    assert!(copy.mark().await.unwrap().resources.is_empty());
}
