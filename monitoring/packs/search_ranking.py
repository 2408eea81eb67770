"""A model that ranks the results of a search."""

from monitoring.packs.base import Pack, Part, Role, series

PACK = Pack(
    "search_ranking",
    "Search ranking",
    "For a model that ranks results: whether people click, whether the model is fresh, whether its "
    "scores still mean something.",
    [
        Role("click_through", "click_through", "Clicks per result page, 0 to 1."),
        Role("empty_share", "empty_results_share", "Share of queries without a result, 0 to 1."),
        Role("trained_at", "model_trained_at", "When the model in service was trained, Unix time."),
        Role("scores", "score", "Single scores that the model gave."),
        Role("clicks", "clicks", "Clicks, at the time of the impression.", ("bucket",)),
        Role("predicted", "predicted_clicks", "Sums of predicted clicks.", ("bucket",)),
        Role("distance", "answer_distance", "Distance of golden answers.", ("item",)),
    ],
    [
        Part(
            "clicks",
            "click-through is unusual",
            "anomaly",
            "click_through",
            "The end-to-end figure of a ranking. It depends on day and week, so it is learnt; a rise "
            "is as suspicious as a fall.",
        ),
        Part(
            "slow",
            "click-through changes over weeks",
            "trend",
            "click_through",
            "A model that decays loses a little each day, which nothing that learns again notices.",
        ),
        Part(
            "too_good",
            "click-through is too good",
            "too_good",
            "click_through",
            "Three times as many clicks are clicks counted twice, or robots, until shown otherwise.",
        ),
        Part(
            "empty",
            "queries without a result",
            "threshold",
            "empty_share",
            "One query in five without any result is an index that is empty or not reached.",
            {"value": 0.2},
            "page",
        ),
        Part(
            "age",
            "age of the model",
            "age",
            "trained_at",
            "Trained each day, a model of two days has missed a training; a warning comes at a day "
            "and a half.",
            {"limit": 172_800, "warn": 129_600},
        ),
        Part(
            "degenerate",
            "scores that say nothing",
            "degenerate_output",
            "scores",
            "One score for nearly everything has perfect latency and no errors.",
        ),
        Part(
            "calibration",
            "predicted against observed clicks",
            "calibration",
            "clicks",
            "A bias of more than five in a hundred shifts which results are shown; it is evidence, "
            "and pages nobody.",
            {"predicted": series("predicted"), "by": "bucket"},
        ),
        Part(
            "golden",
            "answers of the golden set",
            "golden_set",
            "distance",
            "A new model changes some answers; a tenth of them is a different model. Set `items` to "
            "the size of your set.",
            {"items": 100},
        ),
    ],
)
