"""What the pages of accounts say."""

__all__ = ["EMAIL", "LOGIN", "NAME", "PASSWORD", "REFUSED", "REMEMBER", "SIGN_IN"]

EMAIL = "E-mail address"
NAME = "User name"
LOGIN = "E-mail address or user name"
PASSWORD = "Password"
REMEMBER = "Stay signed in on this device"
SIGN_IN = "Sign in"
REFUSED = "That did not work. Look at the spelling of both. If you have just registered, follow the link in our mail first."
