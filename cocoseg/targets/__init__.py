"""Training targets: arrays for losses, from samples and schemes."""
