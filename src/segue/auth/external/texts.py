"""What people read who sign in with an account elsewhere."""

__all__ = ["FAILED", "LAST_WAY_IN", "REASONS"]

FAILED = "Signing in did not work. Please try again."
LAST_WAY_IN = "This is the only way in to your account. Choose a password first."
REASONS = {
    "taken": "There is an account with your e-mail address already. Sign in to it as usual, then link the two.",
    "closed": "There is no account for you here, and none can be made this way.",
    "other": "This account is linked to somebody else's here.",
    "blocked": "This account cannot be used at the moment.",
}
