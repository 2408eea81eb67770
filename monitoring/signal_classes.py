"""What sort of signal an indicator is: one of the golden four, the health or quality of a model, business.

The four are those of Google's Site Reliability Engineering (2016), chapter 6. A person says it, or
the kind of the monitor does, or the words of its series and its name do.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Signal(StrEnum):
    """The classes of which a service should have one indicator each."""

    LATENCY = "latency"
    TRAFFIC = "traffic"
    ERRORS = "errors"
    SATURATION = "saturation"
    MODEL_HEALTH = "model_health"
    MODEL_QUALITY = "model_quality"
    BUSINESS = "business"


OF_MODELS = (Signal.MODEL_HEALTH, Signal.MODEL_QUALITY)
OF_SERVICES = tuple(each for each in Signal if each not in OF_MODELS)

BY_KIND = {
    **dict.fromkeys(
        (
            "age",
            "deadline",
            "degenerate_output",
            "distribution_drift",
            "pipeline_progress",
            "prediction_churn",
            "training_health",
            "training_serving_skew",
        ),
        Signal.MODEL_HEALTH,
    ),
    **dict.fromkeys(
        ("biased_loss", "calibration", "fairness_gap", "golden_set", "label_health"),
        Signal.MODEL_QUALITY,
    ),
}
# The first that fits: what a request costs or fails with says more than that it is a request.
BY_WORD = (
    (Signal.BUSINESS, r"revenue|orders?|sales|conversions?|purchases?|bookings?|margin|refunds?"),
    (
        Signal.MODEL_QUALITY,
        r"accuracy|auc|precision|recall|log_?loss|rmse|mae|mse|ndcg|mrr|ctr|click_through|bias",
    ),
    (Signal.ERRORS, r"errors?|fail\w*|5xx|exceptions?|timeouts?|dropped|rejected|fallbacks?"),
    (Signal.LATENCY, r"latency|duration|response_time|within_\d+|ms|p\d\d+"),
    (Signal.SATURATION, r"cpu|memory|disk|queue\w*|saturation|utili[sz]ation|backlog|lag|pool"),
    (Signal.MODEL_HEALTH, r"model_age|freshness|staleness|features?|embeddings?|training|drift"),
    (Signal.TRAFFIC, r"requests?|answers?|queries|qps|rps|traffic|visits|hits|messages|total"),
)
PATTERNS = [
    (signal, re.compile(rf"(?:^|[^a-z0-9])(?:{words})(?:[^a-z0-9]|$)")) for signal, words in BY_WORD
]


def signal_of(chosen: str, kind: str, *words: str) -> Signal | None:
    """The class of an indicator; None where nobody said and nothing tells.

    `chosen` is what a person said, or empty; `words` are its series and its name, what counts first.
    """
    if chosen:
        return Signal(chosen)
    if kind in BY_KIND:
        return BY_KIND[kind]
    for text in words:
        for signal, pattern in PATTERNS:
            # Words may be joined by an underscore, so that each is looked for on its own too.
            if pattern.search(text.lower()) or pattern.search(text.lower().replace("_", " ")):
                return signal
    return None
