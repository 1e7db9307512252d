"""TensorFlow graphs: SavedModel, GraphDef, MetaGraphDef, and what stands beside them."""
