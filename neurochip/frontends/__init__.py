"""Front ends: foreign objects in, a :class:`~neurochip.Network` out, nothing guessed."""
