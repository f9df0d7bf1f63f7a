"""Reads a .tflite file into a Graph; the only package that knows flatbuffers."""
