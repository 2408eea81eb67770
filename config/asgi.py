"""The one ASGI application: HTTP and websockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_asgi_application()

# Only once Django is set up: what follows imports settings and models.
from config.body_limit import limited  # noqa: E402

application = limited(django)
