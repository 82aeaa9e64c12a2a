//! Facts: what a partner's tool says happened, as a CloudEvent that asks to be recorded.
//!
//! A fact is read strictly: an attribute or field that is not known is a fault, so that a mistyped
//! name is not lost in silence. What comes out of it is a command; nothing here decides.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use townclerk_domain::event::Event;
use townclerk_domain::fields::{FieldFault, FieldFaultKind};
use townclerk_domain::identity::{
    AggregateId, AggregateKind, CommandId, Token, fact_command, referenced_aggregate,
};
use townclerk_domain::instant;
use townclerk_domain::names::{Code, LogName};

use crate::event_type::{VERSION, parse_event_type};
use crate::payload::{decode_strictly, known_types};
use crate::trace::Traceparent;

#[cfg(test)]
mod tests;

/// The content type of one fact.
pub const ONE: &str = "application/cloudevents+json";

/// The content type of several facts as a JSON array.
pub const BATCH: &str = "application/cloudevents-batch+json";

/// Facts in one request at most.
pub const BATCH_FACTS_MAX: usize = 1_000;

/// Bytes of one request at most; what NATS carries as one message, with room for headers.
pub const BATCH_BYTES_MAX: usize = 1_000_000;

/// Bytes of one fact at most, as of a command over HTTP.
pub const FACT_BYTES_MAX: usize = 64 * 1024;

/// The kinds of records that a partner's tool tells of. What is agreed, claimed or declared about
/// the record itself is an officer's to say.
pub const KINDS: [AggregateKind; 3] = [
    AggregateKind::Ticket,
    AggregateKind::Change,
    AggregateKind::Outage,
];

/// The attributes that a fact may have.
const ATTRIBUTES: [&str; 11] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "correlationid",
    "traceparent",
    "data",
];

/// How many attributes that are not known are told.
const UNKNOWN_TOLD_MAX: usize = 20;

/// One thing that a tool says happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The tool's own id of this fact, unique within its source.
    pub id: Token,
    pub council: LogName,
    pub system: Code,
    pub kind: AggregateKind,
    /// What the tool calls the record, such as its ticket number.
    pub reference: Token,
    /// What happened, as its type names it.
    pub what: String,
    pub happened: Timestamp,
    pub correlation: Option<Token>,
    pub traceparent: Option<Traceparent>,
    pub event: Event,
}

impl Fact {
    /// The record that it is about; known before the fact that makes it has arrived.
    pub fn aggregate(&self) -> AggregateId {
        referenced_aggregate(&self.council, self.kind, &self.system, &self.reference)
    }

    /// The command that it becomes: the same source and id is the same command.
    pub fn command(&self) -> CommandId {
        fact_command(&self.source(), &self.id)
    }

    pub fn source(&self) -> String {
        format!("/councils/{}/{}", self.council, self.system)
    }

    /// Whether it makes its record, rather than continuing it.
    pub fn begins(&self) -> bool {
        begins(self.kind, &self.what)
    }
}

/// Whether a fact called `what` makes a record of this kind.
pub fn begins(kind: AggregateKind, what: &str) -> bool {
    match kind {
        AggregateKind::Ticket => what == "logged",
        AggregateKind::Change => what == "requested",
        AggregateKind::Outage => matches!(what, "declared" | "maintenance-planned"),
        _ => false,
    }
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Not JSON, or not one object.
    Malformed,
    /// More or larger than is taken.
    TooLarge,
    /// An attribute or field that is not known.
    UnknownField,
    /// An attribute or field that is missing.
    MissingField,
    /// A field whose value is none of those that it can have.
    NotOneOf,
    /// An attribute or field that has no valid value.
    InvalidField,
}

/// One thing that is wrong with a fact, or with a request as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// The attribute, or `data.` and the field; empty for the fact as a whole.
    pub field: String,
    /// What was found.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}; {}", self.why, self.remedy)
    }
}

impl std::error::Error for Fault {}

/// Why a fact cannot be read: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The fact's id, where that could be read.
    pub id: Option<String>,
    /// At least one, in the order of reading.
    pub all: Vec<Fault>,
}

