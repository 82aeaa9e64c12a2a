//! The only crate that knows bytes: CloudEvents envelope, event types and versions, subjects, positions, schemas.
