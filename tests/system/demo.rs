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
    let of = |measure: &str, scope: &str, period: &str, breakdown: Value| {
        let found = figures.iter().find(|figure| {
            figure["measure"] == measure
                && figure["scope"] == scope
                && figure["period"]["label"] == period
                && figure["breakdown"] == breakdown
        });
        let missing = || panic!("no {measure} of {scope} for {period} by {breakdown}");
        found.unwrap_or_else(missing)["value"].clone()
    };
    let value = |scope, period, breakdown| of("tickets_logged", scope, period, breakdown);
    let p1 = serde_json::json!({ "kind": "incident", "priority": "p1" });
    assert_eq!(value("joint", "19/20 Q4", p1), 12);
    let csccm = serde_json::json!({ "service": "csccm" });
    assert_eq!(value("lewisham", "20/21 Q2", csccm.clone()), 98);
    assert_eq!(value("lewisham", "2018-12", csccm), Value::Null);
    let service = |name: &str| serde_json::json!({ "service": name });
    let children = || service("childrens-social-care");
    let all = || serde_json::json!({});
    for (measure, scope, period, breakdown, expected) in [
        ("availability", "lewisham", "2019-07", children(), "97.4"),
        (
            "availability",
            "lewisham",
            "2019-08",
            service("education"),
            "95.8",
        ),
        ("availability", "lewisham", "2019-06", children(), "null"),
        (
            "availability_rolling_12",
            "lewisham",
            "2020-07",
            children(),
            "99.47",
        ),
        (
            "availability_rolling_12",
            "lewisham",
            "2020-07",
            service("education"),
            "99.34",
        ),
        (
            "availability_rolling_12",
            "lewisham",
            "2020-05",
            children(),
            "null",
        ),
        (
            "months_below_target",
            "lewisham",
            "2019-08/2020-07",
            children(),
            "1",
        ),
        (
            "months_below_target",
            "lewisham",
            "2019-07/2020-07",
            children(),
            "2",
        ),
        (
            "longest_run_below_target",
            "lewisham",
            "2019-07/2020-07",
            children(),
            "1",
        ),
        (
            "downtime_minutes",
            "lewisham",
            "2019-10",
            service("education"),
            "1341",
        ),
        (
            "outages",
            "joint",
            "2018-01-01/2018-07-04",
            serde_json::json!({"component": "interconnect"}),
            "3",
        ),
        (
            "outages",
            "joint",
            "2019-04/2019-10",
            serde_json::json!({"component": "core-network"}),
            "2",
        ),
        ("vacancies", "shared", "2018-04", all(), "41"),
        ("vacancies", "shared", "2018-06-04", all(), "22"),
        ("vacancies", "shared", "2018-06", all(), "22"),
        (
            "posts_filled",
            "shared",
            "2018-05",
            serde_json::json!({"appointment": "internal"}),
            "29",
        ),
        (
            "changes_in_freeze_without_exemption",
            "joint",
            "2018-07",
            all(),
            "0",
        ),
    ] {
        let found = of(measure, scope, period, breakdown);
        assert_eq!(
            found.to_string(),
            expected,
            "{measure} of {scope} for {period}"
        );
    }
    for scope in ["brent", "lewisham", "southwark", "shared", "joint"] {
        assert!(
            figures.iter().any(|figure| figure["scope"] == scope),
            "{scope}"
        );
    }
    assert!(figures.iter().all(|figure| figure["held"] == 0));
}
