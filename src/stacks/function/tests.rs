use super::{call_in, words};

#[test]
fn words_are_held_together_by_quotes() {
    let read = |text| words(text).map(|words| words.join("|"));
    assert_eq!(read(" vpc   id "), Ok("vpc|id".to_owned()));
    assert_eq!(read(r#"NAME "a b" 'c "d"'"#), Ok(r#"NAME|a b|c "d""#.to_owned()));
    assert_eq!(read(r#"NAME """#), Ok("NAME|".to_owned()));
    assert_eq!(read(r"a\ b"), Ok("a b".to_owned()));
    assert_eq!(read("'open"), Err("a quote is not closed".to_owned()));
}

#[test]
fn a_rendered_text_is_a_call_only_if_it_names_a_function() {
    assert_eq!(call_in("!terraform.output vpc id"), Some(("!terraform.output", "vpc id")));
    assert_eq!(call_in("!important"), None);
    assert_eq!(call_in("see !env HOME"), None);
}
