"""Files: their names and storage, and the formats JSON, PNG and npz."""
