"""Parts of all COCO JSON files: categories, image rows and metadata."""
