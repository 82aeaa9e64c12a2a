//! The gateway for partners' tools: facts in, events out, over HTTP and NATS.

pub mod facts;

pub mod events;
