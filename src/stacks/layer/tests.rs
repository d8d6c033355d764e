use super::*;

#[test]
fn as_many_merges_are_remembered_as_may_be() {
    let map = |key: &str| {
        Value::computed(Node::Map([(Arc::from(key), Value::text("x"))].into_iter().collect()))
    };
    let low = map("low");
    let highs: Vec<_> = (0..=MEMO_MAX).map(|_| map("high")).collect();
    let mut memo = Memo::default();
    let mut merge = |high: &Value| {
        let merged = memo.bases(&[low.clone(), high.clone()], Lists::Replace, false);
        assert_eq!(merged.as_ref().and_then(Value::as_map).map(Map::len), Some(2));
        memo.0.len()
    };
    assert_eq!(highs[..MEMO_MAX].iter().map(&mut merge).last(), Some(MEMO_MAX));
    assert_eq!(merge(&highs[MEMO_MAX]), 1);
}
