//! The house rules that no compiler checks: which crate may use which, that the documents name
//! what exists, and how files look. Needs `cargo metadata` and `git ls-files`, nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// What each crate may use. Whatever those may use, it may use too.
const ARROWS: [(&str, &[&str]); 17] = [
    ("domain", &[]),
    ("contract", &["domain"]),
    ("views", &["domain"]),
    ("event-log", &["contract"]),
    ("view-store", &["views", "contract"]),
    ("app", &["event-log", "domain", "contract"]),
    ("ticket-service", &["app", "domain"]),
    ("change-service", &["app", "domain"]),
    ("outage-service", &["app", "domain"]),
    ("restructure-service", &["app", "domain"]),
    ("registry-service", &["app", "domain"]),
    ("partner-gateway", &["app", "contract"]),
    ("view-service", &["app", "views", "view-store"]),
    ("sample-history", &["domain", "contract"]),
    (
        "townclerk",
        &[
            "ticket-service",
            "change-service",
            "outage-service",
            "restructure-service",
            "registry-service",
            "partner-gateway",
            "view-service",
            "sample-history",
        ],
    ),
    ("bench", &["townclerk"]),
    ("xtask", &[]),
];

/// The package of these tests, which may use everything.
const TESTS: &str = "tests";

/// What the rules of the record may use from outside.
const OUTSIDE_OF_DOMAIN: [&str; 6] = [
    "jiff",
    "schemars",
    "serde",
    "serde_json",
    "thiserror",
    "uuid",
];

/// Libraries that are fenced in, and the crates that may name them.
const FENCED: [(&str, &[&str]); 2] = [
    ("sled", &["view-store"]),
    ("async-nats", &["event-log", "townclerk", "bench", TESTS]),
];

const LINES_MAX: usize = 600;

/// Begins like a package of ours and is none: the default data directory.
const NO_PACKAGE: &str = "townclerk-data";

#[test]
fn crates_use_each_other_only_as_drawn() {
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let packages = packages();
    let found: BTreeSet<&str> = packages.iter().map(short).collect();
    let expected: BTreeSet<&str> = drawn.iter().copied().chain([TESTS]).collect();
    assert_eq!(found, expected, "the workspace's crates and the drawn ones");
    let mut wrong = Vec::new();
    for package in packages.iter().filter(|package| short(package) != TESTS) {
        let allowed = reach(short(package));
        for used in used_by(package).filter(|used| drawn.contains(used)) {
            if !allowed.contains(used) {
                wrong.push(format!("{} uses {used}", short(package)));
            }
        }
    }
    none(&wrong, "arrows that are not drawn");
}

#[test]
fn libraries_stay_behind_their_fences() {
    let mut wrong = Vec::new();
    for package in &packages() {
        let name = short(package);
        for dependency in &package.dependencies {
            let library = dependency.name.as_str();
            let fence = FENCED.iter().find(|(fenced, _)| *fenced == library);
            if fence.is_some_and(|(_, inside)| !inside.contains(&name)) {
                wrong.push(format!("{name} names {library}"));
            }
            let of_domain = name == "domain" && dependency.kind != DependencyKind::Development;
            if of_domain && !OUTSIDE_OF_DOMAIN.contains(&library) {
                wrong.push(format!("domain uses {library}"));
            }
        }
    }
    none(&wrong, "libraries outside their fences");
}

#[test]
fn crates_take_the_lints_of_the_workspace() {
    let mut wrong = Vec::new();
    for package in packages().iter().filter(|package| short(package) != TESTS) {
        let text = read(package.manifest_path.as_std_path());
        let mut lines = text.lines().skip_while(|line| line.trim() != "[lints]");
        let under = lines.nth(1).unwrap_or_default();
        if under.trim() != "workspace = true" {
            wrong.push(package.manifest_path.to_string());
        }
    }
    none(&wrong, "manifests without `[lints] workspace = true`");
}

