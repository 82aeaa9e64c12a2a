//! The shell that all services share.
