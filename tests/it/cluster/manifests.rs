//! Manifests mean what they mean to kubectl: a corpus (`tests/manifests`) and what chance adds to it,
//! read by both.

mod both;
mod corpus;
mod drawn;

use fastrand::Rng;

use self::both::{Both, Case};
use super::scene::Scene;

#[test]
fn manifests_mean_what_they_mean_to_kubectl() {
    let Some(scene) = Scene::new("corpus") else { return };
    let cases = [corpus::listed("alike.txt"), corpus::whole()].concat();
    let all = both::read(&scene, cases);
    told(all.iter().filter_map(|one| Some((one, difference(one)?))));
    // Each side has its say in it.
    let taken = all.iter().filter(|one| one.theirs.wrong.is_none()).count();
    assert!(taken > 500 && all.len() - taken > 100, "{taken} of {} are taken", all.len());
}

#[test]
fn what_is_drawn_means_what_it_means_to_kubectl() {
    let Some(scene) = Scene::new("drawn") else { return };
    let mut chance = Rng::with_seed(0x5eed);
    let mut cases = drawn::scalars(&mut chance, 1200);
    cases.extend(drawn::documents(&mut chance, 800));
    let all = both::read(&scene, cases);
    told(all.iter().filter_map(|one| Some((one, difference(one)?))));
    let taken = all.iter().filter(|one| one.theirs.wrong.is_none()).count();
    assert!(taken * 2 > all.len() && taken < all.len(), "{taken} of {} are taken", all.len());
}

#[test]
fn what_is_refused_by_one_alone_is_named() {
    let Some(scene) = Scene::new("named-apart") else { return };
    let (stricter, wider) = (corpus::listed("stricter.txt"), corpus::listed("wider.txt"));
    let count = stricter.len();
    let all = both::read(&scene, [stricter, wider].concat());
    let odd = all.iter().enumerate().filter_map(|(at, one)| {
        let refused = (one.ours.wrong.is_some(), one.theirs.wrong.is_some());
        let expected = (at < count, at >= count);
        let why = format!("refused here and there: {refused:?}, not {expected:?}");
        placed(one).or_else(|| (refused != expected).then_some(why)).map(|why| (one, why))
    });
    told(odd);
}

/// A value of a stack's section `manifests` is read by the stack's rules, and means what it would in a file.
#[test]
fn inline_scalars_mean_what_they_mean_to_kubectl() {
    let Some(scene) = Scene::new("inline") else { return };
    let scalars = corpus::scalars();
    // Of what the stack's own language knows: a template, a function.
    let is_plain = |scalar: &String| !scalar.contains("{{") && !scalar.starts_with('!');
    let mut cases = Vec::new();
    for scalar in scalars.into_iter().filter(is_plain) {
        let bytes = corpus::value(&scalar).into_bytes();
        cases.push(Case { about: scalar, bytes, ends: "yaml", alone: false });
    }
    let all = both::read_inline(&scene, cases);
    told(all.iter().filter_map(|one| Some((one, difference(one)?))));
    assert!(all.iter().filter(|one| one.theirs.wrong.is_none()).count() > 150);
}

fn told<'b>(odd: impl Iterator<Item = (&'b Both, String)>) {
    let shown = |(one, why): (&Both, String)| {
        let text = String::from_utf8_lossy(&one.case.bytes[..one.case.bytes.len().min(2000)]);
        format!("=== {}\n{why}\n--- the file\n{text}\n", one.case.about)
    };
    let wrong: Vec<_> = odd.map(shown).collect();
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.concat());
}

/// How a case is read otherwise here than there.
fn difference(one: &Both) -> Option<String> {
    let Both { ours, theirs, .. } = one;
    match (&ours.wrong, &theirs.wrong) {
        (Some(_), Some(_)) => placed(one),
        (Some(ours), None) => {
            Some(format!("only we refuse it: {}: {}", ours[0].span, ours[0].message))
        }
        (None, Some(theirs)) => {
            Some(format!("only kubectl refuses it: {theirs}\n{:?}", ours.objects))
        }
        (None, None) => {
            let (ours, theirs) = (&ours.objects, &theirs.objects);
            let is_same = ours.len() == theirs.len() && ours.iter().all(|one| theirs.contains(one));
            (!is_same).then(|| format!("ours:   {ours:?}\ntheirs: {theirs:?}"))
        }
    }
}

/// What is told without its place; of a stack's file nobody counts the lines here.
fn placed(one: &Both) -> Option<String> {
    let all = one.case.bytes.split(|byte| matches!(byte, b'\n' | b'\r')).count();
    let is_placed = |found: &isobar::diagnostic::Diagnostic| {
        let is_stack = found.span.file.starts_with("stacks/");
        let lines = if is_stack { usize::MAX } else { all };
        found.span.file.ends_with(one.case.ends)
            && (1..=lines).contains(&(found.span.start.line as usize))
            && found.span.start.column > 0
            && !found.message.is_empty()
    };
    let odd = one.ours.wrong.iter().flatten().find(|found| !is_placed(found))?;
    Some(format!("this is no place of it: {}: {}", odd.span, odd.message))
}
