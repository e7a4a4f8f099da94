"""Who may use the service, and how much of it: API keys, off unless there are any."""

from app.api.auth.keys import ApiKey, BadKeys, KeyRing, hashed, new_secret

__all__ = ["ApiKey", "BadKeys", "KeyRing", "hashed", "new_secret"]
