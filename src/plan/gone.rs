//! What is missing before a resource that is no longer wanted may be deleted. Any one witness
//! alone has been wrong before: a failed listing, a narrowed selection, a restored database.

use super::PlanInput;
use crate::ids::{ComponentId, ResourceKey};
use crate::model::observation::{Compared, Observed, Owner};

/// What is missing; empty: everything says that it is ours and gone.
pub(super) fn missing(
    input: &PlanInput<'_>,
    id: &ComponentId,
    resource: &ResourceKey,
    compared: &Compared,
) -> Vec<String> {
    let mut missing = input.evidence.missing.clone();
    let mut need = |there: bool, what: &str| {
        if !there {
            missing.push(what.to_owned());
        }
    };
    need(is_complete(input, id), "a complete look at the component");
    need(compared.owner == Owner::This, "the owner's mark on the object");
    let owned = input.owned.get(resource).filter(|owned| owned.component == *id);
    need(owned.is_some(), "an entry in the inventory");
    let same_object = owned.is_none_or(|owned| agree(&owned.uid, &compared.uid));
    need(same_object, "the object that was applied: another has its name");
    let mark = input
        .mark
        .filter(|mark| mark.scope == *input.scope && mark.target == *input.target)
        .and_then(|mark| mark.resources.get(resource))
        .filter(|marked| marked.component == *id && agree(&marked.uid, &compared.uid));
    need(mark.is_some(), "an entry in the target's own mark");
    missing
}

/// What is missing as well before a resource of a component goes that is still there: a template
/// whose condition does not hold, or a folder without files, reads as if nothing were wanted any more.
pub(super) const ANYTHING: &str = "anything that its component renders (if all of it is meant to \
                                   go, take the component out of the stack)";

/// How much of what is missing is told with a resource: a tree of mistakes would be told with each.
const TOLD_MAX: usize = 5;

/// What is missing, in one clause.
pub(super) fn told(missing: &[String]) -> String {
    let (told, rest) = missing.split_at(missing.len().min(TOLD_MAX));
    let more = (!rest.is_empty()).then(|| format!("and {} more", rest.len()));
    told.iter().cloned().chain(more).collect::<Vec<_>>().join("; ")
}

fn is_complete(input: &PlanInput<'_>, id: &ComponentId) -> bool {
    matches!(input.observed.get(id), Some(Observed::Complete(_)))
}

/// Whether two ids can be of one object: a target without ids says nothing against it.
fn agree(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_none() || other.is_none() || one == other
}

#[cfg(test)]
mod tests {
    use super::{TOLD_MAX, told};

    #[test]
    fn a_few_things_are_told_and_the_rest_counted() {
        let missing = |count: usize| (0..count).map(|at| format!("m{at}")).collect::<Vec<_>>();
        assert_eq!(told(&missing(TOLD_MAX)), "m0; m1; m2; m3; m4");
        assert_eq!(told(&missing(TOLD_MAX + 2)), "m0; m1; m2; m3; m4; and 2 more");
    }
}
