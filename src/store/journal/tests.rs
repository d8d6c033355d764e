use super::*;

fn chain(payloads: &[&str]) -> Vec<(Line, String)> {
    let mut prev_hash = start().hash.to_string();
    let mut rows = Vec::new();
    for (at, payload) in payloads.iter().enumerate() {
        let line = Line {
            seq: at as i64 + 1,
            at: 0,
            agent: "a".to_owned(),
            repository: "r".to_owned(),
            stack: None,
            run: None,
            epoch: None,
            kind: "k".to_owned(),
            version: VERSION,
            payload: (*payload).to_owned(),
            prev_hash,
        };
        let hash = line.hash().to_string();
        prev_hash = hash.clone();
        rows.push((line, hash));
    }
    rows
}

/// Where a journal begins of which nothing was let go.
fn start() -> JournalHead {
    JournalHead { seq: 0, hash: ContentId::parse(&"0".repeat(64)).expect("a hash") }
}

fn head(rows: &[(Line, String)]) -> JournalHead {
    let (line, hash) = rows.last().expect("a row");
    JournalHead { seq: line.seq, hash: ContentId::parse(hash).expect("a hash") }
}

fn walk(rows: &[(Line, String)], head: JournalHead) -> Result<JournalHead, JournalBroken> {
    let mut chain = Chain::begin(start());
    for (line, hash) in rows {
        chain.follow(line, hash)?;
    }
    chain.end(head)
}

#[test]
fn an_untouched_chain_ends_at_its_head() {
    let rows = chain(&["1", "2", "3"]);
    assert_eq!(walk(&rows, head(&rows)), Ok(head(&rows)));
}

#[test]
fn every_kind_of_tampering_breaks_the_chain() {
    let whole = chain(&["1", "2", "3"]);
    let broken = |rows: &[(Line, String)]| walk(rows, head(&whole)).map_err(|e| (e.seq, e.why));

    let mut rows = chain(&["1", "2", "3"]);
    rows[1].0.payload = "x".to_owned();
    assert_eq!(broken(&rows), Err((2, Breach::Altered)));

    rows[1].1 = rows[1].0.hash().to_string();
    assert_eq!(broken(&rows), Err((3, Breach::Unlinked)), "with its own hash made anew");

    let mut rows = chain(&["1", "2", "3"]);
    rows.remove(1);
    assert_eq!(broken(&rows), Err((3, Breach::Gap)));

    let mut rows = chain(&["1", "2", "3"]);
    rows.pop();
    assert_eq!(broken(&rows), Err((2, Breach::End)));

    assert_eq!(broken(&chain(&["1", "2", "3", "4"])), Err((4, Breach::End)));
}

#[test]
fn a_walk_from_the_middle_trusts_what_comes_before() {
    let rows = chain(&["1", "2", "3"]);
    let mut chain = Chain::in_the_middle(1);
    for (line, hash) in &rows[1..] {
        assert_eq!(chain.follow(line, hash), Ok(()));
    }
    assert_eq!(chain.end(head(&rows)), Ok(head(&rows)));
}

#[test]
fn a_chain_whose_beginning_was_let_go_begins_at_its_anchor() {
    let rows = chain(&["1", "2", "3"]);
    let mut chain = Chain::begin(head(&rows[..2]));
    assert_eq!(chain.follow(&rows[2].0, &rows[2].1), Ok(()));
    assert_eq!(chain.end(head(&rows)), Ok(head(&rows)));
    let mut other = Chain::begin(JournalHead { hash: start().hash, ..head(&rows[..2]) });
    let broken = JournalBroken { seq: 3, why: Breach::Unlinked };
    assert_eq!(other.follow(&rows[2].0, &rows[2].1), Err(broken));
}

#[test]
fn moving_text_from_one_column_to_the_next_changes_the_hash() {
    let mut rows = chain(&["1"]);
    let (mut line, hash) = rows.remove(0);
    line.agent = "ar".to_owned();
    line.repository = String::new();
    assert_ne!(line.hash().to_string(), hash);
}
