"""A pipeline that prepares data and trains a model on it."""

from monitoring.packs.base import Pack, Part, Role, series

PACK = Pack(
    "training_pipeline",
    "Training pipeline",
    "For what happens before a model serves: data wait, are sampled and trained on, in time.",
    [
        Role("waiting", "waiting", "Records that wait, by age in seconds.", ("le",)),
        Role("done", "done_total", "Running total of the records that are done."),
        Role("sampled", "sampled", "Events that were sampled."),
        Role("events", "events", "Events that they were sampled from."),
        Role("progress", "progress", "Progress of the run, 0 to 1."),
        Role("loss", "loss", "Loss of the run."),
        Role("non_finite", "non_finite", "Losses or gradients that are no numbers."),
        Role("workers", "workers", "Workers of the run."),
        Role("trained_at", "model_trained_at", "When the latest model was trained, Unix time."),
        Role("features", "feature_values", "Counts of a feature's values.", ("bucket",)),
    ],
    [
        Part(
            "waiting",
            "records that wait",
            "pipeline_progress",
            "waiting",
            "One record that is stuck harms nobody; one in twenty older than an hour is a pipeline "
            "that does not keep up.",
            {"limit": 3_600, "done": series("done")},
        ),
        Part(
            "sample",
            "size of the sample",
            "expected_ratio",
            "sampled",
            "A sample of 30 % is 30 % give or take two points; set `share` to yours.",
            {"whole": series("events"), "share": 0.3},
        ),
        Part(
            "deadline",
            "the run will be done in time",
            "deadline",
            "progress",
            "A day for a run: what is late today is stale tomorrow. It says so while there is time "
            "to add workers.",
            {"within": "24h"},
        ),
        Part(
            "health",
            "health of the run",
            "training_health",
            "loss",
            "A run that diverged at night has burnt the night.",
            {"broken": series("non_finite"), "workers": series("workers")},
        ),
        Part(
            "age",
            "age of the latest model",
            "age",
            "trained_at",
            "Trained each day, two days mean that a training was missed.",
            {"limit": 172_800, "warn": 129_600},
        ),
        Part(
            "drift",
            "drift of a feature",
            "distribution_drift",
            "features",
            "Against its first week; evidence, for the world may have changed. Make one for each "
            "feature that matters.",
        ),
    ],
)
