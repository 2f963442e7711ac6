"""The decision service over HTTP: ``build`` gives the ASGI application, ``from_environment`` the one of ``nextbest serve``."""

from nextbest.web.api.server import build, from_environment

__all__ = ["build", "from_environment"]
