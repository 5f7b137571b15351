"""Statistics of a data set: the facts of each image, their sum, and what is odd about it."""
