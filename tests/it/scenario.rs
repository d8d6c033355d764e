//! Stories told on the real engine. Each file of `tests/scenarios` is one: what happens and why it
//! matters in prose; `$ verb` lines, with what they are given; `> ` lines, what they print.
//!
//! `UPDATE_EXPECT=1` writes the `> ` lines anew. The verbs are in `scenario/verbs.rs`.

mod names;
mod script;
mod verbs;

use std::path::Path;

use isobar::settings;
use names::Names;
use script::{Part, Script};
use similar::TextDiff;
use verbs::Scene;

macro_rules! scenarios {
    ($($test:ident = $file:literal;)+) => {
        $(#[test] fn $test() { play($file); })+
    };
}

scenarios! {
    a_first_start_is_held = "first-start";
    a_pull_request_is_applied_as_it_was_shown = "pull-request";
    a_comment_says_what_is_true_by_now = "comment-states";
    a_comment_is_about_no_other_head = "comment-unplanned";
    a_stack_that_changes_voids_only_itself = "stack-voids-itself";
    an_unrelated_commit_voids_nothing = "unrelated-commit";
    a_direct_push_is_held = "direct-push";
    authors_do_not_approve_themselves = "own-approval";
    what_was_approved_is_not_looked_at_twice = "approved-at-once";
    an_approval_of_an_earlier_head_does_not_count = "earlier-head";
    an_approval_expires = "approval-expires";
    a_merge_approves_what_was_shown_last = "merge-approves";
    without_reviews_the_branch_is_enough = "review-none";
    a_pull_request_cannot_use_its_own_rules = "own-rules";
    drift_is_corrected_proposed_or_shown = "drift";
    correcting_drift_never_deletes = "drift-never-deletes";
    a_removed_component_goes_after_a_review = "removed-component";
    a_disabled_component_is_forgotten = "disabled-component";
    a_renamed_component_is_a_new_one = "renamed-component";
    a_broken_import_deletes_nothing = "broken-import";
    many_deletes_wait_to_be_named = "mass-delete";
    one_bad_stack_blocks_no_other = "bad-stack";
    who_is_in_the_way_is_waited_for = "busy";
    a_crash_leaves_nothing_half_done = "crash";
    a_crash_anywhere_changes_nothing_in_the_end = "crash-everywhere";
    a_lost_database_loses_no_ownership = "database-lost";
    a_stack_that_cannot_be_resolved_may_live_anywhere = "unresolved-target";
    a_broken_mark_concerns_its_own_stacks = "broken-mark";
    what_a_stack_left_behind_is_found = "left-behind";
    a_lost_mark_deletes_nothing = "mark-lost";
    a_rewritten_branch_needs_approvals = "force-push";
    a_deleted_branch_takes_nothing_with_it = "deleted-branch";
    a_conflict_approves_nothing = "conflict";
    a_freeze_holds_and_then_lets_go = "freeze";
    a_locked_component_is_left_alone = "locked-component";
    unknown_values_are_waited_for = "unknown-values";
    what_no_path_leads_to_is_not_gone = "stacks-lost";
    an_approval_covers_what_turns_out_to_be = "unknown-filled-in";
    an_approval_covers_nothing_else = "unknown-outgrown";
    a_pull_request_is_told_about_the_rest = "unknown-merged";
    a_stack_that_moves_leaves_nothing_behind = "moved-stack";
    what_a_stack_left_stays_while_in_doubt = "moved-kept";
    a_stack_that_comes_back_takes_up_its_own = "moved-back";
    a_move_is_shown_as_a_whole = "moved-by-pull-request";
    what_outlives_its_component_is_remembered = "kept-resources";
    an_unrecorded_effect_is_completed = "effect-unrecorded";
    nothing_begins_that_nobody_wants_any_more = "crash-superseded";
    a_run_is_finished_where_it_began = "crash-moved";
    a_rewritten_branch_stays_so = "force-push-unseen";
    a_look_is_taken_as_often_as_asked_for = "interval";
}

fn play(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.txt"));
    let told = std::fs::read_to_string(&path).expect("the story is there");
    let mut script = Script::parse(&told);
    let mut scene = Scene::new();
    let mut names = Names::default();
    for part in &mut script.parts {
        if let Part::Command(command) = part {
            let printed = scene.act(command).unwrap_or_else(|why| {
                panic!("{}:{}: {why}", path.display(), command.line);
            });
            command.golden = names.settle(&printed, &scene.folder());
        }
    }
    let played = script.to_string();
    if played == told {
        return;
    }
    if settings::variable("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, played).expect("it can be written");
        return;
    }
    let difference = TextDiff::from_lines(&told, &played);
    let difference =
        difference.unified_diff().context_radius(5).header("told", "played").to_string();
    panic!("{}\n{difference}", path.display());
}
