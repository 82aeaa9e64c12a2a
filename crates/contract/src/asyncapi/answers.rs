//! The JSON of answers, as over HTTP.

use serde_json::{Value, json};

use super::local;

pub fn schemas() -> Value {
    json!({
        "answer": answer(),
        "answers": {
            "type": "object",
            "description": "In the order of the facts.",
            "properties": {
                "answers": {"type": "array", "items": local("components/schemas/answer")},
                "counts": {
                    "type": "object",
                    "description": "How many answers have each outcome.",
                    "additionalProperties": {"type": "integer"},
                },
            },
            "required": ["answers", "counts"],
        },
        "problem": problem(),
        "startRequest": {
            "type": "object",
            "properties": {
                "after": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "The last position that is not wanted; 0 for all.",
                    "examples": [123],
                },
            },
            "required": ["after"],
        },
        "startAnswer": {
            "type": "object",
            "properties": {
                "durable": {"type": "string", "examples": ["brent-hornbill"]},
                "next": {
                    "type": "integer",
                    "description": "The position that is delivered next.",
                    "examples": [124],
                },
            },
            "required": ["durable", "next"],
        },
    })
}

fn answer() -> Value {
    json!({
        "type": "object",
        "description": "What became of one fact.",
        "properties": {
            "id": {"type": ["string", "null"], "description": "The fact's id, where it was read."},
            "outcome": {
                "enum": ["recorded", "already-recorded", "held", "refused", "try-again"],
                "description": "\
recorded: it is in the log now. already-recorded: it did before. held: it comes too early and
waits in memory for what comes before it; that is no acknowledgement, so send it again. refused: it
will not be recorded, and the problem says why. try-again: it could not be decided; send it again
unchanged.
",
            },
            "position": {
                "type": ["string", "null"],
                "description": "Its position in the log.",
                "examples": ["brent:123"],
            },
            "warnings": {
                "type": "array", "items": {"type": "string"},
                "description": "What to look at again though it is recorded; absent where nothing is.",
            },
            "aggregate": {
                "type": ["string", "null"],
                "description": "The record: its kind and id.",
                "examples": ["ticket/e88f17a2-4fc0-5973-8782-2e192fb4608f"],
            },
            "event": {
                "type": ["string", "null"],
                "format": "uuid",
                "description": "The id of the event that it became.",
            },
            "held_until": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When a held fact is given up.",
            },
            "problem": local("components/schemas/problem"),
        },
        "required": ["outcome"],
    })
}

fn problem() -> Value {
    json!({
        "type": ["object", "null"],
        "description": "Problem details (RFC 9457): what is wrong and what to do.",
        "properties": {
            "type": {"type": "string", "description": "Which problem it is, as a URI."},
            "title": {"type": "string"},
            "status": {"type": "integer", "description": "As over HTTP."},
            "detail": {"type": "string"},
        },
    })
}
