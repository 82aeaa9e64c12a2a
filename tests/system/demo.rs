//! The newcomer's command, as a process.

use std::process::Command;

use serde_json::Value;
use townclerk_tests::executable::executable;

#[test]
fn demo_once_prints_every_figure_as_one_array_and_exits_well() {
    let output = Command::new(executable())
        .args(["demo", "--once"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let figures: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let value = |scope: &str, period: &str, breakdown: Value| {
        let found = figures.iter().find(|figure| {
            figure["measure"] == "tickets_logged"
                && figure["scope"] == scope
                && figure["period"]["label"] == period
                && figure["breakdown"] == breakdown
        });
        found.unwrap()["value"].clone()
    };
    let p1 = serde_json::json!({ "kind": "incident", "priority": "p1" });
    assert_eq!(value("joint", "19/20 Q4", p1), 12);
    let csccm = serde_json::json!({ "service": "csccm" });
    assert_eq!(value("lewisham", "20/21 Q2", csccm.clone()), 98);
    assert_eq!(value("lewisham", "2018-12", csccm), Value::Null);
    for scope in ["brent", "lewisham", "southwark", "shared", "joint"] {
        assert!(
            figures.iter().any(|figure| figure["scope"] == scope),
            "{scope}"
        );
    }
    assert!(figures.iter().all(|figure| figure["held"] == 0));
}
