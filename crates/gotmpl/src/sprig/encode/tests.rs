use super::{decode_base32, decode_base64};

/// What Go 1.26 says of the same texts.
#[test]
fn a_mistake_is_where_go_finds_it() {
    assert_eq!(decode_base64("hello"), Err(4));
    assert_eq!(decode_base64("hello\n"), Err(5));
    assert_eq!(decode_base64("he\nllo"), Err(5));
    assert_eq!(decode_base64("aGVsb\n\n"), Err(6));
    assert_eq!(decode_base64("aGVs\nbG8=\n"), Ok(b"hello".to_vec()));
    assert_eq!(decode_base64("not base64!"), Err(3));
    assert_eq!(decode_base64("h!"), Err(1));
    assert_eq!(decode_base64("aGVs!"), Err(4));
    assert_eq!(decode_base64("a\n!"), Err(2));
    assert_eq!(decode_base32("NBSWY\n3DP\r\n"), Ok(b"hello".to_vec()));
    assert_eq!(decode_base32("NB\nSWY"), Err(0));
    assert_eq!(decode_base32("N\nB1"), Err(2));
    assert_eq!(decode_base32("NBSWY3DPN!"), Err(9));
}
