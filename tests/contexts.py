"""Contexts of requests, for services that are called without a handler."""

import math

from datamesh.services.audit.trail import NoAuditTrail
from datamesh.services.context import RequestContext
from datamesh.storage.backoff import Deadline

NO_DEADLINE = Deadline(math.inf, math.inf)
CONTEXT = RequestContext(principal="key-1", deadline=NO_DEADLINE, audit=NoAuditTrail())
"""It has all the time, keeps no audit record, and the ids of its commits are random."""
