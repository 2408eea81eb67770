"""Any service that answers requests."""

from monitoring.packs.base import Pack, Part, Role, series

PACK = Pack(
    "generic_service",
    "Generic service",
    "For any service that answers requests: traffic, failures, latency and what it falls back to.",
    [
        Role("requests", "requests", "Requests answered since the point before."),
        Role("failures", "failures", "Those of them that failed."),
        Role("latency", "latency_p99", "Latency that 99 % stay below, in seconds."),
        Role("fallback_share", "fallback_share", "Share of answers that a fallback gave, 0 to 1."),
    ],
    [
        Part(
            "silent",
            "requests arrive",
            "absence",
            "requests",
            "Three points of five minutes: one that is late is nothing, three are an outage of the "
            "service or of its measurements.",
            {"silence": 900},
            "page",
        ),
        Part(
            "budget",
            "error budget",
            "burn_rate",
            "requests",
            "Users feel failures, so it pages. 99.9 % over 30 days is where most services begin; "
            "the pairs of windows are those of the Site Reliability Workbook.",
            {"target": "0.999", "bad": series("failures"), "every": "5m"},
            "page",
        ),
        Part(
            "latency",
            "latency is unusual",
            "anomaly",
            "latency",
            "What is slow depends on the service, so it is learnt, by time of day and week; only "
            "slower is bad.",
            {"direction": "up"},
        ),
        Part(
            "slower",
            "latency grows over weeks",
            "trend",
            "latency",
            "What grows slowly is learnt as usual by everything that learns; this one keeps its "
            "first four weeks.",
        ),
        Part(
            "traffic",
            "traffic against the weeks before",
            "period_over_period",
            "requests",
            "Half the traffic of the same hour last week is a broken client, a broken balancer, or "
            "a holiday: it notifies and does not page.",
            {"every": "1h"},
        ),
        Part(
            "fallback",
            "fallback in use",
            "threshold",
            "fallback_share",
            "A fallback hides an outage from users and from everybody else; one answer in twenty "
            "is no accident.",
            {"value": 0.05},
        ),
    ],
)
