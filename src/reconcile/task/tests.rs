use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::*;

#[test]
fn a_pause_is_bounded_however_often_a_task_fails() {
    let period = Duration::from_secs(60);
    assert_eq!(pause(period, 0, 0.0), period);
    assert_eq!(pause(period, 0, 1.0), Duration::from_secs(66));
    assert!(pause(period, 1, 1.0) < Duration::from_secs(3));
    assert!(pause(period, u32::MAX, 1.0) <= BACKOFF_MAX + Duration::from_millis(100));
}

/// Does the first thing it is asked for when it is let, and all else at once.
struct Several {
    asked: AtomicUsize,
    let_go: Notify,
    woken: Notify,
    is_many: bool,
}

#[async_trait]
impl Task for Several {
    fn name(&self) -> String {
        "several".to_owned()
    }

    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn activate(&self) -> Activity {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if asked == 0 {
            self.let_go.notified().await;
        }
        Activity::Did { what: asked.to_string() }
    }

    fn activate_each(&self) -> Option<BoxStream<'_, Activity>> {
        self.is_many.then(|| stream::once(self.activate()).boxed())
    }

    async fn woken(&self) {
        self.woken.notified().await;
    }
}

/// What came of a task, in order, that is woken while its first activation hangs, and let go after
/// the second where there is one.
async fn came(is_many: bool) -> Vec<String> {
    let task = Several { asked: 0.into(), let_go: Notify::new(), woken: Notify::new(), is_many };
    let (stop, came) = (CancellationToken::new(), Mutex::new(Vec::new()));
    task.woken.notify_one();
    if !is_many {
        task.let_go.notify_one();
    }
    let told = |activation: Activation| {
        let Activity::Did { what } = activation.activity else { return };
        let mut came = came.lock().unwrap();
        came.push(what);
        task.let_go.notify_one();
        if came.len() == 2 {
            stop.cancel();
        }
    };
    drive(World::real(), &task, stop.clone(), told).await;
    came.into_inner().unwrap()
}

#[tokio::test]
async fn one_of_many_things_holds_up_none_of_the_others() {
    assert_eq!(came(true).await, ["1", "0"]);
    assert_eq!(came(false).await, ["0", "1"]);
}
