"""The resumable run: a folder with its lock and journal, a writer for parts of a data set, and a report."""
