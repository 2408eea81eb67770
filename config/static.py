"""Static files under names that change with their content, so that browsers keep them for ever."""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class QuickCompressor(Compressor):
    """Brotli at level 9: the highest, 11, takes 25 times as long for a tenth fewer bytes."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """The compressed bytes."""
        return brotli.compress(data, quality=9)


class ImmutableStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed; imports between our ES modules follow the hashed names."""

    support_js_module_import_aggregation = True
    # A vendored file may mention a source map that is not shipped.
    manifest_strict = True
    keep_only_hashed_files = True

    def create_compressor(self, **options: Any) -> Compressor:
        """What compresses each file once, when it is collected."""
        return QuickCompressor(**options)
