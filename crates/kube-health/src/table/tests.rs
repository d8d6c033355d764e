use std::collections::BTreeSet;
use std::ptr;

use super::{ROWS, Row, TABLES, row};
use crate::tests::cases;

#[test]
fn every_row_has_a_case() {
    let cases = cases();
    let seen: Vec<&Row> = cases
        .iter()
        .flat_map(|case| case.kinds.iter().filter_map(|kind| row(&case.group, kind)))
        .collect();
    let rows = TABLES.iter().copied().flatten();
    let bare: Vec<_> = rows
        .filter(|row| !seen.iter().any(|seen| ptr::eq(*seen, *row)))
        .map(|row| format!("{} {:?}", row.group, row.kinds))
        .collect();
    assert!(bare.is_empty(), "rows without a case:\n{}", bare.join("\n"));
}

#[test]
fn every_kind_has_one_row() {
    let rows = TABLES.iter().copied().flatten();
    let kinds: Vec<_> =
        rows.flat_map(|row| row.kinds.iter().map(|kind| (row.group, *kind))).collect();
    let mut once = BTreeSet::new();
    for kind in &kinds {
        assert!(once.insert(kind), "{kind:?} has two rows");
    }
    assert_eq!(ROWS.len(), kinds.len());
}

#[test]
fn reads_point_into_the_spec() {
    for row in TABLES.iter().copied().flatten() {
        assert!(row.reads.iter().all(|pointer| pointer.starts_with("/spec/")), "{:?}", row.kinds);
    }
}

#[test]
fn a_kind_is_found_before_its_group_and_its_group_before_its_domain() {
    let group = |group: &str, kind: &str| row(group, kind).map(|row| (row.group, row.kinds[0]));
    assert_eq!(group("ceph.rook.io", "CephCluster"), Some(("ceph.rook.io", "CephCluster")));
    assert_eq!(group("ceph.rook.io", "CephClient"), Some(("ceph.rook.io", "*")));
    assert_eq!(group("s3.services.k8s.aws", "Bucket"), Some(("*.services.k8s.aws", "*")));
    assert_eq!(group("a.b.knative.dev", "Thing"), Some(("*.knative.dev", "*")));
    assert_eq!(group("knative.dev", "Thing"), None);
    assert_eq!(group("", "Thing"), None);
}
