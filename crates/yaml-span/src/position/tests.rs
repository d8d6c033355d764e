use crate::Position;

#[test]
fn every_kind_of_line_break_counts_once() {
    let source = "a\nb\r\nc\rd\n\né|";
    let at = |needle: &str| source.find(needle).expect(needle) as u32;
    let place = |needle: &str| {
        let position = Position::START.advanced(source, at(needle));
        (position.line, position.column)
    };
    assert_eq!(place("a"), (1, 1));
    assert_eq!(place("b"), (2, 1));
    assert_eq!(place("c"), (3, 1));
    assert_eq!(place("d"), (4, 1));
    assert_eq!(place("é"), (6, 1));
    assert_eq!(place("|"), (6, 2));
}

#[test]
fn going_in_steps_is_going_at_once() {
    let source = "x: |\r\n  é\r\n";
    let end = source.len() as u32;
    let at_once = Position::START.advanced(source, end);
    for (stop, _) in source.char_indices() {
        let in_steps = Position::START.advanced(source, stop as u32).advanced(source, end);
        assert_eq!(in_steps, at_once, "stop at {stop}");
    }
}
