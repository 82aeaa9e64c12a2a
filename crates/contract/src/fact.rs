//! Facts: what a partner's tool says happened, as a CloudEvent that asks to be recorded.
//!
//! A fact is read strictly: an attribute or field that is not known is a fault, so that a mistyped
//! name is not lost in silence. What comes out of it is a command; nothing here decides.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{
    AggregateId, AggregateKind, CommandId, Token, fact_command, referenced_aggregate,
};
use townclerk_domain::names::{Code, LogName};

use crate::event_type::{VERSION, parse_event_type};
use crate::payload::decode_strictly;
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
    /// An attribute or field that is missing or has no valid value.
    InvalidField,
}

/// Why a fact cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The fact's id, where that could be read.
    pub id: Option<String>,
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

/// The facts of one request: one object, or an array of them. They are not looked into yet.
///
/// # Errors
/// A body that is neither, or that holds more than is taken.
pub fn split(body: &[u8]) -> Result<Vec<Box<RawValue>>, Fault> {
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

fn whole(kind: FaultKind, why: String, remedy: &str) -> Fault {
    Fault {
        id: None,
        kind,
        field: String::new(),
        why,
        remedy: remedy.to_owned(),
    }
}

/// Reads one fact.
///
/// # Errors
/// The first thing that is wrong with it, by field, and what to do.
pub fn read(text: &str) -> Result<Fact, Fault> {
    if text.len() > FACT_BYTES_MAX {
        let why = format!("a fact of {} bytes", text.len());
        let remedy = format!("a fact has at most {FACT_BYTES_MAX} bytes");
        return Err(whole(FaultKind::TooLarge, why, &remedy));
    }
    let attributes = Attributes::read(text)?;
    read_attributes(&attributes).map_err(|fault| Fault {
        id: attributes.text("id").ok().flatten(),
        ..fault
    })
}

fn read_attributes(attributes: &Attributes) -> Result<Fact, Fault> {
    attributes.all_known()?;
    let version = attributes.required("specversion")?;
    if version != "1.0" {
        let why = format!("CloudEvents {version:?} is not known here");
        return Err(invalid("specversion", why, "send CloudEvents 1.0"));
    }
    if let Some(media) = attributes
        .text("datacontenttype")?
        .filter(|media| media != "application/json")
    {
        let why = format!("{media:?} cannot be read");
        let remedy = "send application/json, or leave it out";
        return Err(invalid("datacontenttype", why, remedy));
    }
    let id = token(&attributes.required("id")?, "id")?;
    let (council, system) = source(&attributes.required("source")?)?;
    let (kind, reference) = subject(&attributes.required("subject")?)?;
    let what = event_type(kind, &attributes.required("type")?)?;
    let happened = attributes.required("time")?;
    let happened = happened.parse().map_err(|error| {
        let remedy = "write when it happened in RFC 3339, such as 2021-03-01T09:30:00Z";
        invalid("time", format!("{happened:?}: {error}"), remedy)
    })?;
    let correlation = attributes.text("correlationid")?;
    let correlation = correlation.map(|text| token(&text, "correlationid"));
    let traceparent = attributes.text("traceparent")?;
    let traceparent = traceparent.map(|text| {
        let remedy = "send one of W3C Trace Context, version 00, or leave it out";
        Traceparent::new(&text).map_err(|error| invalid("traceparent", error.to_string(), remedy))
    });
    let data = attributes.data()?;
    let event = decode_strictly(kind, &what, data).map_err(|fault| {
        let inside = match fault.path.as_str() {
            "" => "data".to_owned(),
            path => format!("data.{path}"),
        };
        let schema = format!("see proto/schemas/{kind}/{what}.v{VERSION}.json");
        Fault {
            kind: match fault.unknown {
                true => FaultKind::UnknownField,
                false => FaultKind::InvalidField,
            },
            ..invalid(&inside, fault.why, &schema)
        }
    })?;
    Ok(Fact {
        id,
        council,
        system,
        kind,
        reference,
        what,
        happened,
        correlation: correlation.transpose()?,
        traceparent: traceparent.transpose()?,
        event,
    })
}

/// A fact's attributes in the order of the text, none twice.
struct Attributes {
    attributes: Vec<(String, Box<RawValue>)>,
}

impl Attributes {
    fn read(text: &str) -> Result<Self, Fault> {
        let attributes = ordered::read(text).map_err(|error| {
            let remedy = "a fact is one JSON object with each attribute once";
            whole(FaultKind::Malformed, error.to_string(), remedy)
        })?;
        Ok(Self { attributes })
    }

    fn all_known(&self) -> Result<(), Fault> {
        let unknown = self
            .attributes
            .iter()
            .find(|(name, _)| !ATTRIBUTES.contains(&name.as_str()));
        match unknown {
            None => Ok(()),
            Some((name, _)) => Err(Fault {
                kind: FaultKind::UnknownField,
                ..invalid(
                    name,
                    "this attribute is not known".to_owned(),
                    &format!("a fact has {}", ATTRIBUTES.join(", ")),
                )
            }),
        }
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
            invalid(name, why, "every fact has it")
        })
    }

    fn data(&self) -> Result<&RawValue, Fault> {
        let data = self.raw("data").filter(|data| data.get() != "null");
        let data = data.ok_or_else(|| {
            let why = "this attribute is missing".to_owned();
            invalid("data", why, "every fact has it, if only as {}")
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

/// Reading an object without losing an attribute that stands twice.
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
            while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                // One attribute too many is enough to say so, and bounds what is compared.
                if pairs.len() > super::ATTRIBUTES.len() {
                    continue;
                }
                if pairs.iter().any(|(seen, _)| *seen == name) {
                    return Err(M::Error::custom(format!("{name} stands twice")));
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
    Fault {
        id: None,
        kind: FaultKind::InvalidField,
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

fn event_type(kind: AggregateKind, text: &str) -> Result<String, Fault> {
    let remedy = format!(
        "write org.townclerk.{}.<what-happened>.v{VERSION}, of the types under proto/schemas/{kind}",
        kind.family().token()
    );
    match parse_event_type(kind, text) {
        Some((what, VERSION)) => Ok(what.to_owned()),
        Some((_, version)) => {
            let why = format!("version {version} of {text:?} is not known here");
            Err(invalid("type", why, &remedy))
        }
        None => {
            let found: String = text.chars().take(200).collect();
            let why = format!("{found:?} is no type of a {kind}");
            Err(invalid("type", why, &remedy))
        }
    }
}
