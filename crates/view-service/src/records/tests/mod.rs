//! Records over HTTP: who may read them, which ones a scope has, and how they look.

mod access;
mod claims;
mod held;
mod history;
mod levels;
mod lists;
mod pages;
mod shown;
