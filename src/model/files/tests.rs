use super::*;

fn file(path: &str, text: &str) -> File {
    let document = yaml_span::parse_first(text, &yaml_span::Limits::DEFAULT).document;
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