impl fmt::Display for Faults {
    /// What several faults share is said once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for alike in self
            .all
            .chunk_by(|a, b| a.why == b.why && a.remedy == b.remedy)
        {
            let fields: Vec<&str> = alike.iter().map(|fault| fault.field.as_str()).collect();
            let [.., last] = alike else { continue };
            f.write_str(between)?;
            if !last.field.is_empty() {
                write!(f, "{}: ", fields.join(", "))?;
            }
            write!(f, "{}; {}", last.why, last.remedy)?;
            between = "; ";
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// The facts of one request: one object, or an array of them. They are not looked into yet.
///
/// # Errors
/// A body that is neither, or that holds more than is taken.
pub fn split(body: &[u8]) -> Result<Vec<Box<RawValue>>, Faults> {
    if body.len() > BATCH_BYTES_MAX {
        return Err(whole(
            FaultKind::TooLarge,
            format!("{} bytes in one request", body.len()),
            &format!("send at most {BATCH_BYTES_MAX} bytes and {BATCH_FACTS_MAX} facts at a time"),
        ));
    }
    let malformed = |why: String| {
        let remedy = "send one CloudEvent in structured JSON, or an array of them";
        whole(FaultKind::Malformed, why, remedy)
    };
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("it is not UTF-8 from byte {}", error.valid_up_to())))?;
    let read = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text),
        false => serde_json::from_str(text).map(|one| vec![one]),
    };
    let facts: Vec<Box<RawValue>> =
        read.map_err(|error| malformed(format!("it is not JSON: {error}")))?;
    if facts.len() > BATCH_FACTS_MAX {
        return Err(whole(
            FaultKind::TooLarge,
            format!("{} facts in one request", facts.len()),
            &format!("send at most {BATCH_FACTS_MAX} at a time"),
        ));
    }
    Ok(facts)
}

fn whole(kind: FaultKind, why: String, remedy: &str) -> Faults {
    Faults {
        id: None,
        all: vec![fault(kind, "", why, remedy)],
    }
}

/// Reads one fact.
///
/// # Errors
/// Everything that is wrong with it, by field, and what to do.
pub fn read(text: &str) -> Result<Fact, Faults> {
    if text.len() > FACT_BYTES_MAX {
        let why = format!("a fact of {} bytes", text.len());
        let remedy = format!("a fact has at most {FACT_BYTES_MAX} bytes");
        return Err(whole(FaultKind::TooLarge, why, &remedy));
    }
    let attributes = Attributes::read(text)?;
    let mut found = Found(attributes.unknown());
    let read = read_attributes(&attributes, &mut found);
    match read {
        Some(fact) if found.0.is_empty() => Ok(fact),
        _ => Err(Faults {
            id: attributes.text("id").ok().flatten(),
            all: found.0,
        }),
    }
}

/// The faults of a fact so far.
struct Found(Vec<Fault>);

impl Found {
    /// Keeps the fault, if it is one.
    fn keep<T>(&mut self, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }
}

/// The fact; none where something that it needs is missing or wrong.
fn read_attributes(attributes: &Attributes, found: &mut Found) -> Option<Fact> {
    let required = |name: &'static str| attributes.required(name);
    found.keep(required("specversion").and_then(|version| specversion(&version)));
    found.keep(attributes.text("datacontenttype").and_then(media_type));
    found.keep(attributes.text("dataschema"));
    let id = found.keep(required("id").and_then(|text| token(&text, "id")));
    let source = found.keep(required("source").and_then(|text| source(&text)));
    let subject = found.keep(required("subject").and_then(|text| subject(&text)));
    let event_type = found.keep(required("type"));
    let what = subject.as_ref().zip(event_type);
    let what = what.and_then(|((kind, _), text)| found.keep(event_type_of(*kind, &text)));
    let happened = found.keep(required("time").and_then(|text| time(&text)));
    let correlation = attributes.text("correlationid");
    let correlation = correlation.and_then(|text| {
        let token = text.map(|text| token(&text, "correlationid"));
        token.transpose()
    });
    let correlation = found.keep(correlation);
    let traceparent = attributes.text("traceparent");
    let traceparent =
        found.keep(traceparent.and_then(|text| text.as_deref().map(trace).transpose()));
    let data = found.keep(attributes.data());
    let typed = subject.as_ref().zip(what.as_ref()).zip(data);
    let event = typed.and_then(|(((kind, _), what), data)| payload(*kind, what, data, found));
    let (council, system) = source?;
    let (kind, reference) = subject?;
    Some(Fact {
        id: id?,
        council,
        system,
        kind,
        reference,
        what: what?,
        happened: happened?,
        correlation: correlation?,
        traceparent: traceparent?,
        event: event?,
    })
}

