"""A model that recommends items."""

from monitoring.packs.base import Pack, Part, Role, series

PACK = Pack(
    "recommendations",
    "Recommendations",
    "For a model that recommends: whether it favours just a few items, and whether what it expects "
    "comes true.",
    [
        Role("shown", "recommended", "How often each item was recommended.", ("item",)),
        Role("value", "realised_value", "Value that recommendations brought, hour by hour."),
        Role("expected", "expected_value", "Value that the model expected of them, same times."),
        Role("clicks", "clicks", "Clicks, at the time of the impression.", ("bucket",)),
        Role("predicted", "predicted_clicks", "Sums of predicted clicks.", ("bucket",)),
        Role("flips", "flips", "Predictions that flipped between versions.", ("version",)),
        Role("compared", "compared", "Predictions that both versions made.", ("version",)),
        Role("fallback_share", "fallback_share", "Share of answers that a fallback gave, 0 to 1."),
    ],
    [
        Part(
            "few",
            "just a few items",
            "degenerate_output",
            "shown",
            "Ten items that make up nine tenths of all that is shown are a feedback loop or a "
            "missing feature.",
            {"items": "item"},
        ),
        Part(
            "value",
            "value against what was expected",
            "expected_observed",
            "value",
            "The business end: a model may be calibrated on clicks and wrong about money.",
            {"expected": series("expected")},
        ),
        Part(
            "calibration",
            "predicted against observed clicks",
            "calibration",
            "clicks",
            "The first figure that moves when a feature breaks; evidence, and pages nobody.",
            {"predicted": series("predicted"), "by": "bucket"},
        ),
        Part(
            "churn",
            "predictions that flip",
            "prediction_churn",
            "flips",
            "More than five in a hundred from one version to the next is felt by users and by what "
            "is built on the predictions.",
            {"compared": series("compared")},
        ),
        Part(
            "fallback",
            "fallback in use",
            "threshold",
            "fallback_share",
            "Popular items for everybody look like recommendations until somebody counts.",
            {"value": 0.05},
        ),
    ],
)
