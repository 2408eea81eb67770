"""The one ASGI application: HTTP and websockets."""

import os
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# WhiteNoise hands Django a file to read in a thread, which is what we want of it.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

django = get_asgi_application()

# Only once Django is set up: what follows imports settings and models.
from channels.routing import ProtocolTypeRouter  # noqa: E402

from config.body_limit import limited  # noqa: E402
from config.live.server import Live  # noqa: E402
from experiments.serving.doors import FlagDoors  # noqa: E402
from incidents.live import Board, IncidentStreams  # noqa: E402

live = Live({"incident": IncidentStreams()}, Board())
application = ProtocolTypeRouter({"http": FlagDoors(limited(django)), "websocket": live})
