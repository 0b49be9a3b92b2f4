//! To come: kills under load, and the reconciled bill.
