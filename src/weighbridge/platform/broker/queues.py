"""Which queue a scan goes to, and how the queues are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kombu import Exchange, Queue

INTERACTIVE = "interactive"
BULK = "bulk"
NAMES = (INTERACTIVE, BULK)
PREFIX = "weighbridge."
TASK = "weighbridge.scan"
HELP = "weighbridge.help"
DELIVERIES = 20
"""So often a message is delivered before it is laid aside; the row goes on without it."""
_DEAD_LENGTH = 10_000


def queue_of(priority: int) -> str:
    """Return the queue of a scan: what people wait for goes its own way."""
    return INTERACTIVE if priority >= 0 else BULK


def exchange() -> Exchange:
    """Return where messages are sent to.

    A topic exchange: quorum queues refuse priorities (RabbitMQ, "Quorum Queues: Feature Matrix"),
    so urgent messages have a queue of their own and each is told by its routing key.
    """
    from kombu import Exchange

    return Exchange(f"{PREFIX}work", type="topic", durable=True)


def declared(name: str) -> Queue:
    """Return one of `NAMES`, replicated, with an end for messages that kill their workers."""
    from kombu import Queue

    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERIES,
        "x-dead-letter-exchange": f"{PREFIX}dead",
        "x-dead-letter-routing-key": "dead",
    }
    return Queue(
        f"{PREFIX}{name}", exchange(), routing_key=name, durable=True, queue_arguments=arguments
    )


def dead() -> Queue:
    """Return where messages are laid aside for people to look at; the oldest make room."""
    from kombu import Exchange, Queue

    arguments = {"x-queue-type": "quorum", "x-max-length": _DEAD_LENGTH}
    way = Exchange(f"{PREFIX}dead", type="topic", durable=True)
    return Queue(f"{PREFIX}dead", way, routing_key="dead", durable=True, queue_arguments=arguments)
