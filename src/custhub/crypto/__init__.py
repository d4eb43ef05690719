"""Keys, sealed fields, blind indexes and signatures. Knows no table, no HTTP and no business."""
