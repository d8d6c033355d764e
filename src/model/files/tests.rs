use super::*;

fn file(path: &str, text: &str) -> File {
    let document = parse_first(text, &Limits::DEFAULT).document;
    File::new(path.into(), document.into())
}

/// A list of `count` values, each made of the next.
fn chained(count: u32) -> Files {
    let mut files = Files::default();
    let number = files.add(file("a.yaml", "[]"));
    let next = |node| vec![Origin { file: number, node: node + 1 }];
    files.learn(number, (0..count).map(|node| (node, next(node))).collect());
    files
}

#[test]
fn as_many_places_are_followed_as_may_be() {
    let first = Origin { file: 0, node: 0 };
    for more in [0, 1] {
        let places = PLACES_MAX + more;
        let all = chained(u32::try_from(places).expect("few")).made_of(first);
        assert_eq!(all.len(), PLACES_MAX);
        assert_eq!(all.last().map(|at| at.node as usize), Some(PLACES_MAX));
    }
}

#[test]
fn a_ring_of_places_ends() {
    let mut files = Files::default();
    let number = files.add(file("a.yaml", "[a, b]"));
    let [a, b] = [1, 2].map(|node| Origin { file: number, node });
    files.learn(number, MadeOf::from([(1, vec![b]), (2, vec![a])]));
    assert_eq!(files.made_of(a), [b]);
    assert!(files.root(a).is_some());
}

#[test]
fn a_value_of_several_others_is_changed_where_it_is_written() {
    let mut files = Files::default();
    let number = files.add(file("a.yaml", "[a, b, c]"));
    let [a, b, c] = [1, 2, 3].map(|node| Origin { file: number, node });
    let place = |files: &Files, origin| files.root(origin).map(|at| at.start.column);
    assert_eq!(place(&files, a), Some(2));
    files.learn(number, MadeOf::from([(1, vec![b])]));
    assert_eq!(place(&files, a), Some(5));
    files.learn(number, MadeOf::from([(1, vec![b, c])]));
    assert_eq!((place(&files, a), files.made_of(a)), (Some(2), vec![b, c]));
    assert_eq!(files.root(Origin::NONE), None);
}

#[test]
fn a_document_that_was_let_go_is_read_again() {
    let mut files = Files::default();
    let number = files.add(file("a.yaml", "a: &a !!str 1\nb: [\"\\u00e9\", *a]\nc: {{ x }\n"));
    let document = Arc::downgrade(&files.get(number).expect("it was added").document());
    let count = document.upgrade().map_or(0, |document| document.node_count() as u32);
    let origins: Vec<_> = (0..count).map(|node| Origin { file: number, node }).collect();
    let places = |files: &Files| {
        let place = |at: &Origin| (files.span(*at), files.has_tag(*at, "!!str"));
        origins.iter().map(place).collect::<Vec<_>>()
    };
    let before = places(&files);
    assert!(document.upgrade().is_some());
    // Also for whoever has a copy: a copy is of the same text.
    files.clone().rest();
    assert!(document.upgrade().is_none());
    assert_eq!(places(&files), before);
    assert_eq!(before.iter().filter(|(_, tagged)| *tagged).count(), 2, "the value, and its alias");
}
