//! Pure, seeded generator of the demonstration history.
