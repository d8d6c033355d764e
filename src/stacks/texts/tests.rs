use super::*;

#[test]
fn one_of_each_and_none_taken_for_another() {
    let mut texts = Texts::default();
    let plain = texts.scalar("80", true);
    assert!(Arc::ptr_eq(&plain, &texts.scalar("80", true)));
    assert!(Arc::ptr_eq(&plain.text, &texts.text("80")));
    let quoted = texts.scalar("80", false);
    assert!(!Arc::ptr_eq(&plain, &quoted));
    assert_ne!(plain.meaning(), quoted.meaning());
    assert_ne!(plain.meaning(), texts.scalar("81", true).meaning());
}

#[test]
fn long_texts_are_not_looked_for() {
    let mut texts = Texts::default();
    let (long, longer) = ("x".repeat(BYTES_MAX), "x".repeat(BYTES_MAX + 1));
    assert!(Arc::ptr_eq(&texts.text(&long), &texts.text(&long)));
    assert!(!Arc::ptr_eq(&texts.text(&longer), &texts.text(&longer)));
    assert_eq!(texts.scalar(&longer, true).text.as_ref(), longer);
}