fn payload(kind: AggregateKind, what: &str, data: &RawValue, found: &mut Found) -> Option<Event> {
    let schema = format!("see proto/schemas/{kind}/{what}.v{VERSION}.json");
    let fault = |fault: FieldFault| Fault {
        kind: match fault.kind {
            FieldFaultKind::Unknown => FaultKind::UnknownField,
            FieldFaultKind::Missing => FaultKind::MissingField,
            FieldFaultKind::NotOneOf => FaultKind::NotOneOf,
            FieldFaultKind::Invalid => FaultKind::InvalidField,
        },
        field: match fault.path.as_str() {
            "" => "data".to_owned(),
            path => format!("data.{path}"),
        },
        why: fault.why,
        remedy: schema.clone(),
    };
    match decode_strictly(kind, what, data) {
        Ok(event) => Some(event),
        Err(faults) => {
            found.0.extend(faults.into_iter().map(fault));
            None
        }
    }
}

/// A fact's attributes in the order of the text, none twice.
struct Attributes {
    attributes: Vec<(String, Box<RawValue>)>,
}

impl Attributes {
    fn read(text: &str) -> Result<Self, Faults> {
        let attributes = ordered::read(text).map_err(|error| {
            let remedy = "a fact is one JSON object with each attribute once";
            whole(FaultKind::Malformed, error.to_string(), remedy)
        })?;
        Ok(Self { attributes })
    }

    fn unknown(&self) -> Vec<Fault> {
        let remedy = format!("a fact has {}", ATTRIBUTES.join(", "));
        let names = self.attributes.iter().map(|(name, _)| name);
        names
            .filter(|name| !ATTRIBUTES.contains(&name.as_str()))
            .map(|name| {
                let why = "this attribute is not known".to_owned();
                fault(FaultKind::UnknownField, name, why, &remedy)
            })
            .collect()
    }

    fn raw(&self, name: &str) -> Option<&RawValue> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| &**value)
    }

    /// A text attribute; absent and null are the same.
    fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        match serde_json::from_str(raw.get()) {
            Ok(Value::String(text)) => Ok(Some(text)),
            Ok(Value::Null) => Ok(None),
            _ => Err(invalid(name, format!("{raw} is no text"), "write a text")),
        }
    }

    fn required(&self, name: &str) -> Result<String, Fault> {
        self.text(name)?.ok_or_else(|| {
            let why = "this attribute is missing".to_owned();
            fault(FaultKind::MissingField, name, why, "every fact has it")
        })
    }

    fn data(&self) -> Result<&RawValue, Fault> {
        let data = self.raw("data").filter(|data| data.get() != "null");
        let data = data.ok_or_else(|| {
            let why = "this attribute is missing".to_owned();
            let remedy = "every fact has it, if only as {}";
            fault(FaultKind::MissingField, "data", why, remedy)
        })?;
        match data.get().starts_with('{') {
            true => Ok(data),
            false => Err(invalid(
                "data",
                "it is no JSON object".to_owned(),
                "write an object, if only {}",
            )),
        }
    }
}

/// Reading an object without losing an attribute that is there twice.
mod ordered {
    use std::fmt;

    use serde::Deserializer;
    use serde::de::{Error, MapAccess, Visitor};
    use serde_json::value::RawValue;

    type Pairs = Vec<(String, Box<RawValue>)>;

    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Pairs;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs, M::Error> {
            let mut pairs = Pairs::new();
            let mut unknown = 0;
            while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                // That bounds what is compared, and what is told.
                if !super::ATTRIBUTES.contains(&name.as_str()) {
                    unknown += 1;
                    if unknown > super::UNKNOWN_TOLD_MAX {
                        continue;
                    }
                }
                if pairs.iter().any(|(seen, _)| *seen == name) {
                    return Err(M::Error::custom(format!("{name} is there twice")));
                }
                pairs.push((name, value));
            }
            Ok(pairs)
        }
    }

    pub(super) fn read(text: &str) -> Result<Pairs, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(text);
        let pairs = json.deserialize_map(InOrder)?;
        json.end()?;
        Ok(pairs)
    }
}

