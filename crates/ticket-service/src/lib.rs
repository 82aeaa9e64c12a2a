//! HTTP commands for the life of a ticket.
