//! HTTP commands for the membership of councils.
