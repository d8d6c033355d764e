//! What fits into an Event, and how much waits to be one.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Known, NAME_BYTES_MAX, NOTE_BYTES_MAX, Queue, Speaker, TOLD_MAX, Teller, Told, WAITING_MAX,
    cut, is_forbidden, micros, plain,
};
use crate::backends::fixture::{name, scope};
use crate::backends::kubernetes::connection::Connection;
use crate::backends::kubernetes::kinds::Kinds;
use crate::backends::kubernetes::truth::Truths;
use crate::ids::{CommitId, StackName};
use crate::model::notice::{About, Notice, Reason};
use crate::model::revision::Revision;
use crate::settings::KubernetesSettings;
use crate::world::World;

fn about() -> About {
    About::Stack(StackName::new("prod").unwrap())
}

/// So many things to say, each another one.
fn notices(count: usize) -> Vec<Notice> {
    let revision = Revision::Commit(CommitId::new("a".repeat(40)).unwrap());
    let one = |number: usize| Notice {
        about: about(),
        reason: Reason::Applied,
        note: number.to_string(),
        revision: revision.clone(),
    };
    (0..count).map(one).collect()
}

/// Who tells of things in a cluster that is not there.
fn teller(world: &World) -> Teller {
    let settings = KubernetesSettings::default();
    Teller::new(Speaker {
        scope: scope("one"),
        target: name(),
        namespace: "marks".to_owned(),
        writer: "one".to_owned(),
        connection: Arc::new(Connection::new(name(), settings, world.clone())),
        kinds: Arc::new(Kinds::new()),
        truths: Arc::new(Truths::new("one".to_owned())),
        queue: Queue::default(),
    })
}

/// Nobody speaks before this waits, so that all of them wait.
#[tokio::test]
async fn what_waits_beyond_its_bound_is_dropped_and_counted() {
    for (told, dropped) in [
        (vec![WAITING_MAX], 0),
        (vec![WAITING_MAX + 1], 1),
        (vec![WAITING_MAX, 1], 1),
        (vec![1, WAITING_MAX - 1], 0),
        (vec![1, WAITING_MAX + 1], 2),
    ] {
        let world = World::real();
        let teller = teller(&world);
        told.iter().for_each(|count| teller.tell(notices(*count)));
        assert_eq!(teller.speaker.queue.lock().len(), WAITING_MAX, "{told:?}");
        teller.told().await;
        let metrics = world.metrics.text();
        let counted = |outcome: &str| {
            let mut lines =
                metrics.lines().filter(|line| line.starts_with("isobar_kubernetes_events_total{"));
            let line = lines.find(|line| line.contains(outcome));
            line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
        };
        assert_eq!((counted("failed"), counted("dropped")), (WAITING_MAX, dropped), "{metrics}");
    }
}

#[test]
fn what_was_told_longest_ago_is_forgotten_beyond_the_bound() {
    let mut known = Known::default();
    let word = |number: usize| (about(), Reason::Applied, number.to_string());
    // They are said the other way round than they are sorted.
    let told = |number: usize| Told {
        path: String::new(),
        count: 1,
        last: Duration::from_secs((2 * TOLD_MAX - number) as u64),
    };
    (0..TOLD_MAX).for_each(|number| known.add(word(number), told(number)));
    assert_eq!(known.0.len(), TOLD_MAX);
    known.add(word(TOLD_MAX + 1), told(0));
    assert_eq!(known.0.len(), TOLD_MAX);
    let oldest = |number: &usize| !known.0.contains_key(&word(*number));
    assert_eq!((0..TOLD_MAX).filter(oldest).collect::<Vec<_>>(), [TOLD_MAX - 1]);
}

#[test]
fn a_note_is_as_long_as_the_api_takes() {
    let fits = "ä".repeat(NOTE_BYTES_MAX / 2);
    assert_eq!(cut(&fits), fits);
    let long = format!("{fits}.");
    let told = cut(&long);
    assert!(told.len() <= NOTE_BYTES_MAX && told.ends_with("ä ..."), "{told}");
}

#[test]
fn any_object_gives_a_name() {
    assert_eq!(plain("web"), "web");
    assert_eq!(plain("system:node"), "system-node");
    assert_eq!(plain("sites.example.com"), "sites-example-com");
    assert_eq!(plain(":"), "object");
    assert_eq!(plain(&"a".repeat(NAME_BYTES_MAX + 1)).len(), NAME_BYTES_MAX);
}

#[test]
fn a_time_has_its_microseconds() {
    let at = "2026-11-20T09:30:00.5Z".parse().unwrap();
    assert_eq!(micros(at), "2026-11-20T09:30:00.500000Z");
}

#[test]
fn a_namespace_that_goes_forbids_nothing_for_good() {
    let refused = |code, why: &str| kube::core::Status::failure(why, "Forbidden").with_code(code);
    assert!(is_forbidden(&refused(403, "events is forbidden: User cannot create")));
    assert!(!is_forbidden(&refused(403, "unable to create: it is being terminated")));
    assert!(!is_forbidden(&refused(500, "events is forbidden")));
}
