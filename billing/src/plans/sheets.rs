//! Price sheets, kept once read: a published one never changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cartwright_billing::rating::PriceSheet;
use cartwright_domain::money::Pico;
use cartwright_domain::price::UnitPrices;

use super::store;
use crate::database::TenantTx;
use crate::error::BillingError;

/// Every price sheet that was asked for so far.
#[derive(Default)]
pub(crate) struct Sheets {
    known: Mutex<HashMap<u32, Arc<PriceSheet>>>,
}

impl Sheets {
    /// This price sheet.
    pub(crate) async fn get(
        &self,
        tx: &mut TenantTx,
        price_sheet: u32,
    ) -> Result<Arc<PriceSheet>, BillingError> {
        if let Some(sheet) = self.known().get(&price_sheet) {
            return Ok(sheet.clone());
        }
        let sheet = store::sheet(tx, price_sheet)
            .await?
            .ok_or(BillingError::NotFound("price sheet"))?;
        let sheet = Arc::new(sheet);
        self.known().insert(price_sheet, sheet.clone());
        Ok(sheet)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<PriceSheet>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first prices of a sheet that are not free: what a receipt states.
pub(crate) fn unit_prices(sheet: &PriceSheet) -> UnitPrices {
    let first = |meter: &str, digits: u32| {
        let price = sheet.prices.iter().find(|price| price.meter == meter);
        let tier = price.and_then(|price| price.tiers.iter().find(|tier| tier.unit_price.0 > 0));
        debug_assert!(price.is_none_or(|price| price.unit_digits == digits));
        tier.map_or(Pico(0), |tier| tier.unit_price)
    };
    UnitPrices {
        price_sheet: sheet.price_sheet,
        currency: sheet.currency,
        per_million_invocations: first("invocations", 6),
        per_billion_fuel: first("fuel", 9),
        per_million_cached_hits: first("cached_hits", 6),
    }
}
