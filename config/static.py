"""Static files under names that change with their content, so that browsers keep them for ever."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ImmutableStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed; imports between our ES modules follow the hashed names."""

    support_js_module_import_aggregation = True
    # A vendored file may mention a source map that is not shipped.
    manifest_strict = True
