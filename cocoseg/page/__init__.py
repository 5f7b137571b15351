"""Pages for people to read: what is known of data sets and of evaluations, as one HTML file."""
