"""Pictures of samples and class maps, for people to look at."""
