"""Models that are trained for each partner on the partner's own data."""

from monitoring.packs.base import Pack, Part, Role, series

PACK = Pack(
    "partner_models",
    "Models for each partner",
    "For many small models, each on the data of one partner: whether every partner's data arrive, "
    "whole and without favour.",
    [
        Role("sent", "lines_sent", "Log lines that partners sent.", ("partner",)),
        Role("merged", "lines_merged", "Log lines that were merged.", ("partner",)),
        Role("rejected", "rejected_share", "Share of candidate models that were rejected, 0 to 1."),
        Role("trained_at", "oldest_model_trained_at", "When the oldest model was trained."),
        Role("outputs", "prediction", "Single predictions, of all partners."),
    ],
    [
        Part(
            "positive",
            "lines of every partner",
            "must_be_positive",
            "merged",
            "None at all in a day from a partner that sends is a broken feed, whatever the sum of "
            "all partners says.",
            {"by": "partner", "every": "1h"},
            "page",
        ),
        Part(
            "average",
            "lines against comparable days",
            "trailing_average",
            "merged",
            "A third less, or double, of what the same hours had: half a feed, or one that is "
            "counted twice. A partner may just be popular, so it notifies.",
            {"by": "partner", "every": "1h"},
        ),
        Part(
            "loss",
            "lines lost unevenly",
            "biased_loss",
            "merged",
            "What is lost evenly costs accuracy; what is lost from one partner costs that partner "
            "its model.",
            {"by": "partner", "sent": series("sent")},
        ),
        Part(
            "rejected",
            "rejected candidates",
            "threshold",
            "rejected",
            "Three of ten candidates that their own gates refuse are no bad luck but bad data.",
            {"value": 0.3},
        ),
        Part(
            "age",
            "age of the oldest model",
            "age",
            "trained_at",
            "One partner's training can fail for weeks while the average model is fresh.",
            {"limit": 604_800, "warn": 259_200},
        ),
        Part(
            "stability",
            "number, mean and variance of predictions",
            "stability",
            "outputs",
            "Two hours of predictions beside those before: enough of them for a mean.",
            {"window": "2h"},
        ),
    ],
)
