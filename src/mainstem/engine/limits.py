"""The protocol's limits, one table, under the names the hosted service gives them.

Sizes are in bytes, spans in milliseconds unless the name says otherwise. Inngest SDK protocol,
"Limits, quirks, differences".
"""

from typing import Final

MIB: Final = 1024 * 1024
SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

MAX_STEPS_PER_RUN: Final = 1000
MAX_STATE_BYTES: Final = 32 * MIB
MAX_STEP_OUTPUT_BYTES: Final = 4 * MIB
MAX_RESPONSE_BYTES: Final = 8 * MIB
MAX_REQUEST_BYTES: Final = 4 * MIB
# The state may be this large before a request leaves it out and sets `use_api`.
MAX_STATE_IN_REQUEST_BYTES: Final = MAX_REQUEST_BYTES - 1024
MAX_EVENT_BYTES: Final = 3 * MIB
MAX_EVENTS_PER_REQUEST: Final = 5000
MAX_BATCH_BYTES: Final = 10 * MIB
# A request for events is read whole before it is answered: 5,000 events of 13 KiB, or 21 of the
# largest. Inngest's own server has a bound on each event only.
MAX_EVENTS_BODY_BYTES: Final = 64 * MIB
# Any other request; a registration, the largest of them, has some hundred bytes a function. A
# checkpoint has a bound of its own, from the state it may bring.
MAX_BODY_BYTES: Final = 16 * MIB

DEFAULT_RETRIES: Final = 4
MAX_RETRIES: Final = 20
MAX_TRIGGERS: Final = 10
MAX_CANCEL_ENTRIES: Final = 5
MAX_CONCURRENCY_LIMITS: Final = 2
MAX_NAME_LENGTH: Final = 255
MAX_RATE_LIMIT_PERIOD: Final = DAY
MAX_DEBOUNCE_PERIOD: Final = 7 * DAY
MAX_CRON_JITTER: Final = 5 * MINUTE

REQUEST_TIMEOUT_SECONDS: Final = 2 * 60 * 60.0
CONNECT_TIMEOUT_SECONDS: Final = 10.0
# Servers close connections that rest (uvicorn and node after 5 s, gunicorn after 2); to be the one
# who closes first spares a request the fate of being sent into a connection that is closing.
KEEP_ALIVE_SECONDS: Final = 1.5
# A model may think for long, and is asked again when it took longer.
GATEWAY_TIMEOUT_SECONDS: Final = 15 * 60.0
SYNC_TIMEOUT_SECONDS: Final = 30.0
# An app that registers waits for the answer of its other addresses.
PROBE_TIMEOUT_SECONDS: Final = 2.0
MAX_PARALLEL_CALLS: Final = 100
# How long who waits for the output of a durable endpoint is kept waiting.
OUTPUT_WAIT_SECONDS: Final = 5 * 60.0
# A request to a durable endpoint that has told of no step for so long is taken for dead.
ENDPOINT_SILENCE: Final = 15 * MINUTE
MAX_REDIRECTS: Final = 20  # as fetch has it

DEDUPLICATION_WINDOW: Final = DAY
BATCH_DEDUPLICATION_WINDOW: Final = 30 * MINUTE
MAX_WAIT: Final = 366 * DAY
DEFAULT_INVOKE_TIMEOUT: Final = 365 * DAY
DEFAULT_CANCEL_WINDOW: Final = 365 * DAY
MIN_RETRY_AFTER: Final = SECOND
MAX_RETRY_AFTER: Final = DAY
MAX_PRIORITY_SECONDS: Final = 600

ERR_STEPS: Final = "InngestErrFunctionOverflowed"
ERR_STATE: Final = "InngestErrStateOverflowed"
ERR_TIMEOUT_TOO_LONG: Final = "InngestErrTimeoutTooLong"
ERR_OUTPUT: Final = "output_too_large"
