//! `townclerk figures`.

use anyhow::Context;
use serde_json::Value;

use super::show::Output;
use super::{Outcome, show};
use crate::cli::{Figures, Filter, WrongUsage};
use crate::client::Client;

pub async fn figures(options: Figures) -> anyhow::Result<Outcome> {
    let mut query: Vec<(&str, String)> = Vec::new();
    query.extend(options.measure.into_iter().map(|value| ("measure", value)));
    query.extend(options.period.into_iter().map(|value| ("period", value)));
    query.extend(options.breakdown.map(|value| ("breakdown", value)));
    if options.like_for_like {
        query.push(("like_for_like", "true".to_owned()));
    }
    query.extend(options.as_at.map(|value| ("as_at", value)));
    query.extend(options.known_at.map(|value| ("known_at", value)));
    let positions = options.min_position.into_iter();
    query.extend(positions.map(|value| ("min_position", value)));
    query.extend(filters(&options.filters)?);
    let services = options.services;
    let client = Client::new(&services.url, services.token, services.token_file.as_ref())?;
    let path = format!("/v1/views/{}/figures", options.scope);
    let answer = client.get(&path, &query).await?;
    if services.output.is_json() {
        show::json(&answer["figures"])?;
        return Ok(Outcome::Good);
    }
    let figures = answer["figures"].as_array();
    print(
        services.output,
        figures.context("the service answered without figures")?,
    );
    Ok(Outcome::Good)
}

/// Each dimension has one value: the service refuses a second one too, but by the name of its query.
pub(super) fn filters(asked: &[Filter]) -> Result<Vec<(&str, String)>, WrongUsage> {
    let mut filters: Vec<(&str, String)> = Vec::new();
    for Filter { dimension, value } in asked {
        if let Some((_, before)) = filters.iter().find(|(known, _)| known == dimension) {
            return Err(WrongUsage(format!(
                "--where {dimension} is given as {before:?} and as {value:?}: give it once; figures for \
                 every value are asked for with --breakdown {dimension}"
            )));
        }
        filters.push((dimension, value.clone()));
    }
    Ok(filters)
}

fn print(output: Output, figures: &[Value]) {
    let rows = figures.iter().map(|figure| {
        vec![
            show::cell(&figure["measure"]),
            show::cell(&figure["period"]["label"]),
            show::breakdown(&figure["breakdown"]),
            value(figure),
            show::cell(&figure["as_at"]),
            show::cell(&figure["known_at"]),
            remarks(figure),
        ]
    });
    let headers = [
        "measure", "period", "of", "value", "as at", "known at", "remarks",
    ];
    show::table(output, &headers, rows);
}

fn value(figure: &Value) -> String {
    let covered = figure["covered"].as_object();
    let all_cover = covered.is_some_and(|logs| !logs.values().any(Value::is_null));
    match (&figure["value"], figure["unit"].as_str()) {
        (Value::Null, _) if figure["suppressed"].is_string() => "not shown".to_owned(),
        (Value::Null, _) if all_cover => "none".to_owned(),
        (Value::Null, _) => "not covered".to_owned(),
        // Percentages carry two decimals, also where the last one is 0.
        (value, Some("percent")) => value
            .as_f64()
            .map_or_else(|| value.to_string(), |percent| format!("{percent:.2}")),
        (value, _) => value.to_string(),
    }
}

