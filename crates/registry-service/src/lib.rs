//! HTTP commands for coverages and claims.
