//! What `docs/FIGURES.md` says of each measure: made of the definitions that figures are computed by.
//!
//! It is written again with `TOWNCLERK_BLESS=1 cargo test -p townclerk-tests figures_document`.

use std::path::{Path, PathBuf};

use townclerk_views::definition::Made;
use townclerk_views::definition::catalogue::markdown;
use townclerk_views::measure::Measure;

const BEGIN: &str = "<!-- measures: begin -->";
const END: &str = "<!-- measures: end -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_document_says_what_the_definitions_say() {
    let path = root().join("docs/FIGURES.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", markdown());
    if std::env::var_os("TOWNCLERK_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == expected,
        "docs/FIGURES.md is not what the definitions say: bless it"
    );
}

/// What a file must hold to be the one that makes the figures of a measure: counters are added where
/// they are named, shares and means of counters in one place, all others in a function of their own.
fn mark(measure: Measure) -> String {
    match measure.definition().made {
        Made::Counted => format!("Measure::{measure:?}"),
        Made::Share { .. } | Made::Mean { .. } => "fn quotient".to_owned(),
        Made::Computed(computation) => {
            let dispatch = code("crates/views/src/figures/computed.rs");
            let arm = format!("Computation::{computation:?} => ");
            let (_, called) = dispatch.split_once(&arm).unwrap();
            let (_, name) = called.split_once("self.").unwrap();
            let (name, _) = name.split_once('(').unwrap();
            format!("fn {name}")
        }
    }
}

/// Whether a name stands in some code, and not only a longer one that begins so.
fn names(code: &str, name: &str) -> bool {
    code.split(name).skip(1).any(|rest| {
        let next = rest.chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

fn code(path: &str) -> String {
    let code = std::fs::read_to_string(root().join(path));
    code.unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn each_measure_names_the_file_that_makes_its_figures_and_those_it_does_so_by() {
    for measure in Measure::ALL {
        let [makes, by @ ..] = measure.definition().computed_in else {
            panic!("{measure} names no file");
        };
        let mark = mark(measure);
        assert!(
            names(&code(makes), &mark),
            "{measure}: no {mark} in {makes}"
        );
        for path in by {
            let rule = path.rsplit('/').next().unwrap().trim_end_matches(".rs");
            assert!(!code(path).is_empty());
            let used = code(makes).contains(&format!("{rule}::"));
            assert!(used, "{makes} does not use {path}");
        }
    }
}
