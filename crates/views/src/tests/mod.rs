//! The laws of rows and figures, on random histories of two councils and the shared log.

mod afterwards;
mod agreements;
mod applications;
mod availability;
mod backlog;
mod change_control;
mod change_rates;
mod claims;
mod failures;
mod families;
mod family_laws;
mod figures;
mod gloucestershire;
mod history;
mod laws;
mod like_for_like;
mod made_up;
mod membership;
mod membership_laws;
mod posts;
mod public;
mod quarantine;
mod recovery;
mod service_levels;
mod ticket_levels;
mod unseen;
