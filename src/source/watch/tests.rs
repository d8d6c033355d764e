use notify::Event;
use notify::event::{AccessKind, CreateKind, ModifyKind};

use super::*;

#[test]
fn changes_matter_and_reading_does_not() {
    let event = |kind, path: &str| Event::new(kind).add_path(path.into());
    let create = EventKind::Create(CreateKind::File);
    let modify = EventKind::Modify(ModifyKind::Any);
    let read = EventKind::Access(AccessKind::Any);
    let matters = |event: Event| matters(&event, Path::new("/r/.isobar"), &[".isobar", ".git"]);
    assert!(matters(event(create, "/r/.isobar/a")));
    assert!(matters(event(modify, "/r/.isobar/git/.gitignore")));
    assert!(!matters(event(read, "/r/.isobar/a")));
    assert!(!matters(event(create, "/r/.isobar/b/.git/index")));
    assert!(matters(event(modify, "/r/.isobar/.git/index").add_path("/r/.isobar/a".into())));
    assert!(matters(Event::new(EventKind::Other)), "a full queue has no path");
}
