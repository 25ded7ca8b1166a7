"""Typed settings from the environment, and every limit of the product, each in one place."""

import json
import os
from dataclasses import dataclass
from functools import lru_cache

# --- limits (FEATURES and DESIGN give the numbers; times in seconds unless named otherwise) ---
WAIT_MIN, WAIT_MAX = 1, 2_147_483
WAIT_FOR_ASSIGNED = 10
PLAN_STEP_TIMEOUT = 30
QUEUE_AGENT_TIMEOUT = 15
ACCOUNT_KEY_LENGTH = 5
AGENT_CAPACITY = 20
SILENCE = 60  # an agent who has not polled for so long is offline
PRESENCE_REFRESH = 20  # a poll writes seen_at at most this often
CONFIG_CACHE = 25
REQUEST_BYTES = 64 * 1024
WEBHOOK_BYTES = 1024 * 1024
DEDUP_DAYS = 400
PARKED_REPORT_DAYS = 7
IDEMPOTENCY_HOURS = 24
PART_MEMORY = 3600  # parts of one text come within this long; providers use their references again
PART_CHARACTERS = 160  # of one part; what is longer is no part
UNNAMED_DUPLICATE_WINDOW = 60  # texts without a provider id and timestamp are compared in buckets this long
ROUTING_GRACE = 30  # a requested routing, or a wait past its deadline, is repaired after so long
OUTBOUND_GRACE = 60
QUEUE_GRACE = 60
STATUS_MEMORY = 3600  # how long a changed delivery status is told to polls
IMMEDIATE_ACTIONS = 50  # plan actions between two waits
OPENING_DAYS = 300  # the longest wait for a plan's next opening
ENTRIES_PER_EPOCH = 5
RINGS_PER_RUN = 1500
AUTO_REPLIES_PER_HOUR = 5
WEBHOOKS_PER_STEP = 3
WEBHOOK_SECONDS = 5
DERIVED_OFFERS = 20
MAX_AGE = 4 * 3600
SEGMENTS_PER_SECOND = 1
LEASE = 30
CLAIM_RESERVE = 15  # no claim with less than this left of the function's time
SLOT_STALE = 5
SEND_BACK = 5
BACKOFF_FIRST, BACKOFF_LAST = 2, 300
UNEXPECTED_ERRORS = 5
PROVIDER_CONNECT_TIMEOUT, PROVIDER_READ_TIMEOUT = 5, 10
TEXT_CHARACTERS = 1600
DUE_SHARDS = 8
SILENCE_DAYS = 365  # the longest silence after which an account may have its conversations closed
SILENCE_LOOK = 3600, 24 * 3600  # between two looks for silent conversations of an account, at least and at most
SILENCE_BATCH = 200  # conversations of one look
REALTIME_MOST = 5000  # open interactions of one account that are counted for supervisors
CONFLICT_RETRIES = 8


@dataclass(frozen=True)
class Settings:
    """What the stack tells its functions (infra/template.yaml sets each)."""

    table: str
    outbound_queue_url: str
    dead_letter_queue_url: str
    kms_key: str
    state_machine_arn: str
    stage: str
    public_base: str
    provider_hosts: dict[str, str]
    zone: str

    @property
    def loopback_allowed(self) -> bool:
        """Only the laptop's stage may call addresses of its own machine."""
        return self.stage == "local"


@lru_cache(maxsize=1)
def settings() -> Settings:
    env = os.environ
    return Settings(
        table=env["TABLE_NAME"],
        outbound_queue_url=env["OUTBOUND_QUEUE_URL"],
        dead_letter_queue_url=env["DEAD_LETTER_QUEUE_URL"],
        kms_key=env["KMS_KEY"],
        state_machine_arn=env["STATE_MACHINE_ARN"],
        stage=env["STAGE"],
        public_base=env["PUBLIC_BASE"].rstrip("/"),
        provider_hosts=json.loads(env.get("PROVIDER_HOSTS") or "{}"),
        zone=env.get("ZONE") or "UTC",
    )
