//! Rows, checkpoints, generations and digests in sled.
