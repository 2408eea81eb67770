"""The unmodified client of OpenLineage against a real web server of ours."""

from __future__ import annotations

from typing import Any

import pytest

from registry.models import EntityRow
from registry.queries import things
from tests.cast import machine

client = pytest.importorskip("openlineage.client", reason="openlineage-python is not installed")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_run_arrives(live_server: Any, compression: str | None) -> None:
    from openlineage.client.event_v2 import (
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )
    from openlineage.client.facet_v2 import (
        dataset_version_dataset,
        output_statistics_output_dataset,
    )
    from openlineage.client.transport.http import (
        ApiKeyTokenProvider,
        HttpCompression,
        HttpConfig,
        HttpTransport,
    )

    token = machine("lineage:write", name="pipeline").secret
    config = HttpConfig(
        url=live_server.url,
        auth=ApiKeyTokenProvider({"apiKey": token}),
        compression=HttpCompression(compression) if compression else None,
    )
    sender = client.OpenLineageClient(transport=HttpTransport(config))
    run, job = Run(runId="0190a000-0000-7000-8000-000000000001"), Job("etl", "train")
    version = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion="3")
    rows = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=5)
    made = OutputDataset(
        "model://us", "fraud", facets={"version": version}, outputFacets={"outputStatistics": rows}
    )
    for type, minute, sides in (
        (RunState.COMPLETE, 2, {"outputs": [made]}),
        (RunState.START, 1, {"inputs": [InputDataset("s3://b", "clicks")]}),
    ):
        event = RunEvent(
            eventTime=f"2026-11-03T16:0{minute}:00Z",
            eventType=type,
            run=run,
            job=job,
            producer="https://yarnit.example/etl",
            **sides,
        )
        sender.emit(event)
        sender.emit(event)
    found = {row.ref: things.told(row.facts) for row in EntityRow.objects.all()}
    assert found[f"run:etl/train@{run.runId}"]["status"] == "completed"
    edges = {(one.source.ref, one.target.ref): things.told(one.counts) for one in things.edges()}
    ends = (f"run:etl/train@{run.runId}", "trained_model:model:%2F%2Fus/fraud@3")
    assert edges[ends] == {"rows": 5}
