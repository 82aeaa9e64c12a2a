//! What a route takes and answers, as far as only the code that registers it knows: this is where the
//! published description of the interface comes from.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use townclerk_domain::fields::schema_of;
use townclerk_domain::plain_text;

use super::kind::Kind;

/// Makes a JSON Schema (2020-12). A function, so that nothing is made where nobody asks.
pub type Schema = fn() -> Value;

/// What a route takes and answers.
#[derive(Clone, Debug)]
pub enum Described {
    /// Nothing was said. Allowed, so that a test can name every such route.
    Unsaid,
    /// Records something: a JSON object, beside which every command takes the same.
    Command { body: Schema },
    /// Takes a fact of a partner's tool or several, and answers one or several.
    Facts { one: Schema, several: Schema },
    /// Takes fields of a browser's form, and leads elsewhere.
    Form { fields: Option<Schema> },
    /// Records nothing.
    Read {
        query: Vec<Parameter>,
        answers: Answers,
    },
}

/// What a read answers with.
#[derive(Clone, Copy, Debug)]
pub enum Answers {
    Json(Schema),
    /// As [`Self::Json`], with an `ETag` by which it need not be sent again.
    Tagged(Schema),
    /// Server-sent events, for as long as the connection lasts.
    Events,
    /// Lines of JSON, while work goes on.
    Lines,
    /// A page for people.
    Page,
    /// A table of a page, for spreadsheets.
    Csv,
    /// A word, or one of these problems.
    Text(&'static [Kind]),
}

/// A parameter of a query.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub about: String,
    /// Whether it may stand there several times.
    pub repeats: bool,
    /// Of one value.
    pub schema: Value,
}

impl Described {
    /// A read without parameters.
    pub fn read(answers: Answers) -> Self {
        Self::Read {
            query: Vec::new(),
            answers,
        }
    }

    /// Whether the query may give this parameter several times.
    pub fn repeats(&self, name: &str) -> bool {
        match self {
            Self::Read { query, .. } => query
                .iter()
                .any(|parameter| parameter.name == name && parameter.repeats),
            Self::Unsaid | Self::Command { .. } | Self::Facts { .. } | Self::Form { .. } => false,
        }
    }

    /// A read that answers with a `T`.
    pub fn json<T: JsonSchema>(query: Vec<Parameter>) -> Self {
        Self::Read {
            query,
            answers: Answers::Json(shown::<T>),
        }
    }
}

/// As [`Described::json`], with an `ETag`.
pub fn tagged<T: JsonSchema>(query: Vec<Parameter>) -> Described {
    Described::Read {
        query,
        answers: Answers::Tagged(shown::<T>),
    }
}

/// The schema of a `T` that is read from a request: what has a default may be left out.
///
/// Every text that has no narrower form is plain text, as the rules of all kinds say.
pub fn taken<T: JsonSchema>() -> Value {
    let mut schema = schema_of::<T>();
    texts_are_plain(&mut schema);
    schema
}

fn texts_are_plain(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            let is_text = match keywords.get("type") {
                Some(Value::Array(types)) => types.iter().any(|kind| kind == "string"),
                Some(kind) => kind == "string",
                None => false,
            };
            let narrower = ["pattern", "format", "enum", "const"];
            if is_text
                && !narrower
                    .iter()
                    .any(|keyword| keywords.contains_key(*keyword))
            {
                keywords.insert("pattern".to_owned(), plain_text::PATTERN.into());
            }
            keywords.values_mut().for_each(texts_are_plain);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(texts_are_plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema of a `T` that is written into an answer: every key that is written is there.
pub fn shown<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    schema.to_value()
}
