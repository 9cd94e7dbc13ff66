"""What people and programs read. Nothing here writes a table."""