fn invalid(field: &str, why: String, remedy: &str) -> Fault {
    fault(FaultKind::InvalidField, field, why, remedy)
}

fn fault(kind: FaultKind, field: &str, why: String, remedy: &str) -> Fault {
    Fault {
        kind,
        field: field.to_owned(),
        why,
        remedy: remedy.to_owned(),
    }
}

fn token(text: &str, field: &str) -> Result<Token, Fault> {
    Token::new(text).map_err(|error| {
        let found: String = text.chars().take(80).collect();
        invalid(field, format!("{found:?}"), &error.to_string())
    })
}

fn source(text: &str) -> Result<(LogName, Code), Fault> {
    let read = || {
        let (council, system) = text.strip_prefix("/councils/")?.split_once('/')?;
        Some((LogName::new(council).ok()?, Code::new(system).ok()?))
    };
    read().ok_or_else(|| {
        let found: String = text.chars().take(200).collect();
        let remedy = "write /councils/<council>/<system>, such as /councils/brent/hornbill";
        invalid("source", format!("{found:?} is no source"), remedy)
    })
}

fn subject(text: &str) -> Result<(AggregateKind, Token), Fault> {
    let read = || {
        let (kind, reference) = text.split_once('/')?;
        let kind = AggregateKind::from_token(kind).filter(|kind| KINDS.contains(kind))?;
        Some((kind, Token::new(reference).ok()?))
    };
    read().ok_or_else(|| {
        let found: String = text.chars().take(200).collect();
        let kinds = KINDS.map(AggregateKind::token).join(", ");
        let remedy = format!(
            "write <kind>/<your own reference>, such as ticket/IN-00012345; the kinds are {kinds}"
        );
        invalid("subject", format!("{found:?} is no subject"), &remedy)
    })
}

fn specversion(version: &str) -> Result<(), Fault> {
    if version == "1.0" {
        return Ok(());
    }
    let found: String = version.chars().take(80).collect();
    let why = format!("CloudEvents {found:?} is not known here");
    Err(invalid("specversion", why, "send CloudEvents 1.0"))
}

/// JSON is UTF-8: a parameter may say so, as SDKs do.
fn media_type(media: Option<String>) -> Result<(), Fault> {
    let Some(media) = media else { return Ok(()) };
    let mut parts = media.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf_8 = |parameter: &str| {
        let value = parameter
            .split_once('=')
            .filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
        value.is_some_and(|(_, value)| value.trim_matches('"').eq_ignore_ascii_case("utf-8"))
    };
    if is_json && parts.all(is_utf_8) {
        return Ok(());
    }
    let found: String = media.chars().take(80).collect();
    let why = format!("{found:?} cannot be read");
    let remedy = "send application/json, alone or with charset=utf-8, or leave it out";
    Err(invalid("datacontenttype", why, remedy))
}

fn time(text: &str) -> Result<Timestamp, Fault> {
    instant::parse(text).map_err(|error| {
        let why = format!("{:?} is no instant: {}", error.found, error.why);
        let remedy = format!(
            "write when it happened in RFC 3339, such as {}",
            instant::EXAMPLE
        );
        invalid("time", why, &remedy)
    })
}

fn trace(text: &str) -> Result<Traceparent, Fault> {
    let remedy = "send one of W3C Trace Context, version 00, or leave it out";
    Traceparent::new(text).map_err(|error| invalid("traceparent", error.to_string(), remedy))
}

fn event_type_of(kind: AggregateKind, text: &str) -> Result<String, Fault> {
    let remedy = format!(
        "write org.townclerk.{}.<what-happened>.v{VERSION}; of a {kind} there are {}",
        kind.family().token(),
        known_types(kind).collect::<Vec<_>>().join(", ")
    );
    let found: String = text.chars().take(200).collect();
    match parse_event_type(kind, text) {
        Some((what, VERSION)) if known_types(kind).any(|known| known == what) => {
            Ok(what.to_owned())
        }
        Some((_, version)) if version != VERSION => {
            let why = format!("version {version} of {found:?} is not known here");
            Err(invalid("type", why, &remedy))
        }
        _ => {
            let why = format!("{found:?} is no type of a {kind}");
            Err(invalid("type", why, &remedy))
        }
    }
}
