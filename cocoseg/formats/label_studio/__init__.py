"""Label Studio's JSON export: tasks (tasks.py), the shapes of one (shapes.py), brush strokes (brush.py)."""