#[test]
fn documents_name_only_what_exists() {
    let known: BTreeSet<String> = packages().iter().map(|p| p.name.to_string()).collect();
    let mut wrong = Vec::new();
    for (name, text) in documents() {
        let prose = outside_fences(&text);
        let folder = root().join(&name);
        let folder = folder.parent().unwrap_or(Path::new(""));
        for code in prose.iter().flat_map(|line| code_spans(line)) {
            if let Some(why) = missing(code, folder, &known) {
                wrong.push(format!("{name}: `{code}`: {why}"));
            }
        }
        for target in prose.iter().flat_map(|line| link_targets(line)) {
            let path = target.split('#').next().unwrap_or_default();
            if !target.contains("://") && !path.is_empty() && !folder.join(path).exists() {
                wrong.push(format!("{name}: the link to {target} leads nowhere"));
            }
        }
    }
    none(&wrong, "documents name what is not there");
}

#[test]
fn sources_begin_with_what_they_are_for_and_stay_short() {
    let marks = [["FIX", "ME"].concat(), ["TO", "DO"].concat()];
    let mut wrong = Vec::new();
    for (name, text) in files().filter(|(name, _)| name.ends_with(".rs")) {
        if !text.starts_with("//!") {
            wrong.push(format!("{name} does not begin with //!"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{name} has {lines} lines, more than {LINES_MAX}"));
        }
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(mark) = marks.iter().find(|mark| line.contains(*mark)) {
                wrong.push(format!("{name}:{number} leaves a {mark}"));
            }
        }
    }
    none(&wrong, "sources that break the house rules");
}

#[test]
fn a_document_has_one_title() {
    let mut wrong = Vec::new();
    for (name, text) in files().filter(|(name, _)| name.ends_with(".md")) {
        let prose = outside_fences(&text);
        let titles = prose.iter().filter(|line| line.starts_with("# ")).count();
        if titles != 1 {
            wrong.push(format!("{name} has {titles} lines that begin with `# `"));
        }
    }
    none(&wrong, "documents without exactly one title");
}

#[test]
fn no_file_names_the_machine_that_it_was_written_on() {
    let patterns = [
        ["/wo", "rk/"],
        ["crates", ".io"],
        ["py", "pi.org"],
        ["npm", "js.org"],
    ];
    let patterns = patterns.map(|halves| halves.concat());
    let mut wrong = Vec::new();
    for (name, text) in files().filter(|(name, _)| name != "Cargo.lock") {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(pattern) = patterns.iter().find(|pattern| line.contains(*pattern)) {
                wrong.push(format!("{name}:{number} names {pattern}"));
            }
        }
    }
    none(&wrong, "files that name a machine or a registry");
}

#[test]
fn every_route_is_documented() {
    let page = without_names(&read(&root().join("docs/API.md")));
    let mut wrong = BTreeSet::new();
    let mut seen = 0;
    for (name, text) in files().filter(|(name, _)| is_service_source(name)) {
        for route in routes_in(&text) {
            seen += 1;
            let route = without_names(route);
            // A constant may spell only what several routes have in common.
            let named = |end: char| page.contains(&format!("{route}{end}"));
            if !named('`') && !named('/') {
                wrong.insert(format!("{route} of {name}"));
            }
        }
    }
    assert!(seen > 10, "only {seen} routes were found: look elsewhere?");
    let wrong: Vec<String> = wrong.into_iter().collect();
    none(&wrong, "routes that docs/API.md does not name in backticks");
}

/// Fails with all that is wrong, one a line.
fn none<T: std::fmt::Display>(wrong: &[T], what: &str) {
    let lines: Vec<String> = wrong.iter().map(|one| format!("\n  {one}")).collect();
    assert!(wrong.is_empty(), "{what}:{}", lines.concat());
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The packages of the workspace.
fn packages() -> Vec<Package> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).no_deps();
    command.exec().unwrap().packages
}

