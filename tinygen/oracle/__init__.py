"""Reference results: TFLM, LiteRT or a file of vectors."""
