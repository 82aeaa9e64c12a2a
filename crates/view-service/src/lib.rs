//! All projections of one scope: projector, sled, read API, pages.
