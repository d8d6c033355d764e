use super::super::fixture::Repo;
use super::*;
use crate::source::tree;

fn pack(name: &str, bytes: u64) -> Pack {
    Pack { index: name.into(), bytes }
}

fn names(packs: Vec<Pack>, bounds: Bounds) -> Vec<String> {
    choose(packs, bounds).iter().map(|pack| pack.index.display().to_string()).collect()
}

#[test]
fn few_and_small_packs_stay() {
    let bounds = Bounds { packs_max: 3, later_bytes_max: 10 };
    let three = vec![pack("a", 5), pack("b", 5), pack("c", 5)];
    assert_eq!(names(three.clone(), bounds), Vec::<String>::new());
    let more = [three, vec![pack("d", 0)]].concat();
    assert_eq!(names(more, bounds), ["a", "b", "c", "d"], "one more than three");
    let larger = vec![pack("a", 5), pack("b", 5), pack("c", 6)];
    assert_eq!(names(larger, bounds), Vec::<String>::new(), "ten bytes beside the largest");
    let larger = vec![pack("a", 5), pack("b", 6), pack("c", 6)];
    assert_eq!(names(larger, bounds), ["b", "c", "a"], "eleven bytes beside the largest");
}

#[test]
fn a_pack_that_is_most_of_it_stays() {
    let bounds = Bounds { packs_max: 2, later_bytes_max: 10 };
    assert_eq!(names(vec![pack("a", 1), pack("b", 2), pack("c", 9)], bounds), ["b", "a"]);
    // A single other pack would only become itself.
    assert_eq!(names(vec![pack("a", 20), pack("b", 90)], bounds), Vec::<String>::new());
}

/// A pack of every object that is loose, which then is not loose any more: a fetch.
fn fetch(repo: &Repo) {
    let objects = repo.path().join("objects");
    let mut loose = BTreeSet::new();
    for folder in fs::read_dir(&objects).unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        for file in fs::read_dir(&folder).unwrap().filter(|_| name.len() == 2) {
            let rest = file.unwrap().file_name().to_string_lossy().into_owned();
            loose.insert(ObjectId::from_hex(format!("{name}{rest}").as_bytes()).unwrap());
        }
    }
    write(&objects, loose.clone(), &AtomicBool::new(false)).unwrap();
    for id in loose {
        let (folder, rest) = (id.to_string()[..2].to_owned(), id.to_string()[2..].to_owned());
        fs::remove_file(objects.join(folder).join(rest)).unwrap();
    }
}

/// A process that lives for hundreds of fetches reads everything at any time, and so does one that
/// has a few packs open and looks again only in the end.
#[test]
fn a_long_life_is_no_different() {
    let repo = Repo::new();
    let mut commits = vec![repo.commit("main", &[("a", "0")])];
    fetch(&repo);
    let shared = tree::isolated().open(repo.path()).unwrap();
    let late = shared.to_thread_local();
    assert!(tree::commit(&late, &commits[0]).is_ok());
    let bounds = Bounds { packs_max: 10, ..Bounds::default() };
    let mut combined = 0;
    for at in 1..300 {
        commits.push(repo.commit(&format!("side-{at}"), &[("a", &at.to_string())]));
        fetch(&repo);
        let git = shared.to_thread_local();
        assert!(tree::commit(&git, &commits[at]).is_ok(), "{at}");
        assert!(tree::commit(&git, &commits[at / 2]).is_ok(), "{at}");
        combined += combine(&repo.path(), bounds, &AtomicBool::new(false)).unwrap();
        assert!(packs(&repo.path().join("objects/pack")).unwrap().len() <= 10);
    }
    assert!(combined > 250, "{combined}");
    for git in [late, shared.to_thread_local()] {
        for commit in &commits {
            assert!(tree::commit(&git, commit).unwrap().tree().is_ok(), "{commit}");
        }
    }
}

/// A stop in the middle leaves what was there, and nothing beside it.
#[test]
fn who_is_stopped_has_changed_nothing() {
    let repo = Repo::new();
    for at in 0..3 {
        repo.commit("main", &[("a", &at.to_string())]);
        fetch(&repo);
    }
    let bounds = Bounds { packs_max: 2, ..Bounds::default() };
    let names = || -> BTreeSet<_> {
        let entries = fs::read_dir(repo.path().join("objects/pack")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    let before = names();
    assert!(combine(&repo.path(), bounds, &AtomicBool::new(true)).is_err());
    assert_eq!(names(), before);
    assert_eq!(combine(&repo.path(), bounds, &AtomicBool::new(false)).unwrap(), 3);
}
