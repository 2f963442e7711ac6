"""The web edge: what is asked over HTTP is read, handed to ``app``, and answered."""
