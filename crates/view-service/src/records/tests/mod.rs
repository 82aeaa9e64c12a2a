//! Records over HTTP: who may read them, which ones a scope has, and how they look.

mod access;
mod history;
mod levels;
mod lists;
mod shown;