/// What must be known of a figure beside its value.
fn remarks(figure: &Value) -> String {
    let mut remarks = Vec::new();
    if figure["partial"] == true {
        remarks.push("partial".to_owned());
    }
    if let Some(why) = figure["suppressed"].as_str() {
        remarks.push(why.to_owned());
    }
    for (dimension, value) in figure["no_record_has"].as_object().into_iter().flatten() {
        let value = show::cell(value);
        remarks.push(format!("no record has this value: {dimension} {value}"));
    }
    for part in figure["members"].as_array().into_iter().flatten() {
        let [council, from, to] = ["council", "from", "to"].map(|key| show::cell(&part[key]));
        remarks.push(format!("{council} a member {from} to {to} only"));
    }
    if let Some(councils) = figure["like_for_like"].as_array() {
        let councils: Vec<String> = councils.iter().map(show::cell).collect();
        let councils = match councils.is_empty() {
            true => "nobody".to_owned(),
            false => councils.join(", "),
        };
        remarks.push(format!("like for like: {councils}"));
    }
    let uncovered = figure["covered"].as_object().into_iter().flatten();
    for (log, _) in uncovered.filter(|(_, covered)| covered.is_null()) {
        remarks.push(format!("{log} does not cover it"));
    }
    if figure["held"].as_u64().unwrap_or(0) > 0 {
        remarks.push(format!("{} events are held", figure["held"]));
    }
    for claim in figure["claims"].as_array().into_iter().flatten() {
        let source = show::cell(&claim["source"]);
        let (published, verdict) = (published(claim), verdict(claim));
        remarks.push(format!("published {published}: {verdict} ({source})"));
    }
    if figure["synthetic"] == true {
        remarks.push("sample data".to_owned());
    }
    remarks.join("; ")
}

/// What was published, as exactly as it was.
fn published(claim: &Value) -> String {
    let (value, precision) = (&claim["value"], &claim["precision"]);
    if let Some(tolerance) = precision["about"]["tolerance"].as_str() {
        return format!("about {value}, give or take {tolerance}");
    }
    if let Some(and) = precision["between"]["and"].as_str() {
        return format!("{value} to {and}");
    }
    match precision.as_str() {
        Some("at-least") => format!("at least {value}"),
        Some("at-most") => format!("at most {value}"),
        _ => value.to_string(),
    }
}

/// Whether a claim agrees with ours, by how much it differs, or why nobody can say.
fn verdict(claim: &Value) -> String {
    match (
        &claim["differs"],
        &claim["differs_by"],
        claim["why"].as_str(),
    ) {
        (Value::Bool(false), _, _) => "agrees".to_owned(),
        (Value::Bool(true), Value::Null, _) => "differs".to_owned(),
        (Value::Bool(true), by, _) => format!("differs by {by}"),
        (_, _, Some(why)) => format!("cannot be compared: {why}"),
        (_, _, None) => "cannot be compared".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(asked: &[&str]) -> Result<usize, String> {
        let asked: Vec<Filter> = asked.iter().map(|text| text.parse().unwrap()).collect();
        let read = filters(&asked).map(|filters| filters.len());
        read.map_err(|why| why.to_string())
    }

    #[test]
    fn a_claim_is_said_as_exactly_as_it_was_published_with_what_it_comes_to() {
        use serde_json::json;
        for (claim, says) in [
            (
                json!({"value": 13, "precision": "exact", "differs": true, "differs_by": -1}),
                "13: differs by -1",
            ),
            (
                json!({"value": 8000, "precision": {"about": {"tolerance": "50"}}, "differs": false}),
                "about 8000, give or take 50: agrees",
            ),
            (
                json!({"value": 8000, "precision": "at-least", "differs": null, "why": "no record"}),
                "at least 8000: cannot be compared: no record",
            ),
            (
                json!({"value": 80, "precision": {"between": {"and": "90"}}, "differs": true}),
                "80 to 90: differs",
            ),
        ] {
            assert_eq!(format!("{}: {}", published(&claim), verdict(&claim)), says);
        }
    }

    #[test]
    fn a_value_that_no_record_has_is_said_beside_its_zero() {
        let figure = serde_json::json!({"no_record_has": {"service": "emial"}});
        assert_eq!(remarks(&figure), "no record has this value: service emial");
    }

    #[test]
    fn a_dimension_is_filtered_by_one_value() {
        assert_eq!(read(&["priority=p1", "kind=incident"]), Ok(2));
        let twice = read(&["priority=p1", "kind=incident", "priority=p3"]).unwrap_err();
        let says = "--where priority is given as \"p1\" and as \"p3\": give it once; figures for every \
                    value are asked for with --breakdown priority";
        assert_eq!(twice, says);
    }
}
