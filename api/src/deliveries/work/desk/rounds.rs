//! What comes round with the clock: looking whether anything is due, listing the flows, freeing what is held without a reason
//! or by the dead, and counting. Each is done beside everything else, one of a kind at a time, and tells the desk what came of it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::Told;
use crate::database::Database;
use crate::deliveries::work::due::{Cadence, Due, Look};
use crate::deliveries::work::fair::FlowKey;
use crate::deliveries::work::store::{self, Depth, FlowRow, HeldUpTo};
use crate::error::ApiError;

/// How often to look whether something is due that nobody hinted at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often to look further back, for what was committed late.
const LOOK_WIDE_EVERY: Duration = Duration::from_secs(2);

/// How often to look at everything.
const LOOK_WHOLE_EVERY: Duration = Duration::from_secs(15);

/// How often to ask which flows there are.
const LIST_EVERY: Duration = Duration::from_secs(2);

/// How often to free what is held without a reason, or expired meanwhile.
const MEND_EVERY: Duration = Duration::from_secs(2);

/// How often to free what workers held that are dead by now.
const RECLAIM_EVERY: Duration = Duration::from_secs(4);

/// How often to look for what is held by nobody who is known, which reads all that is leased.
const SEEK_EVERY: Duration = Duration::from_secs(15);

/// How often to count, which reads every row that waits.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// Freed or looked at by one statement, at most: it takes a small part of the time that a statement may take.
const MEND_MAX: i32 = 5_000;

/// What came of a round.
pub(super) enum Came {
    Heads(Look, Result<HashMap<FlowKey, DateTime<Utc>>, ApiError>),
    Flows(Result<Vec<FlowRow>, ApiError>),
    Mended(Result<(), ApiError>),
    /// So many are free that these held.
    Freed(Holders, Result<i64, ApiError>),
    Depths(Result<Vec<Depth>, ApiError>),
}

/// Who holds what it will never end.
#[derive(Clone, Copy)]
pub(super) enum Holders {
    /// Workers whose lease has ended.
    Dead,
    /// Workers that nobody knows.
    Unknown,
}

/// When to do what.
pub(super) struct Rounds {
    database: Database,
    tell: mpsc::UnboundedSender<Told>,
    /// Under way while anybody looks, however far.
    near: Cadence,
    wide: Cadence,
    whole: Cadence,
    list: Cadence,
    mend: Cadence,
    reclaim: Cadence,
    seek: Cadence,
    count: Cadence,
}

impl Rounds {
    pub(super) fn new(database: Database, tell: mpsc::UnboundedSender<Told>) -> Self {
        Self {
            database,
            tell,
            near: Cadence::new(LOOK_EVERY),
            wide: Cadence::new(LOOK_WIDE_EVERY),
            whole: Cadence::new(LOOK_WHOLE_EVERY),
            list: Cadence::new(LIST_EVERY),
            mend: Cadence::new(MEND_EVERY),
            reclaim: Cadence::new(RECLAIM_EVERY),
            seek: Cadence::new(SEEK_EVERY),
            count: Cadence::new(COUNT_EVERY),
        }
    }

    /// How long until a round is due. The others begin whenever the desk wakes, [`LOOK_EVERY`] later at most.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let cadences = [&self.near, &self.list, &self.mend, &self.reclaim];
        cadences
            .iter()
            .filter_map(|cadence| cadence.left(now))
            .min()
    }

    /// There is a flow that nobody knows yet.
    pub(super) fn list_now(&mut self) {
        self.list.hurry(Instant::now());
    }

    /// Begin whatever is due.
    pub(super) fn go_round(&mut self, due: &Due) {
        let now = Instant::now();
        let database = || self.database.clone();
        if let Some(look) = self.look_due(now) {
            self.near.begin();
            let (database, flows) = (database(), due.all(look));
            let looking =
                async move { store::heads(&mut database.crossing().await?, &flows).await };
            self.begin(looking, move |heads| Came::Heads(look, heads));
        }
        if self.list.begin_if_due(now) {
            let database = database();
            let listing = async move { store::flows(&mut database.crossing().await?).await };
            self.begin(listing, Came::Flows);
        }
        if self.mend.begin_if_due(now) {
            self.begin(mend(database()), Came::Mended);
        }
        if self.reclaim.begin_if_due(now) {
            let database = database();
            let freeing = async move { store::reclaim(&mut database.crossing().await?).await };
            self.begin(freeing, |freed| Came::Freed(Holders::Dead, freed));
        }
        if self.seek.begin_if_due(now) {
            let database = database();
            let freeing =
                async move { store::reclaim_orphans(&mut database.crossing().await?).await };
            self.begin(freeing, |freed| Came::Freed(Holders::Unknown, freed));
        }
        if self.count.begin_if_due(now) {
            let database = database();
            let counting = async move { store::depth(&mut database.crossing().await?).await };
            self.begin(counting, Came::Depths);
        }
    }

    /// How far to look now, if at all.
    fn look_due(&self, now: Instant) -> Option<Look> {
        // Nobody looks while another does, however far.
        if self.near.is_under_way() {
            return None;
        }
        let looks = [
            (&self.whole, Look::Whole),
            (&self.wide, Look::Wide),
            (&self.near, Look::Near),
        ];
        let mut looks = looks.into_iter();
        let due = looks.find(|(cadence, _)| cadence.is_due(now));
        due.map(|(_, look)| look)
    }

    /// Do this beside everything else, and tell what came of it and how long it took.
    fn begin<T: Send + 'static>(
        &self,
        what: impl Future<Output = Result<T, ApiError>> + Send + 'static,
        came: impl FnOnce(Result<T, ApiError>) -> Came + Send + 'static,
    ) {
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let began = Instant::now();
            let came = came(what.await);
            tell.send(Told::Came(began.elapsed(), came)).ok();
        });
    }

    /// A round is over, and took so long.
    pub(super) fn over(&mut self, came: &Came, took: Duration) {
        let now = Instant::now();
        match came {
            Came::Heads(look, _) => {
                self.near.took(now, took);
                if *look != Look::Near {
                    self.wide.took(now, took);
                }
                if *look == Look::Whole {
                    self.whole.took(now, took);
                }
            }
            Came::Flows(_) => self.list.took(now, took),
            Came::Mended(_) => self.mend.took(now, took),
            Came::Freed(Holders::Dead, _) => self.reclaim.took(now, took),
            Came::Freed(Holders::Unknown, _) => self.seek.took(now, took),
            Came::Depths(_) => self.count.took(now, took),
        }
    }
}

/// Free what expired while it was held, and what is held without a reason.
async fn mend(database: Database) -> Result<(), ApiError> {
    let mut crossing = database.crossing().await?;
    while store::free_expired(&mut crossing, MEND_MAX).await? == i64::from(MEND_MAX) {}
    let mut up_to = HeldUpTo::default();
    while let Some(next) = store::free_held(&mut crossing, &up_to, MEND_MAX).await? {
        up_to = next;
    }
    Ok(())
}
