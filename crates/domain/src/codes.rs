//! Closed sets of codes: one spelling on the wire, in keys and in figures.

/// Gives a closed set its list and its spelling.
macro_rules! codes {
    ($($type:ty { $($variant:ident = $code:literal),+ $(,)? })+) => { $(
        impl $type {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As it is written on the wire, in keys and in figures.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
    )+ };
}

pub(crate) use codes;