/// A package's folder name.
fn short(package: &Package) -> &str {
    let name = package.name.as_str();
    name.strip_prefix("townclerk-").unwrap_or(name)
}

/// What a package uses when it is not being tested.
fn used_by(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter(|dependency| dependency.path.is_some())
        .map(|dependency| {
            let name = dependency.name.as_str();
            name.strip_prefix("townclerk-").unwrap_or(name)
        })
}

/// What `name` may use, directly or through what it uses.
fn reach(name: &str) -> BTreeSet<&'static str> {
    let arrows = BTreeMap::from(ARROWS);
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = arrows[name].to_vec();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(arrows[next]);
        }
    }
    reached
}

/// Every text file that is tracked, or new and not ignored, by its path in the repository.
fn files() -> impl Iterator<Item = (String, String)> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others"])
        .arg("--exclude-standard")
        .current_dir(root())
        .output()
        .expect("git is needed to list the files");
    assert!(output.status.success(), "git ls-files failed");
    let names = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<String> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    names.into_iter().filter_map(|name| {
        // Deleted but still tracked, or no text.
        let text = std::fs::read_to_string(root().join(&name)).ok()?;
        Some((name, text))
    })
}

/// The documents that are a map of the repository.
fn documents() -> impl Iterator<Item = (String, String)> {
    let is_map = |name: &str| {
        name == "README.md"
            || (name.ends_with(".md") && (name.starts_with("docs/") || name.starts_with("proto/")))
    };
    files().filter(move |(name, _)| is_map(name))
}

/// The lines of a document that are not in a code fence.
fn outside_fences(text: &str) -> Vec<&str> {
    let mut inside = false;
    text.lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
        .collect()
}

/// What stands between backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Where Markdown links lead.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

/// Why what `code` names is not there; `None` for what is there, and for what is no name.
///
/// `path.rs::name` also says that the file has a function of that name.
fn missing(code: &str, folder: &Path, known: &BTreeSet<String>) -> Option<String> {
    if code.contains(|c: char| c.is_whitespace() || "*<>{}$…".contains(c)) {
        return None;
    }
    if code.starts_with("townclerk-") && code != NO_PACKAGE && !code.contains(['/', '.']) {
        let found = known.contains(code);
        return (!found).then(|| "no package of this workspace".to_owned());
    }
    let (path, function) = match code.split_once(".rs::") {
        Some((path, function)) => (format!("{path}.rs"), Some(function)),
        None => (code.to_owned(), None),
    };
    let folders = ["crates/", "docs/", "proto/", "tests/", "deploy/", ".ci/"];
    let endings = [".md", ".rs", ".toml"];
    let is_path = folders.iter().any(|folder| path.starts_with(folder))
        || endings.iter().any(|ending| path.ends_with(ending));
    if !is_path {
        return None;
    }
    let places = [root().join(&path), folder.join(&path)];
    let Some(place) = places.iter().find(|place| place.exists()) else {
        return Some("no such path".to_owned());
    };
    let function = function?;
    let text = read(place);
    let begins = |rest: &str| rest.starts_with(['(', '<']);
    let found = text.split(&format!("fn {function}")).skip(1).any(begins);
    (!found).then(|| format!("no fn {function} in that file"))
}

fn is_service_source(name: &str) -> bool {
    let is_test = name.ends_with("/tests.rs") || name.contains("/tests/");
    // Pages link to routes, some with a query; they register none.
    let is_page = name.contains("/src/page/");
    name.starts_with("crates/") && name.contains("-service/src/") && !is_test && !is_page
}

/// The string literals that spell a route of the API, in the part of a file that is no test.
fn routes_in(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next();
    code.unwrap_or_default()
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|literal| literal.starts_with("/v1/"))
}

/// A route with its parameters left open.
fn without_names(text: &str) -> String {
    let mut open = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        inside &= character != '}';
        if !inside {
            open.push(character);
        }
        inside |= character == '{';
    }
    open
}
