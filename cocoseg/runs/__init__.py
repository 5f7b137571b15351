"""The resumable run: a folder, its lock and journal, parts of a data set through a writer, a report at the end."""
