"""How a worker consumes. Imported by Celery, by the name that `app` gives."""

from __future__ import annotations

from celery.worker import consumer


class Consumer(consumer.Consumer):  # type: ignore[misc]
    """Celery's own, without the 28 queues that it declares for tasks with a due time.

    Work that is due later is a row with a time; `reconciling` sends the message then.
    """

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc]
        """The steps of a consumer."""

        default_steps = [
            step
            for step in consumer.Consumer.Blueprint.default_steps
            if "DelayedDelivery" not in str(step)
        ]
