"""The composition root: configuration, catalogue, runner, and the Workspace, which is the Python API."""
