"""What happens while an app lives: its start and end, signals, hooks around requests, tasks."""
