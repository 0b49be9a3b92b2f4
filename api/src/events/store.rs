//! SQL of events and of what was seen of them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::lineage::Ancestry;
use super::{EventData, NewEvent};
use crate::database::TenantTx;
use crate::error::ApiError;

/// An origin, and the sender's id there.
pub(super) type Place<'a> = (Uuid, &'a str);

/// Keep these events but those whose place is taken; says which are kept. One statement, for whoever sends thousands a second.
pub(super) async fn insert(
    tx: &mut TenantTx,
    new: &[NewEvent],
    digests: &[[u8; 32]],
    ancestries: &[Ancestry],
) -> Result<HashSet<Uuid>, ApiError> {
    let ids: Vec<Uuid> = new.iter().map(|event| event.event_id).collect();
    let types: Vec<&str> = new.iter().map(|event| event.event_type.as_str()).collect();
    let origins: Vec<Uuid> = new.iter().map(|event| event.origin.id()).collect();
    let sources: Vec<Option<Uuid>> = new.iter().map(|event| event.origin.source()).collect();
    let schedules: Vec<Option<Uuid>> = new.iter().map(|event| event.origin.schedule()).collect();
    let external: Vec<&str> = new.iter().map(|event| event.external_id.as_str()).collect();
    let occurred: Vec<DateTime<Utc>> = new.iter().map(|event| event.occurred_at).collect();
    let parents: Vec<Option<Uuid>> = new.iter().map(|event| event.parent).collect();
    let roots: Vec<Uuid> = ancestries.iter().map(|ancestry| ancestry.root).collect();
    let hops: Vec<i16> = ancestries.iter().map(|ancestry| ancestry.hops).collect();
    let data: Vec<Option<&[u8]>> = new.iter().map(|event| inline(&event.data)).collect();
    let keys: Vec<Option<&str>> = new.iter().map(|event| object_key(&event.data)).collect();
    let bytes = new.iter().map(|event| i32::try_from(event.data.bytes()));
    let bytes: Vec<i32> = bytes
        .collect::<Result<_, _>>()
        .map_err(anyhow::Error::from)?;
    let digests: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
    let requests: Vec<Uuid> = new.iter().map(|event| event.request_id.uuid()).collect();
    let deliveries = new.iter().map(NewEvent::delivery_count);
    let deliveries: Vec<i32> = deliveries.collect::<Result<_, _>>()?;
    let kept = sqlx::query_scalar!(
        r#"
        with incoming as (
            select * from unnest(
                $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::timestamptz[], $9::uuid[], $10::uuid[],
                $11::smallint[], $12::bytea[], $13::text[], $14::integer[], $15::bytea[], $16::uuid[], $17::integer[]
            ) as incoming (
                event_id, event_type, origin, source_id, schedule_id, external_id, occurred_at, parent_event_id, root_event_id,
                hops, data, object_key, data_bytes, data_sha256, request_id, deliveries
            )
        ),
        -- In one order everywhere, so that two senders of the same events wait for each other at most one way.
        seen as (
            insert into event_seen (tenant_id, origin, external_id, event_id)
            select $1, origin, external_id, event_id from incoming order by origin, external_id, event_id
            on conflict do nothing
            returning event_id
        ),
        kept as (
            insert into event (
                tenant_id, event_id, event_type, source_id, schedule_id, external_id, occurred_at, parent_event_id, root_event_id,
                hops, data, object_key, data_bytes, data_sha256, request_id, deliveries
            )
            select $1, event_id, event_type, source_id, schedule_id, external_id, occurred_at, parent_event_id, root_event_id,
                hops, data, object_key, data_bytes, data_sha256, request_id, deliveries
            from incoming join seen using (event_id)
        )
        select event_id from seen
        "#,
        tx.tenant().uuid(),
        &ids,
        &types as &[&str],
        &origins,
        &sources as &[Option<Uuid>],
        &schedules as &[Option<Uuid>],
        &external as &[&str],
        &occurred,
        &parents as &[Option<Uuid>],
        &roots,
        &hops,
        &data as &[Option<&[u8]>],
        &keys as &[Option<&str>],
        &bytes,
        &digests as &[&[u8]],
        &requests,
        &deliveries,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(kept.into_iter().collect())
}

fn inline(data: &EventData) -> Option<&[u8]> {
    match data {
        EventData::Inline(bytes) => Some(bytes),
        EventData::Stored { .. } => None,
    }
}

fn object_key(data: &EventData) -> Option<&str> {
    match data {
        EventData::Inline(_) => None,
        EventData::Stored { object_key, .. } => Some(object_key),
    }
}

/// What was seen first under a place. All but the id is `None` once the event is no longer kept.
pub(super) struct Seen {
    pub(super) origin: Uuid,
    pub(super) external_id: String,
    pub(super) event_id: Uuid,
    pub(super) event_type: Option<String>,
    pub(super) data_sha256: Option<Vec<u8>>,
    pub(super) deliveries: Option<i32>,
}

pub(super) async fn seen(tx: &mut TenantTx, places: &[Place<'_>]) -> Result<Vec<Seen>, ApiError> {
    let (origins, external): (Vec<Uuid>, Vec<&str>) = places.iter().copied().unzip();
    let seen = sqlx::query_as!(
        Seen,
        r#"
        select s.origin, s.external_id, s.event_id, e.event_type as "event_type?", e.data_sha256 as "data_sha256?",
            e.deliveries as "deliveries?"
        from unnest($2::uuid[], $3::text[]) as place (origin, external_id)
        join event_seen s on s.tenant_id = $1 and s.origin = place.origin and s.external_id = place.external_id
        left join event e on e.tenant_id = $1 and e.event_id = s.event_id
        "#,
        tx.tenant().uuid(),
        &origins,
        &external as &[&str],
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(seen)
}

/// Where these events stand in their chains, those that are kept.
pub(super) async fn ancestries(
    tx: &mut TenantTx,
    events: &[Uuid],
) -> Result<Vec<(Uuid, Ancestry)>, ApiError> {
    let rows = sqlx::query!(
        "select event_id, root_event_id, hops from event where tenant_id = $1 and event_id = any($2)",
        tx.tenant().uuid(),
        events,
    )
    .fetch_all(tx.connection())
    .await?;
    let ancestry = |root, hops| Ancestry { root, hops };
    let rows = rows
        .into_iter()
        .map(|row| (row.event_id, ancestry(row.root_event_id, row.hops)));
    Ok(rows.collect())
}

/// Add to what an event caused; says how much it is now.
pub(super) async fn count_caused(
    tx: &mut TenantTx,
    root: Uuid,
    events: i32,
) -> Result<i32, ApiError> {
    let caused = sqlx::query_scalar!(
        r#"
        insert into event_chain (tenant_id, root_event_id, events) values ($1, $2, $3)
        on conflict (tenant_id, root_event_id) do update set events = event_chain.events + excluded.events
        returning events
        "#,
        tx.tenant().uuid(),
        root,
        events,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(caused)
}

/// An event as it is kept.
pub(crate) struct EventRow {
    pub(crate) event_id: Uuid,
    pub(crate) event_type: String,
    pub(crate) source_id: Option<Uuid>,
    /// The source's name.
    pub(crate) source: Option<String>,
    pub(crate) schedule_id: Option<Uuid>,
    pub(crate) external_id: String,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) parent_event_id: Option<Uuid>,
    pub(crate) root_event_id: Uuid,
    pub(crate) hops: i16,
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) object_key: Option<String>,
    pub(crate) data_bytes: i32,
    pub(crate) request_id: Uuid,
    pub(crate) deliveries: i32,
}

/// These events, those that are still kept, with their data where it stands in the row.
pub(crate) async fn find(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<EventRow>, ApiError> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"
        select e.event_id, e.event_type, e.source_id, o.name as "source?", e.schedule_id, e.external_id, e.occurred_at,
            e.parent_event_id, e.root_event_id, e.hops, e.data, e.object_key, e.data_bytes, e.request_id, e.deliveries
        from event e
        left join source o on o.tenant_id = e.tenant_id and o.source_id = e.source_id
        where e.tenant_id = $1 and e.event_id = any($2)
        "#,
        tx.tenant().uuid(),
        ids,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// The source that has this name, or had it last.
pub(super) async fn source_named(tx: &mut TenantTx, name: &str) -> Result<Option<Uuid>, ApiError> {
    // What is no text in Postgres is no name.
    if name.contains('\0') {
        return Ok(None);
    }
    Ok(sqlx::query_scalar!(
        r#"
        select source_id from source where tenant_id = $1 and name = $2
        order by deleted_at desc nulls first
        limit 1
        "#,
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// Which events of a list.
pub(super) struct Wanted<'a> {
    pub(super) event_type: Option<&'a str>,
    pub(super) source_id: Option<Uuid>,
    /// Ids from this one on.
    pub(super) from: Option<Uuid>,
    /// Ids before this one: an end of time, or where the page before ended.
    pub(super) before: Option<Uuid>,
}

/// Events without their data, the newest first.
pub(super) async fn page(
    tx: &mut TenantTx,
    wanted: &Wanted<'_>,
    limit: i64,
) -> Result<Vec<EventRow>, ApiError> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"
        select e.event_id, e.event_type, e.source_id, o.name as "source?", e.schedule_id, e.external_id, e.occurred_at,
            e.parent_event_id, e.root_event_id, e.hops, null::bytea as data, e.object_key, e.data_bytes, e.request_id, e.deliveries
        from event e
        left join source o on o.tenant_id = e.tenant_id and o.source_id = e.source_id
        where e.tenant_id = $1 and ($2::text is null or e.event_type = $2) and ($3::uuid is null or e.source_id = $3)
            and e.event_id >= coalesce($4, '00000000-0000-0000-0000-000000000000'::uuid)
            and e.event_id < coalesce($5, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        order by e.event_id desc
        limit $6
        "#,
        tx.tenant().uuid(),
        wanted.event_type,
        wanted.source_id,
        wanted.from,
        wanted.before,
        limit,
    )
    .fetch_all(tx.connection())
    .await?)
}
