//! Facts in: each becomes a command, and is answered for itself.
