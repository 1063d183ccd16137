"""What people decide about a dataset, kept as files and replayed."""
