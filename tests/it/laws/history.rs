//! A random history: edits, yeses, drift, crashes and losses, and the oracle after each.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use fastrand::Rng;
use isobar::forge::local::NewPull;
use isobar::model::authority::Approval;
use isobar::world::{Clock as _, Point};

use super::oracle::{self, Asked, Verdict};
use super::wish::Wish;
use crate::stage::{Pass, Stage, actor};

/// What happens in one history, before everything is approved.
const EVENTS: usize = 12;

/// Rounds of approving and settling after which everything is as it is asked for: what waits for a
/// delete in another stack comes a round later.
const ROUNDS_MAX: usize = 6;

pub(super) struct History {
    pub(super) stage: Stage,
    rng: Rng,
    wish: Wish,
    pulls: usize,
    /// What the branch asked for when the agent last crashed.
    crashed: Option<Asked>,
    /// Yeses since the database began: digest and person.
    yeses: BTreeSet<(String, String)>,
    told: Vec<String>,
}

impl History {
    pub(super) fn begin(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let wish = Wish::random(&mut rng);
        let stage = Stage::new();
        stage.commit("main", "ada", "Begin", &wish.changes());
        let (yeses, told) = (BTreeSet::new(), vec![wish.told()]);
        Self { stage, rng, wish, pulls: 0, crashed: None, yeses, told }
    }

    /// What has happened, one line each.
    pub(super) fn told(&self) -> String {
        self.told.join("\n")
    }

    /// All of it, to the end.
    pub(super) fn play(&mut self) -> Verdict {
        for _ in 0..EVENTS {
            self.event()?;
        }
        self.rest()
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
    }

    fn event(&mut self) -> Verdict {
        match self.rng.u32(..16) {
            0..4 => {
                let what = self.wish.edit(&mut self.rng);
                self.stage.commit("main", "ada", &what, &self.wish.changes());
                self.tell(format!("{what}: {}", self.wish.told()));
                Ok(())
            }
            4..7 => self.approve(),
            7 => self.pull(),
            8 | 9 => {
                self.drift();
                self.pass()
            }
            10..13 => self.crash(),
            13 => {
                self.judge()?;
                self.stage.lose_database();
                self.yeses.clear();
                self.tell("lose the database");
                self.pass()
            }
            _ => self.pass(),
        }
    }

    /// One round, watched.
    pub(super) fn pass(&mut self) -> Verdict {
        self.watched("pass", |_| {})
    }

    /// One round, and what else happens at the same time.
    pub(super) fn watched(&mut self, what: &str, also: impl FnOnce(&Stage)) -> Verdict {
        let before = self.stage.files();
        let asked = Asked::at_tip(&self.stage);
        let ended = self.stage.pass();
        also(&self.stage);
        let after = self.stage.files();
        let mut may = vec![&asked];
        may.extend(&self.crashed);
        let verdict = oracle::nothing_went(&before, &after, &may);
        match ended {
            Pass::Crashed(point) => {
                self.tell(format!("{what}: crashed at {}", point.as_str()));
                self.crashed = Some(asked);
                self.stage.simulation.clock.pass(Duration::from_secs(31));
            }
            Pass::Ended(activations) => {
                self.stage.simulation.trap.unset();
                self.tell(format!(
                    "{what}: {:?}",
                    activations.iter().map(|a| &a.activity).collect::<Vec<_>>()
                ));
            }
        }
        verdict
    }

    /// Says yes to what waits, or to a part of it.
    pub(super) fn approve(&mut self) -> Verdict {
        self.pass()?;
        let at = self.stage.simulation.clock.now();
        for plan in self.stage.plans() {
            if plan.is_empty() || self.rng.u32(..4) == 0 {
                continue;
            }
            self.stage.approve(&Approval::of(plan.digest(), actor("grace"), at));
            self.yeses.insert((plan.digest().to_string(), "grace".to_owned()));
            self.tell(format!("approve {}: {}", plan.effect().stack, plan.digest().short()));
        }
        Ok(())
    }

