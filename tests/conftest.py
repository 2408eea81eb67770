"""What tests share."""

pytest_plugins = ["tests.servers"]
