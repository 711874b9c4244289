"""What people read who sign in with an account elsewhere."""

from segue.core.texts.texts import framework

__all__ = ["ELSEWHERE", "FAILED", "LAST_WAY_IN", "REASONS", "SIGN_IN_WITH"]

_ = framework.lazy_gettext

FAILED = _("Signing in did not work. Please try again.")
LAST_WAY_IN = _("This is the only way in to your account. Choose a password first.")
ELSEWHERE = _("Accounts elsewhere")
SIGN_IN_WITH = _("Sign in with %(provider)s")
REASONS = {
    "taken": _(
        "There is an account with your e-mail address already. Sign in to it as usual, then link the two."
    ),
    "closed": _("There is no account for you here, and none can be made this way."),
    "other": _("This account is linked to somebody else's here."),
    "blocked": _("This account cannot be used at the moment."),
}
