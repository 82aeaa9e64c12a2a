//! What `docs/FIGURES.md` says of each measure: made of the definitions that figures are computed by.
//!
//! It is written anew with `TOWNCLERK_BLESS=1 cargo test -p townclerk-tests figures_document`.

use std::path::{Path, PathBuf};

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

#[test]
fn each_measure_names_a_file_that_there_is() {
    for measure in Measure::ALL {
        let path = measure.definition().computed_in;
        assert!(root().join(path).is_file(), "{measure}: {path}");
    }
}
