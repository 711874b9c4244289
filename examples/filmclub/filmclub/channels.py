"""What carries messages between the workers: this machine by default; SEGUE_CHANNELS=postgresql://..., redis:// or nats:// for many."""

from segue.channels import Channels

channels = Channels()
