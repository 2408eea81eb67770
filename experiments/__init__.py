"""Testing in production with a small blast radius: flags, assignment, experiments, statistics."""
