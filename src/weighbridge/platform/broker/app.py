"""The Celery application, made where a broker is configured and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings

from weighbridge.platform.broker import queues
from weighbridge.platform.environment import ConfigurationError

TASK_SECONDS = 25 * 60
"""RabbitMQ takes a message back after half an hour (its `consumer_timeout`)."""
_CONNECT_SECONDS = 4


@cache
def application() -> Any:
    """Return the application of this process.

    Raises:
        ConfigurationError: no broker is configured, or the extra is not installed.
    """
    if not settings.WEIGHBRIDGE_BROKER_URL:
        raise ConfigurationError("WEIGHBRIDGE_BROKER_URL names no broker")
    try:
        from celery import Celery
    except ImportError as error:
        raise ConfigurationError("a broker needs weighbridge[celery]") from error
    # No fix-ups: the one for Django puts the working directory into the path of imports.
    app = Celery("weighbridge", broker=settings.WEIGHBRIDGE_BROKER_URL, fixups=[])
    app.conf.update(
        task_queues=[queues.declared(name) for name in queues.NAMES],
        task_default_queue=f"{queues.PREFIX}{queues.BULK}",
        task_default_exchange=queues.exchange().name,
        task_default_exchange_type="topic",
        task_default_routing_key=queues.BULK,
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,  # The row says what failed, and what comes next.
        task_reject_on_worker_lost=True,
        task_time_limit=TASK_SECONDS,
        worker_prefetch_multiplier=1,
        # Quorum queues refuse a channel's QoS; each consumer then gets its own.
        worker_detect_quorum_queues=True,
        worker_consumer="weighbridge.platform.broker.consuming:Consumer",
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_transport_options={"confirm_publish": True},
        broker_connection_timeout=_CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=30,
    )
    return app
