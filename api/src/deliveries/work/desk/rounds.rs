//! What comes round with the clock: looking whether anything is due, listing the flows, freeing what is held without a reason
//! or by the dead, and counting. Each is done beside everything else, one of a kind at a time, and tells the desk what came of it.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Told;
use crate::database::Database;
use crate::deliveries::work::due::{Cadence, Due, Look};
use crate::deliveries::work::store::{self, HeldUpTo};
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

/// When to do what, and what is under way.
pub(super) struct Rounds {
    database: Database,
    tell: mpsc::UnboundedSender<Told>,
    near: Cadence,
    wide: Cadence,
    whole: Cadence,
    list: Cadence,
    mend: Cadence,
    reclaim: Cadence,
    seek: Cadence,
    count: Cadence,
    is_looking: bool,
    is_listing: bool,
    is_mending: bool,
    is_reclaiming: bool,
    is_seeking: bool,
    is_counting: bool,
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
            is_looking: false,
            is_listing: false,
            is_mending: false,
            is_reclaiming: false,
            is_seeking: false,
            is_counting: false,
        }
    }

    /// How long until something is due.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let cadences = [&self.near, &self.list, &self.mend, &self.reclaim];
        cadences.iter().map(|cadence| cadence.left(now)).min()
    }

    /// There is a flow that nobody knows yet.
    pub(super) fn list_now(&mut self) {
        self.list = Cadence::new(LIST_EVERY);
    }

    /// Begin whatever is due.
    pub(super) fn go_round(&mut self, due: &Due) {
        let now = Instant::now();
        if !self.is_looking
            && let Some(look) = self.look_due(now)
        {
            let (database, flows) = (self.database.clone(), due.all(look));
            let looking =
                async move { store::heads(&mut database.crossing().await?, &flows).await };
            self.begin(looking, move |took, heads| Told::Looked(look, took, heads));
            self.is_looking = true;
        }
        if !self.is_listing && self.list.is_due(now) {
            let database = self.database.clone();
            let listing = async move { store::flows(&mut database.crossing().await?).await };
            self.begin(listing, Told::Listed);
            self.is_listing = true;
        }
        if !self.is_mending && self.mend.is_due(now) {
            self.begin(mend(self.database.clone()), Told::Mended);
            self.is_mending = true;
        }
        if !self.is_reclaiming && self.reclaim.is_due(now) {
            let database = self.database.clone();
            let reclaiming = async move { store::reclaim(&mut database.crossing().await?).await };
            self.begin(reclaiming, Told::Reclaimed);
            self.is_reclaiming = true;
        }
        if !self.is_seeking && self.seek.is_due(now) {
            let database = self.database.clone();
            let seeking =
                async move { store::reclaim_orphans(&mut database.crossing().await?).await };
            self.begin(seeking, Told::Sought);
            self.is_seeking = true;
        }
        if !self.is_counting && self.count.is_due(now) {
            let database = self.database.clone();
            let counting = async move { store::depth(&mut database.crossing().await?).await };
            self.begin(counting, Told::Counted);
            self.is_counting = true;
        }
    }

    /// How far to look now, if at all.
    fn look_due(&self, now: Instant) -> Option<Look> {
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
        told: impl FnOnce(Duration, Result<T, ApiError>) -> Told + Send + 'static,
    ) {
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let began = Instant::now();
            let outcome = what.await;
            tell.send(told(began.elapsed(), outcome)).ok();
        });
    }

    pub(super) fn looked(&mut self, look: Look, took: Duration) {
        self.is_looking = false;
        let now = Instant::now();
        self.near.took(now, took);
        if look != Look::Near {
            self.wide.took(now, took);
        }
        if look == Look::Whole {
            self.whole.took(now, took);
        }
    }

    pub(super) fn listed(&mut self, took: Duration) {
        self.is_listing = false;
        self.list.took(Instant::now(), took);
    }

    pub(super) fn mended(&mut self, took: Duration) {
        self.is_mending = false;
        self.mend.took(Instant::now(), took);
    }

    pub(super) fn reclaimed(&mut self, took: Duration) {
        self.is_reclaiming = false;
        self.reclaim.took(Instant::now(), took);
    }

    pub(super) fn sought(&mut self, took: Duration) {
        self.is_seeking = false;
        self.seek.took(Instant::now(), took);
    }

    pub(super) fn counted(&mut self, took: Duration) {
        self.is_counting = false;
        self.count.took(Instant::now(), took);
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
