//! The append-only log: JetStream and its in-memory twin.