    /// A pull request from its beginning to its merge.
    fn pull(&mut self) -> Verdict {
        self.pulls += 1;
        let branch = format!("pull-{}", self.pulls);
        let what = self.wish.edit(&mut self.rng);
        self.stage.commit(&branch, "ada", &what, &self.wish.changes());
        let (head, base) = (branch, "main".to_owned());
        let new = NewPull { title: what.clone(), author: actor("ada"), head, base };
        let number = self.stage.forge().open_pull(&new).expect("it is opened");
        self.tell(format!("{number}: {what}"));
        self.pass()?;
        self.stage.forge().approve(number, &actor("grace")).expect("it is approved");
        self.pass()?;
        self.stage.forge().merge(number, &actor("ada")).expect("it is merged");
        self.tell(format!("{number} is merged"));
        Ok(())
    }

    /// Somebody edits or removes a file of the agent's, or adds one of their own.
    fn drift(&mut self) {
        let files: Vec<String> = self.stage.files().into_keys().collect();
        if files.is_empty() {
            return;
        }
        let path = files[self.rng.usize(..files.len())].clone();
        let file = self.stage.target(&path);
        match self.rng.u32(..3) {
            0 if !path.ends_with("notes.txt") => fs::remove_file(&file).expect("it is there"),
            1 => fs::write(file.with_file_name("notes.txt"), "not yours\n").expect("it is written"),
            _ if !path.ends_with("notes.txt") => {
                fs::write(&file, "size: 99\n").expect("it is written");
            }
            _ => {}
        }
        self.tell(format!("drift at {path}"));
    }

    fn crash(&mut self) -> Verdict {
        let point = Point::ALL[self.rng.usize(..Point::ALL.len())];
        self.approve()?;
        self.stage.simulation.trap.set(point, self.rng.u64(1..4));
        self.watched(&format!("pass up to {}", point.as_str()), |_| {})
    }

    /// Everything is mended and approved: then all is as it is asked for.
    pub(super) fn rest(&mut self) -> Verdict {
        self.wish.mend();
        self.stage.commit("main", "ada", "Mend", &self.wish.changes());
        self.stage.simulation.clock.pass(Duration::from_secs(31));
        self.tell("mend");
        for _ in 0..ROUNDS_MAX {
            self.settle()?;
            let left: Vec<_> = self.stage.plans().into_iter().filter(|p| !p.is_empty()).collect();
            if left.is_empty() {
                oracle::folders_agree(&self.stage.files(), &Asked::at_tip(&self.stage))?;
                return self.judge_at_rest();
            }
            let at = self.stage.simulation.clock.now();
            for plan in left {
                self.stage.approve(&Approval::of(plan.digest(), actor("grace"), at));
                self.yeses.insert((plan.digest().to_string(), "grace".to_owned()));
                self.tell(format!("approve {}: {}", plan.effect().stack, plan.digest().short()));
            }
        }
        let left = self.stage.plans().into_iter().filter(|plan| !plan.is_empty());
        let left = left.map(|plan| isobar::report::terminal::plan(&plan));
        let left: Vec<_> =
            left.map(|text| anstream::adapter::strip_str(&text).to_string()).collect();
        Err(format!("these plans are not empty in the end:\n{}", left.join("\n")))
    }

    fn settle(&mut self) -> Verdict {
        (0..ROUNDS_MAX).try_for_each(|_| self.pass())
    }

    /// What the journal of this database tells.
    pub(super) fn judge(&mut self) -> Verdict {
        let verified = self.stage.ask(async |store, _| store.journal_verify().await);
        verified.map_err(|error| format!("the journal is not whole: {error:?}"))?;
        let journal = self.stage.journal();
        oracle::every_run_was_allowed(&journal)?;
        oracle::epochs_grow(&journal)
    }

    /// What the journal tells when nothing is under way.
    fn judge_at_rest(&mut self) -> Verdict {
        self.judge()?;
        self.judge_of_loss()
    }

    pub(super) fn judge_of_loss(&mut self) -> Verdict {
        oracle::nothing_is_lost(&self.stage.journal(), &self.yeses)
    }
}
