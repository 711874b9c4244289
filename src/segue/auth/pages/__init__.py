"""The pages of accounts: forms, handlers, and the mails that they send."""
