"""Sends a ticket's life as facts, reads it back, and starts again from any position.

python ticket_life.py nats://127.0.0.1:4222 brent-hornbill.nk brent hornbill [AFTER]
"""
import asyncio, json, sys
import nats  # pip install 'nats-py[nkeys]'

url, credential, council, system, *after = sys.argv[1:]

def fact(what, time, **data):
    return {"specversion": "1.0", "source": f"/councils/{council}/{system}", "id": f"IN-1-{what}",
            "type": f"org.townclerk.ticket.{what}.v1", "subject": "ticket/IN-1", "time": time, "data": data}

life = [fact("logged", "2026-01-05T09:15:00Z", kind="incident", priority="p3", channel="phone",
             user_class="standard", service="email", category="other", sts=True),
        fact("started", "2026-01-05T09:20:00Z"), fact("resolved", "2026-01-05T10:05:00Z")]

async def main():
    connection = await nats.connect(url, nkeys_seed=credential)
    async def ask(subject, question):
        answer = await connection.request(subject, json.dumps(question).encode(), timeout=30)
        return json.loads(answer.data)
    answers = await ask(f"facts.{council}", life)  # repeated, it is still recorded once
    for answer in answers.get("answers", [answers]):
        print("fact", answer.get("id"), answer.get("outcome"), answer.get("problem", answer).get("detail", ""))
    if after:  # 0 for the whole log: to make one's own copy again
        print("start", await ask(f"start.{council}", {"after": int(after[0])}))
    for durable in f"{council}-{system}", f"shared-{council}-{system}":
        pulled = await connection.jetstream().pull_subscribe_bind(durable, "EVENTS")
        try:
            while messages := await pulled.fetch(100, timeout=2):
                for message in messages:
                    event = json.loads(message.data)
                    print("event", message.metadata.sequence.stream, event["type"], event["subject"])
                    await message.ack_sync()  # when it is safely stored; else it comes again
        except asyncio.TimeoutError:
            pass  # nothing more for now; a service would go on asking
    await connection.close()

asyncio.run(main())
