//! The laws of rows and figures, on random histories of two councils and the shared log.

mod agreements;
mod change_control;
mod families;
mod family_laws;
mod figures;
mod history;
mod laws;
mod quarantine;
mod service_levels;
