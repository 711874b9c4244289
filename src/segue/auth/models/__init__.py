"""What is kept of accounts: the account itself, groups, devices that are remembered, and what happened."""
