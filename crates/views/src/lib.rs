//! Pure projections and figures: recorded event in, row changes out.
