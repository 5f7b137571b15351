"""What COCO's JSON files share: categories, image rows, and what a file says of itself."""
