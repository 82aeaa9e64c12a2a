//! Payloads: an event's enum variant is its type, the variant's content is the CloudEvent's `data`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

use serde::de::value::EnumAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor,
};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::{Event, Recording};
use townclerk_domain::fields::{FieldFault, FieldFaultKind, add_unread, faults};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::{with_event, with_rules};

use crate::schema::{DescribedType, all_event_types};

pub const CORRECTED: &str = "corrected";
pub const VOIDED: &str = "voided";

/// What happened, as the type names it, and the data, with fields in the order of the types.
pub fn encode(event: &Event) -> Result<(String, Box<RawValue>), serde_json::Error> {
    with_event!(event, what => encode_recordable(what))
}

fn encode_recordable<F: Serialize>(
    what: &Recordable<F>,
) -> Result<(String, Box<RawValue>), serde_json::Error> {
    match what {
        Recordable::Fact(fact) => {
            let tagged: BTreeMap<String, Box<RawValue>> =
                serde_json::from_str(to_raw_value(fact)?.get())?;
            let only = tagged.into_iter().next();
            only.ok_or_else(|| serde::ser::Error::custom("a fact without a name"))
        }
        Recordable::Corrected(correction) => Ok((CORRECTED.to_owned(), to_raw_value(correction)?)),
        Recordable::Voided(voiding) => Ok((VOIDED.to_owned(), to_raw_value(voiding)?)),
    }
}

pub fn decode(
    kind: AggregateKind,
    what: &str,
    data: &RawValue,
) -> Result<Event, serde_json::Error> {
    with_rules!(kind, Rules => decode_as::<Rules>(what, data))
}

/// As [`decode`], for what somebody asks to be recorded: a field that is not known is a fault too, and
/// so is what serde takes beyond the schema.
///
/// # Errors
/// Every field with what is wrong with it.
pub(crate) fn decode_strictly(
    kind: AggregateKind,
    what: &str,
    data: &RawValue,
) -> Result<Event, Vec<FieldFault>> {
    let mut found = said_wrong(kind, what, data);
    let read = with_rules!(kind, Rules => strictly_as::<Rules>(what, data));
    match read {
        Ok(event) if found.is_empty() => Ok(event),
        Ok(_) => Err(found),
        Err(fault) => {
            add_unread(&mut found, fault);
            Err(found)
        }
    }
}

/// What the schema of this type finds wrong.
fn said_wrong(kind: AggregateKind, what: &str, data: &RawValue) -> Vec<FieldFault> {
    let schema = DATA_SCHEMAS
        .get(&kind)
        .and_then(|of_kind| of_kind.get(what));
    let said = serde_json::from_str(data.get());
    match (schema, said) {
        (Some(schema), Ok(said)) => faults(schema, &said),
        // Serde says what is wrong with it.
        _ => Vec::new(),
    }
}

/// The schema of the data of each type of event, by kind and by what happened.
static DATA_SCHEMAS: LazyLock<BTreeMap<AggregateKind, BTreeMap<String, Value>>> =
    LazyLock::new(|| {
        let mut schemas: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for DescribedType {
            kind,
            what,
            mut schema,
            ..
        } in all_event_types()
        {
            let data = schema["properties"]["data"].take();
            schemas.entry(kind).or_default().insert(what, data);
        }
        schemas
    });

/// What can happen to a record of this kind, as its types name it.
pub(crate) fn known_types(kind: AggregateKind) -> impl Iterator<Item = &'static str> {
    let of_kind = DATA_SCHEMAS.get(&kind);
    of_kind
        .into_iter()
        .flat_map(BTreeMap::keys)
        .map(String::as_str)
}

fn strictly_as<R: Recording>(what: &str, data: &RawValue) -> Result<Event, FieldFault> {
    let recordable = match what {
        CORRECTED => Recordable::Corrected(strictly(&mut json(data), 0)?),
        VOIDED => Recordable::Voided(strictly(&mut json(data), 0)?),
        // The path of a fact begins with its variant, which is the type and no field.
        _ => Recordable::Fact(strictly(
            EnumAccessDeserializer::new(Tagged { what, data }),
            1,
        )?),
    };
    Ok(R::into_event(recordable))
}

fn json(data: &RawValue) -> serde_json::Deserializer<serde_json::de::StrRead<'_>> {
    serde_json::Deserializer::from_str(data.get())
}

/// Reads a `T`; the first `outside` segments of paths are not fields.
fn strictly<'de, T, D>(deserializer: D, outside: usize) -> Result<T, FieldFault>
where
    T: DeserializeOwned,
    D: Deserializer<'de, Error = serde_json::Error>,
{
    let inside = |path: String| -> String {
        let segments = path.split('.').filter(|segment| !segment.is_empty());
        segments.skip(outside).collect::<Vec<_>>().join(".")
    };
    let mut ignored = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    let read = serde_ignored::deserialize(tracked, |path| ignored.push(path.to_string()));
    match read {
        Ok(read) if ignored.is_empty() => Ok(read),
        Ok(_) => Err(FieldFault {
            path: inside(ignored.swap_remove(0)),
            kind: FieldFaultKind::Unknown,
            why: "this field is not known".to_owned(),
        }),
        Err(error) => Err(FieldFault {
            path: inside(track.path().to_string()),
            kind: FieldFaultKind::Invalid,
            why: error.to_string(),
        }),
    }
}

fn decode_as<R: Recording>(what: &str, data: &RawValue) -> Result<Event, serde_json::Error> {
    let recordable = match what {
        CORRECTED => Recordable::Corrected(serde_json::from_str(data.get())?),
        VOIDED => Recordable::Voided(serde_json::from_str(data.get())?),
        _ => Recordable::Fact(decode_fact(what, data)?),
    };
    Ok(R::into_event(recordable))
}

/// Reads the enum variant called `what` from `data`.
pub(crate) fn decode_fact<F: DeserializeOwned>(
    what: &str,
    data: &RawValue,
) -> Result<F, serde_json::Error> {
    F::deserialize(EnumAccessDeserializer::new(Tagged { what, data }))
}

/// An enum value whose variant name and content stand apart.
struct Tagged<'a> {
    what: &'a str,
    data: &'a RawValue,
}

impl<'de> EnumAccess<'de> for Tagged<'de> {
    type Error = serde_json::Error;
    type Variant = Content<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'de>), serde_json::Error> {
        let name = serde::de::value::StrDeserializer::<serde_json::Error>::new(self.what);
        Ok((seed.deserialize(name)?, Content(self.data)))
    }
}

struct Content<'a>(&'a RawValue);

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = serde_json::Error;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, serde_json::Error> {
        seed.deserialize(&mut serde_json::Deserializer::from_str(self.0.get()))
    }

    fn unit_variant(self) -> Result<(), serde_json::Error> {
        Err(only_payloads())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, serde_json::Error> {
        Err(only_payloads())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, serde_json::Error> {
        Err(only_payloads())
    }
}

fn only_payloads() -> serde_json::Error {
    serde::de::Error::custom("every fact carries one payload")
}
