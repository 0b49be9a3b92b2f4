//! Asks billing, which alone knows meter records, usage and prices.

use cartwright_domain::ids::{InvocationId, RequestId, TenantId};
use cartwright_domain::wire::{Estimate, PlanTerms, Record, RecordPage, UsageRow};
use cartwright_role::internal::{CallError, Client, Peer};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Where billing is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BillingConfig {
    /// Internal base URL of billing.
    #[arg(
        long,
        env = "CARTWRIGHT_BILLING_INTERNAL_URL",
        default_value = "http://127.0.0.1:8092"
    )]
    pub(crate) billing_internal_url: String,
}

/// Billing, as the api asks it.
pub(crate) struct Billing {
    peer: Peer,
}

impl Billing {
    /// Billing at this address.
    pub(crate) fn new(config: &BillingConfig, client: &Client) -> Self {
        Self {
            peer: client.peer(config.billing_internal_url.trim()),
        }
    }

    /// Meter records of a tenant, newest first. `query` is that of the route, already encoded.
    pub(crate) async fn records(
        &self,
        tenant_id: TenantId,
        query: &str,
        request_id: RequestId,
    ) -> Result<RecordPage, ApiError> {
        self.get(tenant_id, &format!("records?{query}"), request_id)
            .await
    }

    /// One meter record of a tenant.
    pub(crate) async fn record(
        &self,
        tenant_id: TenantId,
        invocation_id: InvocationId,
        request_id: RequestId,
    ) -> Result<Record, ApiError> {
        self.get(tenant_id, &format!("records/{invocation_id}"), request_id)
            .await
    }

    /// Usage of a tenant. `query` is that of the route, already encoded.
    pub(crate) async fn usage(
        &self,
        tenant_id: TenantId,
        query: &str,
        request_id: RequestId,
    ) -> Result<Vec<UsageRow>, ApiError> {
        self.get(tenant_id, &format!("usage?{query}"), request_id)
            .await
    }

    /// What the month has cost a tenant so far.
    pub(crate) async fn estimate(
        &self,
        tenant_id: TenantId,
        request_id: RequestId,
    ) -> Result<Estimate, ApiError> {
        self.get(tenant_id, "estimate", request_id).await
    }

    /// What a tenant's plan allows and charges.
    pub(crate) async fn plan(
        &self,
        tenant_id: TenantId,
        request_id: RequestId,
    ) -> Result<PlanTerms, ApiError> {
        self.get(tenant_id, "plan", request_id).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        tenant_id: TenantId,
        what: &str,
        request_id: RequestId,
    ) -> Result<T, ApiError> {
        let path = format!("tenants/{tenant_id}/{what}");
        self.peer
            .get_json(&path, request_id)
            .await
            .map_err(|error| match error {
                CallError::Unreachable(error) => {
                    tracing::warn!("billing cannot be reached: {error}");
                    ApiError::NotReady("billing")
                }
                error => error.into(),
            })
    }
}
