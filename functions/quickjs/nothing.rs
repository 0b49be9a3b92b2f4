//! Nothing: this package only names a release of QuickJS.
