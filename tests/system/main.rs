//! System tests: real processes, real folders, a real nats-server.
//!
//! nats-server is the one that `TOWNCLERK_NATS_SERVER` names, else the one on PATH;
//! `cargo xtask test` brings one.

mod access;
mod conformance;
mod damage;
mod demo;
mod events_out;
mod examples;
mod facts;
mod figures_document;
mod history;
mod kill;
mod openapi;
mod partner_recipe;
mod partners;
mod record;
mod recovery;
mod scenario;
mod start;
mod tidy;
