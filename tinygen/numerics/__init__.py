"""TFLM's arithmetic in numpy; imports nothing else of tinygen."""
