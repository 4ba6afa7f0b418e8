"""The API forms whose answers are rewritten, by their path below /v1. A new one is a file and a row."""

from rpo_edge.serve.dialects.base import Dialect
from rpo_edge.serve.dialects.chat import CHAT
from rpo_edge.serve.dialects.messages import MESSAGES
from rpo_edge.serve.dialects.responses import RESPONSES

DIALECTS: dict[str, Dialect] = {dialect.path: dialect for dialect in (CHAT, RESPONSES, MESSAGES)}
