use super::*;

#[test]
fn as_many_bytes_are_kept_as_may_be() {
    let known = |bytes: usize| {
        let bytes: Arc<[u8]> = vec![0; bytes].into();
        let id = object_id(&bytes).expect("an id");
        let entry = Entry { bytes: bytes.len() as u64, id };
        Known { entry, stamp: None, bytes: Some(bytes) }
    };
    let (mut seen, largest) = (Seen::default(), known(KEPT_FILE_BYTES_MAX));
    for number in 0..KEPT_BYTES_MAX / KEPT_FILE_BYTES_MAX - 1 {
        seen.add(&number.to_string(), largest.clone());
    }
    seen.add("nearly", known(KEPT_FILE_BYTES_MAX - 1));
    seen.add("last", known(1));
    seen.add("more", known(1));
    assert_eq!(seen.kept_bytes, KEPT_BYTES_MAX);
    assert!(seen.bytes("last").is_some() && seen.bytes("more").is_none());
    assert!(seen.files.contains_key("more"));
}
