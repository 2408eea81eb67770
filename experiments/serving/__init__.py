"""Flags on the wire: OpenFeature's remote evaluation and GrowthBook's payload, from one snapshot."""
