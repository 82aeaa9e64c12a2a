//! The description of what goes over NATS, in AsyncAPI 3.1: `proto/asyncapi.yaml` is made of it.
//!
//! It is told from Townclerk's side, as AsyncAPI wants it: what a partner's tool sends is received
//! here. What each event holds is not told again but referred to, in `proto/schemas`.

mod answers;
mod channels;
mod messages;
mod operations;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::{Value, json};

use crate::subject::CONTENT_TYPE;

/// The whole description; its parts stand in the order in which one reads them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    asyncapi: &'static str,
    id: &'static str,
    info: Value,
    default_content_type: &'static str,
    servers: Value,
    channels: Value,
    operations: Value,
    components: Value,
}

/// The description of this version.
pub fn document() -> Document {
    Document {
        asyncapi: "3.1.0",
        id: "urn:org:townclerk",
        info: info(),
        default_content_type: CONTENT_TYPE,
        servers: json!({"nats": server()}),
        channels: channels::channels(),
        operations: operations::operations(),
        components: json!({
            "messages": messages::messages(),
            "messageTraits": messages::traits(),
            "schemas": answers::schemas(),
            "parameters": channels::parameters(),
            "correlationIds": {"request": {
                "description": "Ties together what belongs to one request of the outside world.",
                "location": "$message.payload#/correlationid",
            }},
            "securitySchemes": {"nkey": nkey()},
        }),
    }
}

/// A reference to something of this document.
fn local(path: &str) -> Value {
    json!({"$ref": format!("#/{path}")})
}

const ABOUT: &str = "\
Townclerk keeps the record of an IT service that several councils share. What happened is recorded
as events, one log for each council and one, `shared`, for what concerns several of them.

A partner's tool, such as a council's service desk, does two things here. It sends facts, what it
says happened, by a request to `facts.<council>`; each is answered for itself. And it reads what was
recorded, its own facts and everybody's, from two durable consumers that are kept for it: one on its
council's log, one on `shared`.

A tool is one (council, system), and has a NATS account of its own, in which it sees exactly the
subjects below and nothing else. Its id, `<council>-<system>`, is the name of its durable on its
council's log.

Every event is a CloudEvent 1.0 in structured JSON. PROFILE.md beside this file tells the rules on
one page, docs/PARTNERS.md how to begin. The same facts go over HTTP: see openapi.json.

Sending and receiving are told from Townclerk's side.
";

fn info() -> Value {
    json!({
        "title": "Townclerk over NATS",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": {
            "name": "Apache-2.0",
            "url": "https://www.apache.org/licenses/LICENSE-2.0",
        },
        "externalDocs": {
            "description": "CloudEvents 1.0",
            "url": "https://cloudevents.io",
        },
    })
}

fn server() -> Value {
    json!({
        "host": "{host}:{port}",
        "protocol": "nats",
        "title": "The nats-server of the partnership",
        "description": "\
The operator of Townclerk says where it is and hands over the credential. Between machines the
connection is made with TLS.
",
        "variables": {
            "host": {
                "default": "127.0.0.1",
                "description": "The name of its machine.",
            },
            "port": {
                "default": "4222",
                "description": "Its port for clients.",
            },
        },
        "security": [local("components/securitySchemes/nkey")],
    })
}

fn nkey() -> Value {
    json!({
        "type": "asymmetricEncryption",
        "description": "\
NATS nkeys (Ed25519). The server sends a nonce and the client signs it with the seed in its
credential file, which it never sends. The seed is made by `townclerk partner add`, into a file that
only its owner may read, and stops working with `townclerk partner remove`.
",
    })
}
